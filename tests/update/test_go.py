# SPDX-License-Identifier: Apache-2.0
"""Go modules and the SDK: go resolves against a proxy, and whatever names a version follows."""

from __future__ import annotations

import re

import pytest

from tests.update.pins_copy import GO, Copy
from tests.update.registries import Registries

LOCK = "tools/airgap/lock.txt"
PINS = "third_party/pins.bzl"
SYS, SYNC, SQLITE = "golang.org/x/sys", "golang.org/x/sync", "github.com/mattn/go-sqlite3"
RULES_GO, GAZELLE = "github.com/bazelbuild/rules_go", "github.com/bazelbuild/bazel-gazelle"
HEADER = '#define SQLITE_VERSION        "{}"\n'


@pytest.fixture
def go(copy: Copy, registries: Registries) -> Copy:
    """A proxy with a small module for each that is pinned, and files whose sums are those of these modules."""
    assert GO
    for path, version in (tools(copy) | required(copy)).items():
        registries.go_module(path, version, files={"sqlite3-binding.h": HEADER.format("3.54.1")})
    # rules_go asks for a higher version than we do.
    higher = {SYNC: "v0.99.0"}
    registries.go_module(SYNC, "v0.99.0")
    registries.go_module(RULES_GO, f"v{bazel_dep(copy, 'rules_go')}", needs=higher)
    registries.go_module(GAZELLE, copy.pinned(rf"^go {GAZELLE} (\S+) ", LOCK))
    registries.go_module("golang.org/toolchain", f"v0.0.1-go{sdk(copy)}.linux-amd64")
    copy.write("go/go.sum", "")
    copy.go("go", "get", *(f"{path}@{version}" for path, version in required(copy).items()))
    assert copy.run("--relock").returncode == 0
    assert copy.run("--relock").stdout == "nothing had to be changed\n"
    return copy


def required(copy: Copy) -> dict[str, str]:
    return dict(re.findall(r"^\t(\S+) (v\S+)$", copy.read("go/go.mod"), re.MULTILINE))


def tools(copy: Copy) -> dict[str, str]:
    return dict(
        re.findall(
            r'^go_tools\.module\(.*path = "(\S+)",.*version = "(\S+)"\)', copy.read("MODULE.bazel"), re.MULTILINE
        )
    )


def bazel_dep(copy: Copy, name: str) -> str:
    return copy.pinned(rf'^bazel_dep\(name = "{name}", version = "(\S+)"\)', "MODULE.bazel")


def sdk(copy: Copy) -> str:
    return copy.pinned(r'go_sdk\.download\(version = "(\S+)"\)', "MODULE.bazel")


def sums(lines: list[str]) -> list[str]:
    """Returns the lines without their sums."""
    return [line.rpartition(" h1:")[0] for line in lines]


def test_a_module_is_changed_with_all_that_names_it(go: Copy, registries: Registries) -> None:
    registries.go_module(SYS, "v0.99.0")
    changed = go.apply(SYS, "v0.99.0")
    assert changed.keys() == {"go/go.mod", "go/go.sum", PINS, LOCK}
    assert changed["go/go.mod"] == [f"\t{SYS} v0.99.0"]
    assert sums(changed["go/go.sum"]) == [f"{SYS} v0.99.0", f"{SYS} v0.99.0/go.mod"]
    assert changed[PINS] == ['        "version": "0.99.0",', f'        "go_module": "{SYS}@v0.99.0",']
    assert sums(changed[LOCK]) == [f"go {SYS} v0.99.0"]
    assert changed[LOCK][0].removeprefix("go ") == changed["go/go.sum"][0]


def test_what_a_module_takes_along_is_changed_too(go: Copy, registries: Registries) -> None:
    registries.go_module(SYS, "v0.99.0")
    path = "github.com/google/renameio"
    registries.go_module(path, "v1.2.0", needs={SYS: "v0.99.0"})
    changed = go.apply(path, "1.2.0")
    assert changed["go/go.mod"] == [f"\t{path} v1.2.0", f"\t{SYS} v0.99.0"]
    assert changed[PINS] == [
        '        "version": "1.2.0",',
        f'        "go_module": "{path}@v1.2.0",',
        '        "version": "0.99.0",',
        f'        "go_module": "{SYS}@v0.99.0",',
    ]
    assert sums(changed[LOCK]) == [f"go {path} v1.2.0", f"go {SYS} v0.99.0"]


def test_an_older_version_takes_back_what_needs_the_newer_one(go: Copy, registries: Registries) -> None:
    path = "github.com/google/renameio"
    for version in ["v0.30.0", "v0.99.0"]:
        registries.go_module(SYS, version)
    registries.go_module(path, "v1.2.0", needs={SYS: "v0.99.0"})
    go.apply(path, "1.2.0")
    assert go.run("--apply", SYS, "0.30.0").returncode == 0
    assert required(go)[SYS] == "v0.30.0"
    assert required(go)[path] != "v1.2.0"
    assert required(go)[path].removeprefix("v") == go.pinned(rf'"go_module": "{path}@v(\S+)"', PINS)


