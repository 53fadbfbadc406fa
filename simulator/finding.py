"""Which connections there are between given nodes, from the headers and targets of a plan's tables."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .table_reader import Found, Reader, joined

CHUNK = 1 << 22               # synapses that are sorted at a time
FEW = 4                       # a filter that leaves less than a part in so many of the targets is applied first


def find(reader: Reader, sources: np.ndarray | None, targets: np.ndarray | None, calls: set[int] | None) -> Found:
    """Connections from and to given ids (None: any), of given projections (None: any), in the order of source, target,
    projection, delay, receptor and drawing."""
    ids = np.arange(reader.n_ids) if sources is None else np.unique(sources)
    wanted = None
    if targets is not None:
        wanted = np.zeros(reader.n_ids, bool)
        wanted[targets] = True
        if sources is None and FEW * np.count_nonzero(wanted) < reader.n_ids:
            return in_order(reader, filtered(reader, joined([*scanned(reader, wanted), reader.driven]), wanted, calls))
    return joined(list(gathered(reader, ids, wanted, calls)))


def count(reader: Reader, sources: np.ndarray | None, calls: set[int] | None) -> int | None:
    """How many connections `find` gives where no targets are asked for, if the headers tell."""
    if sources is None:
        return int(reader.drive_offsets[-1]) if calls is None else sum(reader.plan.synapses[i] for i in calls)
    if calls is not None:
        return None
    ids = np.unique(sources)
    return sum(int((end - begin).sum()) for _, _, begin, end in headers(reader, ids)) \
        + int(np.count_nonzero(picks(reader, ids)[reader.driven.source]))


def picks(reader: Reader, ids: np.ndarray) -> np.ndarray:
    picks = np.zeros(reader.n_ids, bool)
    picks[ids] = True
    return picks


def headers(reader: Reader, ids: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Of every partition the headers of these sources: their sources' ids, their numbers, and where they begin and end."""
    nodes = reader.plan.node_of[ids]
    ids, nodes = ids[nodes >= 0], nodes[nodes >= 0]
    for table in reader.plan.tables:
        first = table.first_group[nodes].astype(np.int64)
        sizes = table.first_group[nodes + 1] - first
        groups = ranges(first, sizes)
        heads = table.groups[groups]
        yield np.repeat(ids, sizes), groups, heads["begin"].astype(np.int64), heads["end"].astype(np.int64)


def gathered(reader: Reader, ids: np.ndarray, wanted: np.ndarray | None, calls: set[int] | None) -> Iterator[Found]:
    """The connections of some sources, some sources at a time."""
    heads = list(headers(reader, ids))
    if len(ids) > 1 and sum(int((end - begin).sum()) for _, _, begin, end in heads) > CHUNK:
        del heads
        for half in np.array_split(ids, 2):
            yield from gathered(reader, half, wanted, calls)
        return
    parts = []
    for part, (source, group, begin, end) in enumerate(heads):
        sizes = end - begin
        parts.append(Found(np.repeat(source.astype(np.int32), sizes),
                           np.repeat((group + reader.group_offsets[part]).astype(np.uint32), sizes),
                           ranges(begin + reader.place_offsets[part], sizes)))
    parts.append(reader.driven.picked(picks(reader, ids)[reader.driven.source]))
    yield in_order(reader, filtered(reader, joined(parts), wanted, calls))


def scanned(reader: Reader, wanted: np.ndarray) -> Iterator[Found]:
    """The synapses in the tables that end in some ids, from a look at all targets."""
    for part, table in enumerate(reader.plan.tables):
        lanes = wanted[reader.lanes[part][0]]
        places = [np.flatnonzero(lanes[table.targets[a:a + CHUNK]]) + a for a in range(0, len(table.targets), CHUNK)]
        place = np.concatenate([np.zeros(0, np.int64), *places])
        order = np.argsort(table.groups["begin"], kind="stable")
        group = order[np.searchsorted(table.groups["begin"][order], place, side="right") - 1] if len(order) else place
        source = reader.ids[np.searchsorted(table.first_group[:reader.plan.n_nodes + 1], group, side="right") - 1]
        yield Found(source, (group + reader.group_offsets[part]).astype(np.uint32), place + reader.place_offsets[part])


def filtered(reader: Reader, found: Found, wanted: np.ndarray | None, calls: set[int] | None) -> Found:
    if wanted is not None:
        found = found.picked(wanted[reader.target(found)])
    if calls is not None:
        mine = np.zeros(len(reader.plan.network.projections), bool)
        mine[list(calls)] = True
        found = found.picked(mine[reader.projection(found)])
    return found


def in_order(reader: Reader, found: Found) -> Found:
    if len(found.source) < 2:
        return found
    key = found.source.astype(np.int64) * reader.n_ids + reader.target(found)
    order = np.argsort(key, kind="stable")
    found, key = found.picked(order), key[order]
    same = key[1:] == key[:-1]
    if same.any():                          # several between two nodes
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        those = found.picked(tied)
        again = np.lexsort((those.place, reader.receptor(those), reader.steps(those), reader.projection(those), key[tied]))
        for array, values in zip(found, those.picked(again)):
            array[tied] = values
    return found


def ranges(begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """begins[0], begins[0] + 1, .. (sizes[0] of them), begins[1], ..: all in a row (int64)."""
    sizes = sizes.astype(np.int64)
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(begins - (ends - sizes), sizes)
