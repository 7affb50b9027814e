# SPDX-License-Identifier: Apache-2.0
"""How a connection waits by blocking its thread. The twins of `aio._looping`, `aio._statements` and `aio._fetching`."""
