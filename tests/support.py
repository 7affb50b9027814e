# SPDX-License-Identifier: Apache-2.0
"""Where the files are that tests read, how they run Python in processes of their own, and where nodes may listen."""

from __future__ import annotations

import errno
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import dqlitepy

from tests.sanitized import sanitized

# In Bazel's runfiles the tree has the same shape as in the source. Not resolved: there every file is a link of its own.
ROOT = Path(os.path.abspath(__file__)).parent.parent
HEADER = ROOT / "go" / "abi" / "dqlitepy.h"
QUICKSTART = ROOT / "examples" / "quickstart.py"
DIFFERENCES = ROOT / "docs" / "differences-from-sqlite3.md"
PACKAGE = Path(dqlitepy.__file__).parent

# Longer than anything takes on a loaded machine: only ends what hangs.
HANG = 120.0

# How long to wait for an expected failure that has to say why. A busy machine may not know the reason within the
# first of these times. What counts is what is said, and not when.
PATIENCE = (2.0, 20.0, HANG)

# What a program of a test says behind this is no failure: its node's log reports what is slow, or gone for a while.
LOG = "log: "

_T = TypeVar("_T")

_chance = random.SystemRandom()

# Jobs that a script starts in the background ignore SIGINT, and those of nohup SIGHUP. All that they start inherits it,
# also the programs here that are to be ended by one. Handlers, as opposed to that, no program inherits.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)


def free_address(host: str = "127.0.0.1") -> str:
    """Returns an address of this machine that nobody listens on.

    Its port is none that the kernel hands out, as it does to each connection that is made: such a one may be somebody
    else's again before it is used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = _chance.randrange(10_000, 30_000)
        with socket.socket(family) as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return f"[{host}]:{port}" if family == socket.AF_INET6 else f"{host}:{port}"


@contextmanager
def few_descriptors(count: int) -> Iterator[None]:
    """Leaves this process only so many descriptors that it can open meanwhile."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 64, limits[1]))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(count):
            os.close(taken.pop())
        yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def python(program: str, *arguments: str, options: Sequence[str] = ("-W", "error")) -> subprocess.Popen[str]:
    """Starts a program, given as source, that sees the same `dqlitepy` as this process, or a sanitized one."""
    return subprocess.Popen(
        [sys.executable, "-X", "faulthandler", *options, "-c", textwrap.dedent(program), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=python_environment(),
    )


def python_environment() -> dict[str, str]:
    """Returns the environment of a Python process that sees the same `dqlitepy` as this one, or a sanitized one."""
    path = os.pathsep.join([str(PACKAGE.parent), str(ROOT), *filter(None, sys.path)])
    return sanitized(dict(os.environ, PYTHONPATH=path), PACKAGE)


def finish(process: subprocess.Popen[str], status: int = 0) -> str:
    """Waits for the end of a program and returns its output; AssertionError where it does not end with `status`."""
    try:
        output, errors = process.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler tells where it hangs
        output, errors = process.communicate()
        raise AssertionError(f"hangs:\n{output}{errors}") from None
    assert process.returncode == status, f"status {process.returncode}:\n{output}{errors}"
    assert status or all(line.startswith(LOG) for line in errors.splitlines()), errors
    return output


def in_workspace(path: str) -> Path:
    """Returns a path relative to where the user called Bazel, which runs programs elsewhere."""
    return Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / path


def run_python(program: str, *arguments: str, options: Sequence[str] = ("-W", "error")) -> str:
    """Runs a program to its end and returns its output; AssertionError where it fails or warns."""
    return finish(python(program, *arguments, options=options))


def failure_of(work: Callable[[float], object], kind: type[Exception], *parts: str) -> str:
    """Returns the message of a failure, which matches all `parts`; AssertionError where it never does.

    Args:
        work: is called with the seconds after which it is to fail.
        kind: what it raises each time.
        parts: regular expressions.
    """
    told = ""
    for patience in PATIENCE:
        try:
            work(patience)
        except kind as error:
            told = str(error)
        else:
            raise AssertionError(f"it did not fail; before that it said: {told}")
        if all(re.search(part, told) for part in parts):
            return told
    raise AssertionError(f"{told!r} does not tell all of {parts}")


def eventually(question: Callable[[], _T], is_answer: Callable[[_T], object] = bool) -> _T:
    """Asks until the answer is right and returns it; AssertionError with the last one where it never is."""
    deadline = monotonic() + HANG
    while not is_answer(answer := question()):
        assert monotonic() < deadline, answer
        sleep(0.02)
    return answer


def despite_load(work: Callable[[], _T]) -> _T:
    """Does something again and again until a busy machine has done it within the short time that it has for it."""
    deadline = monotonic() + HANG
    while True:
        try:
            return work()
        except dqlitepy.NoLeaderError:
            if monotonic() > deadline:
                raise


def open_handles() -> int:
    """Returns how many nodes, connections, copies and tasks are open in this process: what is not closed stays."""
    from dqlitepy._native.library import library

    count: int = library().dqlitepy_open_handles()
    return count


def outcome(function: Callable[[], Any]) -> Any:
    """Returns the result, or the class and message of what was raised."""
    try:
        return function()
    except Exception as error:
        return type(error).__name__, str(error)
