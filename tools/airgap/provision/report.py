# SPDX-License-Identifier: Apache-2.0
"""What is said to the person in front of tools/bazel."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def step(what: str) -> Iterator[None]:
    """Names a step that takes longer than two seconds, and tells how long it took."""
    print(f"dqlitepy: {what} ...", file=sys.stderr, flush=True)
    started = time.monotonic()
    yield
    print(f"dqlitepy: {what}: done in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def refuse(what: str, command: str) -> NoReturn:
    """Ends with one line that says what is wrong and one to type."""
    sys.exit(f"dqlitepy: {what}\nType: {command}")
