# SPDX-License-Identifier: Apache-2.0
"""The C sources, which two places must have, and Debian's packages of Bazel."""

from __future__ import annotations

import hashlib

from tests.update.pins_copy import ROOT, Copy
from tests.update.registries import Registries
from tools.pins import read_pins

PINS = "third_party/pins.bzl"
LOCK = "tools/airgap/lock.txt"
ARCHIVE = "/github/libuv/libuv/archive/refs/tags/v9.8.7.tar.gz"


def test_a_source_is_pinned_for_both_editions(copy: Copy, registries: Registries) -> None:
    upstream = b"upstream's"
    registries.files[ARCHIVE] = upstream
    sha256 = registries.debian_source("forky", "libuv1", "9.8.7", b"Debian's")
    assert copy.apply("libuv", "9.8.7") == {
        PINS: [
            '        "version": "9.8.7",',
            '        "archive": "https://github.com/libuv/libuv/archive/refs/tags/v9.8.7.tar.gz",',
            f'        "sha256": "{hashlib.sha256(upstream).hexdigest()}",',
            '        "strip_prefix": "libuv-9.8.7",',
        ],
        LOCK: [f"source libuv libuv1_9.8.7.orig.tar.gz {sha256}"],
    }


def test_a_source_that_one_place_lacks_is_not_changed_at_all(copy: Copy, registries: Registries) -> None:
    registries.debian_source("sid", "libuv1", "9.8.7", b"Debian's")
    assert "GitHub has no libuv 9.8.7" in copy.refusal("--apply", "libuv", "9.8.7")
    registries.files["/github/libuv/libuv/archive/refs/tags/v9.8.8.tar.gz"] = b"upstream's"
    assert "Debian carries no libuv 9.8.8" in copy.refusal("--apply", "libuv", "9.8.8")


def test_a_source_stays_where_debian_is_out_of_reach(copy: Copy, registries: Registries) -> None:
    registries.files[ARCHIVE] = b"upstream's"
    assert "could not be reached: Debian's archive" in copy.refusal("--apply", "libuv", "9.8.7")
    assert "DQLITEPY_MIRROR names none" in copy.refusal("--apply", "libuv", "9.8.7", DQLITEPY_MIRROR="")


def test_the_table_says_who_has_what(copy: Copy, registries: Registries) -> None:
    pinned = read_pins(ROOT)["libuv"]["version"]
    registries.github_tags("libuv/libuv", f"v{pinned}", "v9.8.8", "v9.9.0-rc1", "node-v0.6")
    registries.debian_source("trixie", "libuv1", pinned, b"old")
    registries.debian_source("sid", "libuv1", "9.8.7", b"new")
    rows, below = copy.table("libuv", "lz4")
    assert rows["libuv"] == [pinned, "9.8.8", f"GitHub, Debian trixie {pinned}, Debian sid 9.8.7"]
    assert rows["lz4"][1] == "?"
    assert "--apply NAME VERSION" in below


def test_an_older_version_elsewhere_is_no_newer_one(copy: Copy, registries: Registries) -> None:
    registries.github_tags("lz4/lz4", "v1.9.4")
    assert copy.table("lz4")[0]["lz4"] == ["1.10.0", "GitHub 1.9.4"]


def test_debs_of_one_source_move_together(copy: Copy, registries: Registries) -> None:
    first = registries.debian_package("bazel-bootstrap", "7.9.0+ds-1+b2", source="bazel-bootstrap (7.9.0+ds-1)")
    second = registries.debian_package("bazel-bootstrap-data", "7.9.0+ds-1", source="bazel-bootstrap")
    registries.debian_package("bazel-skylib", "9.9.9-1")
    assert copy.table("bazel-skylib")[0]["bazel-skylib"][1] == "9.9.9-1"
    assert copy.apply("bazel-bootstrap", "7.9.0+ds-1+b2") == {
        LOCK: [
            f"deb bazel-bootstrap-data_7.9.0+ds-1_amd64.deb {second}",
            f"deb bazel-bootstrap_7.9.0+ds-1+b2_amd64.deb {first}",
        ]
    }


def test_a_deb_that_debian_has_not_is_refused(copy: Copy, registries: Registries) -> None:
    registries.debian_package("bazel-skylib", "9.9.9-1")
    assert "has no bazel-skylib 9.9.9-2" in copy.refusal("--apply", "bazel-skylib", "9.9.9-2")
    assert "has no bazel-features 9" in copy.refusal("--apply", "bazel-features", "9")


def test_a_damaged_index_is_no_answer(copy: Copy, registries: Registries) -> None:
    registries.debian_package("bazel-skylib", "9.9.9-1")
    registries.files["/debian/dists/forky/main/binary-amd64/Packages.xz"] = b"\xfd7zXZ\0but no more"
    rows, below = copy.table("bazel-skylib")
    assert rows["bazel-skylib"][1] == "?"
    assert "Packages.xz of forky is damaged" in below
