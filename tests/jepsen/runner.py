# SPDX-License-Identifier: Apache-2.0
"""One run: a cluster, clients, faults, the end of all faults, and what the checkers say."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import dqlitepy

from tests.jepsen.checkers import durations, final
from tests.jepsen.child import Child
from tests.jepsen.cluster import Cluster
from tests.jepsen.history import CONNECT, NEVER, OK, UNDECIDED, Operation, Violation, load
from tests.jepsen.nemeses.base import Ended, Field
from tests.jepsen.nemeses.table import NEMESES
from tests.jepsen.outcomes import WRONG, explained
from tests.jepsen.plan import HOLD_SECONDS, RunPlan
from tests.jepsen.watch import Watch
from tests.jepsen.workloads.table import WORKLOADS

# A leader that fell silent is replaced after 15 to 30 times the latency.
_ELECTION = 30.0
# Nothing takes longer once all faults are over: a client waits 4 s for a leader and 4 s for a lock, and runs a
# transaction again for 5 s; the rest is for a busy machine.
_PATIENCE = 90.0
_CALM = 1.5
_CLOSE_SECONDS = 30.0


@dataclass
class Report:
    """What a run did and what was wrong."""

    plan: RunPlan
    violations: list[Violation] = field(default_factory=list)
    undecided: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    wal: int = 0  # the most frames that were seen in it
    seconds: float = 0.0

    @property
    def short(self) -> bool:
        """Whether the WAL was never seen as long as planned, so that the run does not show what it was to show."""
        return bool(self.plan.frames) and self.wal <= self.plan.frames

    @property
    def idle(self) -> bool:
        """Whether so little was acknowledged that the run shows nothing, although nothing was wrong."""
        return self.outcomes[OK] < self.plan.least


def run(plan: RunPlan, folder: Path) -> Report:
    """Carries out a plan in an empty folder."""
    report = Report(plan)
    begin = monotonic()
    cluster = Cluster(
        folder,
        plan.nodes,
        tls=plan.tls,
        disks=plan.disks,
        prepared=plan.prepared,
        relays=plan.relays,
        options=plan.options,
    )
    crowd: Child | None = None
    dumps: dict[str, bytes] = {}
    stopped = NEVER
    ended: set[int] = set()
    try:
        cluster.start()
        _set_up(cluster, [statement for name in plan.workloads for statement in WORKLOADS[name].schema])
        settings = {
            "servers": cluster.addresses,
            "tls": cluster.tls_paths,
            "folder": str(cluster.history),
            "generation": "",
        }
        crowd = Child("clients", settings, folder / "clients.err")
        crowd.say(work=[worker.as_json() for worker in plan.remote])
        cluster.work(plan.inside)
        watch = Watch(cluster)
        begun = monotonic()
        if plan.frames:
            _grow(plan.frames, watch)
            crowd.say(long=True)
        report.faults = _fight(plan, cluster, folder, max(plan.seconds / 2, plan.seconds - (monotonic() - begun)))
        watch.stop()
        report.wal = watch.longest
        with burying(cluster):
            ended, problems = _stop_clients(plan, cluster, crowd)
        report.violations += problems
        stopped = monotonic()
        dumps, problems = _settle(cluster)
        report.violations += problems
        report.violations += [Violation("exit", text) for text in cluster.close(_CLOSE_SECONDS)]
    except AssertionError as error:
        report.violations.append(Violation("no start", str(error)))
    finally:
        cluster.bury()
        report.violations += [Violation("died", death) for death in cluster.deaths]
        if crowd is not None:
            if crowd.status is not None:
                report.violations.append(Violation("died", f"the clients' process: {crowd.tail()}"))
            crowd.kill()
        cluster.stop(keep=bool(report.violations))
    history = load(sorted(cluster.history.glob("*.jsonl")))
    report.outcomes = Counter(operation.outcome for operation in history if operation.workload != CONNECT)
    report.violations += _late(history, stopped)
    report.violations += durations.check(history, ended)
    found = [*errors(history, plan.nemeses), *check(plan.workloads, history, dumps)]
    report.undecided = sum(violation.kind == UNDECIDED for violation in found)
    report.violations += [violation for violation in found if violation.kind != UNDECIDED]
    report.seconds = monotonic() - begin
    return report


def _set_up(cluster: Cluster, statements: Sequence[str]) -> None:
    """Makes the tables; a busy machine may change its leader meanwhile, so each statement can be run twice."""
    deadline = monotonic() + _PATIENCE
    for statement in (*statements, "CREATE TABLE IF NOT EXISTS mark (id INTEGER PRIMARY KEY)"):
        while True:
            try:
                with closing(cluster.connect(leader_timeout=30.0)) as con:
                    con.execute(statement)
                break
            except dqlitepy.OperationalError as error:
                if monotonic() > deadline:
                    raise AssertionError(f"the tables cannot be made: {error}") from error


def _grow(frames: int, watch: Watch) -> None:
    """Waits until the WAL is as long as planned, which takes a few seconds, or until nobody waits for that any more."""
    deadline = monotonic() + HOLD_SECONDS
    while watch.longest <= frames and monotonic() < deadline:
        sleep(0.05)


def _fight(plan: RunPlan, cluster: Cluster, folder: Path, seconds: float) -> int:
    """Lets the crews do their work for that long and returns how many faults there were."""
    stop = threading.Event()
    counts: Counter[str] = Counter()

    def work(number: int, names: Sequence[str]) -> None:
        chance = random.Random(plan.seed * 1000 + number)
        ground = Field(cluster, chance, folder / "nemeses.jsonl", plan.latency * _ELECTION, stop)
        try:
            while True:
                ground.wait(ground.unit * chance.uniform(0.3, 1.2))
                ground.name = chance.choice(names)
                counts[ground.name] += 1
                NEMESES[ground.name](ground)
                cluster.bury()
        except Ended:
            pass

    crews = [
        threading.Thread(target=work, args=(number, names), daemon=True)
        for number, names in enumerate(plan.crews)
        if names
    ]
    sleep(0.5)
    for crew in crews:
        crew.start()
    sleep(seconds)
    stop.set()
    for crew in crews:
        crew.join(60.0)
    cluster.heal()
    sleep(_CALM)
    return counts.total()


@contextmanager
def burying(cluster: Cluster) -> Iterator[None]:
    """Starts again meanwhile what ends: a node that began on a failing disk may say so after all faults have ended.

    The clients in other nodes may need it to stop: without it there may be no majority, and a node that is not ready.
    """
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.2):
            cluster.bury()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _stop_clients(plan: RunPlan, cluster: Cluster, crowd: Child) -> tuple[set[int], list[Violation]]:
    """Returns the processes that answered, and what did not stop."""
    cluster.no_more_work()
    children = [("clients", crowd)]
    children += [
        (member.name, member.process)
        for member in cluster.members
        if member.number in plan.inside and member.process is not None
    ]
    for _, child in children:
        child.say(stop=_PATIENCE)
    ended = set()
    violations = []
    for name, child in children:
        answer = child.hear("stopped", timeout=_PATIENCE + 30.0)
        if answer is None:
            if child.status is None:
                violations.append(Violation("hang", f"{name} does not answer"))
            continue
        ended.add(child.number)
        if answer["stopped"]:
            violations.append(Violation("hang", f"in {name}: {', '.join(answer['stopped'])}"))
        violations += [Violation("client", f"in {name}: {text}") for text in answer["broken"]]
    return ended, violations


class _Patience:
    """Ends where nothing has moved for long: on a busy machine a new node takes minutes to get what the others have."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._last = monotonic() + 3 * _PATIENCE
        self._until = monotonic() + _PATIENCE
        self._seen: dict[str, int | None] = {}

    def ends(self) -> bool:
        """Whether it is at its end; where it might be, the nodes are asked how far they are."""
        now = monotonic()
        if self._until < now < self._last and (seen := self._cluster.last_entries()) != self._seen:
            self._seen = seen
            self._until = now + _PATIENCE / 3
        return now > self._until


