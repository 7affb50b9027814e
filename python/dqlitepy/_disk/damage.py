# SPDX-License-Identifier: Apache-2.0
"""Raised if bytes on disk cannot have been written by a node."""

from __future__ import annotations


class Damaged(Exception):
    """A file, or a part of one, is not what a node wrote; the message says how."""
