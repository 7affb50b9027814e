# SPDX-License-Identifier: Apache-2.0
"""The programs that run in processes of their own: a node with clients inside, and a crowd of clients.

Each reads one JSON document a line from its standard input and answers the same way.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import dqlitepy

from tests.jepsen.clients import Plan, Workers
from tests.jepsen.namespaces import use_names

_READY_SECONDS = 120.0
_CLOSE_SECONDS = 20.0


def _say(**answer: Any) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _serve(workers: Workers, close: Any = None) -> None:
    for line in sys.stdin:
        command = json.loads(line)
        if "work" in command:
            workers.start([Plan(**plan) for plan in command["work"]])
        elif "long" in command:
            workers.be_told()
        elif "stop" in command:
            _say(stopped=workers.stop(command["stop"]), broken=workers.broken)
        elif "handover" in command and close is not None:
            try:
                close(command["handover"])
                _say(handover="done")
            except dqlitepy.Error as error:
                _say(handover=f"{type(error).__name__}: {error}")


def _tls(paths: list[str] | None) -> dqlitepy.TLS | None:
    return dqlitepy.TLS(*paths) if paths else None


def node() -> None:
    """A node; the first argument says which."""
    settings = json.loads(sys.argv[1])
    if settings["names"]:
        use_names(Path(settings["hosts"]), settings["names"], own_mounts=True)
    logging.basicConfig(format="log: %(message)s")
    own = dqlitepy.Node(tls=_tls(settings["tls"]), **settings["options"])
    try:
        own.start()
    except dqlitepy.Error as error:
        _say(failed=f"{type(error).__name__}: {error}")
        raise SystemExit(3) from None
    _say(started=own.id)
    try:
        own.wait_ready(_READY_SECONDS)
        _say(ready=own.id)
    except dqlitepy.Error as error:
        _say(not_ready=f"{type(error).__name__}: {error}")
    workers = Workers(own, Path(settings["folder"]), _tls(settings["tls"]), settings["generation"])
    _serve(workers, lambda seconds: own.handover(seconds))
    limit = threading.Timer(_CLOSE_SECONDS, os._exit, (4,))
    limit.daemon = True
    limit.start()
    own.close(handover=False)


def clients() -> None:
    """Clients of the cluster; the first argument names it."""
    settings = json.loads(sys.argv[1])
    logging.basicConfig(format="log: %(message)s")
    _serve(Workers(settings["servers"], Path(settings["folder"]), _tls(settings["tls"]), settings["generation"]))
    os._exit(0)  # whatever still waits is of no interest any more
