# SPDX-License-Identifier: Apache-2.0
"""The workflows: valid, closed to what comes from outside, and calling what is there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.release.files import ROOT, WORKFLOWS, read_yaml
from tests.release.programs import program

NAMES = [file.name for file in WORKFLOWS]


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_yaml(file)["jobs"]
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(file).values() for step in job.get("steps", [])]


def test_they_are_these() -> None:
    assert NAMES == ["ci.yml", "pages.yml", "release.yml", "weekly.yml"]


def test_zizmor_finds_nothing() -> None:
    """Its strictest level: unpinned actions, permissions that nobody needs, strangers' texts in commands."""
    command = [program("zizmor"), "--offline", "--no-progress", "--no-config", "--persona=pedantic"]
    process = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


def test_actionlint_finds_nothing() -> None:
    """Syntax, expressions and their types, needs, matrices, and with shellcheck what the shells are given."""
    command = [os.environ["DQLITEPY_ACTIONLINT"], "-no-color", f"-shellcheck={program('shellcheck')}", "-pyflakes="]
    process = subprocess.run([*command, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr


@pytest.mark.parametrize("file", WORKFLOWS, ids=NAMES)
def test_each_action_is_pinned_by_its_commit_and_says_its_version(file: Path) -> None:
    uses = [line.partition("uses: ")[2] for line in file.read_text().splitlines() if "uses: " in line]
    assert uses
    for use in uses:
        if use.startswith("./"):
            # A workflow of the same commit.
            assert (ROOT / use.split()[0]).is_file()
            continue
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


def test_one_action_has_one_version_everywhere() -> None:
    pins = {use for file in WORKFLOWS for use in re.findall(r"uses: (\S+@\S+)", file.read_text())}
    assert len({use.partition("@")[0] for use in pins}) == len(pins), sorted(pins)


@pytest.mark.parametrize("file", WORKFLOWS, ids=NAMES)
def test_a_newer_run_does_not_race_with_an_older_one(file: Path) -> None:
    assert read_yaml(file)["concurrency"]["group"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=NAMES)
def test_what_they_run_is_there(file: Path) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(file))
    matrices = [job.get("strategy", {}).get("matrix", {}) for job in jobs(file).values()]
    commands += "".join(script + "\n" for matrix in matrices for script in matrix.get("script", []))
    commands += "".join(entry.get("script", "") + "\n" for matrix in matrices for entry in matrix.get("include", []))
    called = set(re.findall(r"(?<![\w/.-])tools/\w+", commands))
    assert called
    for path in called:
        assert (ROOT / path).is_file(), path
    for package, target in re.findall(r"//([\w/]*):(\w+)", commands):
        assert f'name = "{target}"' in (ROOT / package / "BUILD.bazel").read_text(), f"//{package}:{target}"


@pytest.mark.parametrize("file", WORKFLOWS, ids=NAMES)
def test_what_they_install_and_run_is_pinned_by_hash(file: Path) -> None:
    for step in steps(file):
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            if "pip install" in line:
                assert "--require-hashes" in line or "--no-index" in line, line
            if "docker run" in line:
                [variable] = re.findall(r'"[\w.]+:[\w.]+@\$(\w+)"', line)
                assert re.fullmatch(r"sha256:[0-9a-f]{64}", step["env"][variable]), line


def test_every_cpu_and_every_bazel_builds_and_all_are_compared() -> None:
    checks = jobs(ROOT / ".github" / "workflows" / "ci.yml")
    matrix = checks["build"]["strategy"]["matrix"]
    assert matrix["bazel"] == checks["consumer"]["strategy"]["matrix"]["bazel"]
    machines = [*matrix["machine"], *(entry["machine"] for entry in matrix["include"])]
    assert machines == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    default = (ROOT / ".bazelversion").read_text().partition(".")[0] + ".x"
    assert {entry["bazel"] for entry in matrix["include"]} == {default}
    assert needs(checks["same"]) == ["build"]
    assert f"wheels/wheel-{default}-X64/" in checks["same"]["steps"][-1]["run"]


def test_every_python_that_the_wheel_names_is_tried() -> None:
    metadata = (ROOT / "tools" / "wheel" / "core_metadata.txt").read_text()
    named = re.findall(r"^Classifier: Programming Language :: Python :: (3\.\d+)$", metadata, re.MULTILINE)
    tried = jobs(ROOT / ".github" / "workflows" / "ci.yml")["pythons"]["strategy"]["matrix"]["python"]
    assert [python for python in tried if not python.endswith("t")] == named
    assert [python for python in tried if python.endswith("t")]


def test_only_the_index_is_written_to_by_its_job_and_only_through_its_environment() -> None:
    release = jobs(ROOT / ".github" / "workflows" / "release.yml")
    [publishing] = [
        name
        for name, job in release.items()
        if any("gh-action-pypi-publish" in step.get("uses", "") for step in job.get("steps", []))
    ]
    job = release[publishing]
    assert job["environment"] == "pypi"
    assert job["permissions"] == {"id-token": "write"}
    [upload] = [step for step in job["steps"] if "gh-action-pypi-publish" in step.get("uses", "")]
    # Trusted publishing: no password, no token.
    assert upload["with"] == {"attestations": True}
    # The index takes what the tests took: the same artifact, never built again.
    assert not any("bazel" in step.get("run", "") for step in job["steps"])
    before = {publishing}
    while added := {need for name in before for need in needs(release[name])} - before:
        before |= added
    assert {"build", "test", "same", "checks", "attest"} <= before
    # What a change has to pass, the consumers and the other CPU among it.
    assert release["checks"]["uses"] == "./.github/workflows/ci.yml"
    for job in release.values():
        for step in job.get("steps", []):
            # Never all artifacts of the run: the checks leave theirs there too.
            if "actions/download-artifact" in step.get("uses", ""):
                assert step["with"].keys() & {"name", "pattern"}


def needs(job: dict[str, Any]) -> list[str]:
    named = job.get("needs", [])
    return [named] if isinstance(named, str) else named
