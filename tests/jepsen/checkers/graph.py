# SPDX-License-Identifier: Apache-2.0
"""Directed graphs with several kinds of edges: their cycles."""

from __future__ import annotations

from collections.abc import Collection, Iterable

Edges = dict[str, dict[int, set[int]]]


def add(edges: Edges, kind: str, source: int, target: int) -> None:
    """Adds an edge, unless it leads from a node to itself."""
    if source != target:
        edges.setdefault(kind, {}).setdefault(source, set()).add(target)


def successors(edges: Edges, kinds: Iterable[str], node: int) -> set[int]:
    """Returns where the edges of these kinds lead from a node."""
    found: set[int] = set()
    for kind in kinds:
        found |= edges.get(kind, {}).get(node, set())
    return found


def components(edges: Edges, kinds: Collection[str]) -> list[set[int]]:
    """Returns the strongly connected components of more than one node (Tarjan's algorithm, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    found: list[set[int]] = []
    for root in sorted({node for kind in kinds for node in edges.get(kind, {})}):
        if root in index:
            continue
        work = [(root, iter(sorted(successors(edges, kinds, root))))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(sorted(successors(edges, kinds, target)))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = set(stack[stack.index(node) :])
                    del stack[stack.index(node) :]
                    on_stack -= component
                    if len(component) > 1:
                        found.append(component)
    return found


def path(edges: Edges, kinds: Collection[str], source: int, target: int, within: Collection[int]) -> list[int]:
    """Returns a shortest path inside a set of nodes, both ends included; empty where there is none."""
    before: dict[int, int] = {source: source}
    queue = [source]
    for node in queue:
        if node == target:
            break
        for following in sorted(successors(edges, kinds, node)):
            if following in within and following not in before:
                before[following] = node
                queue.append(following)
    if target not in before:
        return []
    steps = [target]
    while steps[-1] != source:
        steps.append(before[steps[-1]])
    return steps[::-1]
