# SPDX-License-Identifier: Apache-2.0
"""docs/faq.md: each figure stands on the page that measured it, or says where it is from."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

DOCS = ROOT / "docs"
UNIT = "µs|ms|s|seconds|seconds of silence|times slower|MiB|GiB|bytes"
FIGURE = re.compile(rf"(?:\d[\d.,]* to )?\d[\d.,]*\d?(?= (?:{UNIT})\b) \w+(?: slower)?|(?<![\w.,-])\d{{1,3}},\d{{3}}\b")
ORIGINS = ("performance.md", "operations.md", "differences-from-sqlite3.md")


def flat(name: str) -> str:
    """Returns a page as one line, since a figure may stand at the end of one."""
    return " ".join((DOCS / name).read_text(encoding="utf-8").split())


FIGURES = sorted(set(FIGURE.findall(flat("faq.md"))))


def test_there_are_figures() -> None:
    assert {"8 to 15 µs", "2 to 3 times slower", "0.2 to 0.5 ms", "1984 MiB", "10,000"} <= set(FIGURES)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_figure_is_one_of_ours(figure: str) -> None:
    assert any(figure in flat(page) for page in ORIGINS), figure


def test_each_other_project_is_linked() -> None:
    page = flat("faq.md")
    compared = re.findall(r"### (.*?) ", page)
    assert compared == ["sqlite3", "rqlite", "hiqlite", "LiteFS", "PostgreSQL"]
    table = page.partition("## What to take when")[2].partition("### ")[0]
    for project in compared[1:]:
        assert re.search(rf"\[{project}\]\(https://", table), project
