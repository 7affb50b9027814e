# SPDX-License-Identifier: Apache-2.0
"""Names that `sqlite3` deprecated, kept while the running Python's still has them, with the same warnings."""

from __future__ import annotations

import os
import re
import sys
import warnings

from dqlitepy._version import __version__

_PACKAGE = os.path.join(os.path.dirname(__file__), "")


def warn_since_3_12(message: str) -> None:
    """Warns, on Python 3.12 and later, in the name of the code that called into this package."""
    if sys.version_info >= (3, 12):
        warnings.warn(message, DeprecationWarning, skip_file_prefixes=(_PACKAGE,))


def version() -> str:
    """Returns the version of this package; warns."""
    warn_since_3_12("version is deprecated and will be removed in Python 3.14, as from sqlite3: use __version__")
    return __version__


def version_info() -> tuple[int, ...]:
    """Returns the version of this package as numbers; warns."""
    warn_since_3_12("version_info is deprecated and will be removed in Python 3.14, as from sqlite3: use __version__")
    return tuple(int(part) for part in re.findall("[0-9]+", __version__)[:3])
