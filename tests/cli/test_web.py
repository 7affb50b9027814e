# SPDX-License-Identifier: Apache-2.0
"""`dqlitepy node --web`: the page, and what is behind it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from dqlitepy._cli.cluster_watch import Seen, Warned
from dqlitepy._cli.status import Member, Status
from dqlitepy._cli.web import page_of

from tests.cli.command import fail, succeed
from tests.cli.nodes import NodeProcess
from tests.support import eventually, free_address

EVIL = "<script>alert(1)</script>\"'&"


class Reader(HTMLParser):
    """What is on a page: its tags, in balance, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def get(url: str, **headers: str) -> tuple[int, Any, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def test_a_cluster_that_loses_a_member(tmp_path: Path) -> None:
    first, second = free_address(), free_address("127.0.0.2")
    nodes = [NodeProcess(tmp_path / "n1", "--address", first, "--web", "127.0.0.1:0", "--metrics", "127.0.0.1:0")]
    try:
        url = f"http://127.0.0.1:{nodes[0].wait_ready()['web']}"
        nodes.append(NodeProcess(tmp_path / "n2", "--address", second, "--join", first))
        nodes[1].wait_ready()

        def told() -> dict[str, Any]:
            status, headers, body = get(f"{url}/status.json")
            assert headers["Content-Type"] == "application/json"
            found: dict[str, Any] = json.loads(body)
            return found if status == 200 else {}

        report = eventually(told, lambda report: report and len(report["status"]["members"]) == 2)
        assert (report["node"], report["healthy"], report["status"]["leader"]) == (first, True, first)
        assert report["leader_since"] <= report["time"]
        status, headers, page = get(f"{url}/")
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        text = " ".join(Reader(page).text)
        assert all(part in text for part in (first, second, "all is well", "leader", "spare"))
        succeed("shell", first, "-c", "CREATE TABLE t (n);" + "INSERT INTO t VALUES (1);" * 50)
        eventually(told, lambda report: any(report["entries_per_second"]))
        nodes[1].kill()
        report = eventually(told, lambda report: not report["healthy"])
        (gone,) = (member for member in report["status"]["members"] if member["error"])
        assert gone["address"] == second
        assert "something is wrong" in get(f"{url}/")[2]
        code, output, errors = nodes[0].stop()
        assert (code, output) == (0, "")
        assert "Traceback" not in errors
    finally:
        for node in nodes:
            node.kill()


def test_it_can_only_be_read_and_only_by_an_address(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path / "n1", "--address", free_address(), "--web", "127.0.0.1:0")
    try:
        url = f"http://127.0.0.1:{node.wait_ready()['web']}"
        assert get(f"{url}/")[0] == 200
        assert get(f"{url}/", Host="localhost:80")[0] == 200
        assert get(f"{url}/", Host="[::1]:80")[0] == 200
        # A browser that was led here by a page of somebody else's.
        assert get(f"{url}/status.json", Host="evil.example")[0] == 421
        assert get(f"{url}/other")[0] == 404
        request = urllib.request.Request(f"{url}/", data=b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError, match="405") as refused:
            urllib.request.urlopen(request)
        refused.value.close()
    finally:
        node.kill()


def test_an_open_page_is_warned_of(tmp_path: Path) -> None:
    told = fail("node", tmp_path / "n1", "--address", free_address("0.0.0.0"), "--web", "0.0.0.0:0")
    assert "the page on 0.0.0.0:0: served without encryption" in told
    assert "nowhere is not an address to listen on" in fail(
        "node", tmp_path / "n1", "--address", "127.0.0.1:1", "--web", "nowhere"
    )


def test_what_others_say_is_text_and_nothing_else() -> None:
    status = Status(EVIL, [Member(1, EVIL, EVIL, error=EVIL)], [EVIL])
    seen = Seen(EVIL, status, EVIL, [0.0, 3.5])
    for shown in seen, Seen(EVIL, Status(None, [], [], EVIL), None, []), None:
        page = Reader(page_of(EVIL, shown, [Warned(EVIL, EVIL, EVIL)]))
        assert "script" not in page.tags
        assert page.text.count(EVIL) >= 3
