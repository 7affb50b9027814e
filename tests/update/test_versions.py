# SPDX-License-Identifier: Apache-2.0
"""Which version is newer."""

from __future__ import annotations

import pytest

from tools.update.versions import newest, precedence


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("v1.9.0", "v1.10.0"),
        ("v1.7.0-rc.1", "v1.7.0"),
        ("v1.7.0-rc.2", "v1.7.0-rc.10"),
        ("v0.0.0-20231103205921-433ea8554e82", "v0.0.0-20250930140053-2eb4fccefb52"),
        ("v1.0.0-1", "v1.0.0-alpha"),
        ("v2.0.0", "v2.0.1+incompatible"),
    ],
)
def test_versions_are_ordered_as_go_orders_them(lower: str, higher: str) -> None:
    assert precedence(lower) < precedence(higher)


def test_only_releases_are_offered() -> None:
    assert newest(["1.9", "1.10", "2.0-rc1", "v1.2", "nightly", "1.11.dev1"]) == "1.10"
    assert newest(["2.0-rc1"]) is None
    assert newest([]) is None
