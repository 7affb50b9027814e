# SPDX-License-Identifier: Apache-2.0
"""Which edition tools/bazel chooses, and what it says of it."""

from __future__ import annotations

import os
import time

from tests.airgap.machine import HOST_TOOLS, Machine


def online(machine: Machine) -> None:
    machine.provide("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac")
    machine.provide("ldd", "echo 'ldd (Debian GLIBC 2.36-9) 2.36'")
    machine.provide("curl")
    machine.provide("bazelisk", 'printf "<%s>" "$@"')
    for tool in HOST_TOOLS:
        machine.provide(tool)


def test_bazelisk_gets_the_bazel_that_it_has_fetched(machine: Machine) -> None:
    machine.provide("real", 'printf "<%s>" "$@"')
    real = str(machine.programs / "real")
    assert machine.bazel("run", "//:a b", "--", "*", BAZEL_REAL=real) == (0, "<run><//:a b><--><*>", "")
    assert not machine.cache.exists()


def test_an_unknown_edition_is_refused(machine: Machine) -> None:
    wrong, command = machine.refusal("build", DQLITEPY_BUILD="offline")
    assert "'offline'" in wrong
    assert "online and airgap" in wrong
    assert command == "DQLITEPY_BUILD=airgap tools/bazel build //..."


def test_without_a_home_the_cache_has_no_place(machine: Machine) -> None:
    wrong, command = machine.refusal("build", HOME="")
    assert "HOME" in wrong
    assert command.startswith("export HOME=")


def test_a_relative_cache_folder_is_ignored(machine: Machine) -> None:
    online(machine)
    assert machine.bazel("info", XDG_CACHE_HOME="relative")[0] == 0
    assert machine.cache.is_dir()
    assert not (machine.checkout / "relative").exists()


def test_where_github_answers_bazelisk_is_used_and_only_news_is_said(machine: Machine) -> None:
    online(machine)
    status, output, errors = machine.bazel("build", "//...")
    assert (status, output) == (0, "<build><//...>")
    assert errors.startswith("dqlitepy: the online edition: GitHub answers and bazelisk is on PATH")
    assert machine.bazel("build", "//...") == (0, "<build><//...>", "")
    assert len(machine.calls("curl")) == 1


def test_the_network_is_asked_again_after_an_hour(machine: Machine) -> None:
    online(machine)
    machine.bazel("info")
    two_hours_ago = time.time() - 7200
    os.utime(machine.cache / "edition", (two_hours_ago, two_hours_ago))
    assert machine.bazel("info")[2] == "", "nothing has changed, so nothing is news"
    assert len(machine.calls("curl")) == 2
    machine.provide("curl", "exit 6")
    os.utime(machine.cache / "edition", (two_hours_ago, two_hours_ago))
    assert "the airgap edition: GitHub does not answer" in machine.bazel("info")[2]


def test_a_forced_edition_asks_no_network(machine: Machine) -> None:
    online(machine)
    assert machine.bazel("info", DQLITEPY_BUILD="online") == (0, "<info>", "")
    assert machine.calls("curl") == []


def test_wget_asks_where_there_is_no_curl(machine: Machine) -> None:
    online(machine)
    (machine.programs / "curl").unlink()
    machine.provide("wget")
    assert "the online edition" in machine.bazel("info")[2]
    assert len(machine.calls("wget")) == 1


def test_missing_host_tools_are_named_before_anything_is_fetched(machine: Machine) -> None:
    online(machine)
    for tool in ["libtoolize", "m4"]:
        (machine.programs / tool).unlink()
    wrong, command = machine.refusal("build", "//...")
    assert wrong == "missing on this machine: libtoolize m4"
    assert "your system's command" in command
    starts = {"pacman": "sudo pacman -S", "dnf": "sudo dnf install", "apt-get": "sudo apt-get install"}
    for manager, start in starts.items():
        machine.provide(manager)
        machine.provide("id", "echo 1000")
        assert machine.refusal("build")[1].startswith(start)
        assert machine.calls(manager) == [], "only root may install"
    assert machine.calls("bazelisk") == []


def test_root_on_debian_gets_the_host_tools_installed(machine: Machine) -> None:
    online(machine)
    (machine.programs / "m4").unlink()
    machine.provide("id", "echo 0")
    machine.provide("apt-get")
    status, output, errors = machine.bazel("build")
    assert (status, output) == (0, "<build>")
    assert machine.calls("apt-get")[0] == "update"
    assert machine.calls("apt-get")[1].startswith("install --yes --no-install-recommends autoconf")
    assert "installing autoconf automake" in errors


def test_musl_and_other_systems_are_refused(machine: Machine) -> None:
    online(machine)
    machine.provide("ldd", "echo 'musl libc (x86_64)' >&2; exit 1")
    assert "musl" in machine.refusal("build")[0]
    machine.provide("uname", "echo Darwin")
    assert "Darwin" in machine.refusal("build")[0]
