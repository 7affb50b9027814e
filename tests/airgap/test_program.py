# SPDX-License-Identifier: Apache-2.0
"""Where the program runs that `bazel run` has built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airgap.machine import Machine

# Bazel's client, as far as --script_path goes: $FILE is the program that it would start.
SCRIPT = """
. tools/entry/report.sh
. tools/entry/cache.sh
. tools/airgap/mirror.sh
. tools/airgap/sandbox.sh
. tools/airgap/program.sh
checkout=$PWD userland=$cache/userland output_base=$cache/outputs/x
mkdir -p "$cache/outputs"
exec_client() {
    echo "client $*"
    for argument in "$@"; do
        case $argument in --script_path=*)
            printf '#!/bin/bash\\ncd / && \\\\\\n  exec env A=b \\\\\\n  %s one "$@"' "$FILE" >"${argument#*=}" ;;
        esac
    done
    return "${STATUS:-0}"
}
if starts_program "$@"; then run_program "$@"; else exec_client "$@"; fi
"""


def run(machine: Machine, *arguments: str, **environment: str) -> tuple[int, list[str], str]:
    status, output, errors = machine.run("sh", "-euc", SCRIPT, "sh", *arguments, **environment)
    return status, output.splitlines(), errors


@pytest.fixture
def program(debian: Machine) -> Path:
    path = debian.home / "program"
    path.write_text('#!/bin/sh\necho "on the machine: $* A=$A HERE=$HERE"\nexit 7\n')
    path.chmod(0o755)
    return path


def test_a_shell_script_runs_on_the_machine_itself(debian: Machine, program: Path) -> None:
    status, output, _ = run(debian, "run", "//:x", FILE=str(program), HERE="kept")
    assert output[-1] == "on the machine: one A=b HERE=kept"
    assert status == 7
    assert debian.calls("bwrap") == []


def test_any_other_program_runs_in_the_userland_with_the_network(debian: Machine, program: Path) -> None:
    program.write_text("#!/usr/bin/env python3\n")
    debian.provide("bwrap", 'echo "$DQLITEPY_MIRROR $GOPROXY"; exit 5')
    sources = str(debian.home)
    status, output, _ = run(
        debian, "run", "//:x", FILE=str(program), GOPROXY="proxy", SECRET="x", DQLITEPY_SOURCES=sources
    )
    assert status == 5
    assert output[-1] == "http://mirror.example/debian proxy"
    [call] = ["\n".join(debian.calls("bwrap"))]
    assert f"--bind {debian.checkout} {debian.checkout}" in call
    assert f"--ro-bind {sources} {sources}" in call
    assert "--unsetenv SECRET" in call
    assert "--unsetenv GOPROXY" not in call
    assert "--unshare-net" not in call
    assert "--die-with-parent" in call


def test_the_clients_own_arguments_stay_in_order(debian: Machine, program: Path) -> None:
    _, output, _ = run(debian, "--batch", "run", "--config=x", "//:run", "--", "run", FILE=str(program))
    script = f"--script_path={debian.cache}/outputs/x.run."
    words = output[0].split()
    assert [word for word in words if not word.startswith(script)] == (
        ["client", "--batch", "run", "--config=x", "//:run", "--", "run"]
    )
    assert words[3].startswith(script)


def test_a_build_that_fails_starts_nothing(debian: Machine, program: Path) -> None:
    status, output, _ = run(debian, "run", "//:x", FILE=str(program), STATUS="3")
    assert (status, len(output)) == (3, 1)


def test_no_script_is_left_behind(debian: Machine, program: Path) -> None:
    for status in ["0", "3"]:
        run(debian, "run", "//:x", FILE=str(program), STATUS=status)
    assert list((debian.cache / "outputs").iterdir()) == []


@pytest.mark.parametrize(
    "arguments", [["build", "run"], ["run", "--script_path=x", "//:x"], ["--batch", "test", "--", "run"], []]
)
def test_other_commands_are_bazels(debian: Machine, program: Path, arguments: list[str]) -> None:
    status, output, _ = run(debian, *arguments, FILE=str(program.with_name("x")))
    assert status == 0
    assert output == [f"client {' '.join(arguments)}"]
