# SPDX-License-Identifier: Apache-2.0
"""The example of a web service: many clients at a time, an end by signal, and everything there at the next start."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support import HANG, ROOT, finish, python

START = f"""
import logging, runpy, sys
logging.getLogger("asyncio").setLevel(logging.ERROR)  # a callback that takes long, as on a busy machine, is no failure
sys.argv = ["web_service.py", sys.argv[1]]
runpy.run_path({str(ROOT / "examples" / "web_service.py")!r}, run_name="__main__")
"""


def fetch(url: str, note: str | None = None, method: str | None = None) -> Any:
    """Returns the answer, decoded."""
    request = Request(url, data=None if note is None else note.encode(), method=method)
    try:
        with urlopen(request, timeout=HANG) as response:
            return json.load(response)
    except HTTPError as error:
        error.close()  # it holds the answer
        raise


def test_the_service(tmp_path: Path) -> None:
    notes = [f"note {number} ☃" for number in range(50)]
    for end in (signal.SIGTERM, signal.SIGINT):
        service = python(START, str(tmp_path / "data"), options=("-X", "dev", "-W", "error"))
        assert service.stdout is not None
        url = service.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), finish(service)
        if end == signal.SIGTERM:
            assert fetch(url) == []
            with ThreadPoolExecutor(8) as clients:
                numbers = [answer["id"] for answer in clients.map(partial(fetch, url), notes)]
            assert sorted(numbers) == list(range(1, 51))
            with pytest.raises(HTTPError, match="404"):
                fetch(url + "/other")
            with pytest.raises(HTTPError, match="405"):
                fetch(url, method="DELETE")
            with pytest.raises(HTTPError, match="400"):
                fetch(url, "x" * 100_001)
        found = fetch(url)
        assert sorted(note["text"] for note in found) == sorted(notes)
        service.send_signal(end)
        finish(service)
