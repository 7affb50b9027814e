# SPDX-License-Identifier: Apache-2.0
"""The blocking files that are made of their twins in dqlitepy/aio are current, and none is made that would be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import PACKAGE
from tools.twins import program
from tools.twins.twins import TWINS, NoTwin, blocking

LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"


@pytest.mark.parametrize("name", TWINS)
def test_a_file_is_current(name: str) -> None:
    # Else: tools/bazel run //tools:twins
    made = (PACKAGE / TWINS[name]).read_text(encoding="utf-8")
    assert made == blocking(name, (PACKAGE / "aio" / name).read_text(encoding="utf-8"))


def test_only_the_code_loses_its_waiting() -> None:
    text = LICENCE + 'async def f() -> None:\n    """Is async."""\n    await (await g()).h()  # async too\n'
    made = blocking("x.py", text).splitlines()[2:]
    assert made == ["def f() -> None:", '    """Is async."""', "    (g()).h()  # async too"]


@pytest.mark.parametrize(
    "line",
    [
        "asyncio.shield(x)",
        "from dqlitepy import aio",
        "def __await__(self): ...",
        "function: Callable[[], Awaitable[list[int]]]",
        "# the event loop goes on",
    ],
)
def test_what_it_does_not_know_it_refuses(line: str) -> None:
    with pytest.raises(NoTwin, match=r"dqlitepy/aio/x\.py: nothing is known for .* near line 3"):
        blocking("x.py", f"{LICENCE}\n{line}\n")


def test_a_text_without_a_licence_is_refused() -> None:
    with pytest.raises(NoTwin, match="does not begin with its licence"):
        blocking("x.py", "x = 1\n")


def test_the_program_writes_what_it_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "python" / "dqlitepy"
    (package / "aio").mkdir(parents=True)
    (package / "_blocking").mkdir()
    (package / "_copying").mkdir()
    for name in TWINS:
        (package / "aio" / name).write_text((PACKAGE / "aio" / name).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", str(tmp_path))
    assert program.main(["--check"]) == 1
    assert "Type: tools/bazel run //tools:twins" in capsys.readouterr().err
    assert not (package / "client.py").exists()
    assert program.main([]) == 0
    assert program.main(["--check"]) == 0
    (package / "client.py").write_text("changed by hand", encoding="utf-8")
    assert program.main(["--check"]) == 1
