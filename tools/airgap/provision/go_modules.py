# SPDX-License-Identifier: Apache-2.0
"""Go modules, and what is made of three of them: the SDK, rules_go and gazelle."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from lock import GoModule
from report import refuse

TOOLCHAIN = "golang.org/toolchain"
RULES_GO = "github.com/bazelbuild/rules_go"
GAZELLE = "github.com/bazelbuild/bazel-gazelle"

PROXY_HELP = "GOPROXY=ADDRESS tools/bazel build //...   (of a Go module proxy that has it)"


def fetch_modules(modules: list[GoModule], cache: Path) -> dict[str, Path]:
    """Downloads and checks the modules; gives the folder of each. `cache` then serves as a GOPROXY of its own."""
    # The machine's own go refuses a module that names a newer one; the SDK, which is a module too, is new enough.
    rest = [module for module in modules if module.path != TOOLCHAIN]
    folders = _download([module for module in modules if module.path == TOOLCHAIN], "go", cache)
    program = folders[TOOLCHAIN] / "bin" / "go"
    program.chmod(0o755)
    return folders | _download(rest, str(program), cache)


def _download(modules: list[GoModule], go: str, cache: Path) -> dict[str, Path]:
    wanted = {f"{module.path}@{module.version}": module.sum for module in modules}
    command = [go, "mod", "download", "-json", *wanted]
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


def make_go_sdk(module: Path, template: Path, sdk: Path) -> None:
    """What rules_go's own download would have left: the SDK, and the files that describe it as a repository."""
    copy_module(module, sdk)
    for program in [*(sdk / "bin").iterdir(), *(sdk / "pkg" / "tool").rglob("*")]:
        program.chmod(0o755)
    version = module.name.partition("-go")[2].removesuffix(".linux-amd64")
    substitutions = {
        "{goos}": "linux",
        "{goarch}": "amd64",
        "{exe}": "",
        "{version}": version,
        "{experiments}": "[]",
        "{exec_compatible_with}": '["@platforms//cpu:x86_64", "@platforms//os:linux"]',
    }
    build = template.read_text()
    for name, value in substitutions.items():
        build = build.replace(name, value)
    (sdk / "BUILD.bazel").write_text(build)
    (sdk / "ROOT").touch()
    (sdk / "REPO.bazel").touch()
    major, minor, patch = version.split(".")
    (sdk / "version.bzl").write_text(
        f'MAJOR_VERSION = "{major}"\nMINOR_VERSION = "{minor}"\nPATCH_VERSION = "{patch}"\nPRERELEASE_SUFFIX = ""\n'
    )


def make_gazelle(module: Path, ruleset: Path, sdk: Path, cache: Path) -> None:
    """Gazelle builds its tools from vendor/, which module zips leave out."""
    copy_module(module, ruleset)
    # -e: its test data names modules that exist nowhere.
    command = [str(sdk / "bin" / "go"), "mod", "vendor", "-e"]
    result = subprocess.run(command, cwd=ruleset, env=go_environment(cache), capture_output=True, text=True)
    if not (ruleset / "vendor" / "modules.txt").exists():
        refuse(f"gazelle's own modules cannot be had: {result.stderr.strip()}", PROXY_HELP)


def copy_module(module: Path, target: Path) -> None:
    """A tree of links: as quick as it is small, and what is added to it does not enter the module cache."""
    shutil.copytree(module, target, symlinks=True, copy_function=os.link)
    # Module zips carry no run bits.
    for script in target.rglob("*.sh"):
        script.chmod(0o755)
