# SPDX-License-Identifier: Apache-2.0
"""What is raised where the bytes on disk cannot be what a node wrote."""

from __future__ import annotations


class Damaged(Exception):
    """A file, or a part of one, is not what a node wrote; the message says how."""
