# SPDX-License-Identifier: Apache-2.0
"""Reads what the patches of third_party/*/patches say of themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tools.pins import read_pins

FIELDS = ("Without", "Fault", "Forwarded", "Needs", "Test", "Applies-to", "Last-Update")
NOTHING = "nothing"
_FIELD = re.compile(r"^([A-Z][A-Za-z-]+): (\S.*)$")
_TEST = re.compile(r"tests/[a-z_]+/test_\w+\.py")


class BadHead(Exception):
    """A patch's head lacks something."""


@dataclass(frozen=True)
class Patch:
    """One patch: the component that it changes, its name there, and what its head says."""

    component: str
    name: str
    fields: dict[str, str]
    title: str

    def path(self, checkout: Path) -> Path:
        """Returns the file that the patch lies in."""
        return _folder(checkout, self.component) / f"{self.name}.patch"

    @property
    def group(self) -> str:
        """The folder that the patch lies in, or nothing."""
        return self.name.rpartition("/")[0]

    @property
    def needs(self) -> list[str]:
        """The patches of the same component without which this one does not apply, or is wrong."""
        return [] if self.fields["Needs"] == NOTHING else self.fields["Needs"].split(", ")

    @property
    def tests(self) -> list[str]:
        """Our own test files that fail without the patch."""
        return _TEST.findall(self.fields["Test"])


def _folder(checkout: Path, component: str) -> Path:
    return checkout / "third_party" / component / "patches"


def read_patches(checkout: Path) -> list[Patch]:
    """Returns all patches, in the order in which they apply."""
    return [
        read_patch(checkout, component, file)
        for component, pin in read_pins(checkout).items()
        for file in pin.get("patches", [])
    ]


def read_patch(checkout: Path, component: str, file: str) -> Patch:
    """Returns one patch; BadHead if its head is not as docs/building.md says."""
    lines = (_folder(checkout, component) / file).read_text(encoding="utf-8").split("\n")
    if not lines[0].startswith("SPDX-License-Identifier: ") or not lines[1].startswith("Modification of "):
        raise BadHead(f"{file} does not begin with its licence and the date of the modification")
    fields = {}
    end = lines.index("")
    for line in lines[2:end]:
        found = _FIELD.match(line)
        if not found:
            raise BadHead(f"{file} says {line!r}, which is no field")
        fields[found[1]] = found[2]
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        raise BadHead(f"{file} has no {', '.join(missing)}")
    return Patch(component, file.removesuffix(".patch"), fields, lines[end + 1])
