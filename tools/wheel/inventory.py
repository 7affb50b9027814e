# SPDX-License-Identifier: Apache-2.0
"""Says what is linked into the library: as a CycloneDX SBOM for programs and as a NOTICE for people, from one table.

The table is the JSON that the wheel's build rule makes of //third_party:pins.bzl: the name and version of the wheel,
and for each component its version, homepage, licence (SPDX), source (archive and sha256, or go_module), patches and
licence files.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]

# Where the package URL does not follow from the source that the pin names.
_PURLS = {
    "go": "pkg:golang/stdlib@{version}",
    "sqlite": "pkg:generic/sqlite@{version}",
    "zig": "pkg:generic/zig@{version}",
}
# Vulnerability databases know these by CPE.
_CPES = {
    "go": "cpe:2.3:a:golang:go:{version}:*:*:*:*:*:*:*",
    "libuv": "cpe:2.3:a:libuv:libuv:{version}:*:*:*:*:*:*:*",
    "lz4": "cpe:2.3:a:lz4_project:lz4:{version}:*:*:*:*:*:*:*",
    "sqlite": "cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*",
    "zig": "cpe:2.3:a:ziglang:zig:{version}:*:*:*:*:*:*:*",
}
# The distribution that the compiler comes in, of which each CPU of a building machine has a wheel.
_WHEELS = {"zig": "ziglang"}
_TOOLCHAIN = "golang.org/toolchain"
# Libraries that a component carries inside its own source, without a version of theirs in the pins.
_BUNDLED = {"dqlite": ["raft"]}
# What uses what, directly; everything else is used by the wheel itself.
_USES = {
    "dqlite": ["libuv", "lz4", "sqlite"],
    "go_dqlite": ["dqlite", "go_sync", "go_sys", "pkg_errors", "renameio", "retry", "yaml"],
}

_GITHUB_ARCHIVE = re.compile(r"https://github\.com/([^/]+)/([^/]+)/archive/refs/tags/([^/]+)\.tar\.gz")


class InventoryError(Exception):
    """The table or go.sum lacks something."""


def read_table(text: str) -> dict[str, Any]:
    """Parses the table and raises InventoryError where a component is incomplete."""
    table: dict[str, Any] = json.loads(text)
    for name, component in table["components"].items():
        for key in ("version", "homepage", "licence", "licence_files"):
            if not component.get(key):
                raise InventoryError(f"{name} has no {key}")
        if "archive" in component and not re.fullmatch(r"[0-9a-f]{64}", component.get("sha256", "")):
            raise InventoryError(f"{name} has an archive without its sha256")
    return table


def go_sums(text: str) -> dict[str, str]:
    """Maps "module@version" to the hexadecimal SHA-256 that go.sum's h1 stands for."""
    sums = {}
    for line in text.splitlines():
        module, version, digest = line.split()
        if not version.endswith("/go.mod"):
            sums[f"{module}@{version}"] = base64.b64decode(digest.removeprefix("h1:")).hex()
    return sums


def toolchain_sums(text: str) -> dict[str, str]:
    """Maps the Go toolchain to its sum likewise, out of tools/airgap/lock.txt: it is never in a go.sum."""
    lines = [line.removeprefix("go ") for line in text.splitlines() if line.startswith(f"go {_TOOLCHAIN} ")]
    return go_sums("\n".join(lines))


def wheel_sums(text: str) -> dict[str, list[str]]:
    """Maps each distribution of pip's requirements that has hashes to them, sorted."""
    entries = re.findall(r"^([\w.-]+)==\S+((?:\s*\\?\s*--hash=sha256:[0-9a-f]{64})+)", text, flags=re.MULTILINE)
    return {name: sorted(re.findall(r"[0-9a-f]{64}", hashes)) for name, hashes in entries}


def as_linked(table: dict[str, Any], modules: dict[str, str], go_version: str) -> dict[str, Any]:
    """The table with the versions that the graph took: its root may ask for others than ours, or have another Go SDK.

    modules maps the path of a Go module to its version, which is empty where a folder has replaced it.
    """
    components = {}
    for name, component in table["components"].items():
        path, _, version = component.get("go_module", "").partition("@")
        if path == _TOOLCHAIN and component["version"] != go_version:
            module = f"{path}@v0.0.1-go{go_version}"
            component = component | {"version": go_version, "go_module": module, "foreign": True}
        elif modules.get(path, version) != version:
            version = modules[path] or "v0.0.0-replaced"
            component = component | {"version": version[1:], "go_module": f"{path}@{version}", "foreign": True}
        components[name] = component
    return table | {"components": components}


def package_url(name: str, component: Component) -> str:
    """The purl by which scanners find the component."""
    if name in _PURLS:
        return _PURLS[name].format(version=component["version"])
    if "go_module" in component:
        module, version = component["go_module"].split("@")
        return f"pkg:golang/{module.lower()}@{version}"
    match = _GITHUB_ARCHIVE.fullmatch(component.get("archive", ""))
    if match is None:
        raise InventoryError(f"no package URL is known for {name}: its archive is not a tag of a GitHub repository")
    return "pkg:github/{}/{}@{}".format(*match.groups())


def _sha256(name: str, component: Component, sums: dict[str, str]) -> str | None:
    module = component.get("go_module")
    if module is None:
        return component.get("sha256")
    if component.get("foreign"):
        return sums.get(module)
    if module not in sums:
        raise InventoryError(f"{name} is pinned as {module}, which go.sum does not have")
    return sums[module]


