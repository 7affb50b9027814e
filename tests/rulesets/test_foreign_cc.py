# SPDX-License-Identifier: Apache-2.0
"""A library by configure_make, another by make upon it, and a program that links both."""

import subprocess
from pathlib import Path

import pytest

HERE = Path("tests/rulesets")
ARCHIVES = [HERE / "greeting/lib/libgreeting.a", HERE / "echo/lib/libecho.a"]


def test_program_finds_headers_and_libraries_of_both() -> None:
    said = subprocess.run([HERE / "greet"], check=True, capture_output=True, text=True).stdout
    # The name of the source stays relative to the build, so no folder of this machine gets into the library.
    assert said == "7 from greeting.c\n"


def test_declared_outputs_are_installed() -> None:
    assert (HERE / "greeting/include/greeting.h").is_file()
    assert (HERE / "echo/include/echo.h").is_file()
    assert (HERE / "greeting/bin/name").read_text() == "hello\n"


def test_pkg_config_file_can_be_relocated() -> None:
    text = (HERE / "copy_greeting/greeting/lib/pkgconfig/greeting.pc").read_text()
    assert text.startswith("prefix=${EXT_BUILD_DEPS}/greeting\n")


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)
def test_archive_holds_nothing_of_the_machine(archive: Path) -> None:
    content = archive.read_bytes()
    assert b"build_tmpdir" not in content
    assert b"execroot" not in content


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda path: path.name)
def test_archive_members_have_no_date_and_owner(archive: Path) -> None:
    content = archive.read_bytes()
    assert content.startswith(b"!<arch>\n")
    offset = 8
    members = 0
    while offset < len(content):
        header = content[offset : offset + 60]
        date, owner, group, size = header[16:28], header[28:34], header[34:40], int(header[48:58])
        assert (date.strip(), owner.strip(), group.strip()) in [(b"0", b"0", b"0"), (b"", b"", b"")], header
        offset += 60 + size + size % 2
        members += 1
    assert members >= 2
