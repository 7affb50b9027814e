# SPDX-License-Identifier: Apache-2.0
"""Reads what an ELF64 shared library promises and demands, from its bytes alone.

No machine that runs the tests has to have binutils, and a reader of our own says which structure was wrong.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM = struct.Struct("<IIQQQQQQ")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_DYNAMIC = struct.Struct("<qQ")
_NEED = struct.Struct("<HHIII")
_NEED_VERSION = struct.Struct("<IHHII")

_MACHINES = {62: "x86_64", 183: "aarch64"}
_PT_TLS = 7
_PT_GNU_STACK = 0x6474E551
_PT_GNU_RELRO = 0x6474E552
_PF_X = 1
_SHT_DYNSYM = 11
_SHT_DYNAMIC = 6
_SHT_GNU_VERNEED = 0x6FFFFFFE
_DT_NEEDED, _DT_SONAME, _DT_RPATH, _DT_TEXTREL, _DT_FLAGS, _DT_RUNPATH = 1, 14, 15, 22, 30, 29
_DF_TEXTREL, _DF_BIND_NOW = 4, 8
_ET_DYN = 3
_SHN_UNDEF = 0
_STB_LOCAL = 0


class ElfError(ValueError):
    """The bytes are no ELF64 little-endian shared library, or its tables are damaged."""


@dataclass
class SharedLibrary:
    """What the dynamic linker would read.

    Attributes:
        machine: "x86_64" or "aarch64".
        needed: libraries of DT_NEEDED.
        soname: DT_SONAME, "" where there is none.
        search_paths: entries of DT_RPATH and DT_RUNPATH.
        versions: for each library, the symbol versions that are required of it ("GLIBC_2.28").
        exports: names that other libraries can bind to.
        imports: names that it wants of others.
        text_relocations: whether code has to be written to at load.
        executable_stack: whether the stack becomes executable.
        relocations_read_only: whether a part is write-protected after relocation.
        binds_at_load: whether all of its functions are looked up before that, so that none is through a writable table.
        thread_local_bytes: size of the thread-local block, which has to fit into what a running process has left of it.
    """

    machine: str
    needed: list[str] = field(default_factory=list)
    soname: str = ""
    search_paths: list[str] = field(default_factory=list)
    versions: dict[str, set[str]] = field(default_factory=dict)
    exports: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    text_relocations: bool = False
    executable_stack: bool = True  # what Linux does where no header says otherwise
    relocations_read_only: bool = False
    binds_at_load: bool = False
    thread_local_bytes: int = 0


@dataclass
class _Section:
    kind: int
    offset: int
    size: int
    link: int
    entries: int


def read(content: bytes) -> SharedLibrary:
    """Reads a whole library; raises ElfError where it is damaged or of another kind."""
    try:
        return _read(content)
    except ElfError:
        raise
    except (struct.error, IndexError, ValueError) as error:
        raise ElfError(f"damaged ELF file: {error}") from error


def _read(content: bytes) -> SharedLibrary:
    header = _HEADER.unpack_from(content)
    if header[0][:7] != b"\x7fELF\x02\x01\x01":
        raise ElfError("not an ELF64 little-endian file")
    if header[1] != _ET_DYN:
        raise ElfError(f"not a shared library: e_type is {header[1]}")
    if header[2] not in _MACHINES:
        raise ElfError(f"machine {header[2]} is neither x86_64 nor aarch64")
    library = SharedLibrary(_MACHINES[header[2]])
    _read_segments(library, content, offset=header[5], count=header[10])
    sections = _sections(content, offset=header[6], count=header[12])
    for section in sections:
        if section.kind == _SHT_DYNAMIC:
            _read_dynamic(library, content, section, sections[section.link])
        elif section.kind == _SHT_DYNSYM:
            _read_symbols(library, content, section, sections[section.link])
        elif section.kind == _SHT_GNU_VERNEED:
            _read_versions(library, content, section, sections[section.link])
    return library


def _sections(content: bytes, offset: int, count: int) -> list[_Section]:
    if count == 0:
        raise ElfError("no section headers")
    sections = []
    for index in range(count):
        _, kind, _, _, start, size, link, info, _, _ = _SECTION.unpack_from(content, offset + index * _SECTION.size)
        sections.append(_Section(kind, start, size, link, info))
    return sections


def _read_segments(library: SharedLibrary, content: bytes, offset: int, count: int) -> None:
    for index in range(count):
        kind, flags, _, _, _, _, memory_size, _ = _PROGRAM.unpack_from(content, offset + index * _PROGRAM.size)
        if kind == _PT_TLS:
            library.thread_local_bytes = memory_size
        elif kind == _PT_GNU_STACK:
            library.executable_stack = bool(flags & _PF_X)
        elif kind == _PT_GNU_RELRO:
            library.relocations_read_only = True


def _string(content: bytes, strings: _Section, position: int) -> str:
    start = strings.offset + position
    return content[start : content.index(0, start)].decode("ascii")


def _read_dynamic(library: SharedLibrary, content: bytes, section: _Section, strings: _Section) -> None:
    for tag, value in _DYNAMIC.iter_unpack(content[section.offset : section.offset + section.size]):
        if tag == _DT_NEEDED:
            library.needed.append(_string(content, strings, value))
        elif tag == _DT_SONAME:
            library.soname = _string(content, strings, value)
        elif tag in (_DT_RPATH, _DT_RUNPATH):
            library.search_paths.append(_string(content, strings, value))
        elif tag == _DT_TEXTREL:
            library.text_relocations = True
        elif tag == _DT_FLAGS:
            library.text_relocations |= bool(value & _DF_TEXTREL)
            library.binds_at_load |= bool(value & _DF_BIND_NOW)


def _read_symbols(library: SharedLibrary, content: bytes, section: _Section, strings: _Section) -> None:
    for name, info, _, index, _, _ in _SYMBOL.iter_unpack(content[section.offset : section.offset + section.size]):
        if info >> 4 != _STB_LOCAL:
            names = library.imports if index == _SHN_UNDEF else library.exports
            names.add(_string(content, strings, name))


def _read_versions(library: SharedLibrary, content: bytes, section: _Section, strings: _Section) -> None:
    position = section.offset
    for _ in range(section.entries):
        _, count, file, first, following = _NEED.unpack_from(content, position)
        required = library.versions.setdefault(_string(content, strings, file), set())
        entry = position + first
        for _ in range(count):
            _, _, _, name, next_entry = _NEED_VERSION.unpack_from(content, entry)
            required.add(_string(content, strings, name))
            entry += next_entry
        position += following
