# SPDX-License-Identifier: Apache-2.0
"""Run where dqlitepy cannot work, or in a likeness of it: prints how it refuses; a second try must read the same."""

import os
import sys
from collections import namedtuple

Machine = namedtuple("Machine", "machine")


def _unknown_name(name: str) -> str:
    raise OSError(22, "Invalid argument")  # what musl's C library answers


if sys.argv[1] == "musl":
    vars(os)["confstr"] = _unknown_name
elif sys.argv[1] == "old processor":
    vars(os)["uname"] = lambda: Machine("i686")
elif sys.argv[1] == "old Python":
    vars(sys)["version_info"] = (3, 9, 2, "final", 0)
else:
    assert sys.argv[1] == "as it is", sys.argv

errors = []
for _ in range(2):
    try:
        import dqlitepy

        dqlitepy.connect("/data/node")
    except Exception as error:
        errors.append(f"{type(error).__name__}: {error}")
if len(errors) != 2 or len(set(errors)) != 1:
    sys.exit(f"refused in different ways, or not at all: {errors}")
print(errors[0])
