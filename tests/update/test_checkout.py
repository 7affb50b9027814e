# SPDX-License-Identifier: Apache-2.0
"""The files change all together or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.pins import PINS
from tools.update.checkout import Checkout, Refused

TABLE = """\
PINS = {
    "one": {
        "version": "1.0",
        "sha256": "00",
    },
    "two": {
        "version": "1.0",
    },
}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name, text in {PINS: TABLE, "a": "old a\n", "b": "old b\n", "c": "old c\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "a").chmod(0o755)
    changed = Checkout(tmp_path)
    for name in ["a", "b", "c"]:
        changed.replace(name, "old", "new")
    return changed


def texts(checkout: Checkout) -> list[str]:
    files = sorted(path for path in checkout.root.iterdir() if path.is_file())
    return [file.read_text() for file in files]


def test_nothing_is_written_before_it_is_said(checkout: Checkout) -> None:
    assert checkout.read("a") == "new a\n"
    assert texts(checkout) == ["old a\n", "old b\n", "old c\n"]


def test_what_did_not_change_is_not_written(checkout: Checkout) -> None:
    checkout.replace("b", "new", "old")
    before = (checkout.root / "b").stat().st_ino
    assert checkout.write() == ["a", "c"]
    assert texts(checkout) == ["new a\n", "old b\n", "new c\n"]
    assert (checkout.root / "b").stat().st_ino == before


def test_a_script_can_still_be_run(checkout: Checkout) -> None:
    checkout.write()
    assert os.access(checkout.root / "a", os.X_OK)


def test_a_file_that_cannot_be_written_changes_none(checkout: Checkout) -> None:
    (checkout.root / ".c.part").mkdir()
    with pytest.raises(OSError):
        checkout.write()
    assert texts(checkout) == ["old a\n", "old b\n", "old c\n"]


def test_a_rename_that_fails_undoes_those_before_it(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = os.replace

    def full(source: Path, target: Path) -> None:
        if target.name == "c":
            raise OSError(28, "No space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        checkout.write()
    assert texts(checkout) == ["old a\n", "old b\n", "old c\n"]


def test_one_entry_of_the_table_changes(checkout: Checkout) -> None:
    checkout.change_pin("one", version="2.0", sha256="11")
    assert checkout.pins() == {"one": {"version": "2.0", "sha256": "11"}, "two": {"version": "1.0"}}


def test_a_restructured_file_is_refused(checkout: Checkout) -> None:
    with pytest.raises(Refused, match="a no longer says 'gone'"):
        checkout.replace("a", "gone", "new")
    with pytest.raises(Refused, match="no entry 'three'"):
        checkout.change_pin("three", version="1")
    with pytest.raises(Refused, match="'two' of third_party/pins.bzl has no 'sha256'"):
        checkout.change_pin("two", sha256="1")


def test_another_folder_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is no checkout of dqlitepy"):
        Checkout(tmp_path)
