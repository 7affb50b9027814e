# SPDX-License-Identifier: Apache-2.0
"""What other nodes send, nearly right: raft's messages, and entries of the log and snapshots in them."""

from __future__ import annotations

import struct

from tests.fuzz.chance import Chance, word
from tests.protocol import frame, padded, text

_FIRST_ID = 0x2DC171858C3155BE
_PAGE = 4096

_APPEND, _APPEND_RESULT, _VOTE, _VOTE_RESULT, _INSTALL, _TIMEOUT_NOW = range(1, 7)
_COMMAND, _BARRIER, _CHANGE = 1, 2, 3
_OPEN, _FRAMES, _UNDO, _CHECKPOINT = 1, 2, 3, 4


# A node closes the connection of who is no member, so the case begins by a client's request that adds one.
_MEMBER = 2
_ADDRESS = b"127.0.0.1:9"


def connections(chance: Chance) -> list[bytes]:
    """Returns what some connections of other nodes send to a fresh one, one after the other, in terms that grow."""
    log = _Log(chance)
    return [_add_member(), *(_connection(chance, log) for _ in range(chance.choice((1, 1, 2, 3))))]


def entries(chance: Chance) -> list[bytes]:
    """Returns what the connection of a leader sends whose entries are committed at once."""
    log = _Log(chance)
    log.term += 5
    sent = _hello(_MEMBER)
    for _ in range(chance.randrange(1, 5)):
        sent += log.append(committed=True)
    return [_add_member(), sent]


class _Log:
    """What the messages of one case have in common: a term, and how far the node's log goes."""

    def __init__(self, chance: Chance) -> None:
        self.chance = chance
        self.term = chance.number(1, 2, 3, 4)
        # Before it are the node's own configuration, and that with the member.
        self.last = 2
        self.last_term = 1

    def append(self, *, committed: bool) -> bytes:
        chance = self.chance
        batch = [_entry(chance) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))]
        previous, previous_term = self.last, self.last_term
        if not committed and chance.one_in(2):
            previous, previous_term = chance.number(0, 1, 2, 3), chance.number(0, 1, self.term)
        commit = previous + len(batch) if committed else chance.number(0, 1, 2, previous)
        head = word(self.term, previous, previous_term, commit)
        head += word(chance.number(len(batch)) if chance.one_in(20) else len(batch))
        for kind, content in batch:
            size = chance.number(len(content), bits=32) if chance.one_in(20) else len(content)
            term = chance.number(self.term, 0, 1) if chance.one_in(8) else self.term
            head += word(term) + struct.pack("<BxxxI", kind, size)
        self.last += len(batch)
        self.last_term = self.term if batch else self.last_term
        return _message(_APPEND, head, chance) + b"".join(padded(content) for _, content in batch)

    def install(self) -> bytes:
        chance = self.chance
        members, content = _configuration(chance), _snapshot(chance)
        last = chance.number(1, 2, 5, 100)
        head = word(self.term, last, chance.number(0, 1, self.term), chance.number(0, 1, last))
        head += word(len(members)) + members
        head += word(chance.number(len(content)) if chance.one_in(20) else len(content))
        self.last, self.last_term = last, self.term
        return _message(_INSTALL, head, chance) + content


def _add_member() -> bytes:
    return word(1) + frame(12, word(_MEMBER) + text(_ADDRESS))


def _hello(number: int, address: bytes = _ADDRESS) -> bytes:
    return word(1) + frame(11, word(number) + text(address))


def _connection(chance: Chance, log: _Log) -> bytes:
    sent = _hello(chance.number(*[_MEMBER] * 9, 3, 0, _FIRST_ID), chance.choice((*[_ADDRESS] * 9, b"", b"x")))
    for _ in range(chance.randrange(1, 6)):
        if chance.one_in(3):
            log.term += chance.choice((0, 1, 5))
        sent += _any_message(chance, log)
    return chance.damaged(sent) if chance.one_in(12) else sent


def _any_message(chance: Chance, log: _Log) -> bytes:
    kind = chance.choice(
        (_APPEND, _APPEND, _APPEND, _INSTALL, _INSTALL, _VOTE, _VOTE_RESULT, _APPEND_RESULT, _TIMEOUT_NOW, 0, 7, 9)
    )
    term = chance.number(log.term, log.term, 0, 1)
    if kind == _APPEND:
        return log.append(committed=chance.one_in(2))
    if kind == _INSTALL:
        return log.install()
    if kind == _VOTE:
        flags = word(chance.number(0, 1, 2, 3)) if not chance.one_in(6) else b""
        body = word(term, chance.number(0, 2, _FIRST_ID), chance.number(1, 2, 100), chance.number(0, 1, term))
        return _message(kind, body + flags, chance)
    if kind in (_VOTE_RESULT, _APPEND_RESULT):
        return _message(kind, word(term, chance.number(0, 1), chance.number(0, 1, 2, 100), chance.number(0, 1)), chance)
    if kind == _TIMEOUT_NOW:
        return _message(kind, word(term, chance.number(0, 1, 2), chance.number(0, 1, term)), chance)
    return _message(kind, chance.randbytes(8 * chance.randrange(5)), chance)


