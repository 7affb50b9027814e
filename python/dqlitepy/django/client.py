# SPDX-License-Identifier: Apache-2.0
"""`manage.py dbshell`: the shell of dqlitepy's command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.client import BaseDatabaseClient


class DatabaseClient(BaseDatabaseClient):
    """Runs `python -m dqlitepy shell`, which is there wherever the backend is."""

    executable_name = sys.executable

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """Returns the command, and None for an unchanged environment.

        Raises:
            ImproperlyConfigured: the database is a temporary one of the process that has it.
        """
        name = os.fspath(settings_dict["NAME"])
        if name in ("", ":memory:"):
            raise ImproperlyConfigured("NAME ':memory:' is the process's own: dbshell cannot reach it")
        options = settings_dict["OPTIONS"]
        command = [cls.executable_name, "-m", "dqlitepy", "shell"]
        if "name" in options:
            command += ["--database", options["name"]]
        if "leader_timeout" in options:
            command += ["--timeout", str(options["leader_timeout"])]
        tls = options.get("tls")
        if tls is not None:
            command += ["--cert", os.fspath(tls.cert), "--key", os.fspath(tls.key), "--ca", os.fspath(tls.ca)]
        return [*command, *parameters, name], None
