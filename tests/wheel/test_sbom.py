# SPDX-License-Identifier: Apache-2.0
"""What the wheel says about the software inside it, held against the pins and against the library itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.wheel.wheelfile import Wheel
from tools.pins import parse_pins

WHEEL = Wheel.under_test()
SBOM: dict[str, Any] = json.loads(WHEEL.text("sboms/dqlitepy.cdx.json"))
COMPONENTS: dict[str, dict[str, Any]] = {component["name"]: component for component in SBOM["components"]}
LIBRARY = WHEEL.read(WHEEL.library_folder + "libdqlitepy.so")


def pins() -> dict[str, dict[str, Any]]:
    """The table of pins."""
    return parse_pins(Path(os.environ["DQLITEPY_PINS"]).read_text(encoding="utf-8"))


def spdx_terms(expression: str) -> set[str]:
    """The licences that an expression of ANDs joins."""
    return {term.strip() for term in expression.split(" AND ")}


def test_it_is_a_cyclonedx_document() -> None:
    assert (SBOM["bomFormat"], SBOM["specVersion"], SBOM["version"]) == ("CycloneDX", "1.6", 1)
    assert uuid.UUID(SBOM["serialNumber"].removeprefix("urn:uuid:"))
    assert SBOM["serialNumber"].startswith("urn:uuid:")
    root = SBOM["metadata"]["component"]
    assert (root["name"], root["version"]) == ("dqlitepy", WHEEL.version)
    assert unquote(root["purl"]) == f"pkg:pypi/dqlitepy@{WHEEL.version}"


def test_it_says_nothing_about_when_it_was_made() -> None:
    assert "timestamp" not in json.dumps(SBOM)


def test_every_pin_is_a_component_with_its_version_and_licence() -> None:
    assert len(pins()) > 5
    # zig is no pin of the library's sources: its run-time functions come with the compiler.
    assert set(COMPONENTS) - {"zig"} == set(pins())
    for name, pin in pins().items():
        component = COMPONENTS[name]
        assert component["version"] == pin["version"]
        assert component["licenses"] == [{"expression": pin["licence"]}]
        assert component["purl"].startswith("pkg:")
        assert component["purl"].endswith(pin["version"])
        patches = component.get("pedigree", {}).get("patches", [])
        folder = f"third_party/{name}/patches/"
        assert [patch["diff"]["url"].removeprefix(folder) for patch in patches] == pin.get("patches", [])
        if "sha256" in pin:
            assert component["hashes"] == [{"alg": "SHA-256", "content": pin["sha256"]}]


def test_the_compiler_is_the_one_that_is_pinned() -> None:
    requirements = Path(os.environ["DQLITEPY_REQUIREMENTS"]).read_text(encoding="utf-8")
    assert re.findall(r"^ziglang==(\S+)", requirements, flags=re.MULTILINE) == [COMPONENTS["zig"]["version"]]


def test_every_component_has_a_hash_where_one_is_pinned() -> None:
    # The compiler is one of several wheels, by the machine that builds.
    assert {name for name, component in COMPONENTS.items() if "hashes" not in component} == {"zig"}
    [wheels] = [entry for entry in COMPONENTS["zig"]["externalReferences"] if entry["type"] == "distribution"]
    requirements = Path(os.environ["DQLITEPY_REQUIREMENTS"]).read_text(encoding="utf-8")
    [pinned] = re.findall(r"^ziglang==(?:.*\\\n)*.*$", requirements, flags=re.MULTILINE)
    assert wheels["hashes"]
    assert sorted(entry["content"] for entry in wheels["hashes"]) == sorted(re.findall(r"[0-9a-f]{64}", pinned))
    for name in set(COMPONENTS) - {"zig"}:
        (entry,) = COMPONENTS[name]["hashes"]
        assert re.fullmatch(r"[0-9a-f]{64}", entry["content"]), name


@pytest.mark.parametrize("name", ["go", "libuv", "lz4", "sqlite", "zig"])
def test_vulnerabilities_are_found_by_cpe(name: str) -> None:
    component = COMPONENTS[name]
    assert re.fullmatch(r"cpe:2\.3:a:[a-z0-9_]+:[a-z0-9_]+:(.+?)(:\*){7}", component["cpe"])
    assert component["cpe"].split(":")[5] == component["version"]


def test_the_dependencies_form_one_graph() -> None:
    graph = {entry["ref"]: entry["dependsOn"] for entry in SBOM["dependencies"]}
    root = SBOM["metadata"]["component"]["bom-ref"]
    assert set(graph) == {root} | {component["bom-ref"] for component in COMPONENTS.values()}
    reached: set[str] = set()
    ahead = [root]
    while ahead:
        reference = ahead.pop()
        if reference not in reached:
            reached.add(reference)
            ahead += graph[reference]
    assert reached == set(graph)


def linked_go_modules() -> set[str]:
    """The modules of the functions in the library: Go keeps full names for its tracebacks, even in a stripped one."""
    modules = rb"github\.com/[\w.-]+/[\w-]+(?:/v\d+)?+|golang\.org/x/[\w-]+|gopkg\.in/[\w-]+(?:\.|%2e)v\d+"
    return {name.decode().replace("%2e", ".") for name in re.findall(rb"\0(" + modules + rb")[./]", LIBRARY)}


def test_the_go_modules_in_the_library_are_the_components() -> None:
    modules = {
        component["properties"][0]["value"].split("@")[0]
        for component in COMPONENTS.values()
        if "properties" in component
    }
    assert "github.com/canonical/go-dqlite/v3" in linked_go_modules()
    assert linked_go_modules() <= modules
    # SQLite's amalgamation is C, Go's own packages carry no module in their names, and the linker leaves out what
    # nothing calls: go-dqlite's search for a leader alone uses the last two.
    invisible = {"github.com/mattn/go-sqlite3", "golang.org/toolchain", "github.com/Rican7/retry", "golang.org/x/sync"}
    assert modules - linked_go_modules() <= invisible


def test_the_sqlite_in_the_library_is_the_one_named() -> None:
    assert COMPONENTS["sqlite"]["version"].encode() + b"\0" in LIBRARY


def test_the_licence_expression_joins_those_of_all_components() -> None:
    joined = {"Apache-2.0"}
    for component in COMPONENTS.values():
        joined |= spdx_terms(component["licenses"][0]["expression"])
    assert spdx_terms(WHEEL.metadata["License-Expression"]) == joined


def test_every_component_has_its_licence_text() -> None:
    for name in COMPONENTS:
        assert f"{name}/LICENSE" in WHEEL.licence_files(name)
    folders = {path.split("/")[0] for path in WHEEL.licence_files() if "/" in path}
    assert folders == set(COMPONENTS)


@pytest.mark.parametrize(
    ("file", "phrases"),
    [
        ("LICENSE", ["Apache License", "Version 2.0"]),
        ("dqlite/LICENSE", ["GNU LESSER GENERAL PUBLIC LICENSE", "Version 3", "special exception", "links statically"]),
        ("dqlite/GPL-3.0.txt", ["GNU GENERAL PUBLIC LICENSE", "Version 3", "END OF TERMS AND CONDITIONS"]),
        ("go/LICENSE", ["The Go Authors", "Redistribution and use"]),
        ("go_dqlite/LICENSE", ["Apache License"]),
        ("libuv/LICENSE", ["libuv project contributors", "Permission is hereby granted"]),
        ("libuv/LICENSE-extra", ["Joyent"]),
        ("libuv/LICENSE-parts", ["Niels Provos", "Internet Systems Consortium"]),
        ("lz4/LICENSE", ["LZ4 Library", "Redistribution and use"]),
        ("regexp2/LICENSE", ["Doug Clark", "Permission is hereby granted"]),
        ("regexp2/ATTRIB", ["Microsoft Corporation", "The Go Authors", "Redistribution and use"]),
        ("retry/LICENSE", ["Permission is hereby granted"]),
        ("renameio/LICENSE", ["Apache License"]),
        ("pkg_errors/LICENSE", ["Redistribution and use"]),
        ("sqlite/LICENSE", ["public domain", "May you do good and not evil"]),
        ("yaml/LICENSE.libyaml", ["Kirill Simonov", "Permission is hereby granted"]),
        ("yaml/NOTICE", ["Canonical Ltd"]),
    ],
)
def test_the_texts_are_those_of_the_licences(file: str, phrases: list[str]) -> None:
    text = WHEEL.text(f"licenses/{file}")
    assert [phrase for phrase in phrases if phrase not in text] == []


def test_the_notice_gives_dqlite_the_prominence_that_the_lgpl_asks_for() -> None:
    notice = WHEEL.text("licenses/NOTICE")
    dqlite = pins()["dqlite"]
    opening = notice.split("\n\n")[2]
    assert f"uses dqlite {dqlite['version']}" in opening
    assert "GNU Lesser General Public License" in opening
    assert dqlite["archive"] in notice
    for patch in dqlite.get("patches", []):
        assert patch in notice
        assert f"dqlite/patches/{patch}" in WHEEL.licence_files("dqlite")
    for name, component in COMPONENTS.items():
        assert f"\n{name} {component['version']}\n" in notice


TABLE = {
    "name": "dqlitepy",
    "version": "1",
    "licence": "Apache-2.0",
    "components": {
        "dqlite": {
            "version": "1",
            "homepage": "https://github.com/canonical/dqlite",
            "archive": "https://github.com/canonical/dqlite/archive/refs/tags/v1.tar.gz",
            "sha256": "0" * 64,
            "licence": "LGPL-3.0-only",
            "licence_files": ["dqlite/LICENSE"],
        },
    },
}
GO_MODULE = {
    "version": "1",
    "homepage": "https://example.com",
    "go_module": "example.com/m@v1",
    "licence": "MIT",
    "licence_files": ["m/LICENSE"],
}


@pytest.mark.parametrize(
    ("component", "complaint"),
    [
        (GO_MODULE | {"version": ""}, "m has no version"),
        (GO_MODULE | {"licence": ""}, "m has no licence"),
        (GO_MODULE | {"licence_files": []}, "m has no licence_files"),
        (GO_MODULE, "m is pinned as example.com/m@v1, which go.sum does not have"),
        (TABLE["components"]["dqlite"] | {"sha256": "0"}, "m has an archive without its sha256"),  # type: ignore[index]
        (TABLE["components"]["dqlite"] | {"archive": "https://example.com/x"}, "no package URL is known for m"),  # type: ignore[index]
    ],
)
def test_an_incomplete_pin_stops_the_build(tmp_path: Path, component: dict[str, Any], complaint: str) -> None:
    run = take_inventory(tmp_path, component)
    assert (run.returncode, complaint in run.stderr, len(run.stderr.splitlines())) == (1, True, 1), run.stderr
    assert not (tmp_path / "sbom").exists()


@pytest.mark.parametrize(
    ("module", "version", "digest"),
    [("v1", "1", True), ("v2", "2", False), ("", "0.0.0-replaced", False)],
    ids=["ours", "the root module's", "a folder"],
)
def test_a_module_has_the_version_that_the_graph_took(tmp_path: Path, module: str, version: str, digest: bool) -> None:
    """A root module that asks for a newer one gets that; the SBOM must not name ours, nor its hash."""
    run = take_inventory(tmp_path, GO_MODULE, modules={"example.com/m": module}, sum_of="example.com/m")
    assert run.returncode == 0, run.stderr
    component = next(c for c in json.loads((tmp_path / "sbom").read_text())["components"] if c["name"] == "m")
    assert (component["version"], component["purl"]) == (version, f"pkg:golang/example.com/m@v{version}")
    assert ("hashes" in component) == digest
    assert f"m {version}\n" in (tmp_path / "notice").read_text()


def test_the_go_sdk_has_the_version_that_the_graph_took(tmp_path: Path) -> None:
    toolchain = GO_MODULE | {"version": "1.2.3", "go_module": "golang.org/toolchain@v0.0.1-go1.2.3.linux-amd64"}
    run = take_inventory(tmp_path, toolchain, go_version="1.2.4")
    assert run.returncode == 0, run.stderr
    component = next(c for c in json.loads((tmp_path / "sbom").read_text())["components"] if c["name"] == "m")
    assert (component["version"], "hashes" in component) == ("1.2.4", False)


def take_inventory(
    tmp_path: Path,
    component: dict[str, Any],
    *,
    modules: dict[str, str] | None = None,
    go_version: str = "1",
    sum_of: str = "example.com/another",
) -> subprocess.CompletedProcess[str]:
    """Runs the tool for TABLE and one component more, m."""
    table = TABLE | {"components": TABLE["components"] | {"m": component}}  # type: ignore[operator]
    (tmp_path / "table.json").write_text(json.dumps(table))
    (tmp_path / "go.sum").write_text(f"example.com/m v1/go.mod h1:AAAA=\n{sum_of} v1 h1:AAAA\n")
    (tmp_path / "modules").write_text(json.dumps(modules or {}))
    for name in ("lock", "requirements"):
        (tmp_path / name).write_text("")
    return subprocess.run(
        [
            sys.executable,
            os.environ["DQLITEPY_INVENTORY"],
            f"--table={tmp_path}/table.json",
            f"--go-sum={tmp_path}/go.sum",
            f"--modules={tmp_path}/modules",
            f"--go-version={go_version}",
            f"--lock={tmp_path}/lock",
            f"--requirements={tmp_path}/requirements",
            f"--sbom={tmp_path}/sbom",
            f"--notice={tmp_path}/notice",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
