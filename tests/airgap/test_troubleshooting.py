# SPDX-License-Identifier: Apache-2.0
"""Each message that docs/building.md explains is one that is really printed: here each is provoked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import dqlitepy
import pytest
from dqlitepy._native import library

from tests.airgap.machine import HANG, HOST_TOOLS, ROOT, Machine
from tests.rulesets.starlark import Fail, Module

sys.path.insert(0, str(ROOT / "tools" / "airgap" / "provision"))

import c_sources
import go_modules
import wheels
from lock import GoModule, SourceArchive

AIRGAP = {"DQLITEPY_BUILD": "airgap"}
ONLINE = {"DQLITEPY_BUILD": "online"}
GO_ANSWER = '{"Path": "golang.org/toolchain", "Version": "v1.0.0", %s}'
STAND_INS = ROOT / "tools" / "airgap" / "rulesets"
RULES_PYTHON = Module(STAND_INS / "rules_python")

Fixtures = pytest.FixtureRequest
PROVOCATIONS: dict[str, Callable[[Fixtures], str]] = {}


def provokes(message: str) -> Callable[[Callable[[Fixtures], str]], Callable[[Fixtures], str]]:
    """Registers what makes a message of the page appear; the function returns all that is printed."""

    def register(function: Callable[[Fixtures], str]) -> Callable[[Fixtures], str]:
        PROVOCATIONS[message] = function
        return function

    return register


def explained() -> list[str]:
    page = (ROOT / "docs" / "building.md").read_text(encoding="utf-8")
    chapter = page.partition("\n## Troubleshooting\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \|", chapter, re.MULTILINE)


def test_every_message_of_the_page_has_its_provocation() -> None:
    assert sorted(explained()) == sorted(PROVOCATIONS)
    rows = [line for line in (ROOT / "docs" / "building.md").read_text(encoding="utf-8").splitlines() if "| `" in line]
    assert len(rows) >= len(PROVOCATIONS) > 25


@pytest.mark.parametrize("message", PROVOCATIONS)
def test_the_message_is_printed(message: str, request: pytest.FixtureRequest) -> None:
    said = PROVOCATIONS[message](request)
    pattern = ".+".join(map(re.escape, message.split("…")))
    assert re.search(pattern, said, re.DOTALL), said


def debian(fixtures: Fixtures) -> Machine:
    machine: Machine = fixtures.getfixturevalue("debian")
    return machine


def online(fixtures: Fixtures) -> Machine:
    machine: Machine = fixtures.getfixturevalue("machine")
    machine.provide("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac")
    machine.provide("ldd", "echo 'ldd (Debian GLIBC 2.36-9) 2.36'")
    machine.provide("id", "echo 1000")
    for tool in HOST_TOOLS:
        machine.provide(tool)
    return machine


def folder(fixtures: Fixtures) -> Path:
    path: Path = fixtures.getfixturevalue("tmp_path")
    return path


def patched(fixtures: Fixtures) -> pytest.MonkeyPatch:
    patch: pytest.MonkeyPatch = fixtures.getfixturevalue("monkeypatch")
    return patch


def refusal_of(function: Callable[[], object]) -> str:
    with pytest.raises(SystemExit) as refused:
        function()
    return str(refused.value)


def failure_of(function: Callable[[], object]) -> str:
    with pytest.raises(Fail) as failed:
        function()
    return str(failed.value)


# ---- missing programs and libraries ----


@provokes("missing on this machine: autoconf automake libtoolize")
def missing_host_tools(fixtures: Fixtures) -> str:
    machine = online(fixtures)
    for tool in HOST_TOOLS:
        (machine.programs / tool).unlink()
    return machine.refusal("build", **ONLINE)[0]


@provokes("dqlitepy needs autoconf, … on this machine to build libuv and dqlite.")
def missing_host_tools_of_a_consumer(fixtures: Fixtures) -> str:
    script = ROOT / "third_party" / "host_tools" / "fingerprint.sh"
    command = ["/bin/sh", str(script), str(folder(fixtures) / "versions")]
    process = subprocess.run(
        command, env={"PATH": "/nonexistent"}, capture_output=True, text=True, check=False, timeout=HANG
    )
    assert process.returncode
    return process.stderr


@provokes("missing on this machine: mmdebstrap bubblewrap")
def missing_programs(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    for name in ["mmdebstrap", "bwrap"]:
        (machine.programs / name).unlink()
    return machine.refusal("build", **AIRGAP)[0]


@provokes("apt-get could not install … (its whole output is in …)")
def apt_that_fails(fixtures: Fixtures) -> str:
    machine: Machine = fixtures.getfixturevalue("root_on_debian")
    (machine.programs / "bwrap").unlink()
    machine.provide("apt-get", "case $1 in indextargets) echo http://m.example/debian sid main ;; *) exit 100 ;; esac")
    return machine.refusal("build", **AIRGAP)[0]


# ---- compilers ----


@provokes("the foreign build failed with exit status …; above is its whole output")
def foreign_build_that_fails(fixtures: Fixtures) -> str:
    template = (STAND_INS / "rules_foreign_cc/foreign_cc/private/foreign_build.sh.tpl").read_text()
    values = {"environment": "", "install_dir": "out", "label": "//:lib", "log": "log"}
    script = re.sub(r"%\{(\w+)\}", lambda found: values.get(found[1], "false"), template)
    process = subprocess.run(
        ["bash", "-c", script], cwd=folder(fixtures), capture_output=True, text=True, check=False, timeout=HANG
    )
    assert process.returncode
    return process.stderr


@provokes("failed, so this machine cannot run the compiler: …")
def compiler_that_does_not_start(fixtures: Fixtures) -> str:
    refusing = SimpleNamespace(execute=lambda *_, **__: SimpleNamespace(return_code=126, stderr="Permission denied"))
    return failure_of(lambda: Module(ROOT).load("tools/toolchain/zig_sdk.bzl")._run(refusing, ["./zig", "version"]))


@provokes('attribute "…" is not implemented by the air-gapped stand-in')
def unknown_attribute(fixtures: Fixtures) -> str:
    refuse = RULES_PYTHON.load("python/private/refusal.bzl").refuse
    return failure_of(lambda: refuse("py_library", "lib", ["pyi_srcs"], {"pyi_srcs": "use data"}))


# ---- Go modules ----


def go_that_says(fixtures: Fixtures, answer: str) -> str:
    programs = folder(fixtures) / "programs"
    programs.mkdir()
    (programs / "go").write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    (programs / "go").chmod(0o755)
    patched(fixtures).setenv("PATH", f"{programs}:{os.environ['PATH']}")
    modules = [GoModule("golang.org/toolchain", "v1.0.0", "h1:ours")]
    return refusal_of(lambda: go_modules.fetch_modules(modules, folder(fixtures)))


@provokes("the Go module … cannot be had: …")
def module_that_cannot_be_had(fixtures: Fixtures) -> str:
    return go_that_says(fixtures, GO_ANSWER % '"Error": "dial tcp: i/o timeout"')


@provokes("the Go module … is not the one that tools/airgap/lock.txt pins")
def module_with_another_sum(fixtures: Fixtures) -> str:
    return go_that_says(fixtures, GO_ANSWER % '"Sum": "h1:theirs", "Dir": "/"')


@provokes("go did not download …")
def go_that_fails(fixtures: Fixtures) -> str:
    return go_that_says(fixtures, "")


# ---- the wrong glibc ----


@provokes("….whl is not a supported wheel on this platform")
def wheel_for_another_platform(fixtures: Fixtures) -> str:
    wheel = folder(fixtures) / "dqlitepy-0.1.0-py3-none-manylinux_2_28_s390x.whl"
    wheel.touch()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps"]
    command += ["--target", str(wheel.parent / "installed"), str(wheel)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=HANG)
    assert process.returncode
    return process.stderr


@provokes("this system is built on musl (Alpine, say), which cannot load a Go shared library")
def building_on_musl(fixtures: Fixtures) -> str:
    machine = online(fixtures)
    machine.provide("ldd", "echo 'musl libc (x86_64)' >&2; exit 1")
    return machine.refusal("build", **ONLINE)[0]


@provokes("Unsupported C library: this looks like musl (Alpine Linux), which cannot load Go libraries.")
def running_on_musl(fixtures: Fixtures) -> str:
    patched(fixtures).setattr(os, "confstr", lambda name: None)
    with pytest.raises(dqlitepy.UnsupportedPlatformError) as raised:
        library.library_path()
    return str(raised.value)


@provokes("… has ABI …, dqlitepy … needs …")
def library_of_another_version(fixtures: Fixtures) -> str:
    patched(fixtures).setattr("dqlitepy._native.abi.ABI_VERSION", -1)
    with pytest.raises(dqlitepy.InterfaceError) as raised:
        library._open(library.library_path())
    return str(raised.value)


@provokes("… cannot be loaded (…). Reinstall dqlitepy …")
def damaged_library(fixtures: Fixtures) -> str:
    damaged = folder(fixtures) / "libdqlitepy.so"
    damaged.write_text("half a file")
    with pytest.raises(dqlitepy.InterfaceError) as raised:
        library._open(str(damaged))
    return str(raised.value)


@provokes("… is missing: this installation of dqlitepy is not whole.")
def no_library(fixtures: Fixtures) -> str:
    with pytest.raises(dqlitepy.InterfaceError) as raised:
        library._open(str(folder(fixtures) / "libdqlitepy.so"))
    return str(raised.value)


# ---- no network ----


@provokes("the airgap edition: GitHub does not answer, so everything comes from the package mirrors")
def github_away(fixtures: Fixtures) -> str:
    machine = online(fixtures)
    machine.provide("curl", "exit 6")
    return machine.bazel("build")[2]


@provokes("https://github.com/bazelbuild/bazelisk/releases/download/… cannot be fetched")
def bazelisk_away(fixtures: Fixtures) -> str:
    machine = online(fixtures)
    machine.provide("curl", "exit 6")
    return machine.refusal("build", **ONLINE)[0]


@provokes("the mirror … does not answer")
def mirror_away(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    machine.provide("apt-helper", "echo 'E: Could not resolve host'; exit 100")
    return machine.refusal("build", **AIRGAP)[0]


@provokes("the package sources here are not Debian's (…)")
def no_debian(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    machine.provide("apt-get", "echo http://a.example/ubuntu noble main")
    return machine.refusal("build", **AIRGAP)[0]


def bootstrap_that_says(fixtures: Fixtures, log: str) -> str:
    machine = debian(fixtures)
    machine.provide("mmdebstrap", f'[ "$1" = --unshare-helper ] || {{ echo "{log}"; exit 1; }}')
    return machine.refusal("build", **AIRGAP)[0]


@provokes("the mirror … does not carry …, or not at a version that does")
def package_gone(fixtures: Fixtures) -> str:
    return bootstrap_that_says(fixtures, "E: Package 'bazel-bootstrap' has no installation candidate")


@provokes("… cannot be had as tools/airgap/lock.txt pins it (…)")
def source_gone(fixtures: Fixtures) -> str:
    helper = folder(fixtures) / "helper"
    helper.write_text("#!/bin/sh\necho 'E: 404  Not Found' >&2\nexit 100\n")
    helper.chmod(0o755)
    patched(fixtures).setattr(c_sources, "APT_HELPER", str(helper))
    archive = SourceArchive("libuv", "libuv1_1.orig.tar.gz", "00", "00", "libuv-1")
    return refusal_of(lambda: c_sources.fetch_sources([archive], "http://m.invalid", None, folder(fixtures)))


@provokes("pip could not download what tools/pytest/… pins")
def index_away(fixtures: Fixtures) -> str:
    lock = folder(fixtures) / "requirements.txt"
    lock.write_text(f"nowhere==1 --hash=sha256:{'0' * 64}\n")
    patched(fixtures).setenv("PIP_NO_INDEX", "1")
    patched(fixtures).setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    return refusal_of(lambda: wheels.fetch_wheels([lock], folder(fixtures), folder(fixtures) / "wheels"))


# ---- containers and kernels ----


def forbidden_namespaces(machine: Machine) -> str:
    machine.provide("bwrap", "echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    return machine.refusal("build", **AIRGAP)[0]


@provokes("this container may not make namespaces of its own (…)")
def container_without_namespaces(fixtures: Fixtures) -> str:
    return forbidden_namespaces(fixtures.getfixturevalue("root_on_debian"))


@provokes("this kernel does not let an ordinary user make namespaces (…)")
def kernel_without_namespaces(fixtures: Fixtures) -> str:
    return forbidden_namespaces(debian(fixtures))


@provokes("mmdebstrap cannot map subordinate ids for … (…)")
def no_subordinate_ids(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    machine.provide("mmdebstrap", "echo 'E: invalid idmap' >&2; exit 1")
    return machine.refusal("build", **AIRGAP)[0]


# ---- caches and disks ----


@provokes("… is not the file that is pinned: its sha256 is …")
def another_bazelisk(fixtures: Fixtures) -> str:
    machine = online(fixtures)
    machine.provide("curl", 'while [ "$1" != -o ]; do shift; done; echo "<title>Log in</title>" >"$2"')
    return machine.refusal("build", **ONLINE)[0]


@provokes("… is not the file that tools/airgap/lock.txt pins")
def another_source(fixtures: Fixtures) -> str:
    archive = SourceArchive("libuv", "libuv1_1.orig.tar.gz", "00", "00", "libuv-1")
    given = folder(fixtures)
    (given / archive.file).write_text("another")
    return refusal_of(lambda: c_sources.fetch_sources([archive], "http://m.invalid", given, given / "repository"))


@provokes("… wheels of … in …, where one is needed: run tools/bazel again, which fetches it")
def wheels_removed(fixtures: Fixtures) -> str:
    emptied = SimpleNamespace(
        os=SimpleNamespace(environ={"DQLITEPY_WHEELS": "/supplies/wheels"}),
        path=lambda name: SimpleNamespace(readdir=lambda watch: []),
        attr=SimpleNamespace(distribution="pytest", version="1"),
    )
    defined = RULES_PYTHON.load("python/private/wheel_repositories.bzl")
    return failure_of(lambda: defined._find_wheel(emptied))


@provokes("waiting for another tools/bazel that is at the same work")
def two_at_once(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    # Its own other descriptor holds the lock, so that it waits until it is killed.
    script = '. tools/entry/report.sh; . tools/entry/cache.sh; exec 8>"$cache/x.lock"; flock 8; with_lock x true'
    with machine.start("sh", "-c", script) as waiting:
        assert waiting.stderr
        said = waiting.stderr.readline()
        waiting.kill()
    return said


@provokes("… has … MiB left, and the air-gapped edition needs 6 GiB")
def little_space(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    machine.provide("df", "echo Filesystem; echo /dev/sda 20000000 19000000 1048576 95% /")
    return machine.refusal("build", **AIRGAP)[0]


@provokes("the disk filled up while the userland was made")
def full_disk(fixtures: Fixtures) -> str:
    return bootstrap_that_says(fixtures, "tar: write error: No space left on device")


@provokes("… cannot be written, and the build keeps its tools there")
def read_only_home(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    return machine.refusal("build", XDG_CACHE_HOME="/proc")[0]


@provokes("… has a space in it, which the build systems of C libraries cannot bear")
def space_in_a_path(fixtures: Fixtures) -> str:
    machine = debian(fixtures)
    return machine.refusal("build", XDG_CACHE_HOME=str(machine.home / "a b"), **AIRGAP)[0]
