# SPDX-License-Identifier: Apache-2.0
"""Which module tools/bazel builds, and where Bazel's outputs lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airgap.machine import Machine

SCRIPT = """
. tools/entry/report.sh
. tools/entry/cache.sh
. tools/airgap/workspace.sh
checkout=${CHECKOUT:-$PWD}
cd "$1"
find_workspace
printf '%s\\n' "$start" "$workspace" "$output_base"
"""


def find(machine: Machine, folder: Path) -> tuple[Path, Path, Path]:
    status, output, errors = machine.run("sh", "-euc", SCRIPT, "sh", str(folder))
    assert status == 0, errors
    start, workspace, output_base = map(Path, output.splitlines())
    return start, workspace, output_base


def test_a_folder_inside_keeps_its_place(machine: Machine) -> None:
    start, workspace, _ = find(machine, machine.checkout / "tools" / "airgap")
    assert start == machine.checkout / "tools" / "airgap"
    assert workspace == machine.checkout


def test_a_folder_outside_means_the_checkout(machine: Machine) -> None:
    assert find(machine, machine.home)[:2] == (machine.checkout, machine.checkout)


def test_a_neighbour_with_a_longer_name_is_outside(machine: Machine) -> None:
    neighbour = machine.checkout.with_name(machine.checkout.name + "-2")
    neighbour.mkdir()
    assert find(machine, neighbour)[0] == machine.checkout


def test_a_consumers_module_has_outputs_of_its_own(machine: Machine) -> None:
    consumer = machine.checkout / "tests" / "consumer"
    (consumer / "deep").mkdir(parents=True)
    (consumer / "MODULE.bazel").touch()
    start, workspace, output_base = find(machine, consumer / "deep")
    assert (start, workspace) == (consumer / "deep", consumer)
    assert output_base != find(machine, machine.checkout)[2]


def test_outputs_lie_in_the_cache_and_stay(machine: Machine) -> None:
    output_base = find(machine, machine.checkout)[2]
    assert output_base.parent == machine.cache / "outputs"
    assert output_base == find(machine, machine.checkout / "tools")[2]


@pytest.mark.parametrize(
    ("checkout", "reason"),
    [("/usr/src/dqlitepy", "lies where the userland has folders of its own"), ("/home/a b", "has a space in it")],
)
def test_a_checkout_that_cannot_be_built_is_refused(machine: Machine, checkout: str, reason: str) -> None:
    status, _, errors = machine.run("sh", "-euc", SCRIPT, "sh", "/", CHECKOUT=checkout)
    assert status == 1
    assert f"dqlitepy: {checkout} {reason}" in errors
    assert f"\nType: mv '{checkout}'" in errors
