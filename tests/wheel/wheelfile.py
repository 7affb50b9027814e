# SPDX-License-Identifier: Apache-2.0
"""The wheel under test, which the test's environment names."""

from __future__ import annotations

import email.parser
import email.policy
import os
import re
import zipfile
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

_FILE_NAME = re.compile(r"(?P<name>\w+)-(?P<version>[^-]+)-(?P<tag>\w+-\w+-(?P<platform>\w+))\.whl")
_FOLDER_OF_MACHINE = {"x86_64": "linux-amd64", "aarch64": "linux-arm64"}


@dataclass(frozen=True)
class Wheel:
    """A wheel file, taken apart by its file name.

    Attributes:
        path: of the file, absolute.
        name: of the distribution, as it stands in the file name.
        version: with its local label, if it has one.
        tag: "py3-none-PLATFORM".
        platform: the tag's last part.
    """

    path: Path
    name: str
    version: str
    tag: str
    platform: str

    @classmethod
    def under_test(cls) -> Wheel:
        """The wheel that DQLITEPY_WHEEL names; KeyError where the test was not given one."""
        path = Path(os.environ["DQLITEPY_WHEEL"]).absolute()
        match = _FILE_NAME.fullmatch(path.name)
        assert match is not None, f"{path.name} is no file name of a wheel"
        return cls(path, **match.groupdict())

    @property
    def dist_info(self) -> str:
        """Folder of the metadata, with a slash at its end."""
        return f"{self.name}-{self.version}.dist-info/"

    @property
    def machine(self) -> str:
        """The processor: "x86_64" or "aarch64"."""
        return "aarch64" if self.platform.endswith("aarch64") else "x86_64"

    @property
    def library_folder(self) -> str:
        """Folder of the native library and its header, with a slash at its end."""
        return f"dqlitepy/_lib/{_FOLDER_OF_MACHINE[self.machine]}/"

    @cached_property
    def members(self) -> list[zipfile.ZipInfo]:
        """The entries in their order in the archive."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.infolist()

    def read(self, name: str) -> bytes:
        """The contents of one file; KeyError where it is missing."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def text(self, name: str) -> str:
        """A file of the .dist-info folder, which has to be UTF-8."""
        return self.read(self.dist_info + name).decode("utf-8")

    @cached_property
    def metadata(self) -> EmailMessage:
        """METADATA, parsed as installers parse it."""
        parser = email.parser.BytesParser(policy=email.policy.default.clone(max_line_length=None))
        message = parser.parsebytes(self.read(self.dist_info + "METADATA"))
        assert isinstance(message, EmailMessage)
        return message

    def header(self, name: str) -> list[str]:
        """All values of a header of METADATA."""
        return [str(value) for value in self.metadata.get_all(name, [])]

    def licence_files(self, component: str = "") -> set[str]:
        """Paths below licenses/ of the files that a component's folder holds, or of all."""
        prefix = f"{self.dist_info}licenses/"
        start = f"{prefix}{component}/" if component else prefix
        return {member.filename.removeprefix(prefix) for member in self.members if member.filename.startswith(start)}

    def unpack(self, folder: Path) -> Path:
        """Unpacks everything below `folder`, which it returns; what an installer would do for a wheel like this."""
        with zipfile.ZipFile(self.path) as archive:
            archive.extractall(folder)
        return folder
