# SPDX-License-Identifier: Apache-2.0
"""uvicorn with --reload, and an application that keeps a pool for as long as it is served."""

from __future__ import annotations

from pathlib import Path

from tests.programs.servers import change_until_seen, serve
from tests.support import eventually

APPLICATION = """
import os
from contextlib import asynccontextmanager

from dqlitepy import aio
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

VERSION = 1


@asynccontextmanager
async def life(app):
    async with aio.Pool(os.environ["DATABASE"]) as app.state.pool:
        async with app.state.pool.connection() as con:
            await con.execute("CREATE TABLE IF NOT EXISTS visit (pid INTEGER)")
        yield


app = FastAPI(lifespan=life)


@app.get("/", response_class=PlainTextResponse)
async def visit():
    async with app.state.pool.connection() as con:
        await con.execute("INSERT INTO visit VALUES (?)", (os.getpid(),))
        await con.commit()
        [(count,)] = await con.execute_fetchall("SELECT count(*) FROM visit")
    return f"{VERSION} {count} {os.getpid()}"
"""


def test_reload(tmp_path: Path) -> None:
    command = ("uvicorn", "application:app", "--port", "{port}", "--reload", "--reload-include", "application.py")
    with serve(tmp_path, APPLICATION, *command, database=tmp_path / "data") as server:
        version, visits, before = server.answer()
        assert (version, visits) == (1, 1)
        change_until_seen(server)
        version, visits, after = eventually(server.answer, lambda answer: answer[0] == 2)
        assert visits > 1
        assert after != before
    assert "Traceback" not in server.said()
