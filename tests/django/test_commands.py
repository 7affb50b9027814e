# SPDX-License-Identifier: Apache-2.0
"""Commands of `manage.py`, and processes: what forks, what reloads, what another one has open."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import dqlitepy
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import NotSupportedError, transaction
from django.db.migrations.executor import MigrationExecutor
from dqlitepy.django.client import DatabaseClient

from tests.django.databases import database, manage, started
from tests.django.project.library.models import Author, Book
from tests.support import eventually, finish, free_address, python


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Returns the directory of a database with the project's tables and a row."""
    with database(tmp_path / "data"):
        Author.objects.create(name="Ursula")
    return tmp_path / "data"


def test_dbshell(directory: Path) -> None:
    status, shown, said = manage("dbshell", "--", "-c", "SELECT name FROM library_author", name=directory)
    assert status == 0, said
    assert "Ursula" in shown


def test_dbshell_gets_what_it_takes_to_connect() -> None:
    tls = dqlitepy.TLS("c.pem", "c.key", "ca.pem")
    options = {"name": "site", "leader_timeout": 3, "tls": tls, "timeout": 9}
    settings = {"NAME": Path("data"), "OPTIONS": options}
    command, environment = DatabaseClient.settings_to_cmd_args_env(settings, ["-c", "SELECT 1"])
    assert environment is None
    assert " ".join(command[1:]) == (
        "-m dqlitepy shell --database site --timeout 3 --cert c.pem --key c.key --ca ca.pem -c SELECT 1 data"
    )
    with pytest.raises(ImproperlyConfigured, match=":memory:"):
        DatabaseClient.settings_to_cmd_args_env({"NAME": ":memory:", "OPTIONS": {}}, [])


def test_inspectdb(directory: Path) -> None:
    status, models, said = manage("inspectdb", "library_book", name=directory)
    assert status == 0, said
    for line in (
        "title = models.CharField(max_length=200)",
        "author = models.ForeignKey('LibraryAuthor', models.DO_NOTHING)",
        "published = models.DateTimeField(blank=True, null=True)",
        "about = models.JSONField()",
        "cover = models.BinaryField()",
        "in_print = models.BooleanField()",
    ):
        assert line in models


def test_checks_and_flush(directory: Path) -> None:
    for command in "check --database default", "makemigrations --check --dry-run", "flush --noinput":
        status, shown, said = manage(*command.split(), name=directory)
        assert status == 0, shown + said
    with database(directory, migrate=False):
        assert not Author.objects.exists()


def test_dumpdata_and_loaddata(directory: Path, tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    for command, name in (
        (["dumpdata", "library", "-o", str(dump)], directory),
        (["migrate"], tmp_path / "other"),
        (["loaddata", str(dump)], tmp_path / "other"),
    ):
        status, _, said = manage(*command, name=name)
        assert status == 0, said
    with database(tmp_path / "other", migrate=False):
        assert Author.objects.get().name == "Ursula"


def test_migrations_keep_the_rows(tmp_path: Path) -> None:
    """SQLite needs both tables made anew, also the one that the other refers to with ON DELETE CASCADE."""
    with database(tmp_path / "data", migrate=False) as connection:
        MigrationExecutor(connection).migrate([("library", "0001_initial")])
        apps = MigrationExecutor(connection).loader.project_state([("library", "0001_initial")]).apps
        author = apps.get_model("library", "Author").objects.create(name="Ursula")
        apps.get_model("library", "Book").objects.create(author=author, title="Lavinia", price=3)
        MigrationExecutor(connection).migrate([("library", "0002_more")])
        assert Book.objects.get().author.name == "Ursula"
        assert {"by_title", "price_is_not_negative"} <= connection.introspection.get_constraints(
            connection.cursor(), "library_book"
        ).keys()
        assert connection.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        connection.check_constraints()
        MigrationExecutor(connection).migrate([("library", "0001_initial")])
        assert apps.get_model("library", "Book").objects.get().author.name == "Ursula"


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with database(tmp_path / "data", migrate=False) as connection:
        MigrationExecutor(connection).migrate([("library", "0001_initial")])
        apps = MigrationExecutor(connection).loader.project_state([("library", "0001_initial")]).apps
        for _ in range(2):  # the name is to be unique
            apps.get_model("library", "Author").objects.create(name="Ursula")
        before = connection.introspection.table_names()
        with pytest.raises(Exception, match="UNIQUE"):
            MigrationExecutor(connection).migrate([("library", "0002_more")])
        assert connection.introspection.table_names() == before
        assert apps.get_model("library", "Author").objects.count() == 2


def test_tables_are_not_made_anew_where_foreign_keys_are_checked(directory: Path) -> None:
    refused = pytest.raises(NotSupportedError, match="foreign key")
    with database(directory, migrate=False) as connection, transaction.atomic(), refused:
        connection.schema_editor().__enter__()


def test_runserver(directory: Path) -> None:
    """Its parent, which reloads it, leaves the directory to its child, and the node stays from request to request."""
    at = free_address()

    def page() -> int:
        try:
            with urlopen(f"http://{at}/") as answer:
                return int(answer.read())
        except URLError:
            return 0

    server = started("runserver", at, name=directory)
    try:
        assert eventually(page) == 2
        assert [page() for _ in range(3)] == [3, 4, 5]
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.communicate()
    with database(directory, migrate=False):
        assert Author.objects.count() == 5


PRELOADED = """
    import os, sys
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django.project.settings"
    import django
    django.setup()
    from django.core.checks import run_checks
    from django.db import connection
    from tests.django.project.library.models import Author
    run_checks()
    connection.features, connection.ops, connection.Database.sqlite_version_info
    {before}
    child = os.fork()
    if child == 0:
        try:
            {inside}
        except BaseException as error:
            print(type(error.__cause__ or error).__name__, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.parametrize(
    ("before", "shown"), [("", "1"), ("Author.objects.count()", "ForkError")], ids=["preloaded", "connected"]
)
def test_a_process_that_forks(before: str, shown: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `gunicorn --preload`: what loads the project may do anything but connect."""
    monkeypatch.setenv("DATABASE", f'{{"NAME": "{directory}"}}')
    program = PRELOADED.format(before=before, inside="print(Author.objects.count(), flush=True)")
    assert finish(python(program, options=("-W", "ignore"))).split() == [shown]


def test_another_process_is_named(directory: Path) -> None:
    with database(directory):
        status, _, said = manage("migrate", name=directory)
    assert status == 1
    assert "is in use by process" in said
