# SPDX-License-Identifier: Apache-2.0
"""Fetches what the air-gapped build needs beside its userland; everything is checked against what is pinned.

What is fetched stays in the store, where everything is named by its content or version; the supplies are one lock's
selection of it. Run again, it fetches only what the store lacks.
"""

import argparse
from pathlib import Path

import c_sources
import go_modules
import wheels
from lock import read_lock
from report import step


def main() -> None:
    """Fetches and checks, one step after the other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True, help="what was fetched, for any lock")
    parser.add_argument("--supplies", type=Path, required=True, help="an empty folder for what this lock names")
    parser.add_argument("--mirror", required=True, help="address of a Debian archive")
    parser.add_argument("--sources", help="folder of archives that stand in for the mirror's")
    arguments = parser.parse_args()
    store: Path = arguments.store
    supplies: Path = arguments.supplies
    lock = read_lock(arguments.checkout)

    with step("fetching the sources of dqlite, libuv and lz4"):
        given = Path(arguments.sources) if arguments.sources else None
        c_sources.fetch_sources(lock.sources, arguments.mirror, given, store / "repository")

    with step("fetching Python wheels, among them the compiler"):
        locks = sorted((arguments.checkout / "tools" / "pytest").glob("*.txt"))
        wheels.fetch_wheels(locks, store / "wheels", supplies / "wheels")

    with step("fetching Go modules, among them the SDK"):
        cache = store / "go"
        folders = go_modules.fetch_modules(lock.go_modules, cache)
        rules_go, sdk = folders[go_modules.RULES_GO], supplies / "go_sdk"
        template = rules_go / "go" / "private" / "BUILD.sdk.bazel"
        go_modules.make_go_sdk(folders[go_modules.TOOLCHAIN], template, sdk)
        go_modules.copy_module(rules_go, supplies / "rules_go")
        go_modules.make_gazelle(folders[go_modules.GAZELLE], supplies / "gazelle", sdk, cache)


if __name__ == "__main__":
    main()
