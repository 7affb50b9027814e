# SPDX-License-Identifier: Apache-2.0
"""Nodes and clusters: what the first argument of `connect` names, what runs in this process, what is asked."""
