# SPDX-License-Identifier: Apache-2.0
"""The native library of the wheel: what it needs of the system, what it shows of itself, and nothing more."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import pytest
from dqlitepy._native import abi

from tests.abi import elf
from tests.wheel.wheelfile import Wheel

WHEEL = Wheel.under_test()
CONTENT = WHEEL.read(WHEEL.library_folder + "libdqlitepy.so")
LIBRARY = elf.read(CONTENT)
HEADER = WHEEL.read(WHEEL.library_folder + "dqlitepy.h").decode("utf-8")

GLIBC = {
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
}
# What our compiler builds for, and therefore what every mode keeps; dist's tag says it.
OLDEST_GLIBC = (2, 28)


def header_functions() -> set[str]:
    """The names that dqlitepy.h declares as functions."""
    code = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.DOTALL)
    return set(re.findall(r"^\w[\w *]*?\b(dqlitepy_\w+)\(", code, flags=re.MULTILINE))


def test_it_is_for_the_machine_of_the_tag() -> None:
    assert LIBRARY.machine == WHEEL.machine


def test_it_needs_only_glibc() -> None:
    assert LIBRARY.needed
    assert set(LIBRARY.needed) <= GLIBC


def test_it_runs_with_the_glibc_that_the_wheel_promises() -> None:
    promised = re.match(r"manylinux_(\d+)_(\d+)_", WHEEL.platform)
    assert promised is None or (int(promised[1]), int(promised[2])) == OLDEST_GLIBC
    required = {version for versions in LIBRARY.versions.values() for version in versions}
    numbers = [re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version) for version in required]
    assert numbers
    assert all(numbers), f"not only public versions of glibc: {required}"
    newest = max((int(number[1]), int(number[2])) for number in numbers if number)
    assert newest <= OLDEST_GLIBC


def test_header_table_and_library_name_the_same_functions() -> None:
    assert len(header_functions()) > 10
    assert header_functions() == set(abi.SIGNATURES)
    assert LIBRARY.exports == header_functions()


def test_the_header_is_the_one_that_the_shim_was_compiled_with() -> None:
    assert Path(os.environ["DQLITEPY_HEADER"]).read_text(encoding="utf-8") == HEADER


def test_it_is_found_without_search_paths() -> None:
    assert LIBRARY.search_paths == []


def test_code_stays_read_only_and_the_stack_cannot_run() -> None:
    assert not LIBRARY.text_relocations
    assert not LIBRARY.executable_stack
    assert LIBRARY.relocations_read_only
    assert LIBRARY.binds_at_load


def test_c_code_checks_its_stack_and_the_sizes_of_its_buffers() -> None:
    assert "__stack_chk_fail" in LIBRARY.imports
    # Those of a buffer whose size is known while it runs alone, as level 3 finds it; each library has some.
    checked = {name for name in LIBRARY.imports if name.startswith("__") and name.endswith("_chk")}
    assert {"__memcpy_chk", "__vsnprintf_chk"} <= checked, checked


def test_its_thread_local_block_fits_into_a_running_process() -> None:
    # glibc keeps 1,664 bytes for all libraries that are loaded later with initial-exec variables, as Go's are; beyond
    # that dlopen fails with "cannot allocate memory in static TLS block", and others may have used some of it.
    assert LIBRARY.thread_local_bytes <= 512


def test_it_holds_no_path_of_the_machine_that_built_it() -> None:
    here = [str(Path.cwd()), os.environ.get("HOME", ""), os.environ.get("TEST_SRCDIR", "")]
    patterns = [re.escape(path.encode()) for path in here if path.count("/") > 1]
    patterns += [
        rb"/(?:home|root|tmp|work|build|mnt|Users)/[\w.]",
        rb"/execroot/",
        rb"/_bazel_",
        rb"-sandbox/",
        rb"/\.cache/",
    ]
    found = re.findall(rb"[ -~]{0,80}(?:" + b"|".join(patterns) + rb")[ -~]{0,80}", CONTENT)
    assert found == []


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\x7fELF",
        CONTENT[:64],
        CONTENT[: len(CONTENT) // 2],
        b"\x7fELF\x01" + CONTENT[5:],
        CONTENT[:16] + struct.pack("<H", 2) + CONTENT[18:],
        CONTENT[:18] + struct.pack("<H", 3) + CONTENT[20:],
    ],
    ids=["empty", "magic only", "header only", "half", "32 bits", "executable", "other machine"],
)
def test_the_reader_refuses_what_it_cannot_vouch_for(damaged: bytes) -> None:
    with pytest.raises(elf.ElfError):
        elf.read(damaged)
