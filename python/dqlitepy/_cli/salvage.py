# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy recover DIR --salvage OUT`: what can be read in a node's directory becomes SQLite files."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from dqlitepy._cli.failure import DONE, FAILED, Failure
from dqlitepy._cli.progress import Progress
from dqlitepy._cli.terminal import Style, printable
from dqlitepy._disk import identity, soundness
from dqlitepy._disk.damage import Damaged
from dqlitepy._disk.rebuild import State, candidates, rebuilt
from dqlitepy._disk.rows import save_rows
from dqlitepy._disk.snapshots import Snapshot
from dqlitepy._disk.sqlite_header import WITHOUT_WAL, WRITE_VERSION


@dataclasses.dataclass
class Salvaged:
    """One file that was written. `lost` says what is not in it of what there was."""

    database: str
    file: str
    snapshot: str | None
    last_index: int
    lost: list[str]


def salvage(directory: Path, output: Path, *, as_json: bool) -> int:
    """Writes the databases of a directory into the new folder `output`; returns 1 where something is lost.

    Raises:
        Failure: there is nothing to read, or `output` exists.
    """
    if not directory.is_dir():
        raise Failure(f"{directory} is not a directory", "Give the directory that a node keeps its data in.")
    holder = identity.holder(directory)
    if holder:
        raise Failure(f"{directory} is in use by {holder}", "Stop the node first.")
    problems: list[str] = []
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(f"reading {directory}", 0))
        states = _states(directory, stack, progress, problems)
        if not states:
            raise Failure(f"{directory} has nothing that can be read: {'; '.join(problems)}", "Take another node's.")
        try:
            output.mkdir(parents=True)
        except FileExistsError:
            raise Failure(f"{output} already exists", "Name a folder that does not exist yet.") from None
        files = [file for state in states for file in _write(state, output, state is not states[0])]
    missing = problems + states[0].missing
    if as_json:
        print(json.dumps({"files": [dataclasses.asdict(file) for file in files], "missing": missing}, indent=2))
    else:
        _print(files, missing)
    return FAILED if missing or any(file.lost for file in files) else DONE


def _states(directory: Path, stack: ExitStack, progress: Progress, problems: list[str]) -> list[State]:
    """Returns the newest state that can be read, and what goes beside it.

    That is an older, sound state where a database is malformed in the newest one, and what is left of each damaged
    snapshot that no sound one with the log behind it makes up for.
    """
    states: list[State] = []
    unread: list[tuple[Snapshot, str]] = []
    no_log = ""
    for snapshot in candidates(directory):
        attempt = ExitStack()
        try:
            state = attempt.enter_context(rebuilt(directory, snapshot, progress.advance))
        except Damaged as damage:
            attempt.close()
            if snapshot is not None:
                unread.append((snapshot, str(damage)))
            else:
                no_log = str(damage)
            continue
        stack.push(attempt)
        sound = _is_sound(state, progress)
        if sound and states and state.last_index >= states[0].last_index:
            states = []  # the malformed ones have nothing that this has not
        if sound or not states:
            states.append(state)
        if sound:
            break
    reached = states[0].last_index if states else -1  # the log makes up for the damaged snapshots before it
    remains = []
    for snapshot, text in unread:
        if snapshot.index > reached:
            try:
                state = stack.enter_context(rebuilt(directory, snapshot, progress.advance, damaged=True))
            except Damaged as damage:
                told = str(damage) if text in str(damage) else f"{text}; {damage}"
                problems.append(f"{snapshot.file}: {told}")
                continue
            state.damage = state.damage or [text]
            remains.append(state)
    if remains and not any(state.store.files for state in states):
        return remains
    if no_log and not states:
        problems.append(no_log)
    return states + remains


def _is_sound(state: State, progress: Progress) -> bool:
    for path in state.store.files.values():
        try:
            soundness.check(path, progress.advance)
        except Damaged:
            return False
        except soundness.Unknown:
            continue
    return True


def _write(state: State, output: Path, beside: bool) -> list[Salvaged]:
    files = []
    for name, path in state.store.files.items():
        target = _free_path(output, name, f".as-of-entry-{state.last_index}" if beside else "")
        lost = [f"{state.snapshot} is damaged: {text}" for text in state.damage]
        try:
            if wrong := soundness.check(path):
                lost.append(f"an index is wrong, which REINDEX mends: {wrong}")
        except Damaged as damage:
            lost += _save_rows(path, target, str(damage))
        except soundness.Unknown as reason:
            if state.damage:
                lost += _save_rows(path, target, str(reason))
            else:
                lost.append(f"it could not be checked: {reason}")
        if not target.exists():
            shutil.copyfile(path, target)
            with open(target, "r+b") as file:
                file.seek(WRITE_VERSION)
                file.write(WITHOUT_WAL)
        files.append(Salvaged(name, str(target), state.snapshot, state.last_index, lost))
    return files


def _save_rows(path: Path, target: Path, damage: str) -> list[str]:
    saved = save_rows(path, target)
    rows = ", ".join(f"{count} rows of {table}" for table, count in saved.rows.items()) or "no row"
    return [f"the database is malformed ({damage}); saved were {rows}", *saved.lost]


def _free_path(output: Path, name: str, suffix: str) -> Path:
    plain = re.sub(r"[^\w.-]", "_", name).lstrip(".").removesuffix(".db") or "database"
    for number in range(1, 10**6):
        path = output / f"{plain}{'' if number == 1 else f'-{number}'}{suffix}.db"
        if not path.exists():
            return path
    raise AssertionError("a million databases of one name")


def _print(files: list[Salvaged], missing: list[str]) -> None:
    style = Style(sys.stdout)
    for file in files:
        origin = f"{file.snapshot} and the log" if file.snapshot else "the log"
        whole = style("with losses", "red", "bold") if file.lost else "whole"
        print(f"{printable(file.file)}: {printable(file.database)} as of entry {file.last_index}, {origin}: {whole}")
        for text in file.lost:
            print(f"  {style('lost', 'red')}: {printable(text)}")
    for text in missing:
        print(f"{style('not read', 'red')}: {printable(text)}")
    print("The last entries of a log may be of writes that were never acknowledged. The directory is as it was.")