def _settle(cluster: Cluster) -> tuple[dict[str, bytes], list[Violation]]:
    """Waits until a leader commits and all nodes have the same; returns their copies, and what is wrong."""
    patience = _Patience(cluster)
    number = 0
    last = "nothing was tried"
    while True:
        cluster.bury()
        if patience.ends():
            return {}, [Violation("no end", f"a healed cluster does not commit: {last}")]
        number += 1
        try:
            con = cluster.connect(leader_timeout=10.0)
            con.execute("INSERT INTO mark VALUES (?)", (number,))
            con.close()
            break
        except dqlitepy.Error as error:
            last = f"{type(error).__name__}: {error}"
            sleep(0.2)
    while missing := cluster.not_ready():
        cluster.bury()
        if patience.ends():
            return {}, [Violation("no end", f"in a healed cluster, not ready: {', '.join(missing)}")]
        sleep(0.1)
    dumps: dict[str, bytes] = {}
    problems: list[Violation] = []
    while True:
        try:
            dumps = _dumps(cluster)
            problems = final.compare(dumps)
            if not problems:
                return dumps, []
        except (dqlitepy.Error, sqlite3.Error) as error:
            problems = [Violation("no end", f"a node gives no copy: {type(error).__name__}: {error}")]
        if patience.ends():
            return dumps, problems
        cluster.bury()
        sleep(0.3)


def _dumps(cluster: Cluster) -> dict[str, bytes]:
    client = cluster.client(10.0)
    nodes = [node for node in client.cluster() if node.role is not dqlitepy.Role.SPARE]
    return {node.address: client.dump(address=node.address) for node in nodes}


def check(workloads: Sequence[str], history: Sequence[Operation], dumps: dict[str, bytes]) -> list[Violation]:
    """Returns what the checkers of the workloads find, with one of the nodes' copies as the last state."""
    if not dumps:
        return []
    con = final.opened(final.prevailing(dumps))
    violations = []
    for name in workloads:
        own = [operation for operation in history if operation.workload == name]
        try:
            violations += WORKLOADS[name].check(own, con)
        except sqlite3.Error as error:
            violations.append(Violation("malformed", f"{name} cannot be read: {error}"))
    con.close()
    return violations


def _late(history: Sequence[Operation], stopped: float) -> list[Violation]:
    """What began when all clients should have stopped; the copies of the end cannot be held against such a history."""
    late = {operation.worker for operation in history if operation.start > stopped}
    return [Violation("broken", f"{worker} went on behind the end") for worker in sorted(late)]


def errors(history: Sequence[Operation], nemeses: Collection[str]) -> list[Violation]:
    """Returns the errors that should not exist, each once: those marked so, and those that no fault explains."""
    wrong: dict[str, Operation] = {}
    for operation in history:
        if operation.error.startswith(WRONG) or not explained(operation.code, nemeses):
            wrong.setdefault(operation.error[:80], operation)
    return [
        Violation("error", f"{operation.workload} {operation.f} {operation.id}: {operation.error} ({operation.code})")
        for operation in wrong.values()
    ]
