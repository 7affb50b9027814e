# SPDX-License-Identifier: Apache-2.0
"""The files that a release is made by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

# In Bazel's runfiles the tree has the same shape as in the source. Not resolved: there every file is a link of its own.
ROOT = Path(os.path.abspath(__file__)).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
REGISTRY = ROOT / ".bcr"


def read_yaml(file: Path) -> Any:
    """Parses a file; of YAML 1.1's surprises, `on` is the one that a workflow has: it reads as True."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))
