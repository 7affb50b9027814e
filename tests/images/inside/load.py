# SPDX-License-Identifier: Apache-2.0
"""Run in an image whose Python is too old for dqlitepy: loads the library alone, and calls it."""

import ctypes
import os
import sys

library = ctypes.CDLL(sys.argv[1])
version = "{}.{}".format(*sys.version_info)
print(
    f"loads: {os.confstr('CS_GNU_LIBC_VERSION')}, ABI {library.dqlitepy_abi_version()}, by ctypes of Python {version}"
)
