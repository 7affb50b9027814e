# SPDX-License-Identifier: Apache-2.0
"""What is asked for over HTTP: GitHub's tags and archives, and the Central Registry in its repository there."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from tools.update.versions import is_release

GITHUB = "https://github.com"
REGISTRY = "bazelbuild/bazel-central-registry"


class Unreachable(Exception):
    """A source of versions that does not answer: which one, and why."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} ({reason})")
        self.source = source


class Missing(Exception):
    """A source answers that it does not have this."""


class Web:
    """Fetches through the proxies of the environment; a server that did not answer is not asked again."""

    def __init__(self, timeout: float = 20.0) -> None:
        self._timeout = timeout
        self._dead: dict[str, str] = {}

    def get(self, url: str) -> bytes:
        """Returns what a URL gives.

        Raises:
            Missing: it answered that there is no such thing.
            Unreachable: it did not answer, or not with that.
        """
        server = urlsplit(url).netloc
        if server in self._dead:
            raise Unreachable(server, self._dead[server])
        try:
            with urllib.request.urlopen(url, timeout=self._timeout) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in (404, 410):
                raise Missing(url) from None
            raise Unreachable(server, f"HTTP {error.code}") from None
        except (OSError, HTTPException, ValueError) as error:
            self._dead[server] = str(getattr(error, "reason", error))
            raise Unreachable(server, self._dead[server]) from None


class GitHub:
    """GitHub, or a mirror with its paths."""

    def __init__(self, web: Web, address: str = GITHUB) -> None:
        self._web = web
        self._address = address.rstrip("/")

    def tags(self, repository: str) -> dict[str, str]:
        """Returns the commit of each tag of OWNER/NAME, by git's own protocol: GitHub's API would count the calls."""
        url = f"{self._address}/{repository}.git/info/refs?service=git-upload-pack"
        tags: dict[str, str] = {}
        for line in _packet_lines(self._web.get(url)):
            commit, _, reference = line.partition(" ")
            name = reference.partition("\0")[0].strip()
            if name.startswith("refs/tags/"):
                # Of an annotated tag, the line with ^{} comes second and names the commit.
                tags[name.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return tags

    def releases(self, repository: str) -> dict[str, str]:
        """Returns the tag of each released version of OWNER/NAME, `v` or not."""
        return {tag.removeprefix("v"): tag for tag in self.tags(repository) if is_release(tag)}

    def download(self, path: str) -> bytes:
        """Returns a file below the address, such as OWNER/NAME/archive/refs/tags/v1.tar.gz."""
        return self._web.get(f"{self._address}/{path}")

    def module_versions(self, module: str) -> list[str]:
        """Returns the versions of a Bazel module that the Central Registry has and does not warn of."""
        text = self.download(f"{REGISTRY}/raw/main/modules/{module}/metadata.json")
        try:
            metadata: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise Unreachable("the Central Registry", f"metadata.json of {module}: {error}") from None
        return [version for version in metadata["versions"] if version not in metadata.get("yanked_versions", {})]


def _packet_lines(answer: bytes) -> list[str]:
    """The lines of git's pkt-line format: four hexadecimal digits that count themselves, then the text."""
    lines: list[str] = []
    offset = 0
    while offset + 4 <= len(answer):
        try:
            length = int(answer[offset : offset + 4], 16)
        except ValueError:
            raise Unreachable("git", "the answer is not git's") from None
        if length > 4:
            lines.append(answer[offset + 4 : offset + length].decode("utf-8", "replace"))
        offset += max(length, 4)
    return lines
