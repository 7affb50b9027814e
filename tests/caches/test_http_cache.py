# SPDX-License-Identifier: Apache-2.0
"""The remote cache that //tests/caches builds with."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path

from tests.caches.http_cache import serve


def test_what_was_sent_is_served_and_nothing_else(tmp_path: Path) -> None:
    with serve(tmp_path) as address:
        connection = HTTPConnection(address.removeprefix("http://"))
        answers = []
        for method, path, body in [
            ("GET", "/cas/0a", None),
            ("PUT", "/cas/0a", b"blob"),
            ("GET", "/cas/0a", None),
            ("GET", "/ac/0a", None),
        ]:
            connection.request(method, path, body)
            response = connection.getresponse()
            answers.append((response.status, response.read()))
        connection.close()
    assert answers == [(404, b""), (204, b""), (200, b"blob"), (404, b"")]
