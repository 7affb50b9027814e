# SPDX-License-Identifier: Apache-2.0
"""A remote cache, as far as Bazel's HTTP protocol goes: GET and PUT of /ac/KEY and /cas/SHA256, on loopback.

As a program (`http_cache.py FOLDER`) it prints its address and serves until its standard input ends.

Source of the protocol: https://bazel.build/remote/caching, "HTTP caching protocol".
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class _Server(ThreadingHTTPServer):
    def __init__(self, blobs: Path) -> None:
        self.blobs = blobs
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        try:
            blob = self._file().read_bytes()
        except FileNotFoundError:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(blob)))
        self.end_headers()
        self.wfile.write(blob)

    def do_PUT(self) -> None:
        file = self._file()
        # Two clients may send one blob at once, and a third must not read half of it.
        partial = file.with_name(f"{file.name}.{id(self)}")
        partial.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        partial.rename(file)
        self.send_response(204)
        self.end_headers()

    def _file(self) -> Path:
        kind, key = self.path.strip("/").split("/")[-2:]
        return self.server.blobs / f"{kind}-{key}"

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextmanager
def serve(blobs: Path) -> Iterator[str]:
    """Serves what lies in the folder `blobs`, and keeps there what is sent. Yields the address."""
    with _Server(blobs) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def main() -> None:
    """Serves the folder that the command line names."""
    with serve(Path(sys.argv[1])) as address:
        print(address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
