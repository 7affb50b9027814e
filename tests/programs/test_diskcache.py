# SPDX-License-Identifier: Apache-2.0
"""diskcache: a cache in a database, with its settings, its statistics, and files for what is large."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import diskcache
import diskcache.core
import diskcache.persistent
import dqlitepy
import pytest


@pytest.fixture(autouse=True)
def dqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does what docs/programs.md says."""
    monkeypatch.setattr(diskcache.core, "sqlite3", dqlitepy)


def test_a_cache(tmp_path: Path) -> None:
    with diskcache.Cache(tmp_path, statistics=True, size_limit=2**20, eviction_policy="least-recently-used") as cache:
        cache["key"] = {"value": 1}
        cache.set("large", b"x" * 100_000, tag="big", expire=3600)
        assert (cache["key"], len(cache["large"])) == ({"value": 1}, 100_000)
        assert cache.get("none") is None
        assert cache.stats() == (2, 1)
        assert cache.incr("counter", 5) == 5
        assert cache.add("key", 2) is False
        with cache.transact():
            cache.push("a", prefix="queue")
            cache.push("b", prefix="queue")
        assert cache.pull(prefix="queue")[1] == "a"
        assert cache.evict("big") == 1
        for n in range(300):
            cache[n] = b"y" * 10_000
        cache.cull()
        assert cache.volume() < 2 * 2**20
        assert cache.check() == []
    assert (tmp_path / "cache.db").is_dir()


def test_settings_read_back(tmp_path: Path) -> None:
    with diskcache.Cache(tmp_path, sqlite_auto_vacuum=1, sqlite_synchronous=1, sqlite_mmap_size=2**20) as cache:
        assert (cache.reset("sqlite_auto_vacuum"), cache.reset("sqlite_synchronous")) == (1, 1)
        assert cache._sql("PRAGMA auto_vacuum").fetchall() == [(1,)]
        assert cache.reset("size_limit", 5000) == 5000
    with diskcache.Cache(tmp_path) as cache:
        assert (cache.size_limit, cache.sqlite_auto_vacuum, cache.sqlite_mmap_size) == (5000, 1, 2**20)


def test_threads(tmp_path: Path) -> None:
    with diskcache.FanoutCache(tmp_path, shards=2, timeout=30) as cache, ThreadPoolExecutor(4) as threads:

        def work(n: int) -> object:
            cache[n] = n
            cache.incr("sum", n)
            kept = cache[n]
            cache.close()  # this thread's connection
            return kept

        assert list(threads.map(work, range(60))) == list(range(60))
        assert cache["sum"] == sum(range(60))
