# SPDX-License-Identifier: Apache-2.0
"""Machines for the scripts to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airgap.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def debian(machine: Machine) -> Machine:
    """A Debian machine of an ordinary user, with all that the air-gapped edition asks for."""
    machine.provide("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac")
    machine.provide("id", "case $1 in -u) echo 1000 ;; *) echo somebody ;; esac")
    machine.provide("df", "echo Filesystem; echo /dev/sda 20000000 10000000 10000000 50% /")
    machine.provide("apt-get", "echo http://mirror.example/debian bookworm main")
    machine.provide("apt-config")
    machine.provide("apt-helper")
    machine.provide("mmdebstrap")
    machine.provide("bwrap")
    machine.provide("newuidmap")
    return machine


@pytest.fixture
def root_on_debian(debian: Machine) -> Machine:
    debian.provide("id", "case $1 in -u) echo 0 ;; *) echo root ;; esac")
    return debian
