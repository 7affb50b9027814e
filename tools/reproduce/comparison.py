# SPDX-License-Identifier: Apache-2.0
"""What two builds have made: the same bytes, or an account of what differs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_KINDS = {".a": "archives", ".so": "libraries", ".whl": "wheels"}


@dataclass(frozen=True)
class Difference:
    """A file that is not the same in both builds.

    Attributes:
        file: relative to Bazel's folder of outputs.
        account: what differs, for people.
    """

    file: str
    account: str


@dataclass
class Comparison:
    """What became of all the files of both builds.

    Attributes:
        same: how many files of each kind are the same.
        differences: the others.
        wheels: the sha256 of each wheel that is the same, by its name.
    """

    same: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    wheels: dict[str, str] = field(default_factory=dict)


def compare(one: Path, other: Path) -> Comparison:
    """Compares every archive, library and wheel below the two folders of outputs."""
    comparison = Comparison()
    files, others = _products(one), _products(other)
    for name in sorted(files.keys() ^ others.keys()):
        made = "first" if name in files else "second"
        comparison.differences.append(Difference(name, f"{name}: only the {made} build made it"))
    for name in sorted(files.keys() & others.keys()):
        file, counterpart = files[name], others[name]
        digest = _sha256(file)
        if digest != _sha256(counterpart):
            comparison.differences.append(Difference(name, "\n".join(_account(name, file, counterpart))))
            continue
        comparison.same[_KINDS[file.suffix]] += 1
        if file.suffix == ".whl":
            comparison.wheels[file.name] = digest
    return comparison


def _products(outputs: Path) -> dict[str, Path]:
    """Returns the files by their names; what the build runs (configurations of tools) is none of its results."""
    return {
        path.relative_to(outputs).as_posix(): path
        for configuration in outputs.glob("*/bin")
        if "-exec" not in configuration.parent.name
        for folder, _, names in os.walk(configuration)
        for path in (Path(folder, name) for name in names)
        if path.suffix in _KINDS and path.is_file() and not any(part.endswith(".runfiles") for part in path.parts)
    }


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _account(name: str, file: Path, other: Path) -> Iterator[str]:
    yield f"{name}: differs"
    for path in (file, other):
        yield f"  {path.stat().st_size} bytes, sha256 {_sha256(path)}"
    if file.suffix == ".whl":
        yield from (f"  {line}" for line in _differing_members(file, other))
    yield from (f"  {line}" for line in _details(file, other))


def _differing_members(wheel: Path, other: Path) -> Iterator[str]:
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(other) as two:
        if one.namelist() != two.namelist():
            yield "the members are not the same, or not in the same order"
        for member in sorted(set(one.namelist()) & set(two.namelist())):
            if one.read(member) != two.read(member):
                yield f"member {member} has other bytes"
            elif _metadata(one.getinfo(member)) != _metadata(two.getinfo(member)):
                yield f"member {member} has another date, mode or compression"


def _metadata(member: zipfile.ZipInfo) -> tuple[object, ...]:
    return member.date_time, member.external_attr, member.compress_type, member.create_system, member.extra


def _details(file: Path, other: Path) -> list[str]:
    if not shutil.which("diffoscope"):
        return ["(diffoscope on PATH would tell what is inside: sudo apt-get install diffoscope-minimal)"]
    told = subprocess.run(
        ["diffoscope", "--text-color=never", "--max-text-report-size=20000", file, other],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return told.stdout.splitlines()
