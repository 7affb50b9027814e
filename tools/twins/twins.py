# SPDX-License-Identifier: Apache-2.0
"""Makes the blocking twin of a file of dqlitepy/aio, where both wait in the same places."""

from __future__ import annotations

import io
import re
import tokenize

# The files of dqlitepy/aio of which one is made, and where that lies in dqlitepy.
#
# docs/design/layout.md says which are kept by hand, and why.
TWINS = {
    "client.py": "client.py",
    "pool.py": "pool.py",
    "retry.py": "retry.py",
    "_statements.py": "_blocking/statements.py",
    "_fetching.py": "_blocking/fetching.py",
    "_node_questions.py": "_blocking/node_questions.py",
    "_transactions.py": "_blocking/transactions.py",
    "_dump_lines.py": "_copying/dump_lines.py",
}

_LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"
# What has another name where threads wait: patterns, in order.
_NAMES = [
    (r"\bimport asyncio\b", "import time"),
    (r"\basyncio\.sleep\b", "time.sleep"),
    (r"\bimport Awaitable, ", "import "),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bimport AsyncGenerator, Callable\b", "import Callable, Iterator"),
    (r"\bimport AsyncGenerator\b", "import Iterator"),
    (r"\bAsyncGenerator\[(\w+), None\]", r"Iterator[\1]"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b__a(enter|exit)__\b", r"__\1__"),
    (r"\bdqlitepy\.aio\._tasks\b", "dqlitepy._cluster.tasks"),
    (r"\bdqlitepy\.aio\._dump\b", "dqlitepy._copying.dump"),
    (r"\bdqlitepy\.aio\._looping\b", "dqlitepy._blocking.operations"),
    (r"\bdqlitepy\.aio\._(fetching|statements|transactions|waiters)\b", r"dqlitepy._blocking.\1"),
    (r"\bdqlitepy\.aio\b", "dqlitepy"),
    (r"\bAsyncConnection\b", "SyncConnection"),
    (r"\bAsyncNode\b", "SyncNode"),
    (r"\bAsyncTransactions\b", "SyncTransactions"),
    (r"\bLooping\b", "Blocking"),
    (r"\banext\b", "next"),
    (r"\b__anext__\b", "__next__"),
    (r"\b__aiter__\b", "__iter__"),
    (r"\bStopAsyncIteration\b", "StopIteration"),
]
# The same for what docstrings say.
_WORDS = [
    (r"\bAwaits `", "Calls `"),
    (r"\b(no|an)( ?other) task\b", r"\1\2 thread"),
    (r"\bon any event loop\b", "from any thread"),
    (r"\bfor tasks of one event loop\b", "for threads"),
    (r"\b(that|many) tasks\b", r"\1 threads"),
    (r"`aio\.Pool`", "`Pool`"),
    (r"\basync with aio\.", "with dqlitepy."),  # in examples
    (r"\basync with ", "with "),
    (r"\bawait con\.", "con."),
]


class NoTwin(Exception):
    """The text has something for which no blocking one is known."""


def blocking(name: str, text: str) -> str:
    """Returns the blocking text for that of dqlitepy/aio/NAME.

    Raises:
        NoTwin: something of asyncio is left.
    """
    text = _without_waiting(text)
    for pattern, replacement in _NAMES + _WORDS:
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"(?:^from dqlitepy\S* import [^(\n]*\n)+", _in_order, text, flags=re.MULTILINE)
    left = re.search(r"asyncio|\baio\b|\b[Aa]wait|__a\w+__|event loop", text)
    if left is not None:
        line = text.count("\n", 0, left.start()) + 1
        raise NoTwin(f"dqlitepy/aio/{name}: nothing is known for {left[0]!r} near line {line}")
    if not text.startswith(_LICENCE):
        raise NoTwin(f"dqlitepy/aio/{name}: it does not begin with its licence")
    origin = f"# Made from aio/{name} by `tools/bazel run //tools:twins`. Change that file.\n"
    return _LICENCE + origin + text.removeprefix(_LICENCE)


def _in_order(imports: re.Match[str]) -> str:
    return "".join(sorted(imports[0].splitlines(keepends=True)))


def _without_waiting(text: str) -> str:
    """Takes the words `async` and `await` out of the code, and leaves strings and comments."""
    lines = text.splitlines(keepends=True)
    words = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type != tokenize.STRING and token.string in ("async", "await")
    ]
    for word in reversed(words):
        row, start = word.start
        end = word.end[1]
        line = lines[row - 1]
        lines[row - 1] = line[:start] + line[end:].removeprefix(" ")
    return "".join(lines)
