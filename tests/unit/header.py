# SPDX-License-Identifier: Apache-2.0
"""Reads `dqlitepy.h`: a flat subset of C, and an error for whatever is beyond it, so that nothing goes unchecked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>\d+)|(?P<mark>[{}()\[\];,=*]))")


@dataclass
class Header:
    """What the header declares. Types are spelled as in C, with one blank between words and before each `*`."""

    constants: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    enums: dict[str, dict[str, int]] = field(default_factory=dict)
    structs: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)  # type, name, length (0: no array)
    functions: dict[str, tuple[str, list[tuple[str, str]]]] = field(default_factory=dict)  # result, (type, name) each


def parse(text: str) -> Header:
    """Returns what `text` declares; SyntaxError for anything that is not understood."""
    header = Header()
    parser = _Parser(_without_preprocessor(re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL), header), header)
    while parser.rest:
        parser.declaration()
    return header


def _without_preprocessor(text: str, header: Header) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            lines.append(line)
        elif match := re.fullmatch(r"#define (\w+) (\d+)", line.rstrip()):
            header.constants[match[1]] = int(match[2])
        elif not re.fullmatch(r"#(ifndef|define) DQLITEPY_H|#endif|#include <stdint\.h>", line.strip()):
            raise SyntaxError(f"not understood: {line}")
    return "\n".join(lines)


class _Parser:
    def __init__(self, text: str, header: Header) -> None:
        self.header = header
        self.rest: list[str] = []
        position = 0
        text = text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise SyntaxError(f"not understood: {text[position : position + 40]!r}")
            self.rest.append(match[0].strip())
            position = match.end()
        self.rest.reverse()

    def take(self, expected: str | None = None) -> str:
        token = self.rest.pop() if self.rest else "the end"
        if expected is not None and token != expected:
            raise SyntaxError(f"{expected!r} expected, not {token!r}")
        return token

    def is_next(self, token: str) -> bool:
        return bool(self.rest) and self.rest[-1] == token

    def declaration(self) -> None:
        if not self.is_next("typedef"):
            return self.function()
        self.take("typedef")
        if self.is_next("enum"):
            return self.enum()
        if self.is_next("struct") and self.rest[-3] == "{":
            return self.struct()
        kind, name = self.variable()
        self.header.aliases[name] = kind
        self.take(";")
        return None

    def variable(self) -> tuple[str, str]:
        """Reads a type and the name behind it."""
        words = [self.take()]
        while not (self.rest[-1] in ";,)[" and re.match(r"\w", words[-1])):
            token = self.take()
            if not re.fullmatch(r"[A-Za-z_]\w*|\*", token):
                raise SyntaxError(f"a type or name expected, not {token!r}")
            words.append(token)
        return " ".join(words[:-1]), words[-1]

    def enum(self) -> None:
        self.take("enum")
        name = self.take()
        self.take("{")
        members: dict[str, int] = {}
        while not self.is_next("}"):
            member = self.take()
            self.take("=")
            members[member] = int(self.take())
            if not self.is_next("}"):
                self.take(",")
        self.take("}")
        self.take(name)
        self.take(";")
        self.header.enums[name] = members

    def struct(self) -> None:
        self.take("struct")
        name = self.take()
        self.take("{")
        fields = []
        while not self.is_next("}"):
            kind, member = self.variable()
            length = 0
            if self.is_next("["):
                self.take("[")
                token = self.take()
                length = self.header.constants[token] if token in self.header.constants else int(token)
                self.take("]")
            self.take(";")
            fields.append((kind, member, length))
        self.take("}")
        self.take(name)
        self.take(";")
        self.header.structs[name] = fields

    def function(self) -> None:
        result, name = self.named_by_parenthesis()
        parameters = []
        while not self.is_next(")"):
            if self.is_next("void") and self.rest[-2] == ")":
                self.take("void")
                break
            parameters.append(self.variable())
            if not self.is_next(")"):
                self.take(",")
        self.take(")")
        self.take(";")
        self.header.functions[name] = (result, parameters)

    def named_by_parenthesis(self) -> tuple[str, str]:
        words = []
        while not self.is_next("("):
            token = self.take()
            if not re.fullmatch(r"[A-Za-z_]\w*|\*", token):
                raise SyntaxError(f"a declaration expected, not {token!r}")
            words.append(token)
        self.take("(")
        return " ".join(words[:-1]), words[-1]
