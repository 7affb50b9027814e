# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy shell` as a person uses it: prompts, Ctrl-C, errors that do not end it, history, colours."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal

PROMPT = "dqlite> "
MORE = "   ...> "
ENDLESS = "WITH RECURSIVE r (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) "


@pytest.fixture
def history(tmp_path: Path) -> str:
    return str(tmp_path / "history")


def test_a_conversation(tmp_path: Path, history: str) -> None:
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        assert "connected to" in terminal.expect(PROMPT)
        terminal.press("CREATE TABLE t (n);\n")
        assert "(done, " in terminal.expect(PROMPT)
        terminal.press("INSERT INTO t VALUES (1),\n")
        terminal.expect(MORE)
        terminal.press("(2);\n")
        assert "(2 rows changed, " in terminal.expect(PROMPT)
        terminal.press("SELECT nothing FROM t;\n")
        terminal.expect("error: ")
        terminal.expect(PROMPT)
        terminal.press("SELECT sum(n) AS total FROM t;\n")
        terminal.expect("total\n-----\n    3\n(1 row, ")
        terminal.expect(PROMPT)
        terminal.press(".timer off\n")
        terminal.expect(PROMPT)
        terminal.press("SELECT 1 WHERE 0;\n")
        terminal.expect("(0 rows)\n")
        terminal.expect(PROMPT)
        terminal.press(".nonsense\n")
        terminal.expect("error: there is no command .nonsense\n  `.help` lists the commands")
        terminal.expect(PROMPT)
        terminal.press("\x04")
        assert terminal.end()[0] == 0


def test_ctrl_c_cancels_the_statement_and_the_session_goes_on(tmp_path: Path, history: str) -> None:
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect(PROMPT)
        terminal.press(f".mode csv\n{ENDLESS} SELECT x FROM r;\n")
        terminal.expect("\n5000\n")
        terminal.press("\x03")
        terminal.expect(PROMPT)
        terminal.press(f"{ENDLESS} SELECT count(*) FROM r;\n")
        terminal.expect("FROM r;\n")  # the echo: from here on it runs, or is about to
        terminal.press("\x03")
        terminal.expect(PROMPT, pressing="\x03")
        terminal.press("SELECT 6 * 7 AS answer;\n")
        terminal.expect("42\n")
        terminal.expect(PROMPT)
        terminal.press(".quit\n")
        assert terminal.end()[0] == 0


def test_ctrl_c_at_the_prompt_drops_what_was_typed(tmp_path: Path, history: str) -> None:
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect(PROMPT)
        terminal.press("SELECT\n")
        terminal.expect(MORE)
        terminal.press("\x03")
        terminal.expect(PROMPT, pressing="\x03")
        terminal.press("SELECT 5 AS five;\n")
        terminal.expect("   5\n")
        terminal.expect(PROMPT)
        terminal.press("\x04")
        assert terminal.end()[0] == 0


def test_history_is_kept_for_the_next_session_and_for_its_owner_alone(tmp_path: Path, history: str) -> None:
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect(PROMPT)
        terminal.press("SELECT 'remember me' AS x;\n")
        terminal.expect("(1 row")
        terminal.expect(PROMPT)
        terminal.press(".quit\n")
        terminal.end()
    assert stat.S_IMODE(Path(history).stat().st_mode) == 0o600
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect(PROMPT)
        terminal.press("\x10\x10\n")  # Ctrl-P twice: before .quit
        terminal.expect("(1 row")
        terminal.expect(PROMPT)
        terminal.press("\x04")
        assert terminal.end()[0] == 0


def test_tab_completes_commands_keywords_tables_and_columns(tmp_path: Path, history: str) -> None:
    with Terminal("shell", tmp_path / "data", DQLITEPY_HISTORY=history) as terminal:
        terminal.expect(PROMPT)
        terminal.press("CREATE TABLE planet (moonlets);\n")
        terminal.expect(PROMPT)
        terminal.press("ins\tint\tplan\t VALUES (1);\n")
        terminal.expect("(1 row changed")
        terminal.expect(PROMPT)
        terminal.press("SELECT moonl\t FROM planet;\n")
        terminal.expect("moonlets\n--------\n       1\n")
        terminal.expect(PROMPT)
        terminal.press(".tab\t\n")
        terminal.expect("planet\n")
        terminal.expect(PROMPT)
        terminal.press("\x04")
        assert terminal.end()[0] == 0


@pytest.mark.parametrize(
    ("settings", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)]
)
def test_colours_are_for_terminals_that_want_them(
    tmp_path: Path, history: str, settings: dict[str, str], coloured: bool
) -> None:
    with Terminal(
        "shell", tmp_path / "data", "-c", "SELECT NULL AS x", DQLITEPY_HISTORY=history, **settings
    ) as terminal:
        status, output = terminal.end()
    assert status == 0
    assert ("\x1b[1mx" in output) == coloured
