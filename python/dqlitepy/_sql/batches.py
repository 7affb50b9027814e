# SPDX-License-Identifier: Apache-2.0
"""Groups the rows of executemany: one call of the shim and one of marshal for each row would take most of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from dqlitepy._native.formats import Parameters, encode_rows, join_rows
from dqlitepy.errors import DataError

# What crosses in one call: this many rows, or fewer where they are larger than this many bytes.
_BATCH_ROWS = 16_384
_BATCH_BYTES = 2**20
# What is encoded at a time, as far as the rows before it tell how large a row is.
_CHUNK_ROWS = 128
_CHUNK_BYTES = 2**16
# A chunk that has turned out larger, as the rows before it were small, goes row by row: all of it in one call would
# take its memory several times over.
_LARGE_CHUNK_BYTES = 2**24


class _Batch:
    """Encoded rows, and a chunk of rows that still have to be."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._rows = 0
        self._size = 0
        self.taken = False
        self.chunk: list[Parameters] = []
        self.chunk_limit = 1

    @property
    def pending(self) -> bool:
        """Whether there is something to run; also without any row: the statement is checked, its transaction begun."""
        return self._rows > 0 or not self.taken

    @property
    def full(self) -> bool:
        return self._rows >= _BATCH_ROWS or self._size >= _BATCH_BYTES

    def encode_chunk(self) -> Iterator[None]:
        """Encodes the chunk, and yields whenever the batch may be full.

        Raises:
            DataError: a row is too large; the batch ends before it.
        """
        chunk, self.chunk = self.chunk, []
        encoded: bytes | None
        try:
            encoded = encode_rows(chunk)
        except DataError:
            encoded = None
        if self.add_whole(len(chunk), encoded):
            yield
            return
        del encoded
        yield from self.add_each(chunk)

    def add_whole(self, rows: int, encoded: bytes | None) -> bool:
        """Adds rows that were encoded together; returns False, and adds none, if they were not or are too large."""
        if encoded is None or len(encoded) > _LARGE_CHUNK_BYTES:
            return False
        self.add(rows, encoded)
        return True

    def add_each(self, rows: list[Parameters]) -> Iterator[None]:
        """Adds rows one by one, and yields behind each."""
        for row in rows:
            self.add(1, encode_rows([row]))
            yield

    def add(self, rows: int, encoded: bytes) -> None:
        self._parts.append(encoded)
        self._rows += rows
        self._size += len(encoded)
        self.chunk_limit = max(1, min(_CHUNK_ROWS, _CHUNK_BYTES * rows // (len(encoded) + 1)))

    def take(self) -> bytes:
        """Returns the encoded rows and forgets them."""
        encoded = join_rows(self._rows, self._parts)
        self.taken = True
        self._parts, self._rows, self._size = [], 0, 0
        return encoded


def batches(
    rows: Iterable[Any],
    bind_all: Callable[[Iterable[Any]], Iterator[Parameters]],
    encode_plain: Callable[[list[Any]], bytes | None] | None = None,
) -> Iterator[bytes]:
    """Yields the encoded rows in batches; if a row cannot be encoded, the rows before it, and then its failure.

    Args:
        rows: the parameters of each run, as the user gave them.
        bind_all: yields what is to be encoded for each of some rows.
        encode_plain: encodes rows that need no binding, and returns None where one does; None to bind all.
    """
    batch = _Batch()
    failure: Exception | None = None
    try:
        iterator = iter(rows)
        if encode_plain is not None and type(rows) in (list, tuple):
            fill = _filling_from_container(batch, iterator, bind_all, encode_plain)
        else:
            fill = _filling_from_iterator(batch, bind_all(iterator))
        for _ in fill:
            if batch.full:
                yield batch.take()
    except Exception as error:
        failure = error
    try:
        for _ in batch.encode_chunk():
            if batch.full:
                yield batch.take()
    except DataError as error:  # of a row before the one at which iterating failed
        failure = error
    if batch.pending:
        yield batch.take()
    if failure is not None:
        raise failure


def _filling_from_container(
    batch: _Batch,
    iterator: Iterator[Any],
    bind_all: Callable[[Iterable[Any]], Iterator[Parameters]],
    encode_plain: Callable[[list[Any]], bytes | None],
) -> Iterator[None]:
    """Fills the batch by a chunk at a time. No code of the user's runs between two rows, and changes the one before."""
    while rows := list(islice(iterator, batch.chunk_limit)):
        encoded = encode_plain(rows)
        if batch.add_whole(len(rows), encoded):
            yield
        elif encoded is None:
            batch.chunk.extend(bind_all(rows))  # where binding fails, those before it stay
            yield from batch.encode_chunk()
        else:
            del encoded
            yield from batch.add_each(rows)


def _filling_from_iterator(batch: _Batch, bound: Iterator[Parameters]) -> Iterator[None]:
    """Fills the batch by a chunk at a time. A row is read at once: whatever yields them may use one list for all."""
    while True:
        batch.chunk.extend(islice(bound, batch.chunk_limit))  # where iterating fails, those before it stay
        if len(batch.chunk) < batch.chunk_limit:
            return
        yield from batch.encode_chunk()
