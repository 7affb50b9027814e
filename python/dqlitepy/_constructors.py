# SPDX-License-Identifier: Apache-2.0
"""PEP 249's constructors of values, as `sqlite3` has them."""

from __future__ import annotations

import datetime
import time

Date = datetime.date
Time = datetime.time
Timestamp = datetime.datetime
Binary = memoryview


def DateFromTicks(ticks: float) -> datetime.date:
    """Returns the local date at `ticks` seconds since the epoch."""
    return Date(*time.localtime(ticks)[:3])


def TimeFromTicks(ticks: float) -> datetime.time:
    """Returns the local time of day at `ticks` seconds since the epoch."""
    return Time(*time.localtime(ticks)[3:6])


def TimestampFromTicks(ticks: float) -> datetime.datetime:
    """Returns the local date and time at `ticks` seconds since the epoch."""
    return Timestamp(*time.localtime(ticks)[:6])