def _message(kind: int, head: bytes, chance: Chance) -> bytes:
    if chance.one_in(20):
        head = chance.damaged(head)
    size = chance.number(len(head) + 8, len(head) - 8) if chance.one_in(30) else len(head)
    return word(kind) + word(size) + head


def _entry(chance: Chance) -> tuple[int, bytes]:
    kind = chance.choice((_COMMAND, _COMMAND, _COMMAND, _BARRIER, _CHANGE))
    if chance.one_in(30):
        kind = chance.randrange(256)
    content = {_COMMAND: _command, _BARRIER: lambda _: bytes(8), _CHANGE: _configuration}.get(kind, _command)(chance)
    if chance.one_in(8):
        content = chance.damaged(content)
    if chance.one_in(12):
        content = b""
    return kind, content


def _command(chance: Chance) -> bytes:
    kind = chance.number(_FRAMES, _FRAMES, _FRAMES, _FRAMES, _OPEN, _UNDO, _CHECKPOINT, bits=8)
    head = struct.pack("<BBHI", chance.number(1, 1, 1, 1, bits=8), kind, 0, 0)
    name = chance.choice((b"main", b"main", b"main", b"other", b"", b":memory:", b"main-wal", b"x" * 600, b"/etc/x"))
    if kind in (_OPEN, _CHECKPOINT):
        return head + text(name)
    if kind == _UNDO:
        return head + word(chance.number(0, 1))
    size = chance.number(_PAGE, _PAGE, _PAGE, _PAGE, 512, 0, bits=16)
    count = chance.choice((1, 1, 1, 2, 3, 0))
    numbers = [chance.number(*range(1, count + 2)) for _ in range(count)]
    pages = [_page(chance, at, size) for at in range(count)]
    body = (
        text(name)
        + word(chance.number(0, 1))
        + struct.pack("<IBBH", chance.number(count, 0, bits=32), chance.number(1, 1, 0, bits=8), 0, 0)
    )
    body += struct.pack("<IHH", chance.number(count, count, count, count, bits=32), size, 0)
    return head + body + b"".join(map(word, numbers)) + b"".join(pages)


def _page(chance: Chance, at: int, size: int) -> bytes:
    if at > 0:
        return chance.randbytes(8).ljust(size, b"\0")[:size]
    first = bytearray(b"SQLite format 3\0".ljust(100, b"\0"))
    first[16:24] = struct.pack(">HBBBBBB", size, 2, 2, 0, 64, 32, 32)
    first[28:32] = struct.pack(">I", chance.number(1, 2, bits=32))
    first[44:48] = struct.pack(">I", 4)
    first[56:60] = struct.pack(">I", 1)
    first += struct.pack(">BHHHB", 13, 0, 0, size, 0)
    page = bytes(first).ljust(size, b"\0")[:size]
    return chance.damaged(page).ljust(size, b"\0")[:size] if chance.one_in(3) and page else page


def _configuration(chance: Chance) -> bytes:
    count = chance.choice((1, 1, 2, 3, 0))
    members = b"".join(
        word(chance.number(_FIRST_ID, 2, 3, 0))
        + chance.choice((b"127.0.0.1:9", b"", b"x" * 300))
        + b"\0"
        + bytes([chance.number(0, 1, 2, bits=8)])
        for _ in range(count)
    )
    return padded(struct.pack("<BQ", chance.number(1, 1, 1, bits=8), chance.number(count, count, count)) + members)


def _snapshot(chance: Chance) -> bytes:
    count = chance.choice((0, 1, 1, 2))
    content = word(chance.number(1, 1, 1)) + word(chance.number(count, count, count))
    for _ in range(count):
        pages = chance.choice((0, 1, 2))
        main = b"".join(_page(chance, at, _PAGE) for at in range(pages))
        wal = b"" if chance.one_in(2) else chance.randbytes(32 + chance.choice((0, 24, 24 + _PAGE)))
        content += text(chance.choice((b"main", b"main", b"other", b"", b"x" * 600)))
        content += (
            word(chance.number(len(main), len(main), len(main)))
            + word(chance.number(len(wal), len(wal), len(wal)))
            + main
            + padded(wal)
        )
    return chance.damaged(content) if chance.one_in(8) else content
