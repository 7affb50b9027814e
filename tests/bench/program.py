# SPDX-License-Identifier: Apache-2.0
"""The benchmark: `tools/bazel run //tests/bench -- [--quick]`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import chart, report
from tests.bench.contestants import Contestant, Embedded, OverTcp, Sqlite3, ThreeNodes
from tests.bench.failover import ThreeProcesses
from tests.bench.go_contestant import EmbeddedGoDriver, GoDriver, GoProgram
from tests.bench.measure import measure
from tests.bench.peers import DqliteClient, DqliteDbapi
from tests.bench.versions import Alone, unpack
from tests.bench.workloads import BEFORE, GO, GO_OVER_TCP, NOW, row_count, schema, workloads
from tests.support import free_address, in_workspace


def main() -> int:
    """Runs the workloads, prints the report and writes the files; returns the exit status."""
    options = _parser().parse_args()
    chosen = [
        workload
        for workload in workloads(options.quick)
        if not options.only or any(fnmatch(workload.name, pattern) for pattern in options.only)
    ]
    with TemporaryDirectory(prefix="dqlitepy-bench-", dir=options.directory) as name:
        directory = Path(name)
        _prepare_children(directory)
        with _contestants(directory, options.go_driver, options.before) as contestants:
            for contestant in contestants:
                for statement in schema(row_count(options.quick)):
                    contestant.run(statement)
            measurements = [measure(workload, contestants, options.rounds) for workload in chosen]
        document = report.as_json(measurements, options.rounds, directory)
    summary = report.text(measurements)
    print(summary)
    if options.output is not None:
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "performance.json").write_text(json.dumps(document, indent=1) + "\n")
        (options.output / "performance.txt").write_text(summary + "\n")
        (options.output / "performance.svg").write_text(chart.svg(measurements))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Compares dqlitepy with what else there is.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows: to see that everything runs")
    parser.add_argument("--rounds", type=int, default=7, help="that count, at least five for a result to be quoted")
    parser.add_argument("--only", action="append", metavar="NAME", help="only workloads of this name (* matches any)")
    parser.add_argument("--go-driver", type=Path, help="the program in go_driver/, built; without it no TCP and no Go")
    parser.add_argument(
        "--before", type=in_workspace, metavar="WHEEL", help="another version, to compare this one with"
    )
    parser.add_argument("--directory", default="/var/tmp", help="where the databases are for the time being; on a disk")
    parser.add_argument("--output", type=in_workspace, help="where performance.json, .txt and .svg are written")
    return parser


def _prepare_children(directory: Path) -> None:
    """Lets fresh interpreters find the compiled modules that every installation has, and the disk to be used."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(directory / "bytecode")
    os.environ["BENCH_DIRECTORY"] = str(directory)


@contextmanager
def _contestants(directory: Path, go_driver: Path | None, before: Path | None) -> Iterator[Sequence[Contestant]]:
    with ExitStack() as stack:
        contestants: list[Contestant] = []

        def enter(contestant: Contestant) -> None:
            stack.callback(contestant.close)
            contestants.append(contestant)

        enter(Embedded(directory))
        enter(Sqlite3(directory))
        enter(ThreeNodes(directory, [free_address() for _ in range(3)]))
        enter(ThreeProcesses(directory))
        if before is not None:
            enter(Alone(NOW, directory / "now"))
            enter(Alone(BEFORE, directory / "before", unpack(before, directory / "package")))
        if go_driver is not None:
            program = GoProgram(go_driver)
            address = f"@dqlitepy-bench-{os.getpid()}"
            program.start_node(directory / "go", address)
            enter(EmbeddedGoDriver(GO, program, address, "main", directory))
            server = GoProgram(go_driver)
            stack.callback(server.close)
            address = free_address()
            server.start_node(directory / "server", address)
            enter(OverTcp(address))
            enter(GoDriver(GO_OVER_TCP, GoProgram(go_driver), address, "go", directory))
            for module, peer in (("dqlitedbapi", DqliteDbapi), ("dqliteclient", DqliteClient)):
                if importlib.util.find_spec(module):
                    enter(peer(address))
                else:
                    print(f"{module} is not installed: left out", file=sys.stderr)
        yield contestants


if __name__ == "__main__":
    sys.exit(main())