def cyclonedx(table: dict[str, Any], sums: dict[str, str], wheels: dict[str, list[str]]) -> dict[str, Any]:
    """The SBOM as a CycloneDX 1.6 document: the same table gives the same document."""
    components = table["components"]
    references = {name: package_url(name, component) for name, component in components.items()}
    wheel = "pkg:pypi/{}@{}".format(table["name"], quote(table["version"], safe=""))
    used = {name for users in _USES.values() for name in users}
    direct = [name for name in components if name not in used]
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "library",
                "bom-ref": wheel,
                "name": table["name"],
                "version": table["version"],
                "purl": wheel,
                "licenses": [{"expression": table["licence"]}],
            },
        },
        "components": [
            _cyclonedx_component(name, component, references[name], _sha256(name, component, sums), wheels)
            for name, component in sorted(components.items())
        ],
        "dependencies": [{"ref": wheel, "dependsOn": sorted(references[name] for name in direct)}]
        + [
            {
                "ref": references[name],
                "dependsOn": sorted(references[used] for used in _USES.get(name, []) if used in references),
            }
            for name in sorted(components)
        ],
    }
    # A serial number that says when, or at random, would make each build another file.
    content = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}"
    return document


def _cyclonedx_component(
    name: str, component: Component, purl: str, sha256: str | None, wheels: dict[str, list[str]]
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": component["version"],
        "purl": purl,
        "licenses": [{"expression": component["licence"]}],
        "externalReferences": [{"type": "website", "url": component["homepage"]}],
    }
    if name in _CPES:
        result["cpe"] = _CPES[name].format(version=component["version"])
    if sha256:
        result["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    if "archive" in component:
        result["externalReferences"].append({"type": "source-distribution", "url": component["archive"]})
    if name in _WHEELS:
        distribution = _WHEELS[name]
        if not wheels.get(distribution):
            raise InventoryError(f"{name} comes in wheels of {distribution}, of which no hash is pinned")
        result["externalReferences"].append(
            {
                "type": "distribution",
                "url": f"pkg:pypi/{distribution}@{component['version']}",
                "hashes": [{"alg": "SHA-256", "content": content} for content in wheels[distribution]],
            }
        )
    if "go_module" in component:
        result["properties"] = [{"name": "dqlitepy:go_module", "value": component["go_module"]}]
    if component.get("patches"):
        result["pedigree"] = {
            "patches": [
                {"type": "unofficial", "diff": {"url": f"third_party/{name}/patches/{patch}"}}
                for patch in component["patches"]
            ]
        }
    if name in _BUNDLED:
        result["components"] = [
            {
                "type": "library",
                "bom-ref": f"{purl}#{bundled}",
                "name": bundled,
                "licenses": [{"expression": component["licence"]}],
            }
            for bundled in _BUNDLED[name]
        ]
    return result


_NOTICE = """\
{name} {version}

{name} itself is under the Apache License 2.0. Its native library, libdqlitepy.so, contains the
software listed below, linked statically; the licence texts lie in this folder.

This product uses dqlite {dqlite}. dqlite, with the raft library inside it, is Copyright (C)
2017-2025 Canonical Ltd. and is covered by the GNU Lesser General Public License, version 3, with an
exception that allows static linking: see dqlite/LICENSE and dqlite/GPL-3.0.txt.
{modified}
Its source is {dqlite_source}
"""

_MODIFIED = """\
It was modified for this product: the changes are the files in dqlite/patches/, to be applied to the
source below in the order in which they are listed there. They are under the same licence with the
same exception, and each says what it changes."""
_UNMODIFIED = "It was not modified."


def notice(table: dict[str, Any]) -> str:
    """The NOTICE: LGPL-3.0's prominent one for dqlite, then every component with its version, licence and source."""
    components = table["components"]
    dqlite = components["dqlite"]
    parts = [
        _NOTICE.format(
            name=table["name"],
            version=table["version"],
            dqlite=dqlite["version"],
            dqlite_source=dqlite["archive"],
            modified=_MODIFIED if dqlite.get("patches") else _UNMODIFIED,
        )
    ]
    for name, component in sorted(components.items()):
        source = component.get("archive") or component.get("go_module") or component["homepage"]
        lines = [
            f"{name} {component['version']}",
            f"  licence   {component['licence']}",
            f"  texts     {', '.join(sorted(component['licence_files']))}",
            f"  homepage  {component['homepage']}",
            f"  source    {source}",
        ]
        if component.get("patches"):
            lines.append(f"  modified  by {', '.join(component['patches'])}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def main() -> int:
    """Writes both files; returns 1 with one line on stderr where the table is incomplete."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="JSON from the wheel's build rule")
    parser.add_argument("--go-sum", type=Path, required=True, help="go.sum of the shim")
    parser.add_argument("--modules", type=Path, required=True, help="JSON: path of a Go module to the version taken")
    parser.add_argument("--go-version", required=True, help="of the Go SDK")
    parser.add_argument("--lock", type=Path, required=True, help="lock.txt, which has the Go toolchain's sum")
    parser.add_argument("--requirements", type=Path, required=True, help="of pip, which have the compiler's sums")
    parser.add_argument("--sbom", type=Path, required=True, help="CycloneDX file to write")
    parser.add_argument("--notice", type=Path, required=True, help="NOTICE to write")
    arguments = parser.parse_args()
    try:
        table = read_table(arguments.table.read_text(encoding="utf-8"))
        table = as_linked(table, json.loads(arguments.modules.read_text(encoding="utf-8")), arguments.go_version)
        sums = go_sums(arguments.go_sum.read_text(encoding="utf-8"))
        sums |= toolchain_sums(arguments.lock.read_text(encoding="utf-8"))
        document = cyclonedx(table, sums, wheel_sums(arguments.requirements.read_text(encoding="utf-8")))
    except InventoryError as error:
        print(f"inventory: {error}; see third_party/pins.bzl", file=sys.stderr)
        return 1
    arguments.sbom.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    arguments.notice.write_text(notice(table), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
