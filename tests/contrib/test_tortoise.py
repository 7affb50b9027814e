# SPDX-License-Identifier: Apache-2.0
"""Tortoise ORM with the engine `dqlitepy.contrib.tortoise`: models, transactions, errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import dqlitepy
import pytest
from tortoise import Tortoise, fields
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.models import Model
from tortoise.transactions import in_transaction


class Note(Model):
    id = fields.IntField(primary_key=True)
    title = fields.CharField(50, unique=True)
    at = fields.DatetimeField(auto_now_add=True)
    price = fields.DecimalField(max_digits=8, decimal_places=2, null=True)


@asynccontextmanager
async def tables(path: Path) -> AsyncIterator[None]:
    """Opens a database that has the model's table."""
    default = {"engine": "dqlitepy.contrib.tortoise", "credentials": {"file_path": path}}
    await Tortoise.init({"connections": {"default": default}, "apps": {"notes": {"models": [__name__]}}})
    try:
        await Tortoise.generate_schemas()
        yield
    finally:
        await Tortoise.close_connections()


def test_models(tmp_path: Path) -> None:
    async def main() -> None:
        async with tables(tmp_path / "data"):
            note = await Note.create(title="a", price=Decimal("1.5"))
            assert note.id == 1
            await Note.bulk_create([Note(title=title) for title in "bc"])
            assert await Note.filter(title__icontains="A").count() == 1
            assert await Note.filter(title="a").update(price=2) == 1
            assert await Note.filter(title="b").delete() == 1
            titles = await Note.all().order_by("title").values_list("title", "price")
            assert titles == [("a", Decimal("2.00")), ("c", None)]
            assert (await Note.get(title="a")).at == note.at

    asyncio.run(main())


def test_transactions(tmp_path: Path) -> None:
    async def main() -> None:
        async with tables(tmp_path / "data"):
            async with in_transaction():
                await Note.create(title="kept")
                with pytest.raises(LookupError):
                    async with in_transaction():
                        await Note.create(title="taken back")
                        raise LookupError
                await Note.bulk_create([Note(title=title) for title in "bc"])
            with pytest.raises(LookupError):
                async with in_transaction():
                    await Note.create(title="lost")
                    raise LookupError
            assert await Note.all().order_by("id").values_list("title", flat=True) == ["kept", "b", "c"]

    asyncio.run(main())


def test_errors(tmp_path: Path) -> None:
    async def main() -> None:
        async with tables(tmp_path / "data"):
            await Note.create(title="a")
            with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: note\.title") as caught:
                await Note.create(title="a")
            assert isinstance(caught.value.__cause__, dqlitepy.IntegrityError)
            async with in_transaction() as connection:
                with pytest.raises(OperationalError, match="no such table: missing"):
                    await connection.execute_query("SELECT * FROM missing")
            with pytest.raises(OperationalError, match="not deleted by a client"):
                await Tortoise.get_connection("default").db_delete()

    asyncio.run(main())
