# SPDX-License-Identifier: Apache-2.0
"""Fetches what the air-gapped build needs beside its userland; everything is checked against what is pinned.

Run again, it fetches only what is missing; killed half way, it leaves nothing that looks whole and is not.
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
    parser.add_argument("--supplies", type=Path, required=True)
    parser.add_argument("--mirror", required=True, help="address of a Debian archive")
    parser.add_argument("--sources", help="folder of archives that stand in for the mirror's")
    arguments = parser.parse_args()
    supplies: Path = arguments.supplies
    lock = read_lock(arguments.checkout)

    with step("fetching the sources of dqlite, libuv and lz4"):
        given = Path(arguments.sources) if arguments.sources else None
        c_sources.fetch_sources(lock.sources, arguments.mirror, given, supplies / "repository")

    with step("fetching Python wheels, among them the compiler"):
        requirements = arguments.checkout / "tools" / "pytest" / "requirements.txt"
        wheels.fetch_wheels(requirements, supplies / "downloads", supplies / "wheels")

    with step("fetching Go modules, among them the SDK"):
        cache = supplies / "go"
        cache.mkdir(exist_ok=True)
        folders = go_modules.fetch_modules(lock.go_modules, cache)
        toolchain, rules_go = folders[go_modules.TOOLCHAIN], folders[go_modules.RULES_GO]
        version = toolchain.name.partition("-go")[2].removesuffix(".linux-amd64")
        template = rules_go / "go" / "private" / "BUILD.sdk.bazel"
        go_modules.make_go_sdk(toolchain, version, template, supplies / "go_sdk")
        go_modules.make_rules_go(rules_go, supplies / "rules_go")
        go_modules.make_gazelle(folders[go_modules.GAZELLE], supplies / "gazelle", supplies / "go_sdk", cache)


if __name__ == "__main__":
    main()
