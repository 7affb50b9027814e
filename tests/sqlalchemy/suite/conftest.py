# SPDX-License-Identifier: Apache-2.0
"""Leaves to a pytest of its own what SQLAlchemy's plugin runs."""

collect_ignore = ["program"]
