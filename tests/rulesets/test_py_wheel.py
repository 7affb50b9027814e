# SPDX-License-Identifier: Apache-2.0
"""Every byte of a wheel's text files, which the real py_wheel and the stand-in have to agree on."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

WHEEL = Path("tests/rulesets/greeter-1.2.0-py3-none-linux_x86_64.whl")
INFO = "greeter-1.2.0.dist-info"

METADATA = """\
Metadata-Version: 2.1
Name: greeter
Author: An Author
License: Apache-2.0
Description-Content-Type: text/markdown
Summary: Greets.
Classifier: Programming Language :: Python :: 3
Requires-Python: >=3.11
Provides-Extra: more
Requires-Dist: other<3,>=2; extra == 'more'
Version: 1.2.0

# Greeter

Grüße.

"""

WHEEL_TEXT = """\
Wheel-Version: 1.0
Generator: bazel-wheelmaker 1.0
Root-Is-Purelib: false
Tag: py3-none-linux_x86_64
"""

ENTRY_POINTS = """\
[a.group]
x = greeter:x

[console_scripts]
bye = greeter:bye
hi = greeter:hi"""


@pytest.fixture
def wheel() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(WHEEL) as archive:
        yield archive


def test_names_and_order(wheel: zipfile.ZipFile) -> None:
    assert wheel.namelist() == [
        "greeter/__init__.py",
        "greeter/py.typed",
        f"{INFO}/WHEEL",
        f"{INFO}/METADATA",
        f"{INFO}/entry_points.txt",
        f"{INFO}/licenses/a, b/LICENSE",
        f"{INFO}/RECORD",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [("METADATA", METADATA), ("WHEEL", WHEEL_TEXT), ("entry_points.txt", ENTRY_POINTS)],
)
def test_text(wheel: zipfile.ZipFile, name: str, text: str) -> None:
    assert wheel.read(f"{INFO}/{name}").decode() == text


def test_record_lists_digest_and_size_of_every_file(wheel: zipfile.ZipFile) -> None:
    rows = list(csv.reader(io.StringIO(wheel.read(f"{INFO}/RECORD").decode())))
    assert rows.pop() == [f"{INFO}/RECORD", "", ""]
    assert [name for name, _, _ in rows] == wheel.namelist()[:-1]
    for name, digest, size in rows:
        content = wheel.read(name)
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={expected}", str(len(content)))


def test_dates_do_not_depend_on_the_clock(wheel: zipfile.ZipFile) -> None:
    assert {entry.date_time for entry in wheel.infolist()} == {(1980, 1, 1, 0, 0, 0)}
