# SPDX-License-Identifier: Apache-2.0
"""Django in this process, on a database of each test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.django.project.settings"

import django
from django.core.management import call_command
from django.db import connections
from dqlitepy.django import _nodes

from tests.support import ROOT, python_environment

django.setup()

ALIAS = "default"
PROJECT = ROOT / "tests" / "django" / "project"


@contextmanager
def database(name: str | Path, *, migrate: bool = True, **settings: Any) -> Iterator[Any]:
    """Lets Django use a database in this block, and yields its connection; the node stops at the end.

    Args:
        name: NAME of the settings.
        migrate: whether to run the migrations first.
        **settings: others, as CONN_MAX_AGE and OPTIONS.
    """
    former = connections.settings[ALIAS]
    connections.settings[ALIAS] = {**former, "NAME": name, **settings}
    with suppress(AttributeError):  # no connection was made yet
        del connections[ALIAS]
    connection = connections[ALIAS]
    try:
        if migrate:
            call_command("migrate", verbosity=0)
        yield connection
    finally:
        connection.close()
        connection.close_pool()
        _nodes.let_go(os.fspath(name), ALIAS)
        del connections[ALIAS]
        connections.settings[ALIAS] = former


def manage(*arguments: str, name: str | Path, input: str = "", **settings: Any) -> tuple[int, str, str]:
    """Runs a command of the project in a process of its own; returns its status, output and errors."""
    process = started(*arguments, name=name, **settings)
    output, errors = process.communicate(input)
    return process.returncode, output, errors


def started(*arguments: str, name: str | Path, **settings: Any) -> subprocess.Popen[str]:
    """Starts a command of the project in a process, and a session, of its own."""
    environment = {"DATABASE": json.dumps({"NAME": str(name), **settings}), "PRODUCTION": str(name)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(PROJECT / "manage.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=python_environment() | environment,
        cwd=os.environ.get("TEST_TMPDIR", "/tmp"),
        start_new_session=True,
    )
