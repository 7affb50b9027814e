# SPDX-License-Identifier: Apache-2.0
"""How a command ends: its exit status, and for a failure one line that says what is wrong and one with advice."""

from __future__ import annotations

import dqlitepy

# Exit statuses. argparse ends with 2 by itself where the command line is wrong.
DONE, FAILED, INTERRUPTED = 0, 1, 130


class Failure(Exception):
    """A command cannot do what it was asked: `what` is wrong, and `advice` helps."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


_ADVICE: tuple[tuple[type[Exception], str], ...] = (
    (
        dqlitepy.NoLeaderError,
        "See which nodes answer with `dqlitepy status`; a cluster that has lost its majority for good needs "
        "`dqlitepy recover`.",
    ),
    (dqlitepy.AmbiguousCommitError, "Look whether the write happened before you run it again."),
    (dqlitepy.LeadershipLostError, "Nothing of the transaction was committed: run it again."),
    (dqlitepy.NotLeaderError, "Nothing was done: run it again."),
    (PermissionError, "Run this as the user that the file or directory belongs to."),
    (FileNotFoundError, "Check the path."),
    (UnicodeError, "Text goes in and out as UTF-8: convert it, and check the locale (LANG, PYTHONIOENCODING)."),
)


def explain(prefix: str, error: Exception) -> str:
    """Returns the two lines of `error`; one if its message already contains the advice."""
    if isinstance(error, Failure):
        return f"{prefix}: {one_line(error.what)}\n  {error.advice}"
    what = str(error)
    if isinstance(error, OSError):
        what = f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror or what
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return f"{prefix}: {one_line(what)}\n  {advice}"
    if isinstance(error, ValueError):  # of an argument
        return f"{prefix}: {one_line(what)}\n  See `{prefix} --help`."
    what, separator, advice = one_line(what).partition("; ")
    if not separator:
        return f"{prefix}: {what}"
    return f"{prefix}: {what}\n  {advice[:1].upper()}{advice[1:]}{'' if advice.endswith(('.', '?')) else '.'}"


def one_line(text: str) -> str:
    """Returns `text` without its line breaks."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())
