# SPDX-License-Identifier: Apache-2.0
"""Small stand-ins of the places that versions come from, on a server of this test's own and in a folder for go."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import lzma
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

SUITES = ["trixie", "forky", "sid"]


class Registries:
    """What they serve; an empty one answers 404 to everything."""

    def __init__(self, address: str, proxy: Path) -> None:
        self.address = address
        self.proxy = proxy
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._sources: dict[str, list[str]] = {suite: [] for suite in SUITES}
        self._packages: list[str] = []

    def github_tags(self, repository: str, *tags: str) -> dict[str, str]:
        """Serves tags, each an annotated one, and returns the commit of each."""
        commits = {tag: hashlib.sha1(tag.encode()).hexdigest() for tag in tags}
        lines = [f"{'0' * 40} HEAD\0side-band-64k\n"]
        for tag, commit in commits.items():
            lines += [f"{'a' * 40} refs/tags/{tag}\n", f"{commit} refs/tags/{tag}^{{}}\n"]
        packets = "".join(f"{len(line) + 4:04x}{line}" for line in lines)
        service = "# service=git-upload-pack\n"
        answer = f"{len(service) + 4:04x}{service}0000{packets}0000"
        self.files[f"/github/{repository}.git/info/refs"] = answer.encode()
        return commits

    def central_registry(self, module: str, *versions: str, yanked: tuple[str, ...] = ()) -> None:
        metadata = {"versions": [*versions, *yanked], "yanked_versions": dict.fromkeys(yanked, "broken")}
        path = f"/github/bazelbuild/bazel-central-registry/raw/main/modules/{module}/metadata.json"
        self.files[path] = json.dumps(metadata).encode()

    def debian_source(self, suite: str, package: str, version: str, orig: bytes) -> str:
        """Adds a source package to a suite and returns the sha256 of its archive."""
        sha256 = hashlib.sha256(orig).hexdigest()
        file = f"{package}_{version}.orig.tar.gz"
        checksums = f"Checksums-Sha256:\n {'0' * 64} 1 {package}_{version}-1.dsc\n {sha256} {len(orig)} {file}\n"
        self._sources[suite].append(f"Package: {package}\nVersion: {version}-1\n{checksums}")
        self._debian()
        return sha256

    def debian_package(self, name: str, version: str, source: str = "") -> str:
        """Adds a binary package to forky and returns the sha256 that the index says."""
        sha256 = hashlib.sha256(f"{name}{version}".encode()).hexdigest()
        said = f"Source: {source}\n" if source else ""
        file = f"pool/main/b/{name}_{version}_amd64.deb"
        self._packages.append(f"Package: {name}\n{said}Version: {version}\nFilename: {file}\nSHA256: {sha256}\n")
        self._debian()
        return sha256

    def _debian(self) -> None:
        for suite in SUITES:
            sources = "\n".join(["Package: another\nVersion: 1\n", *self._sources[suite]])
            self.files[f"/debian/dists/{suite}/main/source/Sources.xz"] = lzma.compress(sources.encode())
        packages = lzma.compress("\n".join(self._packages).encode())
        self.files["/debian/dists/forky/main/binary-amd64/Packages.xz"] = packages

    def go_module(
        self, path: str, version: str, needs: dict[str, str] | None = None, files: dict[str, str] | None = None
    ) -> None:
        """Puts a module into the proxy's folder."""
        escaped = "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in path)
        folder = self.proxy / escaped / "@v"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "list").open("a") as versions:
            versions.write(f"{version}\n")
        requires = "".join(f"require {name} {needed}\n" for name, needed in (needs or {}).items())
        go_mod = f"module {path}\n\ngo 1.21\n\n{requires}"
        (folder / f"{version}.mod").write_text(go_mod)
        (folder / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2026-01-01T00:00:00Z"}))
        with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
            for name, text in ({"go.mod": go_mod} | (files or {})).items():
                archive.writestr(f"{path}@{version}/{name}", text)

    def wheel(self, name: str, version: str, requires: str = "") -> str:
        """Puts a wheel into the index and returns its sha256."""
        info = f"{name}-{version}.dist-info"
        required = f"Requires-Dist: {requires}\n" if requires else ""
        files = {
            f"{name}.py": "",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(
            f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
            f"{len(text)}\n"
            for file, text in files.items()
        )
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for file, text in (files | {f"{info}/RECORD": record}).items():
                archive.writestr(file, text)
        file = f"{name}-{version}-py3-none-any.whl"
        sha256 = hashlib.sha256(content.getvalue()).hexdigest()
        self.files[f"/wheels/{file}"] = content.getvalue()
        page = f"/simple/{name}/"
        before = self.files.get(page, b"")
        self.files[page] = before + f'<a href="/wheels/{file}#sha256={sha256}">{file}</a>\n'.encode()
        return sha256


@contextmanager
def serve(proxy: Path) -> Iterator[Registries]:
    """Serves registries on loopback until the end of the block."""
    registries: Registries

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            registries.asked.append(path)
            content = registries.files.get(path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html" if path.startswith("/simple") else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        registries = Registries(f"http://127.0.0.1:{server.server_port}", proxy)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield registries
        server.shutdown()
        thread.join()
