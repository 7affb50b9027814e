# SPDX-License-Identifier: Apache-2.0
"""Run on the machine itself: a node for the client in an emulated system, until its input ends."""

import socket
import sys

import dqlitepy

# A node wants to be told its port; nobody else is given this one so soon.
with socket.create_server(("127.0.0.1", 0)) as server:
    port = server.getsockname()[1]
with dqlitepy.Node(sys.argv[1], address=f"127.0.0.1:{port}") as node:
    print(node.address, flush=True)
    sys.stdin.read()
