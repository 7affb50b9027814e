# SPDX-License-Identifier: Apache-2.0
"""Other programs beside the one that is tested, in a process of their own: a limit on the tested one is not theirs."""

from __future__ import annotations

import sys
from typing import Any

from tests.support import python


class Others:
    """A process that evaluates expressions, one after the other.

    program: what it runs first. It says where it takes expressions, by `obey(globals())` of this module.
    """

    def __init__(self, program: str, *arguments: str) -> None:
        self._process = python(program, *arguments)

    def __call__(self, expression: str) -> str:
        """Returns "done" when the expression has been evaluated, or the name and text of its exception."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(expression + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        """Ends the process, and waits for it."""
        self._process.communicate()


def obey(names: dict[str, Any]) -> None:
    """Evaluates what the tested program asks for, until that ends it."""
    for line in sys.stdin:
        try:
            eval(line, names)
            print("done", flush=True)
        except Exception as error:
            print(type(error).__name__, error, flush=True)
