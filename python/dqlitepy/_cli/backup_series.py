# SPDX-License-Identifier: Apache-2.0
"""Backups that are made again and again: files named by time, of which the newest ones stay."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote

import dqlitepy
from dqlitepy._cli.failure import Failure, explain
from dqlitepy._copying.whole_file import sync_folder
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.soundness import Unknown, check

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = "%Y%m%dT%H%M%SZ"
_PREFIX = "dqlitepy backup"


def period(text: str) -> float:
    """Returns the seconds of a period: a number with s, m, h or d.

    Raises:
        ValueError: it is none.
    """
    match = re.fullmatch(r"([0-9]+)([smhd])", text)
    if match is None or not int(match[1]):
        raise ValueError
    return float(int(match[1]) * _UNITS[match[2]])


def hand_on(command: Sequence[str], path: str) -> None:
    """Runs a command with a new file as its last argument.

    Raises:
        Failure: it fails.
    """
    try:
        status = subprocess.run([*command, path], check=False, stdin=subprocess.DEVNULL).returncode
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run: {error.strerror}", f"{path} is there.") from error
    if status:
        raise Failure(f"{command[0]} failed with status {status}", f"{path} is there.")


class Series:
    """The backups of one database in one folder."""

    def __init__(
        self,
        folder: str,
        database: str,
        make: Callable[[str], None],
        done: Callable[[str], None],
        *,
        keep: int | None,
    ) -> None:
        """Names what to do; nothing is done yet.

        Args:
            folder: where the files are; made if need be.
            database: its name, with which the files' names begin.
            make: writes a backup to a path.
            done: called with the path of each file that is complete and sound.
            keep: how many files stay; None for all.
        """
        self._folder = Path(folder)
        self._name = quote(database, safe="")
        self._make = make
        self._done = done
        self._keep = keep

    def add(self) -> None:
        """Makes one file, and removes those that are too many once it is complete and sound.

        Raises:
            Failure, dqlitepy.Error, OSError: there is no new file, or it could not be handed on; none was removed.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{self._name}-{datetime.now(UTC).strftime(_TIME)}.db"
        if path.exists():
            raise Failure(f"{path} exists already", "There was another backup within this second.")
        unchecked = path.with_name(f".{path.name}.unchecked")
        with suppress(FileNotFoundError):
            unchecked.unlink()
        try:
            self._make(str(unchecked))
            _check(unchecked)
            unchecked.rename(path)
            sync_folder(self._folder)
        finally:
            with suppress(FileNotFoundError):
                unchecked.unlink()
        self._done(str(path))
        self._remove(path)

    def run(self, every: float) -> None:
        """Makes a file each `every` seconds, for ever. What fails is told on stderr, and tried at the next time."""
        # After a restart it waits for its time: otherwise a program that fails and starts again would fill the folder.
        due = monotonic() + self._until_next(every)
        while True:
            sleep(max(0.0, due - monotonic()))
            try:
                self.add()
            except (Failure, dqlitepy.Error, OSError) as error:
                following = datetime.now() + timedelta(seconds=max(0.0, due + every - monotonic()))
                print(explain(_PREFIX, error), file=sys.stderr)
                print(f"  The next attempt is at {following:%Y-%m-%d %H:%M:%S}.", file=sys.stderr, flush=True)
            # Times that went by meanwhile are left out.
            while due <= monotonic():
                due += every

    def _until_next(self, every: float) -> float:
        files = self._files()
        if not files:
            return 0.0
        age = (datetime.now(UTC) - self._time_of(files[-1])).total_seconds()
        return every - age if 0 <= age < every else 0.0

    def _files(self) -> list[Path]:
        """Returns the files of this series, the oldest first."""
        pattern = re.compile(rf"{re.escape(self._name)}-\d{{8}}T\d{{6}}Z\.db")
        with suppress(FileNotFoundError):
            return sorted(path for path in self._folder.iterdir() if pattern.fullmatch(path.name))
        return []

    def _time_of(self, path: Path) -> datetime:
        return datetime.strptime(path.name[len(self._name) + 1 :], f"{_TIME}.db").replace(tzinfo=UTC)

    def _remove(self, new: Path) -> None:
        """Removes the oldest files; never the new one, which is the oldest by its name where the clock was set back."""
        if self._keep is None:
            return
        others = [path for path in self._files() if path != new]
        for path in others[: max(0, len(others) - (self._keep - 1))]:
            path.unlink()


def _check(path: Path) -> None:
    """Looks whether a file is a sound database.

    Raises:
        Failure: it is not.
    """
    try:
        fault = check(path)
    except Damaged as damage:
        fault = str(damage)
    except Unknown:
        return  # that copy is whole, which is all that can be known here
    if fault:
        raise Failure(
            f"the database is damaged: {fault}",
            "No file was made, and none removed. `dqlitepy backup` without --keep and --every copies it as it is.",
        )
