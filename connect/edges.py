"""What explicit_edges reads: lists of edges from arrays, a sparse matrix, a mask or a table, all of them checked."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .contract import BadConnection, Pairing, positions

COLUMNS = {("pre", "post"): False, ("source", "target"): True}      # whether they are global ids


@dataclass(frozen=True, eq=False)
class Edges:
    """Edge i goes from pre[i] to post[i]: positions in the views, or global ids; shape: (targets, sources) of a matrix."""

    pre: np.ndarray
    post: np.ndarray
    by_id: bool = False
    shape: tuple[int, ...] = ()
    weight: Any = None
    delay: Any = None

    def in_views(self, pairing: Pairing) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the two views; raises BadConnection for an edge that leaves them."""
        names = ("source", "target") if self.by_id else ("pre", "post")
        found = []
        for name, given, ids in zip(names, (self.pre, self.post), (pairing.sources, pairing.targets)):
            if self.by_id and len(np.unique(ids)) < len(ids):
                raise BadConnection(f"explicit_edges names nodes by global ids, and a node stands twice among the {name}s")
            at = positions(given, ids).astype(np.int32) if self.by_id else given
            wrong = (at < 0) | (at >= len(ids))
            if wrong.any():
                first = int(wrong.argmax())
                allowed = f"the ids of the {len(ids)} {name}s" if self.by_id else f"0 to {len(ids) - 1}"
                raise BadConnection(f"explicit_edges: {name} = {given[first]} (entry {first}): must be {allowed}")
            found.append(at)
        return found[0], found[1]


def read_edges(pre: Any, post: Any, weight: Any, delay: Any) -> Edges:
    """Edges from what explicit_edges is given; raises BadConnection."""
    if post is not None:
        edges = Edges(whole_numbers(pre, "pre"), whole_numbers(post, "post"), weight=weight, delay=delay)
    elif hasattr(pre, "tocoo"):
        edges = from_sparse(pre, weight, delay)
    elif hasattr(pre, "columns") or isinstance(pre, dict):
        edges = from_table(pre, weight, delay)
    elif (mask := np.asarray(pre)).ndim == 2 and mask.dtype == bool:
        targets, sources = (a.astype(np.int32) for a in np.nonzero(mask))
        edges = Edges(sources, targets, shape=mask.shape, weight=weight, delay=delay)
    else:
        raise BadConnection(f"explicit_edges takes pre and post, a SciPy sparse matrix, a table with columns, or a mask (True "
                            f"or False) of shape (targets, sources), not {type(pre).__name__} of {mask.dtype} {mask.shape}")
    if len(edges.pre) != len(edges.post):
        raise BadConnection(f"explicit_edges has {len(edges.pre)} pre and {len(edges.post)} post: must be as many")
    return edges


def from_sparse(matrix: Any, weight: Any, delay: Any) -> Edges:
    """Every stored entry is an edge, with the entry as its weight; of True and False every True, without weights."""
    if len(matrix.shape) != 2:
        raise BadConnection(f"explicit_edges: a matrix of shape {matrix.shape}: must be (targets, sources)")
    entries = matrix.tocoo()
    targets, sources, data = (np.array(a) for a in (entries.row, entries.col, entries.data))
    if data.dtype == bool:
        return Edges(sources[data], targets[data], shape=matrix.shape, weight=weight, delay=delay)
    if data.dtype.kind not in "iuf":
        raise BadConnection(f"explicit_edges: a matrix of {data.dtype}: entries must be real numbers, or True and False")
    return Edges(sources, targets, shape=matrix.shape, weight=data if weight is None else weight, delay=delay)


def from_table(table: Any, weight: Any, delay: Any) -> Edges:
    """Columns pre and post (positions), or source and target (global ids), and weight and delay if there are any."""
    columns = [str(c) for c in (table.columns if hasattr(table, "columns") else table)]
    ends = next((names for names in COLUMNS if set(names) <= set(columns)), None)
    if ends is None or set(columns) - {*ends, "weight", "delay"} or len(set(columns)) < len(columns):
        raise BadConnection(f"explicit_edges: a table with columns {', '.join(columns)}: must have pre and post (positions in "
                            f"the views), or source and target (global ids), may have weight and delay, and nothing else")
    given = {name: np.asarray(table[name]) for name in columns}
    for name, value in (("weight", weight), ("delay", delay)):
        if value is not None and name in given:
            raise BadConnection(f"explicit_edges: {name} is given, and the table has a column {name}")
    pre, post = (whole_numbers(given[name], name) for name in ends)
    return Edges(pre, post, COLUMNS[ends], weight=given.get("weight", weight), delay=given.get("delay", delay))


def whole_numbers(given: Any, name: str) -> np.ndarray:
    """One dimension of whole numbers; raises BadConnection."""
    array = np.asarray(given)
    if array.shape == (0,):
        return array.astype(np.int32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        wrong = array != np.floor(array) if array.ndim == 1 and array.dtype.kind == "f" else np.zeros(1, bool)
        which = f"{name} = {array[wrong.argmax()]:g} (entry {wrong.argmax()}): " if wrong.any() else ""
        raise BadConnection(f"explicit_edges: {which}{name} must be whole numbers in a row, is {array.dtype} {array.shape}")
    fits = array.min() >= -2**31 and array.max() < 2**31
    return array.astype(np.int32 if fits else array.dtype)      # a copy: what the caller does with his is no matter
