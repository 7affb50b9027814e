# SPDX-License-Identifier: Apache-2.0
"""Links inside the pages lead somewhere, and the commands of the pages are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.release.files import ROOT, read_yaml

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def without_code(page: Path) -> str:
    return re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Returns what GitHub makes of the headings, and those that the page itself sets."""
    text = without_code(page)
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def test_every_page_is_here() -> None:
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"} <= set(NAMES)
    assert {"docs/architecture.md", "docs/building.md", "docs/operations.md", "docs/design/nodes.md"} <= set(NAMES)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_the_programs_of_the_build_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tools = (ROOT / "tools" / "BUILD.bazel").read_text(encoding="utf-8")
    for target in re.findall(r"(?<!@dqlitepy)//tools:(\w+)", text):
        assert f'name = "{target}"' in tools, f"//tools:{target}"
    for script in re.findall(r"(?<![\w/.-])tools/(?:bazel|\w+_\w+)(?![\w/.])", text):
        assert (ROOT / script).exists(), script


def test_the_forms_for_issues_are_whole() -> None:
    """GitHub leaves out in silence what it cannot read."""
    assert {form.name for form in FORMS} == {"build.yml", "config.yml", "defect.yml", "proposal.yml"}
    for form in FORMS:
        if form.name == "config.yml":
            continue
        content = read_yaml(form)
        assert content.keys() == {"name", "description", "title", "labels", "body"}, form.name
        fields = [field for field in content["body"] if field["type"] != "markdown"]
        assert len({field["id"] for field in fields}) == len(fields), form.name
        assert all(field["attributes"]["label"] for field in fields), form.name
