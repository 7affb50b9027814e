# SPDX-License-Identifier: Apache-2.0
"""Looks for inputs that end a node, for some minutes: `tools/bazel run //tests/fuzz -- --minutes 5`.

The node is one whose C code has AddressSanitizer in it. What is found is written as cases, which belong into
tests/fuzz/corpus once the node stands them. The status is 1 where something was found.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.fuzz import cases
from tests.fuzz.search import KINDS, Findings, fault_of, keep, search


def main() -> int:
    """Returns the status."""
    parser = argparse.ArgumentParser(
        prog="tools/bazel run //tests/fuzz --", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=5, help="for all kinds together (default: 5)")
    parser.add_argument("--seed", type=int, help="of what is tried (default: a new one, which is printed)")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this one; may be repeated")
    parser.add_argument("--output", type=Path, help="folder for what is found (default: a new one)")
    parser.add_argument(
        "--node", default=os.environ.get("DQLITEPY_NODE"), help="a program in the place of the sanitized node"
    )
    parser.add_argument("--replay", type=Path, nargs="+", help="only send these cases, each to a fresh node")
    options = parser.parse_args()
    if options.replay:
        return _replay(options.replay, options.node)
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    output = options.output or Path(tempfile.mkdtemp(prefix="dqlitepy-found-"))
    output.mkdir(parents=True, exist_ok=True)
    kinds = options.kind or list(KINDS)
    found = 0
    for kind in kinds:
        findings: Findings = search(kind, seed, options.minutes * 60 / len(kinds), options.node, _tell)
        found += len(findings.faults)
        _tell(f"{kind}: {findings.tried} cases with seed {seed}, {len(findings.faults)} faults")
        for path in keep(findings, kind, output):
            _tell(f"  {path}")
    return 1 if found else 0


def _replay(paths: list[Path], node: str | None) -> int:
    status = 0
    for path in paths:
        fault = fault_of([cases.load(path)], node)
        _tell(f"{path}: {fault or 'stood'}")
        status |= fault is not None
    return status


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
