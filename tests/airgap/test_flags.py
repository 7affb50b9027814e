# SPDX-License-Identifier: Apache-2.0
"""The flags that feed Bazel from the cache."""

from __future__ import annotations

from pathlib import Path

from tests.airgap.machine import Machine

SCRIPT = """
. tools/entry/report.sh
. tools/entry/cache.sh
. tools/airgap/flags.sh
tools=$PWD/tools store=$cache/store supplies=$cache/supplies output_base=$cache/outputs/x
mkdir -p "$cache/outputs"
write_flags
cat "$flags"
"""


def flags(machine: Machine, **environment: str) -> list[str]:
    status, output, errors = machine.run("sh", "-euc", SCRIPT, **environment)
    assert status == 0, errors
    return output.splitlines()


def overrides(lines: list[str]) -> dict[str, str]:
    """Returns the folder of each module; of two for one module, Bazel takes the last."""
    found = {}
    for line in lines:
        _, flag, assignment = line.replace('"', "").partition("--override_module=")
        if flag:
            name, _, folder = assignment.partition("=")
            found[name] = folder
    return found


def test_no_registry_is_asked(machine: Machine) -> None:
    lines = flags(machine)
    [registry] = [line.split("file://")[1].strip('"') for line in lines if "--registry=" in line]
    assert Path(registry).is_dir()
    assert not list(Path(registry).glob("modules"))


def test_each_stand_in_is_there(machine: Machine) -> None:
    modules = overrides(flags(machine))
    assert {"rules_foreign_cc", "rules_python", "rules_go", "gazelle", "protobuf"} <= modules.keys()
    inside = [Path(folder) for folder in modules.values() if Path(folder).is_relative_to(machine.home.parent)]
    built_later = {machine.cache / "supplies" / name for name in ["rules_go", "gazelle"]}
    for folder in set(inside) - built_later:
        assert (folder / "MODULE.bazel").exists(), folder


def test_real_rulesets_take_the_stand_ins_place(machine: Machine, tmp_path: Path) -> None:
    real = tmp_path / "real rulesets"
    for name in ["rules_foreign_cc", "rules_cc"]:
        (real / name).mkdir(parents=True)
    modules = overrides(flags(machine, DQLITEPY_RULESETS=str(real)))
    assert modules["rules_foreign_cc"] == str(real / "rules_foreign_cc")
    assert modules["rules_cc"] == str(real / "rules_cc")
    assert modules["rules_python"] == str(machine.checkout / "tools" / "airgap" / "rulesets" / "rules_python")
