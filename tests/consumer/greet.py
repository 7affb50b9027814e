# SPDX-License-Identifier: Apache-2.0
"""Keeps a greeting and prints all that were kept: `bazel run //:greet -- DIRECTORY WORDS`."""

import sys

from greetings import Greetings

if __name__ == "__main__":
    directory, words = sys.argv[1:]
    greetings = Greetings(directory)
    greetings.add(words)
    print(*greetings.all(), sep="\n")
    greetings.close()
