# SPDX-License-Identifier: Apache-2.0
"""The library of a py_test in another module is found, loads, and runs a node."""

import os
import unittest

from greetings import Greetings


class GreetingsTest(unittest.TestCase):
    def test_they_are_there_after_a_restart(self) -> None:
        directory = os.path.join(os.environ["TEST_TMPDIR"], "data")
        greetings = Greetings(directory)
        greetings.add("hello")
        greetings.close()
        again = Greetings(directory)
        again.add("world")
        self.assertEqual(again.all(), ["hello", "world"])
        again.close()


if __name__ == "__main__":
    unittest.main()
