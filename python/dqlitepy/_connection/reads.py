# SPDX-License-Identifier: Apache-2.0
"""Where the SELECTs of a connection run, and what they have to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from dqlitepy._native.abi import ConnectOptions, ErrorStruct, HandleNumber, Status
from dqlitepy._native.abi import Reads as NativeReads
from dqlitepy._native.arguments import milliseconds
from dqlitepy._native.exceptions import exception_of
from dqlitepy._native.library import library
from dqlitepy._native.operations import LINEARIZABLE, NEARBY
from dqlitepy.errors import ProgrammingError

Reads: TypeAlias = Literal["leader", "linearizable", "local"]

_FLAGS: dict[str, int] = {"leader": 0, "linearizable": LINEARIZABLE, "local": NEARBY}


class Reading(NamedTuple):
    """How a connection reads, as it was asked for when it was opened."""

    reads: Reads
    max_staleness_ms: int

    def add_to(self, options: ConnectOptions, *, own_node: bool) -> None:
        """Tells the library; `own_node` says that the first of the servers runs in this process."""
        if self.reads == "local":
            options.reads = NativeReads.FIRST if own_node else NativeReads.NEAREST
            options.max_staleness_ms = self.max_staleness_ms


def checked_reading(reads: str, linearizable: bool, max_staleness: float | None) -> Reading:
    """Returns what the arguments of `connect` ask for.

    Raises:
        TypeError: `max_staleness` is no number.
        ValueError: there is no such value of `reads`, or one argument contradicts another.
    """
    checked = _checked(reads)
    if linearizable:
        if checked == "local":
            raise ValueError("reads='local' and linearizable=True contradict each other: leave one out")
        checked = "linearizable"
    if max_staleness is None:
        return Reading(checked, 0)
    if checked != "local":
        raise ValueError("max_staleness is for reads='local': other reads are answered by the leader")
    staleness_ms = milliseconds("max_staleness", max_staleness)
    if staleness_ms == 0:
        raise ValueError(
            "max_staleness must be at least a millisecond; reads='linearizable' sees all that was committed"
        )
    return Reading(checked, staleness_ms)


def _checked(reads: str) -> Reads:
    if reads not in _FLAGS:
        raise ValueError(f"reads must be 'leader', 'linearizable' or 'local', not {reads!r}")
    return reads  # type: ignore[return-value]  # mypy does not narrow by a dict


class ReadingConnection:
    """A connection that may read elsewhere than at the leader."""

    _reads: Reads = "leader"
    _read_flags = 0
    _nearby = False  # it was opened for local reads

    if TYPE_CHECKING:  # of `ConnectionCore`

        def _open_number(self) -> int: ...

    def _read_as(self, reading: Reading) -> None:
        self._nearby = reading.reads == "local"
        self._reads, self._read_flags = reading.reads, _FLAGS[reading.reads]

    @property
    def reads(self) -> Reads:
        """Where a SELECT outside a transaction runs: "leader", "linearizable" or "local"; see `connect`.

        Can be changed at any time, but to "local" only if the connection was opened with that.
        """
        return self._reads

    @reads.setter
    def reads(self, reads: Reads) -> None:
        checked = _checked(reads)
        if checked == "local" and not self._nearby:
            raise ProgrammingError("open the connection with reads='local': only then the leader tells what it writes")
        self._reads, self._read_flags = checked, _FLAGS[checked]

    @property
    def linearizable(self) -> bool:
        """Whether a SELECT sees every write that was acknowledged before it began: `reads` is "linearizable"."""
        return self._reads == "linearizable"

    @linearizable.setter
    def linearizable(self, linearizable: bool) -> None:
        if linearizable:
            self.reads = "linearizable"
        elif self._reads == "linearizable":
            self.reads = "leader"

    @property
    def position(self) -> int:
        """How far this connection has written and read, or was told to: an index in the cluster's log, 0 for none.

        Give it to another connection, of any process, and that one sees at least as much from then on: a local read
        waits until its node has got there. It holds for this cluster only, and who sends it can name one that no node
        will ever reach. So a connection forgets it when it is given another one, such as 0, or goes back to its pool;
        what it has itself written and read it never forgets.

        Raises:
            ProgrammingError: the connection is closed, or was not opened with reads="local".
            ValueError: it is negative, or too large for an index.
        """
        return max(self._positions())

    @position.setter
    def position(self, position: int) -> None:
        number, error = self._open_number(), ErrorStruct()
        self._check_nearby()
        if not 0 <= position < 2**63:
            raise ValueError(f"a position is an index in a log, not {position}")
        if library().dqlitepy_await_position(number, position, error) != Status.OK:
            raise exception_of(error)

    def _positions(self) -> tuple[int, int]:
        """Returns what servers have told, and what was given."""
        number, told, given, error = self._open_number(), HandleNumber(), HandleNumber(), ErrorStruct()
        self._check_nearby()
        if library().dqlitepy_position(number, told, given, error) != Status.OK:
            raise exception_of(error)
        return told.value, given.value

    def _lend(self, position: int) -> None:
        """Lets it see what others of its pool have seen, and forgets what it was given by who had it before."""
        if self._nearby:
            self.position = position

    def _told_position(self) -> int:
        """Returns what servers have told; 0 where the reads are not local."""
        return self._positions()[0] if self._nearby else 0

    def _check_nearby(self) -> None:
        if not self._nearby:
            raise ProgrammingError("only a connection that was opened with reads='local' knows its position")
