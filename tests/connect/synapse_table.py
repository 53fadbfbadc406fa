"""Reads the synapses that were built out of a plan's tables and drives, as plain arrays in the terms of the declarations."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Synapses(NamedTuple):
    """Arrays with one entry a synapse. source, target: global ids; weight: in the receptor's unit; delay: in steps.

    part, group, place: the partition's table, the header in it, and the place in the table.
    """

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    part: np.ndarray
    group: np.ndarray
    place: np.ndarray

    def picked(self, which: np.ndarray) -> Synapses:
        return Synapses(*(a[which] for a in self))

    def sorted(self) -> Synapses:
        """In the order of source, target, delay, weight, whatever the partitions."""
        return self.picked(np.lexsort((self.weight, self.delay, self.target, self.source)))

    def pairs(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """How often each pair is connected, (targets, sources), in the order of the given ids, all different."""
        table = np.zeros((len(targets), len(sources)), np.int64)
        np.add.at(table, (places(self.target, targets), places(self.source, sources)), 1)
        return table


def places(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each entry of `of` stands in `among`; it must be there."""
    where = {int(id_): i for i, id_ in enumerate(among)}
    return np.array([where[int(id_)] for id_ in of], np.int64)


def ids_of_nodes(plan: Any) -> np.ndarray:
    """The global id of every node number of a plan; -1 for copies of generators."""
    ids = np.full(plan.n_nodes, -1, np.int64)
    known = np.flatnonzero(plan.node_of >= 0)
    ids[plan.node_of[known]] = known
    return ids


def lanes_of(plan: Any, part: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every input lane of a partition its target's node number, the exponent of its scale, and its receptor's name."""
    nodes, exponents, names = ([np.zeros(0, kind)] for kind in (np.int64, np.int64, "U1"))
    filled = 0
    for block in plan.blocks:
        low, high = int(block.bounds[part]), int(block.bounds[part + 1])
        for name, lane in block.lanes.items():
            assert int(lane.begins[part]) == filled, "lanes follow one another"
            nodes.append(block.first + np.arange(low, high))
            exponents.append(np.full(high - low, lane.exponent))
            names.append(np.full(high - low, name))
            filled += high - low
    return np.concatenate(nodes), np.concatenate(exponents), np.concatenate(names)


def projections_of(plan: Any, classes: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """The projection of synapses, given their classes and their targets' node numbers: a bundle's have no target in common."""
    found = np.full(len(classes), -1, np.int64)
    for c, bundle in enumerate(plan.bundles):
        owner = np.full(plan.n_nodes, -1, np.int64)
        for wire in (plan.wires[i] for i in bundle.members):
            mine = plan.node_of[wire.projection.target_ids]
            mine = mine[(mine >= wire.block.first) & (mine < wire.block.first + wire.block.size)]
            assert (owner[mine] == -1).all() and np.array_equal(wire.projection.source_ids,
                                                                plan.wires[bundle.members[0]].projection.source_ids)
            owner[mine] = wire.projection.index
        found[classes == c] = owner[nodes[classes == c]]
    return found


def weights_of(table: Any, classes: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The weights at some places of a table, as whole numbers (exact in float64 below 2**53)."""
    cls = table.classes[classes]
    stored = np.ones(len(place))
    for kind, values in ((1, table.weights32), (2, table.weights64)):
        mine = cls["kind"] == kind
        stored[mine] = values[place[mine] + cls["shift"][mine]]
    return stored * cls["value"]


def all_synapses(plan: Any) -> dict[int, Synapses]:
    """Every projection's synapses from neurons, in the order in which they are stored, by the projection's index."""
    ids = ids_of_nodes(plan)
    found, calls = [], []
    for part, table in enumerate(plan.tables):
        nodes, exponents, names = lanes_of(plan, part)
        headed = np.repeat(np.arange(plan.n_nodes), np.diff(table.first_group[:plan.n_nodes + 1].astype(np.int64)))
        begin, end = table.groups["begin"].astype(np.int64), table.groups["end"].astype(np.int64)
        assert len(headed) == len(table.groups) and (end > begin).all()
        group = np.repeat(np.arange(len(begin)), end - begin)
        place = np.arange(len(group)) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin) + begin[group]
        assert len(place) == len(table.targets) and (np.sort(place) == np.arange(len(place))).all(), "each place has one header"
        classes = table.groups["cls"][group].astype(np.int64)
        lanes = table.targets[place].astype(np.int64)
        mine = projections_of(plan, classes, nodes[lanes])
        for p in plan.network.projections if len(lanes) else ():
            assert set(names[lanes[mine == p.index]]) <= set(p.receptor)
        found.append(Synapses(ids[headed[group]], ids[nodes[lanes]],
                              weights_of(table, classes, place) * 2.0 ** -exponents[lanes].astype(float),
                              table.groups["delay"][group].astype(np.int64), np.full(len(group), part), group, place))
        calls.append(mine)
    everything, call = Synapses(*(np.concatenate(columns) for columns in zip(*found))), np.concatenate(calls)
    return {p.index: everything.picked(call == p.index) for p in plan.network.projections}


def synapses_of(plan: Any, projection: Any) -> Synapses:
    return all_synapses(plan)[projection.index]


def targets_of_generators(plan: Any, projection: Any) -> np.ndarray:
    """The targets' global ids (ascending) of all connections of a projection from generators that run a copy for each."""
    ids = ids_of_nodes(plan)
    found = [ids[lanes_of(plan, d.part)[0][d.lanes.astype(np.int64)]] for d in plan.drives
             if d.wire.projection is projection]
    return np.sort(np.concatenate([np.zeros(0, np.int64), *found]))
