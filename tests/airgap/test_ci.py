# SPDX-License-Identifier: Apache-2.0
"""The closing line of .ci/run, and that it never calls a failure a success."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.airgap.machine import ROOT, Machine

PYTEST = '<?xml version="1.0"?><testsuites name="p"><testsuite name="//a:b" errors="0" failures="{failures}" skipped="{skipped}" tests="3" time="0.1"><testcase name="tests=&quot;9&quot;"/></testsuite></testsuites>'  # noqa: E501
GO = '<testsuites>\n\t<testsuite errors="{errors}" failures="0" skipped="0" tests="2" time="0" name="go">\n\t</testsuite>\n</testsuites>'  # noqa: E501


@pytest.fixture
def ci(machine: Machine) -> Machine:
    (machine.checkout / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", machine.checkout / ".ci" / "run")
    (machine.checkout / "tests" / "consumer").mkdir(parents=True)
    (machine.checkout / "dist" / "consumer_of_archive").mkdir(parents=True)
    for name in ["consumer_test", "archive_test"]:
        script = machine.checkout / "tools" / name
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o755)
    return machine


def serve(machine: Machine, reports: list[str], status: int = 0) -> None:
    """Puts a tools/bazel in place whose tests leave these reports."""
    made = machine.home / "made"
    logs = machine.home / "logs"
    shutil.rmtree(made, ignore_errors=True)
    for number, report in enumerate(reports):
        (made / str(number)).mkdir(parents=True)
        (made / str(number) / "test.xml").write_text(report)
    made.mkdir(exist_ok=True)
    logs.mkdir(exist_ok=True)
    (machine.checkout / "tools" / "bazel").unlink()
    machine.provide(
        "bazel",
        f'case "$*" in info*) echo "{logs}" ;; "test //...") cp -r "{made}" "{logs}"; exit {status} ;; esac',
    )
    shutil.move(machine.programs / "bazel", machine.checkout / "tools" / "bazel")


def close(machine: Machine) -> tuple[str, int]:
    status, output, _ = machine.run(".ci/run")
    return output.splitlines()[-1], status


def test_reports_of_python_and_go_are_summed(ci: Machine) -> None:
    serve(ci, [PYTEST.format(failures=0, skipped=0), GO.format(errors=0), GO.format(errors=0)])
    assert close(ci) == ("7 passed, 0 failed", 0)
    assert ci.calls("bazel") == [
        "info bazel-testlogs",
        "test //...",
        "info bazel-testlogs",
        "test --config=fixes //tests:fixes_smoke",
        *["info bazel-testlogs"] * 2,
    ]


def test_reports_of_the_library_without_the_patches_for_speed_are_summed(ci: Machine) -> None:
    serve(ci, [GO.format(errors=0)])
    bazel: Path = ci.checkout / "tools" / "bazel"
    fixes = f'"test --config=fixes "*) cp -r "{ci.home}/made" "{ci.home}/logs"; exit 3 ;; esac'
    bazel.write_text(bazel.read_text().replace("esac", fixes))
    assert close(ci) == ("4 passed, 1 failed", 1)


@pytest.mark.parametrize(
    ("name", "script"),
    [("consumer_test", "exit 3"), ("archive_test", "exit 3"), ("archive_test", '[ "$*" != build ]')],
)
def test_a_consumer_that_fails_fails(ci: Machine, name: str, script: str) -> None:
    serve(ci, [GO.format(errors=0)])
    (ci.checkout / "tools" / name).write_text(f"#!/bin/sh\n{script}\n")
    assert close(ci)[1] == 1


def test_reports_of_the_consumer_are_summed(ci: Machine) -> None:
    serve(ci, [GO.format(errors=0)])
    made = ci.home / "made"
    (ci.checkout / "tools" / "consumer_test").write_text(f'#!/bin/sh\ncp -r "{made}" "{ci.home}/logs"\n')
    assert close(ci) == ("4 passed, 0 failed", 0)


@pytest.mark.parametrize("outcome", [{"failures": 1, "skipped": 0}, {"failures": 0, "skipped": 1}])
def test_failed_and_skipped_tests_fail(ci: Machine, outcome: dict[str, int]) -> None:
    serve(ci, [PYTEST.format(**outcome)])
    assert close(ci) == ("2 passed, 1 failed", 1)


def test_errors_fail(ci: Machine) -> None:
    serve(ci, [GO.format(errors=2)], status=3)
    assert close(ci) == ("0 passed, 2 failed", 1)


def test_a_target_that_could_not_be_built_fails(ci: Machine) -> None:
    serve(ci, [GO.format(errors=0)], status=1)
    assert close(ci) == ("2 passed, 1 failed", 1)


def test_nothing_that_ran_fails(ci: Machine) -> None:
    serve(ci, [])
    assert close(ci) == ("0 passed, 1 failed", 1)


def test_reports_of_an_earlier_run_are_not_counted(ci: Machine) -> None:
    serve(ci, [GO.format(errors=0)])
    stale = ci.home / "logs" / "stale"
    stale.mkdir()
    (stale / "test.xml").write_text(GO.format(errors=0))
    assert close(ci) == ("2 passed, 0 failed", 0)


def test_bazel_that_does_not_start_fails(ci: Machine) -> None:
    (ci.checkout / "tools" / "bazel").write_text("#!/bin/sh\nexit 37\n")
    assert ci.run(".ci/run")[0] == 1


def test_the_mirrors_fallback_is_named_where_it_exists(ci: Machine) -> None:
    sources = ci.checkout.parent / "shared" / "sources"
    sources.mkdir(parents=True)
    serve(ci, [GO.format(errors=0)])
    bazel: Path = ci.checkout / "tools" / "bazel"
    bazel.write_text(
        bazel.read_text().replace('case "$*"', f'echo "$DQLITEPY_SOURCES" >"{ci.home}/sources"; case "$*"')
    )
    assert close(ci) == ("2 passed, 0 failed", 0)
    assert (ci.home / "sources").read_text() == f"{sources}\n"