def test_sqlite_says_its_version_in_its_own_header(go: Copy, registries: Registries) -> None:
    registries.go_module(SQLITE, "v1.15.0", files={"sqlite3-binding.h": HEADER.format("3.60.2")})
    assert go.apply(SQLITE, "1.15.0")[PINS] == [
        '        "version": "3.60.2",',
        f'        "go_module": "{SQLITE}@v1.15.0",',
    ]
    registries.go_module(SQLITE, "v1.16.0", files={"sqlite3-binding.h": "\n"})
    assert "does not say which SQLite it carries" in go.refusal("--apply", SQLITE, "1.16.0")


def test_the_sdk(go: Copy, registries: Registries) -> None:
    registries.go_module("golang.org/toolchain", "v0.0.1-go1.99.1.linux-amd64")
    registries.go_module("golang.org/toolchain", "v0.0.1-go1.99.2.linux-arm64")
    registries.go_module("golang.org/toolchain", "v0.0.1-go1.99rc1.linux-amd64")
    assert go.table("go")[0]["go"][1:] == ["1.99.1", "Go proxy"]
    changed = go.apply("go", "1.99.1")
    module = "golang.org/toolchain@v0.0.1-go1.99.1.linux-amd64"
    assert changed.keys() == {"MODULE.bazel", PINS, LOCK}
    assert changed["MODULE.bazel"] == ['go_sdk.download(version = "1.99.1")']
    assert changed[PINS] == [
        '        "version": "1.99.1",',
        f'        "go_module": "{module}",',
    ]
    assert sums(changed[LOCK]) == ["go " + module.replace("@", " ")]


def test_rules_go_is_one_pin_of_two_editions(go: Copy, registries: Registries) -> None:
    registries.go_module(RULES_GO, "v0.99.0", needs={SYNC: "v0.99.0"})
    registries.central_registry("rules_go", "0.63.0", "0.98.0")
    rows, _ = go.table("rules_go")
    assert rows["rules_go"][1:] == ["0.99.0", "Central Registry 0.98.0, Go proxy"]
    assert "the Central Registry has no rules_go 0.99.0" in go.refusal("--apply", "rules_go", "0.99.0")
    # As a module of the registry alone it would leave the air-gapped edition behind.
    assert "could not be reached: the Go module proxy" in go.refusal("--apply", "rules_go", "0.98.0")
    registries.central_registry("rules_go", "0.63.0", "0.99.0")
    changed = go.apply("rules_go", "0.99.0")
    assert changed.keys() == {"MODULE.bazel", LOCK}
    assert sums(changed[LOCK]) == [f"go {RULES_GO} v0.99.0"]


def test_the_air_gapped_gazelle_has_a_pin_of_its_own(go: Copy, registries: Registries) -> None:
    registries.go_module(GAZELLE, "v0.99.0")
    assert "held back on purpose" in go.table(GAZELLE)[1]
    changed = go.apply(GAZELLE, "0.99.0")
    assert {name: sums(lines) for name, lines in changed.items()} == {LOCK: [f"go {GAZELLE} v0.99.0"]}


def test_the_lock_has_the_highest_version_that_any_ruleset_asks_for(go: Copy) -> None:
    assert required(go)[SYNC] != "v0.99.0"
    assert go.pinned(rf"^go {SYNC} (\S+) ", LOCK) == "v0.99.0"


def test_a_change_of_go_mod_by_hand_is_followed_by_one_command(go: Copy, registries: Registries) -> None:
    registries.go_module("example.com/new", "v1.0.0")
    go.write("go/go.mod", go.read("go/go.mod").replace("require (\n", "require (\n\texample.com/new v1.0.0\n"))
    assert go.run("--relock").stdout.splitlines() == ["changed:", f"  {LOCK}", "Type: tools/bazel test //..."]
    assert go.pinned(r"^go example.com/new (\S+) h1:", LOCK) == "v1.0.0"


def test_a_module_whose_content_changed_is_not_taken(go: Copy, registries: Registries) -> None:
    """go.sum knows the version that is pinned; a proxy that serves something else under it is found out."""
    registries.go_module(SYS, "v0.99.0")
    go.write(
        "go/go.sum", re.sub(r"(?m)^(golang.org/x/sync \S+/go.mod h1:).*$", r"\1" + "A" * 43 + "=", go.read("go/go.sum"))
    )
    assert "could not be reached: the Go module proxy" in go.refusal("--apply", SYS, "0.99.0")


def test_a_proxy_that_does_not_answer_is_named(go: Copy) -> None:
    nobody = {"GOPROXY": "http://127.0.0.1:9", "GOMODCACHE": f"{go.root}.empty"}
    assert "could not be reached: the Go module proxy" in go.refusal("--apply", SYS, "0.99.0", **nobody)
    rows, below = go.table(SYS, **nobody)
    assert rows[SYS][1] == "?"
    assert "the Go module proxy" in below


@pytest.mark.parametrize(
    ("name", "version", "wrong"),
    [
        (SYS, "9.9.9", "could not be reached"),
        ("go", "1.99", "has no go 1.99"),
        ("golang.org/x", "1.0.0", "there is golang.org/x/sync, golang.org/x/sys"),
    ],
)
def test_what_makes_no_sense_is_refused(go: Copy, name: str, version: str, wrong: str) -> None:
    assert wrong in go.refusal("--apply", name, version)


def test_the_version_that_is_pinned_is_refused(go: Copy) -> None:
    version = required(go)[SYS].removeprefix("v")
    assert f"is at {version} already" in go.refusal("--apply", SYS, version)
