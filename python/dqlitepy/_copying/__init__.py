# SPDX-License-Identifier: Apache-2.0
"""Copies of whole databases: out of dqlite as pages, into it as SQL."""
