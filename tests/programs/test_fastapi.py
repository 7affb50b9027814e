# SPDX-License-Identifier: Apache-2.0
"""A service by FastAPI with models of SQLModel: blocking sessions in threads, and sessions on the loop.

Annotations are not postponed here: FastAPI evaluates them, and some name what is local to a function.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, Session, SQLModel, create_engine, select
from sqlmodel.ext.asyncio.session import AsyncSession


class Hero(SQLModel, table=True):  # type: ignore[call-arg]
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True, unique=True)
    age: int | None = None


def blocking(path: Path) -> FastAPI:
    engine = create_engine(f"dqlite:///{path}")

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        SQLModel.metadata.create_all(engine, tables=[Hero.__table__])
        yield
        engine.dispose()

    def session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    app = FastAPI(lifespan=life)

    @app.post("/heroes")
    def add(hero: Hero, session: Annotated[Session, Depends(session)]) -> Hero:
        session.add(hero)
        session.commit()
        session.refresh(hero)
        return hero

    @app.get("/heroes/{id}")
    def read(id: int, session: Annotated[Session, Depends(session)]) -> Hero:
        hero: Hero | None = session.get(Hero, id)
        if hero is None:
            raise HTTPException(404)
        return hero

    @app.get("/heroes")
    def everyone(session: Annotated[Session, Depends(session)]) -> list[Hero]:
        return list(session.exec(select(Hero).order_by(Hero.name)))

    return app


def on_the_loop(path: Path) -> FastAPI:
    engine = create_async_engine(f"dqlite+aio:///{path}")

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all, tables=[Hero.__table__])
        yield
        await engine.dispose()

    async def session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine, expire_on_commit=False) as session:
            yield session

    app = FastAPI(lifespan=life)

    @app.post("/heroes")
    async def add(hero: Hero, session: Annotated[AsyncSession, Depends(session)]) -> Hero:
        session.add(hero)
        await session.commit()
        return hero

    @app.get("/heroes/{id}")
    async def read(id: int, session: Annotated[AsyncSession, Depends(session)]) -> Hero:
        hero: Hero | None = await session.get(Hero, id)
        if hero is None:
            raise HTTPException(404)
        return hero

    @app.get("/heroes")
    async def everyone(session: Annotated[AsyncSession, Depends(session)]) -> list[Hero]:
        return list(await session.exec(select(Hero).order_by(Hero.name)))

    return app


@pytest.mark.parametrize("service", [blocking, on_the_loop])
def test_a_service(service: Callable[[Path], FastAPI], tmp_path: Path) -> None:
    with TestClient(service(tmp_path / "data")) as client, ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda n: client.post("/heroes", json={"name": f"h{n:02}", "age": n}), range(40)))
        assert {answer.status_code for answer in answers} == {200}
        assert sorted(answer.json()["id"] for answer in answers) == list(range(1, 41))
        assert client.get("/heroes/1").json()["name"].startswith("h")
        assert client.get("/heroes/99").status_code == 404
        assert [hero["name"] for hero in client.get("/heroes").json()] == [f"h{n:02}" for n in range(40)]
