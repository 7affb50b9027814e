# SPDX-License-Identifier: Apache-2.0
"""Makes SQLAlchemy's plugin for pytest run on dqlite."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import registry

# Where dqlitepy is installed, its entry points say this.
registry.register("dqlite", "dqlitepy.sqlalchemy.dialect", "Dialect")
registry.register("dqlite.dqlitepy", "dqlitepy.sqlalchemy.dialect", "Dialect")
registry.register("dqlite.aio", "dqlitepy.sqlalchemy.aio", "AsyncDialect")

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402, F403  # its hooks and fixtures
