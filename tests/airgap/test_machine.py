# SPDX-License-Identifier: Apache-2.0
"""What a machine must have for the air-gapped edition; each lack is one line that says it and one to type."""

from __future__ import annotations

import pytest

from tests.airgap.machine import Machine

AIRGAP = {"DQLITEPY_BUILD": "airgap"}


def test_another_architecture(debian: Machine) -> None:
    debian.provide("uname", "case $1 in -s) echo Linux ;; *) echo aarch64 ;; esac")
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "Linux x86_64, and this is Linux aarch64" in wrong
    assert command.startswith("DQLITEPY_BUILD=online")


def test_no_apt(debian: Machine) -> None:
    (debian.programs / "apt-get").unlink()
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "there is no apt here" in wrong
    assert "Debian container" in command


def test_sources_of_another_distribution(debian: Machine) -> None:
    debian.provide("apt-get", "echo http://a.example/ubuntu noble main; echo http://a.example/ubuntu noble universe")
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "the package sources here are not Debian's" in wrong
    assert "Debian container" in command


def test_a_cloud_image_keeps_its_mirror_in_a_file(debian: Machine) -> None:
    addresses = debian.home / "debian.list"
    addresses.write_text("http://cloud.example/debian\n")
    debian.provide("apt-get", f"echo mirror+file:{addresses} bookworm main")
    debian.provide("apt-helper", "exit 100")
    assert "the mirror http://cloud.example/debian does not answer" in debian.refusal("build", **AIRGAP)[0]


def test_the_archive_is_told_from_its_security_updates(debian: Machine) -> None:
    debian.provide("apt-get", "echo http://s.example/s trixie-security main; echo http://m.example/debian trixie main")
    debian.provide("apt-helper", "exit 100")
    assert "the mirror http://m.example/debian does not answer" in debian.refusal("build", **AIRGAP)[0]


def test_a_full_disk(debian: Machine) -> None:
    debian.provide("df", "echo Filesystem; echo /dev/sda 20000000 19000000 1048576 95% /")
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "has 1024 MiB left" in wrong
    assert "XDG_CACHE_HOME" in command


def test_missing_programs_are_named_to_an_ordinary_user(debian: Machine) -> None:
    for name in ["mmdebstrap", "bwrap", "newuidmap"]:
        (debian.programs / name).unlink()
    wrong, command = debian.refusal("build", **AIRGAP)
    assert wrong == "missing on this machine: mmdebstrap bubblewrap uidmap"
    assert command == "sudo apt-get install --no-install-recommends mmdebstrap bubblewrap uidmap"


def test_missing_programs_are_installed_by_root(root_on_debian: Machine) -> None:
    (root_on_debian.programs / "bwrap").unlink()
    root_on_debian.bazel("build", **AIRGAP)
    assert "install --yes --no-install-recommends bubblewrap" in root_on_debian.calls("apt-get")


def test_apt_that_fails_is_shown(root_on_debian: Machine) -> None:
    (root_on_debian.programs / "bwrap").unlink()
    answers = "case $1 in indextargets) echo http://m.example/debian sid main ;; *) echo E: no route; exit 100 ;; esac"
    root_on_debian.provide("apt-get", answers)
    assert "apt-get could not install bubblewrap" in root_on_debian.refusal("build", **AIRGAP)[0]


def test_forbidden_namespaces(debian: Machine) -> None:
    debian.provide("bwrap", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "does not let an ordinary user make namespaces (bwrap: No permissions to create new namespace)" in wrong
    assert "sysctl" in command


def test_a_container_without_namespaces(root_on_debian: Machine) -> None:
    root_on_debian.provide("bwrap", "echo 'bwrap: Failed to make / slave: Permission denied' >&2; exit 1")
    wrong, command = root_on_debian.refusal("build", **AIRGAP)
    assert "this container may not make namespaces" in wrong
    assert "--privileged" in command


def test_no_subordinate_ids(debian: Machine) -> None:
    debian.provide("mmdebstrap", "echo 'E: invalid idmap' >&2; exit 1")
    wrong, command = debian.refusal("build", **AIRGAP)
    assert "cannot map subordinate ids for somebody (E: invalid idmap)" in wrong
    assert "usermod --add-subuids" in command


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("E: 404  Not Found", "does not carry Debian trixie"), ("E: Could not resolve host", "does not answer")],
)
def test_a_mirror_that_does_not_do(debian: Machine, answer: str, reason: str) -> None:
    debian.provide("apt-helper", f"echo '{answer}'; exit 100")
    assert reason in debian.refusal("build", **AIRGAP)[0]


def test_folders_that_are_not_there(debian: Machine) -> None:
    for name in ["DQLITEPY_SOURCES", "DQLITEPY_RULESETS"]:
        wrong, command = debian.refusal("build", **AIRGAP, **{name: "nowhere"})
        assert wrong == f"{name} is 'nowhere', and there is no such folder"
        assert command == f"unset {name}"
