# SPDX-License-Identifier: Apache-2.0
"""Upstream's test programs."""

PROGRAMS = [
    "unit-test",
    "integration-test",
    "raft-core-unit-test",
    "raft-core-integration-test",
    "raft-core-fuzzy-test",
    "raft-uv-unit-test",
    "raft-uv-integration-test",
]

# These take something that the whole machine has once: fixed addresses, or every kernel AIO
# context there is (to see raft without them), and then no node of another test can start.
EXCLUSIVE = [
    "integration-test",
    "raft-uv-unit-test",
    "raft-uv-integration-test",
]
