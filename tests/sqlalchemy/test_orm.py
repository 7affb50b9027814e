# SPDX-License-Identifier: Apache-2.0
"""The ORM's unit of work, with Session and with AsyncSession."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, ForeignKey, event, exc, func, select
from sqlalchemy.ext.asyncio import AsyncAttrs, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload
from sqlalchemy.orm.exc import StaleDataError

from tests.sqlalchemy.engines import statements, url_of


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column()
    books: Mapped[list[Book]] = relationship(
        back_populates="author", cascade="all, delete-orphan", order_by="Book.title"
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Tag(Base):
    __tablename__ = "tag"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    made: Mapped[datetime] = mapped_column(server_default=func.now())
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012


class Book(Base):
    __tablename__ = "book"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    title: Mapped[str]
    written: Mapped[datetime] = mapped_column(server_default=func.now())
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """Returns an engine whose database has the tables."""
    Base.metadata.create_all(engine)
    return engine


def test_unit_of_work(engine: Engine) -> None:
    with Session(engine) as session:
        ann = Author(name="Ann", books=[Book(title="B"), Book(title="A")])
        session.add_all([ann, Author(name="Bob")])
        session.commit()
        assert (ann.id, ann.version) == (1, 1)
        assert [book.title for book in ann.books] == ["A", "B"]
        assert all(type(book.written) is datetime for book in ann.books)
        ann.books.pop()
        ann.name = "Anna"
        session.commit()
    with Session(engine) as session:
        query = select(Author).options(selectinload(Author.books)).order_by(Author.name)
        assert [(a.name, a.version, [b.title for b in a.books]) for a in session.scalars(query)] == [
            ("Anna", 2, ["A"]),
            ("Bob", 1, []),
        ]
        session.delete(session.get_one(Author, 1))
        session.commit()
        assert session.scalar(select(func.count()).select_from(Book)) == 0


def test_many_objects_go_in_few_statements(engine: Engine) -> None:
    seen = statements(engine)
    with Session(engine) as session:
        tags = [Tag(name=f"tag {number}") for number in range(500)]
        session.add_all(tags)
        session.flush()
        known = {tag.id: tag.name for tag in tags}
        assert all(type(tag.made) is datetime for tag in tags)
        session.commit()
    assert len([statement for statement in seen if statement.startswith("INSERT")]) < 20
    with Session(engine) as session:
        names = {row.id: row.name for row in session.execute(select(Tag.id, Tag.name))}
    assert names == known


def test_somebody_else_was_faster(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Author(name="Ann"))
        session.commit()
    with Session(engine, expire_on_commit=False) as late, Session(engine) as early:
        known = late.get_one(Author, 1)
        late.commit()
        early.get_one(Author, 1).name = "Anna"
        early.commit()
        known.name = "Annie"
        with pytest.raises(StaleDataError):
            late.commit()
    with Session(engine) as session:
        assert session.get_one(Author, 1).name == "Anna"


def test_a_failed_flush_leaves_the_outer_transaction(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        session.add(Author(name="Ann"))
        session.flush()
        with pytest.raises(exc.IntegrityError), session.begin_nested():
            session.add(Author(name="Ann"))
        session.add(Author(name="Bob"))
    with Session(engine) as session:
        assert session.scalars(select(Author.name).order_by(Author.id)).all() == ["Ann", "Bob"]


def test_foreign_keys_count(engine: Engine) -> None:
    """dqlite, unlike SQLite, checks them without being told to."""
    with Session(engine) as session:
        session.add(Book(title="nobody's", author_id=7))
        with pytest.raises(exc.IntegrityError, match="FOREIGN KEY constraint failed"):
            session.commit()


def test_events_may_set_pragmas(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _set(driver_connection: object, _record: object) -> None:
        cursor = driver_connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.close()

    engine.dispose()
    with Session(engine) as session:
        session.add(Book(title="nobody's", author_id=7))
        session.commit()


def test_async_session(tmp_path: Path) -> None:
    async def main() -> None:
        engine = create_async_engine(url_of(tmp_path / "data", "dqlite+aio"))
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        sessions = async_sessionmaker(engine, expire_on_commit=False)

        async def add(number: int) -> None:
            async with sessions.begin() as session:
                session.add(Author(name=f"author {number}", books=[Book(title=f"book {number}")]))

        await asyncio.gather(*map(add, range(20)))
        async with sessions() as session:
            rows = await session.stream_scalars(select(Author).order_by(Author.id))
            authors = [author async for author in rows]
            assert {author.name for author in authors} == {f"author {number}" for number in range(20)}
            books = await authors[0].awaitable_attrs.books
            assert [book.title for book in books] == [authors[0].name.replace("author", "book")]
            with pytest.raises(exc.IntegrityError):
                async with session.begin_nested():
                    session.add(Author(name="author 1"))
            await session.delete(authors[0])
            await session.commit()
            assert await session.scalar(select(func.count()).select_from(Book)) == 19
        await engine.dispose()

    asyncio.run(main())
