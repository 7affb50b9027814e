# SPDX-License-Identifier: Apache-2.0
"""The workloads by name."""

from __future__ import annotations

from tests.jepsen.workloads.append import Append
from tests.jepsen.workloads.bank import Bank
from tests.jepsen.workloads.base import Workload
from tests.jepsen.workloads.counter import Counter
from tests.jepsen.workloads.ddl import Ddl
from tests.jepsen.workloads.late import Late
from tests.jepsen.workloads.register import Register
from tests.jepsen.workloads.set_ import Set
from tests.jepsen.workloads.wide import Wide

WORKLOADS: dict[str, Workload] = {
    workload.name: workload for workload in (Set(), Append(), Bank(), Register(), Counter(), Wide(), Ddl(), Late())
}
# What a seed chooses from beside the set, which is in each run. The others come on top of that, in some runs.
CHOSEN = ("append", "bank", "counter", "ddl", "register", "wide")
