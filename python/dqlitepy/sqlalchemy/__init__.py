# SPDX-License-Identifier: Apache-2.0
"""SQLAlchemy's dialects `dqlite://` and `dqlite+aio://`, found by their entry points; see docs/sqlalchemy.md."""
