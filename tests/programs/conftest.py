# SPDX-License-Identifier: Apache-2.0
"""Makes the dialects known to SQLAlchemy, as the entry points of an installed wheel do."""

from __future__ import annotations

from sqlalchemy.dialects import registry

registry.register("dqlite", "dqlitepy.sqlalchemy.dialect", "Dialect")
registry.register("dqlite.aio", "dqlitepy.sqlalchemy.aio", "AsyncDialect")
