"""Lowering of generators: every connection from one becomes an entry of a `Drive`, with its own random numbers."""
from __future__ import annotations

from typing import Any

import numpy as np

from nestling.connect import draws
from nestling.models.contract import Model

from .draw import Drawing, domain_of
from .plan import Drive, Random, Wire
from .tables import connections_of, make_job
from .threads import in_threads


def poisson_tables(means: Any, size: int) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None]:
    """Tables of Poisson counts for given means: (thresholds, aliases, bits, which table each object uses).

    A table is as large as its own mean asks for, so that a count depends on nothing but its mean and its random word: not
    on the other generators of its drive, which a partition or a delay may have sorted out.
    """
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
    names = [f.name for f in model.step]
    tables = {f.name: poisson_tables(step[names.index(f.name)], size) for f in model.drawn if f.supplied == "poisson"}
    return Random(np.ascontiguousarray(objects, np.uint32), np.ascontiguousarray(streams, np.uint32),
                  np.ascontiguousarray(domains, np.uint32), tables)


def lower_drives(lowering: Any, wire: Wire, drawing: Drawing) -> list[Drive]:
    """The connections of a generator projection, by partition and delay."""
    model = wire.model
    values = []                                         # constants and initial states of every source, by segment
    for segment in wire.projection.sources:
        given = lowering.parameters[id(segment.population)]
        step = model.source.derive(model.source.Params(**given.params), lowering.dt)
        values.append([np.broadcast_to(np.asarray(v), segment.population.size)[segment.indices]
                       for v in (*step, *(given.state[f.name] for f in model.state))])
    columns = [np.concatenate(v) for v in zip(*values)]
    constants, initial = columns[:len(model.step)], columns[len(model.step):]
    degrees = np.zeros(len(drawing.targets), np.uint32)
    jobs = [make_job(drawing, lowering.lanes_in(wire, part), degrees, lowering.node_of, lowering.dt)
            for part in range(lowering.n_parts)]
    return [make_drive(lowering, wire, part, found[found["steps"] == delay], int(delay), constants, initial)
            for part, found in enumerate(in_threads(connections_of, jobs)) for delay in np.unique(found["steps"])]


def make_drive(lowering: Any, wire: Wire, part: int, found: np.ndarray, delay: int, constants: list[np.ndarray],
               initial: list[np.ndarray]) -> Drive:
    """One partition's connections of equal delay."""
    model, n = wire.model, len(found)
    step = []
    for f, values in zip(model.step, constants):
        picked = values[found["source"]].astype(np.float64 if f.type is float else np.int64)
        step.append(picked[0] if (picked == picked[0]).all() else picked)
    real, whole = (np.float64, np.int64) if lowering.precision == "double" else (np.float32, np.int32)
    state = [v[found["source"]].astype(real if f.type is float else whole) for f, v in zip(model.state, initial)]
    # a receptor that counts spikes takes no notice of weights
    weights = np.ones(1) if wire.lane.field.type is int else found["weight"].copy()
    if (weights == weights[0]).all():
        weights = weights[:1]
    random = None
    if model.drawn:
        domain = domain_of(wire.projection, draws.INPUTS) + (found["nth"].astype(np.uint32) << np.uint32(8))
        random = random_inputs(model, step, n, found["row"], np.full(n, wire.projection.stream, np.uint32), domain)
    if model.emits == "current":
        largest = float(np.max(model.source.bound(model.source.Step(*step))))
    else:
        assert random is not None
        largest = float(random.most)
    return Drive(wire, model, part, n, delay, state, step, found["lane"].copy(), weights, largest, random)
