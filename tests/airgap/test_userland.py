# SPDX-License-Identifier: Apache-2.0
"""The userland is whole or not there, whatever happens while it is made."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.airgap.machine import HANG, Machine

AIRGAP = {"DQLITEPY_BUILD": "airgap"}

# Stands for mmdebstrap: makes the folder that it is told to, after what the test wants to happen.
BOOTSTRAP = """
for argument; do case $argument in */userland-*) target=$argument ;; esac; done
{before}
mkdir -p "$target/usr" "$target/etc"
"""


@pytest.fixture
def bootstrapping(root_on_debian: Machine) -> Machine:
    root_on_debian.provide("mmdebstrap", BOOTSTRAP.format(before=""))
    root_on_debian.provide("dpkg-query", "echo 7.7.1+ds-8+b1")
    # What comes after the userland is not this test's.
    (root_on_debian.checkout / "tools" / "airgap" / "supplies.sh").write_text("provide_supplies() { exit 0; }\n")
    return root_on_debian


def userlands(machine: Machine) -> list[str]:
    return [path.name for path in machine.cache.glob("userland-*") if path.is_dir()]


def test_it_is_made_once(bootstrapping: Machine) -> None:
    status, _, errors = bootstrapping.bazel("build", **AIRGAP)
    assert status == 0, errors
    assert "making a Debian userland" in errors
    [name] = userlands(bootstrapping)
    assert not name.endswith(".part")
    assert bootstrapping.bazel("build", **AIRGAP) == (0, "", "")
    assert len(bootstrapping.calls("mmdebstrap")) == 1


def test_a_changed_list_of_packages_makes_another(bootstrapping: Machine) -> None:
    bootstrapping.bazel("build", **AIRGAP)
    with (bootstrapping.checkout / "tools" / "airgap" / "packages.txt").open("a") as packages:
        packages.write("hello\n")
    bootstrapping.bazel("build", **AIRGAP)
    assert len(userlands(bootstrapping)) == 2
    assert "hello" in bootstrapping.calls("mmdebstrap")[1]


def age(folder: Path, days: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    then = time.time() - days * 86400 - 3600
    os.utime(folder, (then, then))


def test_those_that_nobody_has_used_for_long_go_when_another_is_made(bootstrapping: Machine) -> None:
    bootstrapping.bazel("build", **AIRGAP)
    [used] = userlands(bootstrapping)
    read_only = bootstrapping.cache / "userland-old" / "modules"
    read_only.mkdir(parents=True)
    read_only.chmod(0o500)
    for name, days in [(used, 40), ("userland-old", 40), ("userland-young", 20), ("disk", 40)]:
        age(bootstrapping.cache / name, days)
    bootstrapping.bazel("build", **AIRGAP)
    with (bootstrapping.checkout / "tools" / "airgap" / "packages.txt").open("a") as packages:
        packages.write("hello\n")
    status, _, errors = bootstrapping.bazel("build", **AIRGAP)
    assert status == 0, errors
    assert "userland-old, which nobody has used" in errors
    assert len(userlands(bootstrapping)) == 3
    assert {used, "userland-young"} < set(userlands(bootstrapping))
    assert (bootstrapping.cache / "disk").is_dir()


def test_one_that_is_used_while_it_would_go_stays(bootstrapping: Machine) -> None:
    age(bootstrapping.cache / "userland-old", 40)
    real = (bootstrapping.programs / "mv").resolve()
    bootstrapping.provide("mv", f'case $1 in */userland-old) touch -c "$1" ;; esac; exec {real} "$@"')
    status, _, errors = bootstrapping.bazel("build", **AIRGAP)
    assert status == 0, errors
    assert "userland-old" in userlands(bootstrapping)
    assert "nobody has used" not in errors


def test_killed_half_way_it_is_begun_anew(bootstrapping: Machine) -> None:
    killing = 'mkdir -p "$target/half"; kill -9 $PPID; exit 1'
    bootstrapping.provide("mmdebstrap", BOOTSTRAP.format(before=killing))
    assert bootstrapping.bazel("build", **AIRGAP)[0] == -signal.SIGKILL
    assert [name for name in userlands(bootstrapping) if not name.endswith(".part")] == []
    bootstrapping.provide("mmdebstrap", BOOTSTRAP.format(before=""))
    assert bootstrapping.bazel("build", **AIRGAP)[0] == 0
    [whole] = userlands(bootstrapping)
    assert not (bootstrapping.cache / whole / "half").exists()


def test_two_at_once_make_one(bootstrapping: Machine, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    bootstrapping.provide("mmdebstrap", BOOTSTRAP.format(before=f'until [ -e "{gate}" ]; do sleep 0.1; done'))
    first, second = (bootstrapping.start("tools/bazel", "build", **AIRGAP) for _ in range(2))
    waiting = [process for process in (first, second) if says(process, ["waiting for another", "making a Debian"]) == 0]
    assert len(waiting) == 1
    gate.touch()
    assert [process.wait(HANG) for process in (first, second)] == [0, 0]
    assert len(bootstrapping.calls("mmdebstrap")) == 1
    for process in (first, second):
        process.communicate()


def says(process: subprocess.Popen[str], texts: list[str]) -> int:
    """Returns which of the texts the process says first."""
    assert process.stderr
    for line in process.stderr:
        for number, text in enumerate(texts):
            if text in line:
                return number
    raise AssertionError(f"it said none of {texts}")


@pytest.mark.parametrize(
    ("log", "wrong", "command"),
    [
        ("E: Failed to fetch http://m/pool/b/b_7.deb  404  Not Found", "does not carry b_7.deb", "DQLITEPY_SOURCES"),
        ("E: Package 'bazel' has no installation candidate", "does not carry bazel,", "DQLITEPY_SOURCES"),
        ("E: Unable to locate package golang-go", "does not carry golang-go", "DQLITEPY_SOURCES"),
        ("tar: write error: No space left on device", "the disk filled up", "XDG_CACHE_HOME"),
        ("E: something else", "mmdebstrap failed", "once more"),
    ],
)
def test_its_failure_is_explained(bootstrapping: Machine, log: str, wrong: str, command: str) -> None:
    bootstrapping.provide("mmdebstrap", f'echo "{log}"; exit 1')
    said = bootstrapping.refusal("build", **AIRGAP)
    assert wrong in said[0]
    assert command in said[1]
    assert userlands(bootstrapping) == []


@pytest.mark.parametrize("version", ["6.9.9", "7.6.2", "8.1.0+ds-1"])
def test_another_bazel_is_refused(bootstrapping: Machine, version: str) -> None:
    bootstrapping.provide("dpkg-query", f"echo {version}")
    wrong, command = bootstrapping.refusal("build", **AIRGAP)
    assert f"the mirror's Bazel is {version}" in wrong
    assert "DQLITEPY_SOURCES" in command
    assert [name for name in userlands(bootstrapping) if not name.endswith(".part")] == []


@pytest.mark.parametrize("version", ["7.7.1+ds-8+b1", "7.10.0-1"])
def test_any_later_bazel_7_does(bootstrapping: Machine, version: str) -> None:
    bootstrapping.provide("dpkg-query", f"echo {version}")
    assert bootstrapping.bazel("build", **AIRGAP)[0] == 0


def make_deb(machine: Machine, folder: Path) -> Path:
    tree = folder / "tree" / "DEBIAN"
    tree.mkdir(parents=True)
    (tree / "control").write_text("Package: hello\nVersion: 1\nArchitecture: all\nMaintainer: us\nDescription: -\n")
    deb = folder / "hello_1_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree.parent, deb], check=True, capture_output=True)
    lock = machine.checkout / "tools" / "airgap" / "lock.txt"
    lock.write_text(f"deb {deb.name} {hashlib.sha256(deb.read_bytes()).hexdigest()}\n")
    return deb


def test_given_debs_are_an_archive_for_apt(bootstrapping: Machine, tmp_path: Path) -> None:
    deb = make_deb(bootstrapping, tmp_path)
    index = f'for a; do case $a in *copy:*) a=${{a#*copy:}}; cp "${{a% ./}}/Packages" "{tmp_path}/index" ;; esac; done'
    bootstrapping.provide("mmdebstrap", BOOTSTRAP.format(before=index))
    status, _, errors = bootstrapping.bazel("build", **AIRGAP, DQLITEPY_SOURCES=str(tmp_path))
    assert status == 0, errors
    fields = dict(line.split(": ", 1) for line in (tmp_path / "index").read_text().splitlines() if line)
    assert fields["Package"] == "hello"
    assert fields["Filename"] == f"./{deb.name}"
    assert fields["Size"] == str(deb.stat().st_size)


def test_a_given_deb_with_another_content_is_refused(bootstrapping: Machine, tmp_path: Path) -> None:
    deb = make_deb(bootstrapping, tmp_path)
    with deb.open("ab") as file:
        file.write(b"more")
    wrong, command = bootstrapping.refusal("build", **AIRGAP, DQLITEPY_SOURCES=str(tmp_path))
    assert f"{deb} is not the file that tools/airgap/lock.txt pins" in wrong
    assert command == f"rm '{deb}'"
    assert bootstrapping.calls("mmdebstrap") == []
