# SPDX-License-Identifier: Apache-2.0
"""The site as it is published: every page and every public name is on it, and it asks no other site for anything."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dqlitepy
import pytest

from tests.support import ROOT
from tools.site.reference import PAGES

SITE = Path(os.environ["DQLITEPY_SITE"])
HTML = {str(file.relative_to(SITE)): file.read_text(encoding="utf-8") for file in sorted(SITE.rglob("*.html"))}
SOURCES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_each_page_is_there_and_in_the_contents() -> None:
    names = {str(file.relative_to(ROOT)) for file in SOURCES}
    assert {"README.md", "docs/tutorial.md", "docs/errors.md", "docs/design/calls.md"} <= names
    first = HTML["index.html"]
    for name in names - {"README.md"}:
        page = name.removesuffix(".md") + ".html"
        assert page in HTML
        assert f'class="reference internal" href="{page}"' in first, page


@pytest.mark.parametrize("page", [page.file for page in PAGES])
def test_each_name_is_on_its_page(page: str) -> None:
    [(module, names)] = [(other.module, other.names) for other in PAGES if other.file == page]
    text = HTML[f"docs/reference/{page}.html"]
    assert [name for name in names if f'id="{module}.{name}"' not in text] == []


def test_members_are_there_with_their_types() -> None:
    text = HTML["docs/reference/connections.html"]
    for member in ("Connection.execute", "Connection.backup", "Cursor.fetchmany", "Pool.close"):
        assert f'id="dqlitepy.{member}"' in text
    signature = text.partition('id="dqlitepy.Cursor.fetchmany"')[2].partition("</dt>")[0]
    assert "int" in re.sub(r"<[^>]*>", "", signature)
    assert "Raises" in text


def test_each_constant_is_there() -> None:
    text = HTML["docs/reference/constants.html"]
    names = [name for name in dir(dqlitepy) if name.startswith("SQLITE_") and isinstance(getattr(dqlitepy, name), int)]
    assert "SQLITE_BUSY" in names
    assert [name for name in names if f'id="dqlitepy.{name}"' not in text] == []


@pytest.mark.parametrize("page", HTML)
def test_links_within_the_site_lead_somewhere(page: str) -> None:
    for link in re.findall(r'<a [^>]*href="([^"]*)"', HTML[page]):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = os.path.normpath(Path(page).parent / unquote(parts.path)) if parts.path else page
        assert (SITE / target).is_file(), link
        if parts.fragment and target in HTML:
            assert f'id="{unquote(parts.fragment)}"' in HTML[target], link


def test_it_asks_no_other_site_for_anything() -> None:
    for page, text in HTML.items():
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]*)"|<link[^>]* href="([^"]*)"', text)
        assert [one for pair in loaded for one in pair if one.startswith(("http:", "https:", "//"))] == [], page
