# SPDX-License-Identifier: Apache-2.0
"""Reads a node's directory without starting anything: raft's segments, snapshots and metadata, in pure Python."""
