# SPDX-License-Identifier: Apache-2.0
"""The wheel that another module's toolchains make is honest about what it runs on, and whole."""

import platform
import sys
import unittest
import zipfile
from pathlib import Path

WHEEL = Path(sys.argv.pop(1))


class WheelTest(unittest.TestCase):
    def test_its_tag_promises_no_glibc(self) -> None:
        self.assertTrue(WHEEL.name.endswith(f"-py3-none-linux_{platform.machine()}.whl"), WHEEL.name)

    def test_it_holds_the_library(self) -> None:
        with zipfile.ZipFile(WHEEL) as wheel:
            libraries = [name for name in wheel.namelist() if name.endswith(".so")]
        self.assertEqual(len(libraries), 1, libraries)


if __name__ == "__main__":
    unittest.main()
