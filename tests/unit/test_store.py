# SPDX-License-Identifier: Apache-2.0
"""cluster.yaml and info.yaml: what go-dqlite writes is read, what it would not understand is not written."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dqlitepy
import pytest
from dqlitepy import NodeInfo, Role, YamlNodeStore, node_info

NODES = [
    NodeInfo(3297041220608546238, "10.0.0.1:9000", Role.VOTER),
    NodeInfo(2**64 - 1, "[::1]:9000", Role.STANDBY),
    NodeInfo(7, "db-1.example:9000", Role.SPARE),
]
# As gopkg.in/yaml.v2 writes them.
TEXT = """\
- ID: 3297041220608546238
  Address: 10.0.0.1:9000
  Role: 0
- ID: 18446744073709551615
  Address: '[::1]:9000'
  Role: 1
- ID: 7
  Address: db-1.example:9000
  Role: 2
"""


def test_what_is_written_is_what_go_writes(tmp_path: Path) -> None:
    store = YamlNodeStore(tmp_path / "cluster.yaml")
    assert store.get() == []
    store.set(NODES)
    assert Path(store.path).read_text(encoding="utf-8") == TEXT
    assert store.get() == NODES
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    store.set([])
    assert store.get() == []
    assert [path.name for path in tmp_path.iterdir()] == ["cluster.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "- ID: x\n",
        "- ID: 1\n  Role: 0\n",
        "- Address: a\n  Port: 1\n",
        "- ID: 1\n  Address: a\n  Role: 9\n",
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cluster.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(dqlitepy.OperationalError, match="cluster.yaml is damaged"):
        YamlNodeStore(path).get()


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    (tmp_path / "cluster.yaml").mkdir()
    with pytest.raises(dqlitepy.OperationalError, match="cannot be read: Is a directory"):
        YamlNodeStore(tmp_path / "cluster.yaml").get()
    with pytest.raises(dqlitepy.OperationalError, match="cannot be written"):
        YamlNodeStore(tmp_path / "missing" / "cluster.yaml").set(NODES)
    with pytest.raises(ValueError, match="not an address"):
        YamlNodeStore(tmp_path / "x").set([NodeInfo(1, "a\nb")])
    assert not (tmp_path / "x").exists()


def test_who_a_directory_belongs_to(tmp_path: Path) -> None:
    assert node_info(tmp_path) is None
    (tmp_path / "info.yaml").write_text("Address: 10.0.0.1:9000\nID: 5\nRole: 2\n", encoding="utf-8")
    assert node_info(tmp_path) == NodeInfo(5, "10.0.0.1:9000", Role.SPARE)


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    store = YamlNodeStore(tmp_path / "cluster.yaml")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.set, [NODES] * 200))  # each raises what it met
    assert store.get() == NODES
    assert os.listdir(tmp_path) == ["cluster.yaml"]


def test_a_client_reads_its_store_each_time(tmp_path: Path) -> None:
    store = YamlNodeStore(tmp_path / "cluster.yaml")
    client = dqlitepy.Client(store)
    with pytest.raises(dqlitepy.OperationalError, match="names no node"):
        client.leader()
    store.set(NODES)
    assert client.servers == tuple(node.address for node in NODES)


def test_roles_and_entries() -> None:
    assert [str(role) for role in Role] == ["voter", "standby", "spare"]
    entries = [dqlitepy.LastEntry(2, 1), dqlitepy.LastEntry(1, 9), dqlitepy.LastEntry(1, 10)]
    assert max(entries) == dqlitepy.LastEntry(2, 1)
    assert max(entries[1:]) == dqlitepy.LastEntry(1, 10)
