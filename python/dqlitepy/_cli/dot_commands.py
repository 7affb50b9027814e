# SPDX-License-Identifier: Apache-2.0
"""The shell's own commands: they begin with a dot and end with their line."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from dqlitepy._cli import cluster_commands
from dqlitepy._cli.failure import Failure
from dqlitepy._cli.formats import FORMATS
from dqlitepy._cli.script import run_file
from dqlitepy._cli.session import Quit, Session
from dqlitepy._cli.terminal import columns


@dataclass(frozen=True)
class Command:
    """A command: what it takes, what it does, and how many arguments at least and at most."""

    usage: str
    summary: str
    run: Callable[[Session, list[str]], None]
    least: int
    most: int


def run_command(session: Session, line: str) -> None:
    """Runs the command in a line.

    Raises:
        Failure: there is no such command, or it has other arguments.
    """
    try:
        name, *arguments = shlex.split(line)
    except ValueError as error:
        raise Failure(f"{line.strip()}: {error}", "Close the quotes.") from None
    command = COMMANDS.get(name)
    if command is None:
        candidates = [known for known in COMMANDS if known.startswith(name)]
        if len(candidates) != 1:
            raise Failure(f"there is no command {name}", "`.help` lists the commands.")
        command = COMMANDS[candidates[0]]
    if not command.least <= len(arguments) <= command.most:
        raise Failure(f"{name} has {len(arguments)} arguments", f"Usage: {command.usage}")
    try:
        command.run(session, arguments)
    except UnicodeError:
        raise
    except ValueError as error:  # of an address, say
        raise Failure(str(error), f"Usage: {command.usage}") from error


def _tables(session: Session, arguments: list[str]) -> None:
    pattern = arguments[0] if arguments else "%"
    rows = session.query(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND name LIKE ? ORDER BY name",
        [pattern],
    )
    for (name,) in rows:
        print(name, file=session.out)


def _schema(session: Session, arguments: list[str]) -> None:
    pattern = arguments[0] if arguments else "%"
    rows = session.query(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name LIKE ? "
        "ORDER BY tbl_name, type != 'table', rowid",
        [pattern],
    )
    for (sql,) in rows:
        print(f"{sql};", file=session.out)


def _indexes(session: Session, arguments: list[str]) -> None:
    pattern = arguments[0] if arguments else "%"
    rows = session.query(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name LIKE ? ORDER BY name", [pattern]
    )
    for (name,) in rows:
        print(name, file=session.out)


def _dump(session: Session, arguments: list[str]) -> None:
    for statement in session.con.iterdump(filter=arguments[0] if arguments else None):
        print(statement, file=session.out)


def _import(session: Session, arguments: list[str]) -> None:
    from dqlitepy._cli.csv_import import import_csv

    skip = 0
    if "--skip" in arguments:
        at = arguments.index("--skip")
        try:
            skip = int(arguments[at + 1])
        except (IndexError, ValueError):
            raise Failure("--skip needs a number of lines", f"Usage: {COMMANDS['.import'].usage}") from None
        arguments = arguments[:at] + arguments[at + 2 :]
    if len(arguments) != 2:
        raise Failure(f".import has {len(arguments)} arguments", f"Usage: {COMMANDS['.import'].usage}")
    count = import_csv(session.con, arguments[0], arguments[1], skip)
    if session.interactive:
        print(f"({count} rows imported)")


def _mode(session: Session, arguments: list[str]) -> None:
    if not arguments:
        print(session.mode, file=session.out)
    elif arguments[0] in FORMATS:
        session.mode = arguments[0]
    else:
        raise Failure(f"there is no mode {arguments[0]}", f"Use one of {', '.join(FORMATS)}.")


def _switch(value: str) -> bool:
    if value.lower() not in ("on", "off"):
        raise Failure(f"{value} is neither on nor off", "Write on or off.")
    return value.lower() == "on"


def _headers(session: Session, arguments: list[str]) -> None:
    session.headers = _switch(arguments[0])


def _timer(session: Session, arguments: list[str]) -> None:
    session.timer = _switch(arguments[0])


def _null(session: Session, arguments: list[str]) -> None:
    session.null = arguments[0]


def _read(session: Session, arguments: list[str]) -> None:
    run_file(session, arguments[0], run_command)


def _once(session: Session, arguments: list[str]) -> None:
    session.redirect(arguments[0], once=True)


def _output(session: Session, arguments: list[str]) -> None:
    session.redirect(arguments[0] if arguments else None)


def _help(session: Session, arguments: list[str]) -> None:
    found = {name: command for name, command in COMMANDS.items() if not arguments or arguments[0].lstrip(".") in name}
    for line in columns(("", ""), [(command.usage, command.summary) for command in found.values()])[1:]:
        print(line, file=session.out)
    if not arguments:
        print("Anything else is SQL; a statement ends with a semicolon. Ctrl-C cancels it.", file=session.out)


def _quit(session: Session, arguments: list[str]) -> None:
    raise Quit


COMMANDS: dict[str, Command] = {
    ".add": Command(".add ADDRESS [ROLE]", "add a node, a spare unless told otherwise", cluster_commands.add, 1, 2),
    ".assign": Command(".assign NODE ROLE", "make a node voter, standby or spare", cluster_commands.assign, 2, 2),
    ".cluster": Command(".cluster", "list the nodes of the cluster", cluster_commands.cluster, 0, 0),
    ".describe": Command(
        ".describe [ADDRESS]", "show what one or all nodes report about themselves", cluster_commands.describe, 0, 1
    ),
    ".dump": Command(".dump [PATTERN]", "write the database, or tables like that, as SQL", _dump, 0, 1),
    ".exit": Command(".exit", "leave", _quit, 0, 0),
    ".headers": Command(
        ".headers on|off", "whether tables and CSV begin with the names of the columns", _headers, 1, 1
    ),
    ".help": Command(".help [COMMAND]", "say what there is", _help, 0, 1),
    ".import": Command(
        ".import FILE TABLE [--skip N]",
        "insert the rows of a CSV file, all or none; make the table if need be",
        _import,
        2,
        4,
    ),
    ".indexes": Command(".indexes [TABLE]", "list the indexes", _indexes, 0, 1),
    ".leader": Command(".leader", "say who leads the cluster", cluster_commands.leader, 0, 0),
    ".mode": Command(f".mode [{'|'.join(FORMATS)}]", "how results are written", _mode, 0, 1),
    ".nullvalue": Command(".nullvalue TEXT", "what tables, lines and CSV write for NULL", _null, 1, 1),
    ".once": Command(".once FILE", "write the next result into a file", _once, 1, 1),
    ".output": Command(".output [FILE]", "write all results into a file; without one, here again", _output, 0, 1),
    ".quit": Command(".quit", "leave", _quit, 0, 0),
    ".read": Command(".read FILE", "run the statements and commands in a file", _read, 1, 1),
    ".remove": Command(
        ".remove NODE", "take a node out of the cluster, by address or id", cluster_commands.remove, 1, 1
    ),
    ".schema": Command(".schema [TABLE]", "show the CREATE statements", _schema, 0, 1),
    ".tables": Command(".tables [PATTERN]", "list tables and views; % stands for any text", _tables, 0, 1),
    ".timer": Command(".timer on|off", "say how long each statement took", _timer, 1, 1),
    ".transfer": Command(".transfer NODE", "make a voter the leader", cluster_commands.transfer, 1, 1),
    ".weight": Command(".weight ADDRESS N", "set the weight of a node until it stops", cluster_commands.weight, 2, 2),
}
