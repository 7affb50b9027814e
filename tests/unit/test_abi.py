# SPDX-License-Identifier: Apache-2.0
"""Python's table of the ABI against `dqlitepy.h`: every name, type, value, field and size."""

from __future__ import annotations

import ctypes
import enum
import textwrap
from typing import Any

import dqlitepy
import pytest
from dqlitepy._native import abi

from tests.support import HEADER
from tests.unit.header import Header, parse

ABI = parse(HEADER.read_text(encoding="utf-8"))

ENUMS: dict[str, tuple[type[enum.IntEnum | enum.IntFlag], str]] = {
    "dqlitepy_status": (abi.Status, "DQLITEPY_"),
    "dqlitepy_kind": (abi.Kind, "DQLITEPY_KIND_"),
    "dqlitepy_role": (dqlitepy.Role, "DQLITEPY_ROLE_"),
    "dqlitepy_operation": (abi.TaskOperation, "DQLITEPY_"),
    "dqlitepy_connection_state": (abi.ConnectionState, "DQLITEPY_CONNECTION_"),
    "dqlitepy_error_flag": (abi.ErrorFlag, "DQLITEPY_ERROR_"),
    "dqlitepy_result_flag": (abi.ResultFlag, "DQLITEPY_RESULT_"),
    "dqlitepy_execute_flag": (abi.ExecuteFlag, "DQLITEPY_"),
    "dqlitepy_fit": (abi.Fit, "DQLITEPY_FIT_"),
    "dqlitepy_dump_flag": (abi.DumpFlag, "DQLITEPY_DUMP_"),
    "dqlitepy_reads": (abi.Reads, "DQLITEPY_READS_"),
}
STRUCTS: dict[str, type[ctypes.Structure]] = {
    "dqlitepy_error": abi.ErrorStruct,
    "dqlitepy_node_options": abi.NodeOptions,
    "dqlitepy_task": abi.Task,
    "dqlitepy_connect_options": abi.ConnectOptions,
    "dqlitepy_result": abi.Result,
}
SCALARS: dict[str, Any] = {
    "char": ctypes.c_char,
    "int32_t": ctypes.c_int32,
    "int64_t": ctypes.c_int64,
    "uint8_t": ctypes.c_uint8,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "void *": ctypes.c_void_p,
    "const char *": ctypes.c_char_p,
    "const void *": ctypes.c_void_p,
}


def ctypes_of(spelled: str) -> Any:
    """Returns the ctypes type that stands for a type of the header; KeyError for one without a rule."""
    spelled = ABI.aliases.get(spelled, spelled)
    words = [word for word in spelled.split() if word not in ("const", "struct")] if "struct" in spelled else []
    spelled = " ".join(words) or spelled
    if spelled in SCALARS:
        return SCALARS[spelled]
    if spelled in STRUCTS:
        return STRUCTS[spelled]
    assert spelled.endswith(" *"), f"no rule for {spelled!r}"
    return ctypes.POINTER(ctypes_of(spelled.removesuffix(" *")))


def test_the_header_declares_what_this_test_covers() -> None:
    assert set(ABI.enums) == set(ENUMS)
    assert set(ABI.structs) == set(STRUCTS)
    assert ABI.constants == {
        "DQLITEPY_ABI_VERSION": abi.ABI_VERSION,
        "DQLITEPY_MESSAGE_SIZE": abi.MESSAGE_SIZE,
        "DQLITEPY_SMALL_SIZE": abi.SMALL_SIZE,
    }


def test_the_functions_are_the_same_in_the_same_order() -> None:
    assert list(abi.SIGNATURES) == list(ABI.functions)


@pytest.mark.parametrize("name", ABI.functions)
def test_function(name: str) -> None:
    result, parameters = ABI.functions[name]
    expected = (None if result == "void" else ctypes_of(result), tuple(ctypes_of(kind) for kind, _ in parameters))
    assert abi.SIGNATURES[name] == expected


@pytest.mark.parametrize("name", sorted(abi.UNDECLARED))
def test_what_is_not_declared_has_nothing_to_convert(name: str) -> None:
    """An int crosses as 32 bits then, whatever the function takes, and a float as a double."""
    result, (handle, *others) = abi.SIGNATURES[name]
    assert (result, handle) == (ctypes.c_int32, abi.HandleNumber)  # given as an object of this type
    numbers = {kind for kind in others if issubclass(kind, ctypes._SimpleCData) and kind is not ctypes.c_void_p}
    assert numbers <= {ctypes.c_int32, ctypes.c_uint32, ctypes.c_char_p}


@pytest.mark.parametrize("name", ENUMS)
def test_enum(name: str) -> None:
    ours, prefix = ENUMS[name]
    assert {prefix + member.name: member.value for member in ours if member.name} == ABI.enums[name]


@pytest.mark.parametrize("name", STRUCTS)
def test_struct(name: str) -> None:
    fields = [
        (member, ctypes_of(kind) * length if length else ctypes_of(kind)) for kind, member, length in ABI.structs[name]
    ]
    assert list(STRUCTS[name]._fields_) == fields


@pytest.mark.parametrize("name", STRUCTS)
def test_struct_has_no_padding(name: str) -> None:
    """So that sizes and offsets are the same whatever compiler packs them."""
    assert ctypes.sizeof(STRUCTS[name]) == sum(ctypes.sizeof(field[1]) for field in STRUCTS[name]._fields_)


def test_fields_that_change_places_are_noticed() -> None:
    text = HEADER.read_text(encoding="utf-8")
    swapped = text.replace("\tint32_t kind;", "\tint32_t code ;").replace("\tint32_t code; ", "\tint32_t kind; ")
    assert swapped != text
    assert parse(swapped).structs["dqlitepy_error"] != ABI.structs["dqlitepy_error"]


@pytest.mark.parametrize(
    "text",
    [
        "#pragma pack(1)",
        "#define DQLITEPY_LIMIT (1 << 4)",
        "int32_t f(int32_t (*callback)(void));",
        "int32_t f(int32_t a, ...);",
        "typedef union u { int32_t a; } u;",
        "typedef struct s { int32_t a : 3; } s;",
        "typedef enum e { A, B = 1 } e;",
        "int32_t f(void) { return 1; }",
        "int32_t f(int32_t a)",
        "static const int32_t x = 1;",
    ],
)
def test_the_parser_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises((SyntaxError, ValueError, IndexError)):
        parse(text)


def test_the_parser_reads_what_it_knows() -> None:
    parsed = parse(
        textwrap.dedent("""
        #define SIZE 4
        typedef const char *text; /* a comment; with marks { */
        typedef enum e { A = 0, B = 7 } e;
        typedef struct s { int32_t a; char b[SIZE]; void *c; } s;
        void f(void);
        int32_t g(const s *x, void **block, text t);
        """)
    )
    assert parsed == Header(
        constants={"SIZE": 4},
        aliases={"text": "const char *"},
        enums={"e": {"A": 0, "B": 7}},
        structs={"s": [("int32_t", "a", 0), ("char", "b", 4), ("void *", "c", 0)]},
        functions={
            "f": ("void", []),
            "g": ("int32_t", [("const s *", "x"), ("void * *", "block"), ("text", "t")]),
        },
    )
