# SPDX-License-Identifier: Apache-2.0
"""Generated scripts on `sqlite3` and on `dqlitepy`: results, errors, codes and all else that is seen are equal.

The scripts are always the same ones. GENERATED_SCRIPTS in the environment says how many there are:
`tools/bazel test --test_env=GENERATED_SCRIPTS=10000 --test_timeout=3600 //tests/node:test_generated_scripts`
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import dqlitepy
import pytest
from dqlitepy import PARSE_COLNAMES, PARSE_DECLTYPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.node.script_player import Player, Seen
from tests.node.script_steps import SCRIPT, Step

MODULES = (sqlite3, dqlitepy)
DETECT_TYPES = (0, PARSE_DECLTYPES | PARSE_COLNAMES)
MODES = [None, None, None, True, False] if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL") else [None]
COUNT = int(os.environ.get("GENERATED_SCRIPTS", "1500"))


@pytest.fixture(scope="module")
def players() -> Iterator[dict[int, list[Player]]]:
    """Yields a player of each module for each value of `detect_types`."""
    for module in MODULES:
        module.register_converter("mark", lambda value: ("marked", value))
    with ExitStack() as opened:

        def player(module: Any, types: int) -> Player:
            arguments = {"cached_statements": 0} if module is sqlite3 else {}  # see "cached-statements"
            con = module.connect(":memory:", detect_types=types, **arguments)
            return Player(module, opened.enter_context(closing(con)))

        yield {types: [player(module, types) for module in MODULES] for types in DETECT_TYPES}
    for module in MODULES:
        del module.converters["MARK"]


def compare(theirs: Seen, ours: Seen, failed: bool) -> bool:
    """Compares what was seen of a step, and returns whether the script can go on.

    Args:
        theirs: what sqlite3 showed.
        ours: what dqlitepy showed.
        failed: whether a statement has failed before: see "lastrowid".
    """
    if ours.refused_parameters:
        # They are looked at first here, and begin no transaction: see "failed-parameters".
        assert theirs.error
        return False
    if theirs.error and theirs.error[-1] == "unknown":  # this Python has no name for the code
        assert ours.error[:-1] == theirs.error[:-1]
        theirs, ours = theirs._replace(error=ours.error), ours
    if failed:
        theirs, ours = theirs.without_lastrowid(), ours.without_lastrowid()
    assert ours == theirs
    return True


@settings(derandomize=True, database=None, deadline=None, max_examples=COUNT, suppress_health_check=list(HealthCheck))
@given(types=st.sampled_from(DETECT_TYPES), autocommit=st.sampled_from(MODES), script=SCRIPT)
def test_scripts(players: dict[int, list[Player]], types: int, autocommit: bool | None, script: list[Step]) -> None:
    for player in players[types]:
        player.begin(autocommit)
    failed = False
    for step in script:
        theirs, ours = (player.play(step) for player in players[types])
        if autocommit is False and not theirs.in_transaction:
            return  # ours begins one before it writes: see "autocommit-false"
        failed = failed or bool(theirs.error)
        if not compare(theirs, ours, failed):
            return
