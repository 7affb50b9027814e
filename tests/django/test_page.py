# SPDX-License-Identifier: Apache-2.0
"""docs/django.md: the project that it makes works, and prints what stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.cluster.machines import Machines
from tests.support import HANG, ROOT, python_environment

PAGE = (ROOT / "docs" / "django.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## A project\n")[2].partition("\n## ")[0]
BLOCK = re.compile(
    r"^```(?P<kind>sh|python)(?: (?P<about>\S+))?\n(?P<text>.*?)^```$(?:\n```text\n(?P<output>.*?)^```$)?", re.M | re.S
)
ADDRESS = re.compile(r"10\.0\.0\.(\d):9000")


def run(folder: Path, command: list[str], given: str) -> str:
    # Bazel sets PYTHONSAFEPATH, by which manage.py would not find the project beside it.
    environment = {
        name: value
        for name, value in python_environment().items()
        if not name.startswith("DJANGO_") and name != "PYTHONSAFEPATH"
    }
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment | {"PYTHONWARNINGS": "ignore"},
        timeout=HANG,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    blocks = list(BLOCK.finditer(SECTION))
    assert len(blocks) * 2 + SECTION.count("```text") * 2 == SECTION.count("```")
    with Machines(tmp_path, 3) as machines:
        for block in blocks:
            text = block["text"]
            if block["kind"] == "python" and block["about"]:
                with open(folder / block["about"], "a") as file:
                    file.write(text)
                continue
            if block["kind"] == "python":
                shown = run(folder, [sys.executable, "manage.py", "shell", "-v", "0"], text)
            else:
                if block["about"]:
                    text = ADDRESS.sub(lambda match: machines.addresses[int(match[1]) - 1], text)
                script = f"set -e\npython() {{ '{sys.executable}' \"$@\"; }}\n{text}"
                shown = run(folder, ["sh", "-c", script], "")
            assert block["output"] is None or shown == block["output"]
