# SPDX-License-Identifier: Apache-2.0
"""docs/recipes/django.md is followed as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manual.recipes import OF_DJANGO, follow_recipe


@pytest.mark.parametrize("name", OF_DJANGO)
def test_the_recipe(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow_recipe(name, tmp_path, monkeypatch)
