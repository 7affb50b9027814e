#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites the `go` lines of tools/airgap/lock.txt, after go/go.mod, the Go SDK or a ruleset has changed.

    tools/airgap/update_lock.py [GO]

GO is the go command (any version with modules; default: the one on PATH). Gazelle's go_deps takes every module at the
highest version that any Bazel module's go.mod asks for, where `go mod download` alone would take each go.mod's own.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RULESETS = {"github.com/bazelbuild/rules_go": "v0.63.0", "github.com/bazelbuild/bazel-gazelle": "v0.47.0"}


def main() -> None:
    """Finds the highest versions, downloads them for their sums, and rewrites the lock."""
    go = sys.argv[1] if len(sys.argv) > 1 else "go"
    sdk = re.search(r'go_sdk\.download\(version = "([^"]+)"', (ROOT / "MODULE.bazel").read_text())
    if not sdk:
        sys.exit("MODULE.bazel names no Go SDK")
    wanted = RULESETS | {"golang.org/toolchain": f"v0.0.1-go{sdk[1]}.linux-amd64"}
    rulesets = download(go, wanted)
    highest: dict[str, str] = {}
    for go_mod in [ROOT / "go" / "go.mod", *(Path(rulesets[path]["Dir"]) / "go.mod" for path in RULESETS)]:
        for path, version in requirements(go, go_mod):
            if path not in RULESETS and precedence(version) > precedence(highest.get(path, "v0.0.0-0")):
                highest[path] = version
    modules = rulesets | download(go, highest)
    lines = [f"go {path} {modules[path]['Version']} {modules[path]['Sum']}" for path in sorted(modules)]

    lock = ROOT / "tools" / "airgap" / "lock.txt"
    kept = [line for line in lock.read_text().splitlines() if not line.startswith("go ")]
    lock.write_text("\n".join(kept).rstrip() + "\n\n" + "\n".join(lines) + "\n")


def download(go: str, modules: dict[str, str]) -> dict[str, dict[str, str]]:
    """What `go mod download -json` says of each module, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        command = [go, "mod", "download", "-json", *(f"{path}@{version}" for path, version in modules.items())]
        text = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    answers: dict[str, dict[str, str]] = {}
    while text:
        answer, end = json.JSONDecoder().raw_decode(text)
        answers[answer["Path"]] = answer
        text = text[end:].lstrip()
    return answers


def requirements(go: str, go_mod: Path) -> list[tuple[str, str]]:
    """Each module that a go.mod asks for, and its version."""
    command = [go, "mod", "edit", "-json", str(go_mod)]
    text = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [(require["Path"], require["Version"]) for require in json.loads(text).get("Require") or []]


def precedence(version: str) -> tuple[tuple[int, ...], bool, list[tuple[bool, int, str]]]:
    """Semantic versioning's order: a release after its pre-releases, numbers as numbers."""
    release, _, suffix = version.removeprefix("v").partition("+")[0].partition("-")
    parts = suffix.split(".") if suffix else []
    identifiers = [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]
    return tuple(int(part) for part in release.split(".")), not suffix, identifiers


if __name__ == "__main__":
    main()
