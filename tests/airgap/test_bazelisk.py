# SPDX-License-Identifier: Apache-2.0
"""The bazelisk that tools/bazel fetches where there is none."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.airgap.machine import HOST_TOOLS, ROOT, Machine

PROGRAM = '#!/bin/sh\nprintf "<%s>" "$@"\n'
ONLINE = {"DQLITEPY_BUILD": "online"}
SCRIPT = ROOT / "tools" / "online" / "bazelisk.sh"


@pytest.fixture
def online(machine: Machine) -> Machine:
    machine.provide("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac")
    machine.provide("ldd", "echo 'ldd (Debian GLIBC 2.36-9) 2.36'")
    for tool in HOST_TOOLS:
        machine.provide(tool)
    (machine.home / "served").write_text(PROGRAM)
    machine.provide("curl", f'while [ "$1" != -o ]; do shift; done; cp "{machine.home}/served" "$2"')
    return machine


def pin(machine: Machine, program: str) -> None:
    script = machine.checkout / "tools" / "online" / "bazelisk.sh"
    lines = script.read_text().splitlines()
    pinned = f"bazelisk_sha256_amd64={hashlib.sha256(program.encode()).hexdigest()}"
    script.write_text("\n".join(pinned if line.startswith("bazelisk_sha256_amd64=") else line for line in lines) + "\n")


def test_it_is_fetched_once_and_run(online: Machine) -> None:
    pin(online, PROGRAM)
    status, output, errors = online.bazel("build", "//...", **ONLINE)
    assert (status, output) == (0, "<build><//...>"), errors
    assert "fetching bazelisk" in errors
    assert online.bazel("info", **ONLINE) == (0, "<info>", "")
    [call] = online.calls("curl")
    assert "https://github.com/bazelbuild/bazelisk/releases/download/v" in call


def test_another_file_than_the_pinned_one_is_never_run(online: Machine) -> None:
    wrong, command = online.refusal("build", **ONLINE)
    assert "is not the file that is pinned" in wrong
    assert hashlib.sha256(PROGRAM.encode()).hexdigest() in wrong
    assert command.startswith("DQLITEPY_BUILD=airgap")
    assert not list(online.cache.glob("bazelisk-*[0-9]"))


def test_a_download_that_fails_is_named(online: Machine) -> None:
    online.provide("curl", "exit 6")
    wrong, command = online.refusal("build", **ONLINE)
    assert "cannot be fetched" in wrong
    assert "put a bazelisk that you trust on PATH" in command


def test_no_binary_for_this_cpu(online: Machine) -> None:
    online.provide("uname", "case $1 in -s) echo Linux ;; *) echo riscv64 ;; esac")
    assert "riscv64" in online.refusal("build", **ONLINE)[0]


@pytest.mark.parametrize("cpu", ["x86_64", "aarch64"])
def test_it_may_run_no_other_bazel_than_the_pinned_one(online: Machine, cpu: str) -> None:
    online.provide("uname", f"case $1 in -s) echo Linux ;; *) echo {cpu} ;; esac")
    online.provide("bazelisk", 'printf %s "$BAZELISK_VERIFY_SHA256"')
    sums = re.findall(r"^bazel_sha256_(\w+)=(\w{64})$", SCRIPT.read_text(), re.MULTILINE)
    named = {"x86_64": "amd64", "aarch64": "arm64"}
    assert online.bazel("info", **ONLINE) == (0, dict(sums)[named[cpu]], "")
    assert online.bazel("info", **ONLINE, BAZELISK_VERIFY_SHA256="mine") == (0, "mine", "")


def test_another_version_is_not_held_against_that_sum(online: Machine) -> None:
    online.provide("bazelisk", 'printf "<%s>" "${BAZELISK_VERIFY_SHA256:-}"')
    assert online.bazel("info", **ONLINE, USE_BAZEL_VERSION="9.x") == (0, "<>", "")
