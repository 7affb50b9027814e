# SPDX-License-Identifier: Apache-2.0
"""Tries the patches of a component on the sources of another version, and says which of them need work."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tools.patches.heads import BadHead, Patch, read_patches
from tools.update.checkout import Checkout, Refused
from tools.update.pin import Sources, no_such_version
from tools.update.versions import is_release
from tools.update.web import Missing

# As strict as Bazel, which applies them in the build: lines may have moved, but none may be another one.
_PATCH = ["patch", "-p1", "--fuzz=0", "--batch", "--no-backup-if-mismatch", "--reject-file=-"]


def try_patches(checkout: Checkout, sources: Sources, name: str, version: str) -> str:
    """Returns the report; nothing in the checkout changes.

    Raises:
        Unreachable: GitHub does not answer.
        Refused: the component has no patches, or there is no such version.
    """
    pin = checkout.pins().get(name, {})
    if not pin.get("patches"):
        raise Refused(f"{name} has no patches", "tools/bazel run //tools:update -- --try dqlite VERSION")
    if not is_release(version):
        raise no_such_version(name, version, "GitHub")
    try:
        patches = [patch for patch in read_patches(checkout.root) if patch.component == name]
    except BadHead as error:
        raise Refused(str(error), "git log -- third_party") from None
    archive = pin["archive"].replace(pin["version"], version).removeprefix("https://github.com/")
    try:
        content = sources.github.download(archive)
    except Missing:
        raise no_such_version(name, version, "GitHub") from None
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            tar.extractall(folder, filter="data")
        return report(checkout, patches, Path(folder) / pin["strip_prefix"].replace(pin["version"], version), version)


def report(checkout: Checkout, patches: list[Patch], tree: Path, version: str) -> str:
    """Applies what applies, in order, and returns a line for each patch."""
    lines = []
    failed: list[str] = []
    for patch in patches:
        told = _apply(patch.path(checkout.root), tree)
        if told is not None and told != "is in it":
            waits = [need for need in patch.needs if need in failed]
            failed.append(patch.name)
            told = f"waits for {', '.join(waits)}" if waits else f"needs work: {told}"
        lines.append((patch.name, told or "applies"))
    width = max(len(name) for name, _ in lines)
    said = [f"{name.ljust(width)}  {told}" for name, told in lines]
    component = patches[0].component
    whole = f"{len(patches) - len(failed)} of {len(patches)} patches fit {component} {version}"
    advice = "git log -- third_party" if failed else f"tools/bazel run //tools:update -- --apply {component} {version}"
    return "\n".join([*said, "", whole, f"Type: {advice}"])


def _apply(file: Path, tree: Path) -> str | None:
    """Applies a patch whole or not at all; returns None, "is in it", or where it fails."""
    tried = _run(file, tree, "--forward", "--dry-run")
    if tried.returncode == 0:
        _run(file, tree, "--forward").check_returncode()
        return None
    if _run(file, tree, "--reverse", "--dry-run").returncode == 0:
        return "is in it"
    return _places(tried.stdout) or " ".join(tried.stdout.split())


def _run(file: Path, tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with file.open(encoding="utf-8") as patch:
        return subprocess.run([*_PATCH, *options], cwd=tree, stdin=patch, capture_output=True, text=True, check=False)


def _places(output: str) -> str:
    """Returns FILE:LINE of each hunk that failed, out of what patch(1) says."""
    places = []
    current = ""
    for line in output.splitlines():
        if found := re.match(r"(?:checking|patching) file (\S+)", line):
            current = found[1]
        elif found := re.match(r"Hunk #\d+ FAILED at (\d+)", line):
            places.append(f"{current}:{found[1]}")
        elif line.startswith("can't find file to patch"):
            places.append("a file that is gone")
    return ", ".join(places)
