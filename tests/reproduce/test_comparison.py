# SPDX-License-Identifier: Apache-2.0
"""What is said of two builds' outputs."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from tools.reproduce.comparison import Comparison, compare

BIN = Path("k8-opt/bin")


def product(outputs: Path, name: str, content: bytes, configuration: Path = BIN) -> Path:
    path = outputs / configuration / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def wheel(outputs: Path, members: dict[str, bytes], year: int = 1980) -> Path:
    path = product(outputs, "x.whl", b"")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return path


def compared(tmp_path: Path) -> Comparison:
    return compare(tmp_path / "one", tmp_path / "other")


def test_the_same_bytes_are_counted(tmp_path: Path) -> None:
    for outputs in (tmp_path / "one", tmp_path / "other"):
        product(outputs, "a/b.a", b"archive")
        product(outputs, "c.so", b"library")
        made = wheel(outputs, {"m": b"1"})
    comparison = compared(tmp_path)
    assert comparison.differences == []
    assert comparison.same == {"archives": 1, "libraries": 1, "wheels": 1}
    assert comparison.wheels == {"x.whl": hashlib.sha256(made.read_bytes()).hexdigest()}


def test_other_bytes_are_told(tmp_path: Path) -> None:
    product(tmp_path / "one", "a/b.a", b"archive")
    product(tmp_path / "other", "a/b.a", b"archives")
    [difference] = compared(tmp_path).differences
    assert difference.file == "k8-opt/bin/a/b.a"
    assert "7 bytes" in difference.account
    assert "8 bytes" in difference.account


def test_a_file_of_one_build_alone_is_told(tmp_path: Path) -> None:
    product(tmp_path / "one", "b.a", b"archive")
    (tmp_path / "other").mkdir()
    product(tmp_path / "other", "c.so", b"library")
    accounts = [difference.account for difference in compared(tmp_path).differences]
    assert accounts == [
        "k8-opt/bin/b.a: only the first build made it",
        "k8-opt/bin/c.so: only the second build made it",
    ]


def test_the_members_of_wheels_are_told(tmp_path: Path) -> None:
    wheel(tmp_path / "one", {"same": b"1", "changed": b"1"})
    wheel(tmp_path / "other", {"same": b"1", "changed": b"2"})
    [difference] = compared(tmp_path).differences
    assert "member changed has other bytes" in difference.account
    assert "member same" not in difference.account


def test_dates_of_members_are_told(tmp_path: Path) -> None:
    wheel(tmp_path / "one", {"m": b"1"})
    wheel(tmp_path / "other", {"m": b"1"}, year=1999)
    [difference] = compared(tmp_path).differences
    assert "member m has another date" in difference.account


def test_what_the_build_itself_runs_is_no_result(tmp_path: Path) -> None:
    for outputs, content in ((tmp_path / "one", b"1"), (tmp_path / "other", b"2")):
        product(outputs, "tool.a", content, Path("k8-opt-exec-ST-1/bin"))
        product(outputs, "program.runfiles/copy.so", content)
        product(outputs, "log.txt", content)
    comparison = compared(tmp_path)
    assert (comparison.differences, comparison.same) == ([], {})
