# SPDX-License-Identifier: Apache-2.0
"""What DATABASES can say: where the database is, how to connect, and how long connections live."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import Any

import dqlitepy
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, transaction
from django.db import connection as current
from django.db.utils import NotSupportedError
from dqlitepy._cluster import embedded_nodes

from tests.cluster.machines import address, quick
from tests.django.databases import database
from tests.django.project.library.models import Author
from tests.support import HANG


def running(directory: Path) -> bool:
    return str(directory) in {node.directory for node in embedded_nodes._nodes.values()}


def test_a_node_outlives_the_connections(tmp_path: Path) -> None:
    """Django closes them at the end of each request."""
    with database(str(tmp_path / "data")) as connection:
        (node,) = embedded_nodes._nodes.values()
        connection.close()
        Author.objects.count()
        connection.close()
        assert list(embedded_nodes._nodes.values()) == [node]
    assert not running(tmp_path / "data")


def test_databases_of_one_directory(tmp_path: Path) -> None:
    with database(tmp_path / "data", OPTIONS={"name": "other"}):
        Author.objects.create(name="of the other")
    with database(tmp_path / "data"):
        assert not Author.objects.exists()
    with dqlitepy.connect(tmp_path / "data", name="other") as con:
        assert con.execute("SELECT name FROM library_author").fetchall() == [("of the other",)]
    con.close()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"HOST": "10.0.0.1", "PORT": "9000"}, "HOST, PORT means nothing here"),
        ({"USER": "me"}, "certificates"),
        ({"NAME": ""}, "NAME"),
        ({"OPTIONS": {"autocommit": True}}, "autocommit"),
        ({"OPTIONS": {"isolation_level": None}}, "isolation_level"),
        ({"OPTIONS": {"pool": {"size": 3}}}, "max_size"),
        ({"OPTIONS": {"pool": True}, "CONN_MAX_AGE": 60}, "CONN_MAX_AGE must be 0"),
    ],
    ids=str,
)
def test_what_is_refused(settings: dict[str, Any], reason: str, tmp_path: Path) -> None:
    given = {"name": tmp_path / "data", **{key: value for key, value in settings.items() if key != "NAME"}}
    given["name"] = settings.get("NAME", given["name"])
    with database(given.pop("name"), migrate=False, **given), pytest.raises(ImproperlyConfigured, match=reason):
        current.ensure_connection()


def test_init_command(tmp_path: Path) -> None:
    with database(tmp_path / "data"):
        pass
    commands = "PRAGMA cache_size = -4000; PRAGMA query_only = 1"
    refused = pytest.raises(OperationalError, match="readonly")
    with database(tmp_path / "data", migrate=False, OPTIONS={"init_command": commands}), refused:
        Author.objects.create(name="a")


def test_a_cluster_with_certificates(tmp_path: Path) -> None:
    at = address()
    host = at.rpartition(":")[0]
    dqlitepy.make_certificates(tmp_path, [host, "client"])

    def tls(name: str) -> dqlitepy.TLS:
        return dqlitepy.TLS(tmp_path / f"{name}.pem", tmp_path / f"{name}.key", tmp_path / "ca.pem")

    with dqlitepy.Node(tmp_path / "node", address=at, tls=tls(host), **quick()) as node:
        node.wait_ready(HANG)
        with database(f"dqlite://{at}/site", OPTIONS={"tls": tls("client"), "linearizable": True}) as connection:
            Author.objects.create(name="a")
            assert connection.connection.linearizable
        with database(f"dqlite://{at}/site", migrate=False, OPTIONS={"leader_timeout": 0.2}):
            with pytest.raises(OperationalError) as caught:
                Author.objects.count()
            assert type(caught.value.__cause__) is dqlitepy.NoLeaderError


def test_health_checks(tmp_path: Path) -> None:
    with database(tmp_path / "data", CONN_MAX_AGE=None, CONN_HEALTH_CHECKS=True) as connection:
        assert connection.is_usable()
        driver = connection.connection
        driver.close()
        assert not connection.is_usable()
        connection.close_if_unusable_or_obsolete()  # a request ends, another begins
        assert Author.objects.count() == 0
        assert connection.connection is not driver


def failing() -> None:
    raise dqlitepy.OperationalError("of the test")


def test_a_pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with database(tmp_path / "data", OPTIONS={"pool": {"max_size": 1, "timeout": 0.1}, "timeout": 1}) as connection:
        connection.close()  # the one that migrations switched the checks of foreign keys off for
        Author.objects.create(name="a")
        driver = connection.connection
        failed: list[Exception] = []

        def count() -> None:
            try:
                Author.objects.count()
            except Exception as error:
                failed.append(error)
            current.close()

        def in_a_thread() -> None:
            thread = Thread(target=count)
            thread.start()
            thread.join(HANG)

        in_a_thread()
        assert [type(error) for error in failed] == [OperationalError]
        connection.close()
        in_a_thread()
        assert len(failed) == 1
        connection.ensure_connection()
        assert connection.connection is driver
        # What is not committed is rolled back when the connection goes back.
        transaction.set_autocommit(False)
        Author.objects.create(name="b")
        connection.close()
        assert Author.objects.get().name == "a"
        assert connection.connection is driver
        # One whose rollback fails does not go back, since the pool commits what it finds open.
        transaction.set_autocommit(False)
        Author.objects.create(name="c")
        monkeypatch.setattr(driver, "rollback", failing)
        connection.close()
        assert Author.objects.get().name == "a"
        assert connection.connection is not driver
        driver = connection.connection
        # A setting that others would meet does not go back.
        connection.disable_constraint_checking()
        connection.close()
        connection.ensure_connection()
        assert connection.connection is not driver
        assert connection.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_python_functions_stay_refused(connection: Any) -> None:
    with pytest.raises(NotSupportedError), connection.wrap_database_errors:
        connection.connection.create_function("f", 0, lambda: 1)
