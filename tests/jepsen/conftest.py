# SPDX-License-Identifier: Apache-2.0
"""What the tests need of the machine."""

from __future__ import annotations

import pytest

from tests.jepsen.namespaces import missing


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips what needs namespaces of its own where the machine allows none, with what it refuses."""
    if refused := missing():
        pytest.skip(refused)
