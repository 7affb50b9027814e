# SPDX-License-Identifier: Apache-2.0
"""The same names as in `dqlitepy`, for programs that know `sqlite3` as `sqlite3.dbapi2`."""

from __future__ import annotations

import dqlitepy
from dqlitepy import *  # noqa: F403  # whatever is there

__all__ = dqlitepy.__all__


def __getattr__(name: str) -> object:
    return getattr(dqlitepy, name)


def __dir__() -> list[str]:
    return dir(dqlitepy)
