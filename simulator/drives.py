"""Lowering of generators: every connection from one becomes an entry of a `Drive`, with its own random numbers."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nestling.connect import draws
from nestling.models.contract import Model

from .draw import Drawing, domain_of
from .network import Segment
from .plan import Changes, Drive, Random, Wire, most_emitted
from .tables import connections_of, make_job
from .threads import in_threads


def poisson_tables(means: Any, size: int) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None]:
    """Tables of Poisson counts for given means: (thresholds, aliases, bits, which table each object uses).

    A table is as large as its own mean asks for, so that a count depends on nothing but its mean and its random word: not
    on the other generators of its drive, which a partition or a delay may have sorted out.
    """
    distinct: Any = [means]
    which = np.zeros(1, np.int64)
    if np.ndim(means):
        distinct, which = np.unique(np.asarray(means, np.float64), return_inverse=True)
    chances = [draws.poisson_probabilities(float(m)) for m in distinct]
    bits = np.array([draws.bits_for(len(c)) for c in chances], np.uint32)
    tables = np.zeros((2, len(distinct), 1 << int(bits.max())), np.uint32)
    for i, (c, b) in enumerate(zip(chances, bits)):
        tables[:, i, :1 << int(b)] = draws.alias_table(c, int(b))
    packed = np.arange(len(distinct), dtype=np.uint32) | bits << np.uint32(24)
    return *tables, int(bits.max()), None if len(distinct) == 1 else np.broadcast_to(packed[which], size).copy()


def random_inputs(model: Model, step: list[Any], size: int, objects: np.ndarray, streams: np.ndarray,
                  domains: np.ndarray) -> Random:
    """What a block or drive needs to be given random numbers."""
    return Random(np.ascontiguousarray(objects, np.uint32), np.ascontiguousarray(streams, np.uint32),
                  np.ascontiguousarray(domains, np.uint32), count_tables(model, step, size))


def count_tables(model: Model, step: list[Any], size: int) -> dict[str, tuple[np.ndarray, np.ndarray, int, np.ndarray | None]]:
    """The tables of a model's Poisson counts, by input."""
    names = [f.name for f in model.step]
    return {f.name: poisson_tables(step[names.index(f.name)], size) for f in model.drawn if f.supplied == "poisson"}


def series_of(model: Model, given: Any, size: int, dt: float) -> dict[str, Changes]:
    """The series of one population's nodes."""
    if not any(f.supplied == "series" for f in model.inputs):
        return {}
    out = {}
    for name, (steps, nodes, values) in model.timetable(given.params, size, dt).items():
        order = np.argsort(steps, kind="stable")
        out[name] = Changes(*(np.asarray(a)[order] for a in (steps, nodes, values)))
    return out


def join_series(parts: list[dict[str, Changes]], sizes: list[int]) -> dict[str, Changes]:
    """The series of several populations' nodes, numbered one after another."""
    firsts = np.cumsum([0, *sizes[:-1]])
    joined = {}
    for name in parts[0] if parts else ():
        steps, nodes, values = (np.concatenate(a) for a in zip(*((p[name].steps, p[name].nodes + first, p[name].values)
                                                                 for p, first in zip(parts, firsts))))
        order = np.argsort(steps, kind="stable")
        joined[name] = Changes(steps[order], nodes[order], values[order])
    return joined


def lower_drives(lowering: Any, wire: Wire, drawing: Drawing) -> list[Drive]:
    """The connections of a generator projection, by partition and delay."""
    model = wire.model
    values, series, names = [], [], []                  # of every source, by segment
    for segment in wire.projection.sources:
        p = segment.population
        given = lowering.parameters[id(p)]
        values.append(of_nodes(segment, (*model.constants(given.params, lowering.dt),
                                         *(given.state[f.name] for f in model.state))))
        own = given.of(segment.indices)
        series.append(series_of(model, own, len(segment), lowering.dt))
        names.append((segment.indices, np.full(len(segment), p.index), np.full(len(segment), 128 + draws.INPUTS)))
    columns = [np.concatenate(v) for v in zip(*values)]
    sources = Sources(columns[:len(model.step)], columns[len(model.step):],
                      join_series(series, [len(s) for s in wire.projection.sources]),
                      [np.concatenate(v).astype(np.uint32) for v in zip(*names)])
    degrees = np.zeros(len(drawing.targets), np.uint32)
    jobs = [make_job(drawing, lowering.lanes_in(wire, part), degrees, lowering.node_of, lowering.dt, wire.shifts(part))
            for part in range(lowering.n_parts)]
    parts = [edited(wire, part, found) for part, found in enumerate(in_threads(connections_of, jobs))]
    return [make_drive(lowering, wire, part, found[found["steps"] == delay], int(delay), sources)
            for part, found in enumerate(parts) for delay in np.unique(found["steps"])]


