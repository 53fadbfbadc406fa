"""The connections that recorded spikes go through: what a recorder of weights records, worked out after a stretch of a run from
its spikes and the tables, in which the weights stand that there were until then."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .finding import find, ranges
from .network import Network, Population
from .plan import Plan
from .table_reader import Reader, constant_weights

ROWS = 1 << 19                  # worked out at a time, where one spike has no more

Columns = dict[str, np.ndarray]


class Traversed:
    """The connections that a recorder of weights is attached to, in a plan."""

    def __init__(self, plan: Plan, recorder: Population) -> None:
        self.plan, self.reader, network = plan, Reader(plan), plan.network
        self.sources, self.targets = recorded_ends(network, recorder)
        calls = {r.call for r in network.recordings if r.recorder is recorder and r.call is not None}
        self.calls = calls if {w.projection.index for w in plan.wires} - calls else None
        self.wanted = self.targets if recorder.params["targets"] else None
        self.of_source, self.of_target = (place_of(ids, self.reader.n_ids) for ids in (self.sources, self.targets))
        self.degrees = np.zeros(plan.n_nodes, np.int64)
        for table in plan.tables:
            self.degrees += degrees(table.first_group[:plan.n_nodes + 1], table.groups)

    def pieces(self, stamps: np.ndarray, nodes: np.ndarray) -> Iterator[Columns]:
        """Of spikes in the order of time: a row for each connection that one goes through, some at a time."""
        mine = self.of_source[self.reader.ids[nodes]] >= 0
        stamps, nodes = stamps[mine], nodes[mine]
        rows = np.cumsum(self.degrees[nodes])
        begin = 0
        while begin < len(nodes):
            before = rows[begin - 1] if begin else 0
            end = max(begin + 1, int(np.searchsorted(rows, before + ROWS, side="right")))
            yield self.rows(stamps[begin:end], self.reader.ids[nodes[begin:end]])
            begin = end

    def rows(self, stamps: np.ndarray, ids: np.ndarray) -> Columns:
        """Those of spikes of some sources."""
        reader, (sources, which) = self.reader, np.unique(ids, return_inverse=True)
        found = find(reader, sources, self.wanted, self.calls)
        begins, ends = (np.searchsorted(found.source, sources, side=side) for side in ("left", "right"))
        sizes = (ends - begins)[which]
        at = ranges(begins[which], sizes)
        numbers = np.array([r[1] for r in reader.receptors] or [0], np.int64)
        weights = reader.weight(found, constant_weights(self.plan.network, self.plan.patched))
        return {"stamps": np.repeat(stamps, sizes), "senders": self.of_source[found.source][at], "weights": weights[at],
                "targets": self.of_target[reader.target(found)][at], "receptors": numbers[reader.receptor(found)][at]}


def recorded_ends(network: Network, recorder: Population) -> tuple[np.ndarray, np.ndarray]:
    """The sources and targets, each once, of the connections that a recorder of weights is attached to: ids in the order of
    connecting."""
    ends: list[list[np.ndarray]] = [[], []]
    for r in network.recordings:
        if r.recorder is recorder and r.call is not None:
            projection = network.projections[r.call]
            for found, ids, only in zip(ends, (projection.source_ids, projection.target_ids), ("senders", "targets")):
                found.append(ids[np.isin(ids, recorder.params[only])] if recorder.params[only] else ids)
    sources, targets = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in ends)
    return first_ones(sources), first_ones(targets)


def first_ones(ids: np.ndarray) -> np.ndarray:
    """Each id once, in the order in which they first stand there."""
    return ids[np.sort(np.unique(ids, return_index=True)[1])]


def place_of(ids: np.ndarray, n_ids: int) -> np.ndarray:
    """The place of every id among some, -1 of others; one entry more, for what has no id."""
    places = np.full(n_ids + 1, -1, np.int64)
    places[ids] = np.arange(len(ids))
    return places


def degrees(first_group: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """How many synapses of a table each node has."""
    ends = np.concatenate([[0], np.cumsum(groups["end"].astype(np.int64) - groups["begin"])])
    return np.diff(ends[first_group.astype(np.int64)])
