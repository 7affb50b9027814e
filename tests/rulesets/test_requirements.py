# SPDX-License-Identifier: Apache-2.0
"""How the stand-in of pip.parse reads a lock file and a wheel's own requirements."""

import pytest

from tests.rulesets.starlark import RULESETS, Fail, Module

BZL = Module(RULESETS / "rules_python").load("python/private/requirements.bzl")

LOCK = """\
# made by a tool
mypy-extensions==1.2.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via mypy
SQLAlchemy[asyncio,x]==2.0.1 ; python_version >= "3.8" --hash=sha256:cc  # pinned
"""


def test_lock() -> None:
    first, second = BZL.parse_requirements(LOCK)
    assert (first.name, first.version, first.extras, first.sha256) == ("mypy_extensions", "1.2.0", [], ["aa", "bb"])
    assert (second.name, second.version, second.extras, second.sha256) == (
        "sqlalchemy",
        "2.0.1",
        ["asyncio", "x"],
        ["cc"],
    )


@pytest.mark.parametrize("line", ["pytest>=9 --hash=sha256:aa", "pytest==9.0", "-r other.txt", "./local.whl"])
def test_line_that_does_not_pin_is_refused(line: str) -> None:
    with pytest.raises(Fail, match="NAME==VERSION --hash"):
        BZL.parse_requirements(line)


@pytest.mark.parametrize(
    ("name", "normal"),
    [("Typing_Extensions", "typing_extensions"), ("a.b--c", "a_b_c"), ("pytest", "pytest")],
)
def test_names(name: str, normal: str) -> None:
    assert BZL.normal_name(name) == normal


def test_requirements_of_a_wheel() -> None:
    metadata = """\
Name: thing
Requires-Dist: plain>=1
Requires-Dist: spaced (>=2)
Requires-Dist: marked; python_version < "3.99"
Requires-Dist: unlocked
Requires-Dist: with-extra[fast]>=2 ; extra == "wanted"
Requires-Dist: other; extra == 'unwanted'

Requires-Dist: in-the-description
"""
    locked = ["plain", "spaced", "marked", "with_extra", "other", "in_the_description"]
    needed = BZL.required_distributions(metadata, ["wanted"], locked)
    assert sorted(needed) == ["marked", "plain", "spaced", "with_extra"]
