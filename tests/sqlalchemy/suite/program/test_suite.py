# SPDX-License-Identifier: Apache-2.0
"""All tests that SQLAlchemy has for dialects."""

from sqlalchemy.testing.suite import *  # noqa: F403
