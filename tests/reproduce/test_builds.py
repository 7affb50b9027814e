# SPDX-License-Identifier: Apache-2.0
"""A build under given circumstances, with a stand-in for Bazel that tells what it saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reproduce.builds import BuildFailed, Circumstances, build

BAZEL = """#!/bin/sh
echo "$1" >>"$CALLS"
case $1 in
info)
    for last in "$@"; do :; done
    echo "$CALLS.base/$last"
    ;;
build)
    mkdir -p "$CALLS.base/output_base/read-only" "$CALLS.base/output_path"
    chmod 500 "$CALLS.base/output_base/read-only"
    echo "$PWD $(umask) $TZ $*" >"$CALLS.base/output_path/seen"
    exit "$STATUS"
    ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("STATUS", "0")
    (tmp_path / "calls.base" / "output_base").mkdir(parents=True)
    (tmp_path / "checkout" / "tools").mkdir(parents=True)
    (tmp_path / "checkout" / "dist").mkdir()
    bazel = tmp_path / "checkout" / "tools" / "bazel"
    bazel.write_text(BAZEL)
    bazel.chmod(0o755)
    return tmp_path / "checkout"


def test_a_build_has_its_circumstances_and_no_cache(checkout: Path, tmp_path: Path) -> None:
    circumstances = Circumstances(tmp_path / "copy" / "deep", umask=0o077, time_zone="X-3", jobs=5)
    with build(checkout, circumstances, ["//:wheel"]) as outputs:
        seen = (outputs / "seen").read_text()
        assert not (circumstances.folder / "dist").exists()
    assert seen == f"{tmp_path}/copy/deep 0077 X-3 build --jobs=5 --disk_cache= --remote_cache= //:wheel\n"


def test_nothing_is_left_running_or_lying_about(checkout: Path, tmp_path: Path) -> None:
    with build(checkout, Circumstances(tmp_path / "copy", 0o022, "UTC0", 1), ["//:wheel"]):
        pass
    assert (tmp_path / "calls").read_text().splitlines()[-1] == "shutdown"
    assert not (tmp_path / "calls.base" / "output_base").exists()


def test_a_build_that_fails_says_where(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS", "3")
    circumstances = Circumstances(tmp_path / "copy", 0o022, "UTC0", 1)
    with (
        pytest.raises(BuildFailed, match=r"tools/bazel build in .*/copy ended with 3"),
        build(checkout, circumstances, ["//:wheel"]),
    ):
        pytest.fail("there is nothing to compare")
    assert not (tmp_path / "calls.base" / "output_base").exists()
