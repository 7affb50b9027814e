# SPDX-License-Identifier: Apache-2.0
"""What the URLs of engines mean, and which are refused before anything is opened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from tests.sqlalchemy.engines import DRIVERS

MEANING: dict[str, tuple[str, dict[str, Any]]] = {
    "://": (":memory:", {}),
    ":///data": ("data", {}),
    ":////var/data": ("/var/data", {}),
    ":///data?name=other&timeout=3&leader_timeout=1.5": (
        "data",
        {"name": "other", "timeout": 3.0, "leader_timeout": 1.5},
    ),
    ":///data?linearizable=true&cached_statements=7": ("data", {"linearizable": True, "cached_statements": 7}),
    ":///data?isolation_level=IMMEDIATE": ("data", {"isolation_level": "IMMEDIATE"}),
    "://h1:9001/main": ("dqlite://h1:9001/main", {}),
    "://h1:9001/main?node=h2:9001&node=h3:9001&timeout=2": (
        "dqlite://h1:9001/main?node=h2%3A9001&node=h3%3A9001",
        {"timeout": 2.0},
    ),
    "://[fd00::1]:9001/main": ("dqlite://[fd00::1]:9001/main", {}),
    "://h1/main?tls_cert=a&tls_key=b&tls_ca=c": ("dqlite://h1/main?tls_ca=c&tls_cert=a&tls_key=b", {}),
}
REFUSED = {
    ":///data?timeout=soon": "timeout cannot be 'soon'",
    ":///data?timeout=1&timeout=2": "more than once",
    ":///data?linearizable=perhaps": "linearizable",
    ":///data?isolation_level=AUTOCOMMIT": "SQLAlchemy's levels go into create_engine",
    ":///data?mode=ro": "mode cannot be without one",
    "://?node=h1:9001": "node cannot be without one",
    "://user:secret@h1:9001/main": "no users and passwords",
    "://h1:9001/main?mode=ro": "an option 'mode'",
    "://h1:9001/main?tls_ca=c": "go together",
    "://h1:9001/main/other": "no name of a database",
    "://h1:99999/main": "port",
}


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("rest", MEANING)
def test_meaning(driver: str, rest: str) -> None:
    url = make_url(driver + rest)
    database, options = MEANING[rest]
    defaults = {"check_same_thread": False, "isolation_level": "DEFERRED"}
    assert url.get_dialect()().create_connect_args(url) == ([database], {**defaults, **options})


@pytest.mark.parametrize("rest", REFUSED)
def test_refused(rest: str) -> None:
    with pytest.raises(ArgumentError, match=REFUSED[rest]) as caught:
        create_engine("dqlite" + rest)
    assert "secret" not in str(caught.value)


def test_every_engine_has_a_pool() -> None:
    """A node would otherwise start and stop with each connection."""
    for rest in MEANING:
        assert isinstance(create_engine("dqlite" + rest).pool, QueuePool)
        assert isinstance(create_async_engine("dqlite+aio" + rest).sync_engine.pool, AsyncAdaptedQueuePool)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        (":///{}?name=:memory:", {}),
        (":///{}", {"name": ":memory:"}),
        (":///{}", {"name": ""}),
        ("://127.0.0.1:1/:memory:", {"leader_timeout": 0.0}),
    ],
)
@pytest.mark.parametrize("driver", DRIVERS)
def test_names_of_no_database(driver: str, url: str, options: dict[str, Any], tmp_path: Path) -> None:
    """Not before somebody connects, but without a node that was started for it. `?name=` alone is no option at all."""
    at = driver + url.format(tmp_path / "data")
    with pytest.raises(ValueError, match="cannot be the name of a database"):
        connect(at, options)
    assert not (tmp_path / "data").exists()


def connect(url: str, options: dict[str, Any]) -> None:
    if url.startswith("dqlite+aio"):

        async def work() -> None:
            async with create_async_engine(url, connect_args=options).connect():
                pass

        asyncio.run(work())
    else:
        with create_engine(url, connect_args=options).connect():
            pass
