# SPDX-License-Identifier: Apache-2.0
"""Writes a wheel from a list of files and the header lines of its METADATA."""

import argparse
import base64
import csv
import hashlib
import io
import re
import stat
import sys
import zipfile
from pathlib import Path

# The earliest date that a zip file can hold: the wheel must not depend on when it was packed.
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o777) << 16

_NORMAL_VERSION = re.compile(
    r"(0|[1-9]\d*)(\.(0|[1-9]\d*))*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?"
)
_NORMAL_DISTRIBUTION = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*\(?\s*((?:[~=!<>]=?=?[^,;()]+,?\s*)*)\)?\s*")


class Wheel:
    """A wheel under construction, which remembers what RECORD has to say of it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._record: list[tuple[str, str, str]] = []

    def add(self, path: str, content: bytes) -> None:
        self._write(path, content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._record.append((path, f"sha256={digest}", str(len(content))))

    def add_tree(self, path: str, source: Path) -> None:
        if source.is_dir():
            for child in sorted(source.iterdir()):
                self.add_tree(f"{path}/{child.name}", child)
        else:
            self.add(path, source.read_bytes())

    def add_record(self, path: str) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*self._record, (path, "", "")])
        self._write(path, text.getvalue().encode())

    def _write(self, path: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(path, _DATE)
        entry.create_system = 3
        entry.external_attr = _MODE
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(entry, content)


def stripped(path: str, prefixes: list[str]) -> str:
    """Takes the first prefix that fits off a path."""
    for prefix in prefixes:
        if path.startswith(prefix):
            return path[len(prefix) :]
    return path


def normal_requirement(line: str) -> str:
    """Writes the requirement of an extra in the normal form of PEP 508, as the real rule does.

    Raises:
        SystemExit: the requirement has a marker of its own, or is no requirement
    """
    requirement, separator, marker = line.rpartition(";")
    if not separator:
        return line
    match = _REQUIREMENT.fullmatch(requirement)
    if not match:
        sys.exit(
            f"extra_requires: {requirement!r} is not of the form NAME[EXTRA] SPECIFIERS; "
            "markers and URLs are not implemented by the air-gapped stand-in"
        )
    name, extras, specifiers = match.groups()
    # The real rule writes several extras of one requirement in an order that changes from run to run.
    chosen = f"[{','.join(sorted(part.strip() for part in extras.split(',')))}]" if extras else ""
    ordered = ",".join(sorted({re.sub(r"\s+", "", part) for part in specifiers.split(",") if part.strip()}))
    return f"{name}{chosen}{ordered}; {marker.strip()}"


def metadata_text(headers: str, version: str, description: str) -> str:
    """Joins the header lines, the version and the description to a METADATA file."""
    prefix = "Requires-Dist: "
    lines = [
        prefix + normal_requirement(line.removeprefix(prefix)) if line.startswith(prefix) else line
        for line in headers.splitlines()
    ]
    return "\n".join([*lines, f"Version: {version}", "", description or "UNKNOWN", ""])


def wheel_text(tags: str) -> str:
    """Writes the WHEEL file, whose Generator line is the real rule's: both must give the same wheel."""
    is_pure = "true" if tags.endswith("-any") else "false"
    return f"Wheel-Version: 1.0\nGenerator: bazel-wheelmaker 1.0\nRoot-Is-Purelib: {is_pure}\nTag: {tags}\n"


def file_pairs(values: list[str]) -> list[tuple[str, Path]]:
    """Splits `path in the wheel;path on disk` at the semicolon."""
    pairs = [value.split(";", 1) for value in values]
    return [(inside, Path(outside)) for inside, outside in pairs]


def parse_arguments() -> argparse.Namespace:
    """Reads the command line that py_wheel writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--name-file", type=Path, required=True)
    parser.add_argument("--metadata", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--packed-files", type=Path, required=True)
    parser.add_argument("--description", type=Path)
    parser.add_argument("--entry-points", type=Path)
    parser.add_argument("--distinfo-file", action="append", default=[])
    parser.add_argument("--strip", action="append", default=[])
    return parser.parse_args()


def main() -> None:
    """Writes the wheel and the file with its name.

    Raises:
        SystemExit: the name, the version or a requirement is not in its normal form
    """
    arguments = parse_arguments()
    distribution, version, tags = arguments.wheel.stem.split("-", 2)
    if not _NORMAL_VERSION.fullmatch(version):
        sys.exit(f"py_wheel: version {version!r} is not in the normal form of PEP 440, such as 1.2.0 or 1.2.0rc1")
    if not _NORMAL_DISTRIBUTION.fullmatch(distribution):
        sys.exit(f"py_wheel: distribution {distribution!r} has characters other than letters, digits and single - _ .")

    dist_info = f"{distribution}-{version}.dist-info"
    description = arguments.description.read_text("utf-8") if arguments.description else ""
    headers = arguments.metadata.read_text("utf-8")
    with zipfile.ZipFile(arguments.wheel, "w") as archive:
        wheel = Wheel(archive)
        for path, source in sorted(file_pairs(arguments.packed_files.read_text("utf-8").splitlines())):
            wheel.add_tree(stripped(path, arguments.strip), source)
        wheel.add(f"{dist_info}/WHEEL", wheel_text(tags).encode())
        wheel.add(f"{dist_info}/METADATA", metadata_text(headers, version, description).encode())
        if arguments.entry_points:
            wheel.add(f"{dist_info}/entry_points.txt", arguments.entry_points.read_bytes())
        for path, source in sorted(file_pairs(arguments.distinfo_file)):
            wheel.add_tree(f"{dist_info}/{path}", source)
        wheel.add_record(f"{dist_info}/RECORD")
    arguments.name_file.write_text(arguments.wheel.name)


if __name__ == "__main__":
    main()
