# SPDX-License-Identifier: Apache-2.0
"""What the Bazel Central Registry is given: templates that fit this module, and tasks that exist."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.release.files import REGISTRY, ROOT, read_yaml


def template(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((REGISTRY / f"{name}.template.json").read_text(encoding="utf-8"))
    return content


def test_there_is_nothing_else() -> None:
    names = {"metadata.template.json", "source.template.json", "presubmit.yml"}
    assert {file.name for file in REGISTRY.iterdir()} == names


def test_metadata_has_what_the_registry_asks_for() -> None:
    metadata = template("metadata")
    assert metadata.keys() == {"homepage", "maintainers", "repository", "versions", "yanked_versions"}
    # The registry fills in both.
    assert (metadata["versions"], metadata["yanked_versions"]) == ([], {})
    assert metadata["maintainers"]
    for maintainer in metadata["maintainers"]:
        assert re.fullmatch(r"[-a-zA-Z0-9]+", maintainer["github"])
        assert maintainer["name"]
    [repository] = metadata["repository"]
    assert metadata["homepage"] == repository.replace("github:", "https://github.com/")


def test_the_wheel_names_the_same_repository() -> None:
    links = re.findall(
        r"^Project-URL: ([^,]+), (.+)$", (ROOT / "tools" / "wheel" / "core_metadata.txt").read_text(), re.MULTILINE
    )
    home = template("metadata")["homepage"]
    assert dict(links)["Repository"] == home
    for name in "Documentation", "Changelog":
        path = re.fullmatch(rf"{re.escape(home)}/(?:blob|tree)/main/(.+)", dict(links)[name])
        assert path is not None
        assert (ROOT / path[1]).exists()


def test_the_source_is_the_archive_that_the_release_makes() -> None:
    """tools/release_archive gives it its name and its top folder."""
    source = template("source")
    assert source["integrity"] == ""
    script = (ROOT / "tools" / "release_archive").read_text()
    named = re.search(r"^archive=dist/(\S+)$", script, re.MULTILINE)
    prefixed = re.search(r'--prefix="(\S+)/"', script)
    assert named
    assert prefixed
    assert source["url"].rpartition("/")[2] == named[1].replace("$version", "{VERSION}")
    assert source["strip_prefix"] == prefixed[1].replace("$version", "{VERSION}")
    released = "\n".join(step.get("run", "") for step in release_steps())
    assert "tools/release_archive" in released
    assert "gh release create" in released


def release_steps() -> list[dict[str, Any]]:
    workflow = read_yaml(ROOT / ".github" / "workflows" / "release.yml")
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def test_the_tasks_are_the_consumers_tests() -> None:
    presubmit = read_yaml(REGISTRY / "presubmit.yml")
    assert presubmit.keys() == {"bcr_test_module"}
    module = presubmit["bcr_test_module"]
    # Not seen from a test of this module, because it is another one.
    assert f'/../{module["module_path"]}"' in (ROOT / "tools" / "consumer_test").read_text()
    matrix = module["matrix"]
    [task] = module["tasks"].values()
    assert (task["platform"], task["bazel"]) == ("${{ platform }}", "${{ bazel }}")
    assert task["build_targets"] == task["test_targets"] == ["//..."]
    # dqlite is for Linux alone.
    assert all(platform.startswith(("debian", "ubuntu")) for platform in matrix["platform"])
    arm = {platform.removesuffix("_arm64") for platform in matrix["platform"] if platform.endswith("_arm64")}
    assert arm == {platform for platform in matrix["platform"] if not platform.endswith("_arm64")}
    fingerprint = ROOT / "third_party" / "host_tools" / "fingerprint.sh"
    needed = re.search(r'^installed="(.*)"$', fingerprint.read_text(), re.MULTILINE)
    assert needed
    [installing] = [command for command in task["shell_commands"] if " install " in command]
    packages = {"libtoolize": "libtool"}
    for tool in needed[1].split():
        assert packages.get(tool, tool) in installing.split(), tool


def test_the_registry_and_the_workflow_try_the_same_bazels() -> None:
    workflow = read_yaml(ROOT / ".github" / "workflows" / "ci.yml")
    tried = workflow["jobs"]["consumer"]["strategy"]["matrix"]["bazel"]
    assert tried == read_yaml(REGISTRY / "presubmit.yml")["bcr_test_module"]["matrix"]["bazel"]
    ours = (ROOT / ".bazelversion").read_text().partition(".")[0]
    assert f"{ours}.x" in tried
