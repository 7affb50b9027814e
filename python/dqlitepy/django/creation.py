# SPDX-License-Identifier: Apache-2.0
"""Test databases: directories of their own, or databases of their own in the cluster."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import shutil
import sys
import tempfile
from contextlib import closing
from typing import Any

from django.db.backends.base.creation import BaseDatabaseCreation
from django.utils.functional import cached_property

import dqlitepy
from dqlitepy._cluster.target import DEFAULT_DATABASE
from dqlitepy.django import _names, _nodes

# Those of `connect` that it takes to reach a database.
_OPTIONS = ("name", "timeout", "leader_timeout", "tls")


class DatabaseCreation(BaseDatabaseCreation):
    """Creates, clones and destroys test databases."""

    @cached_property
    def _temporary(self) -> str:
        """Where a test database of NAME ":memory:" is. The workers of `test --parallel` have to find its copies."""
        token = secrets.token_hex(8)
        return os.path.join(tempfile.gettempdir(), f"dqlitepy-test-{self.connection.alias}-{token}")

    def _database_option(self) -> str:
        database: str = self.connection.settings_dict["OPTIONS"].get("name", DEFAULT_DATABASE)
        return database

    def _get_test_db_name(self) -> str:
        settings = self.connection.settings_dict
        given, wanted = (os.fspath(name or "") for name in (settings["NAME"], settings["TEST"]["NAME"]))
        name = _names.test_name(given, self._database_option(), wanted)
        return self._temporary if name == _names.MEMORY else name

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name = self._get_test_db_name()
        if not keepdb and self._exists(name):
            if not autoclobber and not self._confirmed(name):
                self.log("Tests cancelled.")
                sys.exit(1)
            if verbosity >= 1:
                self.log(f"Destroying old test database for alias {self._get_database_display_str(verbosity, name)}...")
            self._empty(name)
        return name

    def _confirmed(self, name: str) -> bool:
        question = f"Type 'yes' if you would like to try deleting the test database '{name}', or 'no' to cancel: "
        return input(question) == "yes"

    def _exists(self, name: str) -> bool:
        if not _names.is_url(name):
            return os.path.lexists(name)
        with closing(self._connect(name)) as connection:
            ((tables,),) = connection.execute("SELECT count(*) FROM sqlite_master")
        return bool(tables)

    def _connect(self, name: str) -> dqlitepy.Connection:
        options = self.connection.settings_dict["OPTIONS"]
        kept = {option: options[option] for option in _OPTIONS if option in options}
        return dqlitepy.connect(name, isolation_level=None, **kept)

    def _empty(self, name: str) -> None:
        """Removes a directory that has a node in it, or everything that is in a database of a cluster."""
        self.connection.close_pool()
        _nodes.let_go(name, self.connection.alias)
        if _names.is_url(name):
            with closing(self._connect(name)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("PRAGMA delete_database")
                connection.execute("COMMIT")
        else:
            if not os.path.exists(os.path.join(name, "info.yaml")):
                self.log(f"{name!r} is no directory of a node: it is left alone. Remove it, or name another TEST NAME.")
                sys.exit(2)
            shutil.rmtree(name)

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        if self._exists(test_database_name):
            self._empty(test_database_name)

    def get_test_db_clone_settings(self, suffix: str) -> dict[str, Any]:
        """Returns the settings of the copy that one worker uses."""
        settings = self.connection.settings_dict
        return {**settings, "NAME": _names.clone_name(os.fspath(settings["NAME"]), suffix)}

    def _clone_test_db(self, suffix: str, verbosity: int, keepdb: bool = False) -> None:
        # The workers are the next that Django starts. A forked one could not use dqlitepy, which has started here.
        if multiprocessing.get_start_method() == "fork":
            multiprocessing.set_start_method("spawn", force=True)
        name = self.get_test_db_clone_settings(suffix)["NAME"]
        if self._exists(name):
            if keepdb:
                return
            self._empty(name)
        self.connection.ensure_connection()
        with closing(self._connect(name)) as clone:
            self.connection.connection.backup(clone)

    def destroy_test_db(
        self, old_database_name: str | None = None, verbosity: int = 1, keepdb: bool = False, suffix: str | None = None
    ) -> None:
        """Destroys a test database, a temporary one even where it is to be kept: nothing could find it again."""
        temporary = self.connection.settings_dict["NAME"] == self._temporary
        super().destroy_test_db(old_database_name, verbosity, keepdb and not temporary, suffix)

    def test_db_signature(self) -> tuple[Any, ...]:
        """Returns what two aliases have in common that mean one database."""
        settings = self.connection.settings_dict
        database = self._database_option()
        return settings["NAME"], self._get_test_db_name(), *([] if database == DEFAULT_DATABASE else [database])
