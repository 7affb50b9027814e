# SPDX-License-Identifier: Apache-2.0
"""A project on a cluster of three whose leader dies, and a commit that nobody answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dqlitepy
import pytest
from django.db import OperationalError, transaction

from tests.cluster.machines import Machines, wait_for_voters
from tests.django.databases import database
from tests.django.project.library.models import Author
from tests.hostile.server import Asked, Peer, Server, behave, names, row
from tests.protocol import DONE, Response, frame, text
from tests.support import HANG

_TEXT = 3


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """Yields a cluster of three voters."""
    with Machines(tmp_path_factory.mktemp("cluster"), 3) as machines:
        with_votes(machines)
        yield machines


@pytest.fixture
def on_three(machines: Machines) -> Iterator[Any]:
    """Yields Django's connection to the cluster, with the project's tables; at the end all three nodes run."""
    name = f"dqlite://{','.join(machines.addresses)}/site"
    with database(name, CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True, OPTIONS={"leader_timeout": HANG}) as connection:
        Author.objects.all().delete()
        yield connection
    for at in machines.addresses:
        node = machines.at(at)
        if not node.running:
            node.start()
            node.wait_ready()
    with_votes(machines)


def with_votes(machines: Machines) -> None:
    client = machines.client()
    wait_for_voters(client, 3)


def kill_leader(machines: Machines) -> None:
    machines.at(machines.client().leader().address).kill()


def stored() -> list[str]:
    return list(Author.objects.order_by("pk").values_list("name", flat=True))


def test_a_transaction_that_dies_with_the_leader(on_three: Any, machines: Machines) -> None:
    told: list[str] = []
    with pytest.raises(OperationalError) as caught, transaction.atomic():
        transaction.on_commit(lambda: told.append("committed"))
        Author.objects.create(name="lost")
        kill_leader(machines)
        Author.objects.create(name="lost too")
    assert type(caught.value.__cause__) is dqlitepy.LeadershipLostError
    assert not told
    with transaction.atomic():
        Author.objects.create(name="kept")
    assert stored() == ["kept"]


def test_a_program_that_goes_on_after_the_loss(on_three: Any, machines: Machines) -> None:
    with pytest.raises(OperationalError, match="nothing of it was committed"), transaction.atomic():
        Author.objects.create(name="lost")
        kill_leader(machines)
        with pytest.raises(OperationalError), transaction.atomic():
            Author.objects.create(name="lost too")
    assert stored() == []


def test_connections_that_lay_idle(on_three: Any, machines: Machines) -> None:
    driver = on_three.connection
    kill_leader(machines)
    on_three.close_if_unusable_or_obsolete()
    assert on_three.is_usable()
    Author.objects.create(name="a")
    assert stored() == ["a"]
    assert on_three.connection is driver


def greet(peer: Peer, asked: Asked) -> None:
    """Behaves, and knows the version that Django asks for first."""
    if "sqlite_version" in asked.sql:
        peer.send(frame(Response.ROWS, names(b"v") + row((_TEXT, text(b"3.54.1"))) + DONE))
    else:
        behave(peer, asked)


def insert(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (%s)", [1])


@pytest.mark.parametrize("atomic", [True, False])
def test_a_commit_that_nobody_answered_is_told_of(atomic: bool) -> None:
    """It may have happened or not, so nothing sends it, or what was in it, a second time."""
    last = "COMMIT" if atomic else "INSERT INTO t VALUES (?)"

    def answer(peer: Peer, asked: Asked) -> None:
        if asked.sql == last:
            peer.reset()
        else:
            greet(peer, asked)

    told: list[str] = []
    with Server() as server:
        server.answer = greet
        with database(f"dqlite://{server.address}/main", migrate=False) as connection:
            connection.ensure_connection()
            server.answer = answer
            server.asked.clear()
            with pytest.raises(OperationalError) as caught:
                if atomic:
                    with transaction.atomic():
                        transaction.on_commit(lambda: told.append("committed"))
                        insert(connection)
                else:
                    insert(connection)
            assert type(caught.value.__cause__) is dqlitepy.AmbiguousCommitError
            assert not told
            sent = server.statements()
            assert sum("INSERT" in sql for sql in sent) == 1
            assert sum(sql == "COMMIT" for sql in sent) == int(atomic)
            # The connection goes on.
            server.answer = greet
            with transaction.atomic():
                insert(connection)
            assert sum("INSERT" in sql for sql in server.statements()) == 2
