# SPDX-License-Identifier: Apache-2.0
"""Web servers in processes of their own, with an application that a test writes, and changes while it is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.support import HANG, eventually, free_address, python_environment

# Opens its database when it is first asked, in the process that answers: see docs/programs.md.
LAZY = """
import os
from functools import cache

import dqlitepy
from flask import Flask

app = Flask(__name__)
VERSION = 1


@cache
def pool():
    pool = dqlitepy.Pool(os.environ["DATABASE"])
    with pool.connection() as con:
        con.execute("CREATE TABLE IF NOT EXISTS visit (pid INTEGER)")
    return pool


@app.get("/")
def visit():
    with pool().connection() as con:
        con.execute("INSERT INTO visit VALUES (?)", (os.getpid(),))
        con.commit()
        return f"{VERSION} {con.execute('SELECT count(*) FROM visit').fetchone()[0]} {os.getpid()}"
"""
# Opens it when it is imported.
EAGER = LAZY.replace("@app.get", "pool()\n\n\n@app.get")


class Server:
    """A server under test, and what it has said."""

    def __init__(self, folder: Path, *command: str, database: str) -> None:
        self.folder = folder
        self.address = free_address()
        self.log = folder / "log"
        port = self.address.rpartition(":")[2]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *[part.format(address=self.address, port=port) for part in command]],
                cwd=folder,
                # gunicorn's master stands still where it cannot write into the home directory. A compiled module is
                # taken for one that was changed within the same second, and has the same length.
                env=python_environment()
                | {
                    "DATABASE": database,
                    "HOME": str(folder),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYTHONUNBUFFERED": "1",
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Returns what the server has written."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def get(self) -> str:
        """Returns the answer of the application, or the code of a failure; "" while nobody answers."""
        try:
            with urlopen(f"http://{self.address}/", timeout=HANG) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            return str(error.code)
        except (URLError, ConnectionError, TimeoutError):
            assert self.process.poll() is None, self.said()
            return ""

    def answer(self) -> tuple[int, int, int]:
        """Returns the version of the application, the number of visits and the process, once it answers."""
        version, visits, pid = eventually(self.get, lambda told: told.count(" ") == 2).split()
        return int(version), int(visits), int(pid)

    def stop(self) -> None:
        """Ends the server, and whatever it has started."""
        self.process.terminate()
        try:
            self.process.wait(HANG)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serve(folder: Path, application: str, *command: str, database: object) -> Iterator[Server]:
    """Serves an application; `{address}` and `{port}` in the command are its own.

    Args:
        folder: where the application is written to, and the server runs.
        application: source of a module.
        command: a module with `__main__`, and its arguments.
        database: what it finds in the variable DATABASE.
    """
    (folder / "application.py").write_text(application, encoding="utf-8")
    server = Server(folder, *command, database=str(database))
    try:
        yield server
    except BaseException:
        print(server.said())
        raise
    finally:
        server.stop()


def change(folder: Path) -> None:
    """Makes the application another one, as an editor does."""
    path = folder / "application.py"
    path.write_text(path.read_text(encoding="utf-8").replace("VERSION = 1", "VERSION = 2"), encoding="utf-8")


def change_until_seen(server: Server) -> None:
    """Changes the application of a server that watches it, again while the watch may not yet have begun."""

    def changed() -> str:
        change(server.folder)
        return server.said()

    eventually(changed, lambda said: "etected change" in said)
