"""Reading synapses out of a plan: what each connection has. Which there are is found by `finding`.

A connection is found as (source, group, place): its source's id, the header that it stands under, and its place, both counted
through the tables of all partitions; behind them stand the connections of generators, by drive.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from nestling.models.contract import Model

from .network import Network
from .plan import Plan
from .stored import Patch


class Found(NamedTuple):
    """Connections, an entry each: ids of sources (int32), headers (uint32), places (int64)."""

    source: np.ndarray
    group: np.ndarray
    place: np.ndarray

    def picked(self, which: Any) -> Found:
        return Found(*(a[which] for a in self))


def joined(parts: list[Found]) -> Found:
    if len(parts) == 1:
        return parts[0]
    return Found(*(np.concatenate([np.zeros(0, kind), *columns])
                   for kind, columns in zip((np.int32, np.uint32, np.int64), zip(*parts) if parts else ((), (), ()))))


def numbers_of(model: Model, current: bool) -> dict[str, int]:
    """The receptor_type by which connect() names each input."""
    numbered = model.current_receptors if current else model.spike_receptors
    return {name: number for number, names in numbered.items() for name in names}


def constant_weights(network: Network, patched: dict[int, Patch]) -> dict[int, float]:
    """The weights of all projections that have one for all their synapses, by number; patched: what was set of others."""
    known = {p.index: None if p.edited is not None else p.weight for p in network.projections}
    known |= {i: patch.weight for i, patch in patched.items()}
    return {i: float(weight) for i, weight in known.items() if isinstance(weight, (int, float))}


class Reader:
    """Reads the connections of a plan. Tables of what the lanes stand for are made once, when they are needed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.n_ids = len(plan.node_of)
        self.group_offsets = np.cumsum([0, *(len(t.groups) for t in plan.tables)])
        self.place_offsets = np.cumsum([0, *(len(t.targets) for t in plan.tables)])
        self.drive_offsets = self.place_offsets[-1] + np.cumsum([0, *(d.size for d in plan.drives)])

    # --- what lanes, headers and drives stand for --------------------------------------------------------------------------

    @cached_property
    def ids(self) -> np.ndarray:
        """The id of every node number; -1 of copies of generators."""
        ids = np.full(self.plan.n_nodes, -1, np.int32)
        known = np.flatnonzero(self.plan.node_of >= 0)
        ids[self.plan.node_of[known]] = known
        return ids

    @cached_property
    def receptors(self) -> list[tuple[str, int, int, str]]:
        """Of every receptor that is reached: its name, number, exponent and unit."""
        numbers = [{**numbers_of(b.model, True), **numbers_of(b.model, False)} for b in self.plan.blocks]
        return [(name, known.get(name, -1), lane.exponent, lane.field.unit)
                for b, known in zip(self.plan.blocks, numbers) for name, lane in b.lanes.items()]

    @cached_property
    def lanes(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of every lane of each partition its target's id, and its receptor by place in `receptors`."""
        found = []
        for part in range(self.plan.n_parts):
            n = sum(int(b.bounds[part + 1] - b.bounds[part]) * len(b.lanes) for b in self.plan.blocks)
            targets, receptors, i = np.empty(n, np.int32), np.empty(n, np.int16), 0
            for b in self.plan.blocks:
                low, high = int(b.bounds[part]), int(b.bounds[part + 1])
                for lane in b.lanes.values():
                    mine = slice(int(lane.begins[part]), int(lane.begins[part]) + high - low)
                    targets[mine], receptors[mine] = self.ids[b.first + low:b.first + high], i
                    i += 1
            found.append((targets, receptors))
        return found

    @cached_property
    def owners(self) -> list[int | np.ndarray]:
        """The projection of every bundle's synapses: one, or one for each id that they end in."""
        found: list[int | np.ndarray] = []
        for bundle in self.plan.bundles:
            wires = [self.plan.wires[i] for i in bundle.members]
            indices = {w.projection.index for w in wires}
            if len(indices) == 1:
                found.append(indices.pop())
                continue
            owner = np.full(self.n_ids, -1, np.int32)
            for wire in wires:
                ids = wire.projection.target_ids
                owner[ids[wire.places(self.plan.node_of, ids) >= 0]] = wire.projection.index
            found.append(owner)
        return found

    @cached_property
    def driven(self) -> Found:
        """All connections of generators, in the order of drives."""
        first = int(self.group_offsets[-1])
        return joined([Found(d.wire.projection.source_ids[d.sources].astype(np.int32), np.full(d.size, first + i, np.uint32),
                             self.drive_offsets[i] + np.arange(d.size)) for i, d in enumerate(self.plan.drives)])

    # --- reading -----------------------------------------------------------------------------------------------------------

    def split(self, found: Found) -> Iterator[tuple[int, Any, np.ndarray]]:
        """Which connections stand in each table, and at which places there; those of generators are table -1."""
        if len(self.plan.tables) == 1 and not self.plan.drives:
            yield 0, slice(None), found.place
            return
        part = np.searchsorted(self.place_offsets[1:], found.place, side="right")
        for p in range(len(self.plan.tables) + 1):
            mine = np.flatnonzero(part == p)
            if len(mine):
                yield (p if p < len(self.plan.tables) else -1), mine, found.place[mine] - self.place_offsets[p]

    def drives(self, found: Found, which: np.ndarray) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """The drives of connections of generators: which are each's, and their places in it."""
        number = found.group[which].astype(np.int64) - self.group_offsets[-1]
        for i in np.unique(number):
            mine = which[number == i]
            yield self.plan.drives[i], mine, found.place[mine] - self.drive_offsets[i]

    def lanes_of(self, found: Found, meaning: int) -> np.ndarray:
        """What the lanes of connections stand for: 0 target's id, 1 receptor."""
        out = np.empty(len(found.place), (np.int32, np.int16)[meaning])
        for part, which, place in self.split(found):
            if part >= 0:
                out[which] = self.lanes[part][meaning][self.plan.tables[part].targets[place]]
                continue
            for drive, mine, at in self.drives(found, which):
                out[mine] = self.lanes[drive.part][meaning][drive.lanes[at]]
        return out

    def target(self, found: Found) -> np.ndarray:
        """Ids (int32)."""
        return self.lanes_of(found, 0)

    def receptor(self, found: Found) -> np.ndarray:
        """Places in `receptors` (int16)."""
        return self.lanes_of(found, 1)

    def heads(self, found: Found, name: str, of_drive: Any) -> np.ndarray:
        """What the headers of connections say: `name`, or of generators of_drive(drive)."""
        known = [t.groups[name] for t in self.plan.tables] + [np.array([of_drive(d) for d in self.plan.drives], np.uint32)]
        if len(self.plan.tables) == 1 and not self.plan.drives:
            return known[0][found.group].astype(np.int64)
        out = np.empty(len(found.group), np.int64)
        part = np.searchsorted(self.group_offsets[1:], found.group, side="right")
        for p, values in enumerate(known):
            mine = part == p
            out[mine] = values[found.group[mine].astype(np.int64) - self.group_offsets[p]]
        return out

    def steps(self, found: Found) -> np.ndarray:
        """Delays in steps."""
        return self.heads(found, "delay", lambda drive: drive.delay)

    def bundle(self, found: Found) -> np.ndarray:
        """Numbers of bundles; of generators the number of bundles plus that of the projection."""
        return self.heads(found, "cls", lambda drive: len(self.plan.bundles) + drive.wire.projection.index)

    def projection(self, found: Found) -> np.ndarray:
        """Numbers of projections."""
        bundle, n = self.bundle(found), len(self.plan.bundles)
        single = np.array([*(o if isinstance(o, int) else -1 for o in self.owners),
                           *range(len(self.plan.network.projections))], np.int64)
        out = single[bundle]
        if (out < 0).any():
            target = self.target(found)
            for c, owner in enumerate(self.owners):
                if isinstance(owner, np.ndarray) and c < n:
                    mine = bundle == c
                    out[mine] = owner[target[mine]]
        return out

    def exponents(self, found: Found) -> np.ndarray:
        """The exponents of the scales of their receptors."""
        return np.array([exponent for _, _, exponent, _ in self.receptors] or [0], np.int64)[self.receptor(found)]

    def weight(self, found: Found, constant: dict[int, float]) -> np.ndarray:
        """Weights as stored, of generators as given, in the receptors' units; `constant` gives those of projections with one
        weight, by number."""
        out, scale = np.empty(len(found.place)), np.ldexp(1.0, -self.exponents(found))
        bundle = self.bundle(found)
        for part, which, place in self.split(found):
            if part < 0:
                for drive, mine, at in self.drives(found, which):
                    out[mine] = drive.given[at if len(drive.given) > 1 else np.zeros(len(at), np.int64)]
                continue
            table = self.plan.tables[part]
            cls = table.classes[bundle[which]]
            stored = np.ones(len(place))
            for kind, values in ((1, table.weights32), (2, table.weights64)):
                mine = cls["kind"] == kind
                stored[mine] = values[place[mine] + cls["shift"][mine]]
            out[which] = stored * cls["value"] * scale[which]
        if constant:
            known = np.full(len(self.plan.network.projections), np.nan)
            known[list(constant)] = list(constant.values())
            declared = known[self.projection(found)]
            out = np.where(np.isnan(declared), out, declared)
        return out
