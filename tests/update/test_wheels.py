# SPDX-License-Identifier: Apache-2.0
"""Python wheels: uv resolves against an index, and every wheel's hash is in the lock."""

from __future__ import annotations

import pytest

from tests.update.pins_copy import LOCK, WANTED, Copy
from tests.update.registries import Registries

OTHER = "tools/pytest/other"


@pytest.fixture
def locked(copy: Copy, registries: Registries) -> Copy:
    """One is pinned by hand, one is asked for, and one comes along; a second lock pins the first otherwise."""
    one, old = registries.wheel("one", "1.0"), registries.wheel("one", "0.9")
    two = registries.wheel("two", "1.0", requires="three")
    three = registries.wheel("three", "1.0")
    pins = [("one", "1.0", one), ("three", "1.0", three), ("two", "1.0", two)]
    copy.write(WANTED, "# Why.\none==1.0\ntwo\n")
    copy.write(LOCK, "".join(f"{name}=={version} \\\n    --hash=sha256:{sum_}\n" for name, version, sum_ in pins))
    copy.write(f"{OTHER}.in", "one==0.9\n")
    copy.write(f"{OTHER}.txt", f"one==0.9 \\\n    --hash=sha256:{old}\n")
    return copy


def test_the_table_looks_past_what_is_pinned_by_hand(locked: Copy, registries: Registries) -> None:
    registries.wheel("one", "2.0")
    registries.wheel("three", "1.5")
    registries.wheel("three", "2.0b1")
    rows, _ = locked.table("requirements.txt:one", "other.txt:one", "two", "three")
    assert rows["requirements.txt:one"] == ["1.0", "2.0", "package index"]
    assert rows["other.txt:one"] == ["0.9", "2.0", "package index"]
    assert rows["two"] == ["1.0", "package index"]
    assert rows["three"] == ["1.0", "1.5", "package index"]


def test_one_is_changed_and_the_others_stay(locked: Copy, registries: Registries) -> None:
    sha256 = registries.wheel("three", "1.5")
    registries.wheel("two", "2.0", requires="three")
    assert locked.apply("three", "1.5") == {LOCK: ["three==1.5 \\", f"    --hash=sha256:{sha256}"]}


def test_what_is_pinned_by_hand_changes_in_both_files_of_its_lock(locked: Copy, registries: Registries) -> None:
    sha256 = registries.wheel("one", "2.0")
    changed = locked.apply("requirements.txt:one", "2.0")
    assert changed == {WANTED: ["one==2.0"], LOCK: ["one==2.0 \\", f"    --hash=sha256:{sha256}"]}


def test_a_distribution_of_two_locks_has_to_be_named_with_its_lock(locked: Copy) -> None:
    said = locked.refusal("--apply", "one", "2.0")
    assert said == "nothing is pinned under the name one; there is other.txt:one, requirements.txt:one"


def test_a_version_that_is_not_there_is_refused(locked: Copy) -> None:
    said = locked.refusal("--apply", "two", "7.7")
    assert "no set of wheels goes together" in said
    assert "two==7.7" in said


def test_a_version_that_goes_with_no_other_pin_is_refused(locked: Copy, registries: Registries) -> None:
    registries.wheel("two", "2.0", requires="one>=2")
    assert "no set of wheels goes together" in locked.refusal("--apply", "two", "2.0")


def test_an_index_that_does_not_answer_is_named(locked: Copy) -> None:
    nobody = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    assert "could not be reached: the Python package index" in locked.refusal("--apply", "two", "2.0", **nobody)
    rows, below = locked.table("two", **nobody)
    assert rows["two"] == ["1.0", "?"]
    assert "could not be reached" in below
