# SPDX-License-Identifier: Apache-2.0
"""The wheel as an archive: the files that it should hold and no other, and what installers read of them."""

from __future__ import annotations

import ast
import base64
import configparser
import csv
import hashlib
import os
import re
import stat
import zipfile
from pathlib import Path

import dqlitepy

from tests.wheel.wheelfile import Wheel

WHEEL = Wheel.under_test()
NAMES = [member.filename for member in WHEEL.members]

SIZE_LIMIT = 6_000_000
EXPECTED_TAGS = {"dist": "manylinux_2_28_", "local": "linux_", "debug": "linux_"}


def our_version() -> str:
    """VERSION of version.bzl."""
    tree = ast.parse(Path(os.environ["DQLITEPY_VERSION_FILE"]).read_text(encoding="utf-8"))
    values = [node.value for node in tree.body if isinstance(node, ast.Assign)]
    assert len(values) == 1
    version = ast.literal_eval(values[0])
    assert isinstance(version, str)
    return version


def module_version() -> str:
    """The version that MODULE.bazel gives to other modules."""
    tree = ast.parse(Path(os.environ["DQLITEPY_MODULE_FILE"]).read_text(encoding="utf-8"))
    calls = [node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    (module,) = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "module"]
    (version,) = [ast.literal_eval(keyword.value) for keyword in module.keywords if keyword.arg == "version"]
    assert isinstance(version, str)
    return version


def test_every_place_says_the_same_version() -> None:
    assert dqlitepy.__version__ == our_version()
    assert module_version() == our_version()


def test_the_file_name_says_version_mode_and_platform() -> None:
    mode = os.environ["DQLITEPY_MODE"]
    assert WHEEL.name == "dqlitepy"
    assert WHEEL.version == our_version() + ("" if mode == "dist" else f"+{mode}")
    assert re.fullmatch(rf"py3-none-{EXPECTED_TAGS[mode]}(x86_64|aarch64)", WHEEL.tag)


def test_it_is_small_enough() -> None:
    if os.environ["DQLITEPY_MODE"] != "debug":
        assert WHEEL.path.stat().st_size <= SIZE_LIMIT


def test_the_package_is_whole_and_nothing_else_is_installed() -> None:
    folder = Path(dqlitepy.__file__).parent
    sources = {str(path.relative_to(folder)) for path in folder.rglob("*.py")}
    assert "__init__.py" in sources
    installed = {name for name in NAMES if not name.startswith(WHEEL.dist_info)}
    library = {WHEEL.library_folder + name for name in ("libdqlitepy.so", "dqlitepy.h")}
    assert installed == {f"dqlitepy/{name}" for name in sources | {"py.typed"}} | library


def test_dist_info_holds_what_is_declared() -> None:
    info = {name.removeprefix(WHEEL.dist_info) for name in NAMES if name.startswith(WHEEL.dist_info)}
    others = {name for name in info if not name.startswith("licenses/")}
    assert others == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "sboms/dqlitepy.cdx.json"}


def test_the_archive_depends_on_its_contents_alone() -> None:
    for member in WHEEL.members:
        is_library = member.filename.endswith(".so")
        assert member.date_time == (1980, 1, 1, 0, 0, 0), member
        assert member.create_system == 3, member
        assert member.external_attr >> 16 == stat.S_IFREG | (0o755 if is_library else 0o644), member
        assert member.compress_type == zipfile.ZIP_DEFLATED, member
        assert (member.extra, member.comment, member.flag_bits) == (b"", b"", 0), member
    payload = [name for name in NAMES if not name.startswith(WHEEL.dist_info)]
    info = [name for name in NAMES if name.startswith(WHEEL.dist_info)]
    in_order = sorted(payload) + sorted(info, key=lambda name: (name.endswith("/RECORD"), name))
    assert in_order == NAMES
    assert len(set(NAMES)) == len(NAMES)


def test_record_vouches_for_every_file() -> None:
    rows = list(csv.reader(WHEEL.text("RECORD").splitlines()))
    assert [row[0] for row in rows] == NAMES
    for name, digest, size in rows[:-1]:
        content = WHEEL.read(name)
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert (digest, size) == (f"sha256={expected}", str(len(content))), name
    assert rows[-1] == [WHEEL.dist_info + "RECORD", "", ""]


def test_wheel_file_repeats_the_tag() -> None:
    assert WHEEL.text("WHEEL").splitlines() == [
        "Wheel-Version: 1.0",
        "Generator: dqlitepy",
        "Root-Is-Purelib: false",
        f"Tag: {WHEEL.tag}",
    ]


def test_entry_points() -> None:
    entries = configparser.ConfigParser(delimiters=("=",))
    entries.read_string(WHEEL.text("entry_points.txt"))
    assert dict(entries["console_scripts"]) == {"dqlitepy": "dqlitepy.__main__:main"}
    assert dict(entries["pyinstaller40"]) == {"hook-dirs": "dqlitepy._pyinstaller.folders:hook_folders"}
    assert dict(entries["sqlalchemy.dialects"]) == {
        "dqlite": "dqlitepy.sqlalchemy.dialect:Dialect",
        "dqlite.dqlitepy": "dqlitepy.sqlalchemy.dialect:Dialect",
        "dqlite.aio": "dqlitepy.sqlalchemy.aio:AsyncDialect",
    }


def test_metadata() -> None:
    metadata = WHEEL.metadata
    assert metadata["Metadata-Version"] == "2.4"
    assert (metadata["Name"], metadata["Version"]) == ("dqlitepy", WHEEL.version)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Summary"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    description = metadata.get_payload()
    assert isinstance(description, str)
    assert description.startswith("# ")
    assert metadata.defects == []


def test_it_installs_without_any_other_distribution() -> None:
    extras = set(WHEEL.header("Provides-Extra"))
    assert extras == {"dev", "django", "sqlalchemy"}
    requirements = WHEEL.header("Requires-Dist")
    for requirement in requirements:
        assert re.search(r"; extra == '(dev|django|sqlalchemy)'$", requirement), f"{requirement} is no extra"
    assert any(requirement.startswith("sqlalchemy") for requirement in requirements)


def test_every_licence_file_exists_and_is_listed() -> None:
    listed = WHEEL.header("License-File")
    assert sorted(listed) == sorted(WHEEL.licence_files())
    assert {"LICENSE", "NOTICE"} <= set(listed)
    assert "License" not in WHEEL.metadata
