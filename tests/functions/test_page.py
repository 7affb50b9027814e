# SPDX-License-Identifier: Apache-2.0
"""docs/functions.md names the functions that a node has, with their arguments and kinds."""

from __future__ import annotations

import re

import dqlitepy
import pytest

from tests.support import ROOT

PAGE = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| `(\w+)\(([^)]*)\)` \| .+ \| (deterministic|random|aggregate|window) \|$", PAGE, re.MULTILINE)
COMPILED_IN = re.findall(r"`((?:median|percentile\w*))\(([^)]*)\)`", PAGE)

# PRAGMA function_list
DETERMINISTIC, INNOCUOUS, DIRECT_ONLY = 0x800, 0x200000, 0x80000
TYPES = {"deterministic": "s", "random": "s", "aggregate": "a", "window": "w"}

# What comes with SQLite's virtual tables.
OF_TABLES = {
    *("bm25", "fts5", "fts5_get_locale", "fts5_insttoken", "fts5_locale", "fts5_source_id", "highlight", "match"),
    *("matchinfo", "offsets", "optimize", "snippet", "rtreecheck", "rtreedepth", "rtreenode"),
}


def count(arguments: str) -> int:
    return len(arguments.split(",")) if arguments else 0


def test_the_tables_were_found() -> None:
    assert len(LINES) > 35
    assert len(COMPILED_IN) == 4


def test_a_node_has_the_functions_of_the_page(con: dqlitepy.Connection) -> None:
    listed = {
        (name, arguments): (kind, flags, builtin)
        for name, builtin, kind, _, arguments, flags in con.execute("PRAGMA function_list")
    }
    named = {(name, count(arguments)) for name, arguments, _ in LINES}
    for name, arguments, kind in LINES:
        type_, flags, _ = listed[name, count(arguments)]
        assert type_ == TYPES[kind], name
        assert flags & INNOCUOUS, name
        assert not flags & DIRECT_ONLY, name
        if type_ == "s":
            assert bool(flags & DETERMINISTIC) == (kind == "deterministic"), name
    ours = {key for key, (_, _, builtin) in listed.items() if not builtin and key[0] not in OF_TABLES}
    assert ours == named
    assert {(name, count(arguments)) for name, arguments in COMPILED_IN} <= listed.keys()


def test_a_node_has_the_modules_of_the_page(con: dqlitepy.Connection) -> None:
    modules = {name for (name,) in con.execute("PRAGMA module_list")}
    assert {"fts3", "fts4", "fts5", "generate_series", "rtree"} <= modules


def test_no_function_takes_a_file_or_an_address(con: dqlitepy.Connection) -> None:
    names = {name for name, *_ in con.execute("PRAGMA function_list")}
    assert not names & {"fts3_tokenizer", "readfile", "writefile", "edit"}
    with pytest.raises(dqlitepy.OperationalError, match="not authorized"):
        con.execute("SELECT load_extension('/lib/x86_64-linux-gnu/libm.so.6')")  # SQLite's own