def of_nodes(segment: Segment, values: Iterable[Any]) -> list[np.ndarray]:
    """Values of a population, one for all nodes or one each, for the nodes of a segment."""
    return [np.broadcast_to(np.ravel(np.asarray(v)), segment.population.size)[segment.indices] for v in values]


def keys_of(found: np.ndarray) -> np.ndarray:
    """The addresses of connections' random numbers."""
    return found["row"].astype(np.int64) << 32 | found["nth"]


def edited(wire: Wire, part: int, found: np.ndarray) -> np.ndarray:
    """The connections of one partition that were not removed, with the weights and delays that were set."""
    now = wire.projection.edited
    if now is None:
        return found
    keys = keys_of(found)
    found = found[np.isin(keys, now.keys)].copy()
    at = np.searchsorted(now.keys, keys_of(found))
    if wire.projection.which is None:                   # a receptor for weights above 0, and one for those below
        turned = (now.weights[at] < 0).astype(np.int64) - (found["weight"] < 0)
        found["lane"] = found["lane"] + turned * wire.shifts(part)[-1]
    found["weight"], found["steps"] = now.weights[at], now.steps[at]
    return found


@dataclass
class Sources:
    """What a projection's generators have, an entry each: constants, initial states, series, names for random numbers."""

    constants: list[np.ndarray]
    initial: list[np.ndarray]
    series: dict[str, Changes]
    names: list[np.ndarray]


def picked_constants(model: Model, values: list[np.ndarray], sources: np.ndarray) -> list[Any]:
    """The constants of connections, from those of every source: one number where all are equal, else an array."""
    step = []
    for f, of_sources in zip(model.step, values):
        picked = of_sources[sources].astype(np.float64 if f.type is float else np.int64)
        step.append(picked[0] if (picked == picked[0]).all() else picked)
    return step


def make_drive(lowering: Any, wire: Wire, part: int, found: np.ndarray, delay: int, sources: Sources) -> Drive:
    """One partition's connections of equal delay."""
    model, n = wire.model, len(found)
    step = picked_constants(model, sources.constants, found["source"])
    real, whole = (np.float64, np.int64) if lowering.precision == "double" else (np.float32, np.int32)
    state = [v[found["source"]].astype(real if f.type is float else whole) for f, v in zip(model.state, sources.initial)]
    # a receptor that counts spikes takes no notice of weights
    weights = np.ones(1) if wire.lane.field.type is int else found["weight"].copy()
    if (weights == weights[0]).all():
        weights = weights[:1]
    random = None
    if model.drawn:
        which, of = wire.projection.specification       # each has a train of its own
        nth = found["nth"].astype(np.uint32) * np.uint32(of) + np.uint32(which)
        domain = domain_of(wire.projection, draws.INPUTS) + (nth << np.uint32(8))
        random = random_inputs(model, step, n, found["row"], np.full(n, wire.projection.stream, np.uint32), domain)
        random.shared = tuple(v[found["source"]] for v in sources.names)
    connections = np.argsort(found["source"], kind="stable")
    ends = np.searchsorted(found["source"][connections], np.arange(len(sources.names[0]) + 1))
    series = {name: spread(c, connections, ends) for name, c in sources.series.items()}
    most = float(most_emitted(model, step, random).max())
    return Drive(wire, model, part, n, delay, state, step, found["lane"].copy(), weights, weights, most, found["source"].copy(),
                 keys_of(found), random, series)


def spread(changes: Changes, connections: np.ndarray, ends: np.ndarray) -> Changes:
    """The series of connections from those of their sources: source i has the connections connections[ends[i]:ends[i + 1]]."""
    counts = ends[changes.nodes + 1] - ends[changes.nodes]
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return Changes(np.repeat(changes.steps, counts), connections[np.repeat(ends[changes.nodes], counts) + offsets],
                   np.repeat(changes.values, counts))
