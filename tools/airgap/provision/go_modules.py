# SPDX-License-Identifier: Apache-2.0
"""Go modules, and what is made of three of them: the SDK, rules_go and gazelle."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from lock import GoModule
from report import refuse

TOOLCHAIN = "golang.org/toolchain"
RULES_GO = "github.com/bazelbuild/rules_go"
GAZELLE = "github.com/bazelbuild/bazel-gazelle"

PROXY_HELP = "GOPROXY=ADDRESS tools/bazel build //...   (of a Go module proxy that has it)"


def fetch_modules(modules: list[GoModule], cache: Path) -> dict[str, Path]:
    """Downloads and checks the modules; gives the folder of each. `cache` then serves as a GOPROXY of its own."""
    wanted = {f"{module.path}@{module.version}": module.sum for module in modules}
    command = ["go", "mod", "download", "-json", *wanted]
    # From the root, since go obeys a go.mod in any folder above, and the cache may lie below somebody's module.
    result = subprocess.run(command, env=go_environment(cache), cwd="/", capture_output=True, text=True)
    folders: dict[str, Path] = {}
    decoder = json.JSONDecoder()
    text = result.stdout.strip()
    while text:
        answer, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        name = f"{answer['Path']}@{answer['Version']}"
        if "Error" in answer:
            refuse(f"the Go module {name} cannot be had: {answer['Error']}", PROXY_HELP)
        if answer["Sum"] != wanted.pop(name):
            refuse(f"the Go module {name} is not the one that tools/airgap/lock.txt pins", PROXY_HELP)
        folders[answer["Path"]] = Path(answer["Dir"])
    if wanted:
        refuse(f"go did not download {', '.join(wanted)}: {result.stderr.strip()}", PROXY_HELP)
    return folders


def go_environment(cache: Path) -> dict[str, str]:
    """The machine's way to its proxy; a cache that `rm -rf` can delete; no other SDK than the one called."""
    return os.environ | {
        "GOMODCACHE": str(cache),
        "GOCACHE": str(cache / "build"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
    }


def make_go_sdk(module: Path, version: str, template: Path, sdk: Path) -> None:
    """What rules_go's own download would have left: the SDK, and the files that describe it as a repository."""

    def complete(part: Path) -> None:
        for program in [*(part / "bin").iterdir(), *(part / "pkg" / "tool").rglob("*")]:
            program.chmod(0o755)
        build = template.read_text()
        substitutions = {
            "{goos}": "linux",
            "{goarch}": "amd64",
            "{exe}": "",
            "{version}": version,
            "{experiments}": "[]",
            "{exec_compatible_with}": '["@platforms//cpu:x86_64", "@platforms//os:linux"]',
        }
        for name, value in substitutions.items():
            build = build.replace(name, value)
        (part / "BUILD.bazel").write_text(build)
        (part / "ROOT").touch()
        (part / "REPO.bazel").touch()
        major, minor, patch = version.split(".")
        (part / "version.bzl").write_text(
            f'MAJOR_VERSION = "{major}"\nMINOR_VERSION = "{minor}"\nPATCH_VERSION = "{patch}"\nPRERELEASE_SUFFIX = ""\n'
        )

    copy_module(module, sdk, complete)


def make_rules_go(module: Path, ruleset: Path) -> None:
    """The module as a Bazel module's folder."""
    copy_module(module, ruleset, restore_scripts)


def make_gazelle(module: Path, ruleset: Path, sdk: Path, cache: Path) -> None:
    """Gazelle builds its tools from vendor/, which module zips leave out."""

    def complete(part: Path) -> None:
        restore_scripts(part)
        # -e: its test data names modules that exist nowhere.
        command = [str(sdk / "bin" / "go"), "mod", "vendor", "-e"]
        result = subprocess.run(command, cwd=part, env=go_environment(cache), capture_output=True, text=True)
        if not (part / "vendor" / "modules.txt").exists():
            refuse(f"gazelle's own modules cannot be had: {result.stderr.strip()}", PROXY_HELP)

    copy_module(module, ruleset, complete)


def restore_scripts(folder: Path) -> None:
    """Module zips carry no run bits."""
    for script in folder.rglob("*.sh"):
        script.chmod(0o755)


def copy_module(module: Path, target: Path, complete: Callable[[Path], None]) -> None:
    """A copy that is whole or not there; a link to it names the module's version, so a new one is made anew."""
    made = target.with_name(f"{target.name}-{module.name.rpartition('@')[2]}")
    if not made.exists():
        part = target.with_name(target.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(module, part, symlinks=True)
        complete(part)
        part.rename(made)
    link = target.with_name(target.name + ".link")
    link.unlink(missing_ok=True)
    link.symlink_to(made.name)
    link.rename(target)
