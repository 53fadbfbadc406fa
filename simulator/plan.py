"""The plan: the network lowered to arrays, the same for every backend. `print(plan)` is a table of what will run."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nestling.models.contract import Field, Model

from .network import Network, Population, Projection, Segment


@dataclass
class Random:
    """Random input of a block or drive: whose numbers each object receives, and the tables of Poisson counts.

    which: for every object its table and, above 24 bits, that table's own bits; None where one serves all; thresholds,
    aliases: (tables, 2**bits), the larger part unused where a table needs fewer bits.
    """

    objects: np.ndarray
    streams: np.ndarray
    domains: np.ndarray
    tables: dict[str, tuple[np.ndarray, np.ndarray, int, np.ndarray | None]] = field(default_factory=dict)
    shared: tuple[np.ndarray, ...] | None = None     # the same, of inputs that a node's connections share

    @property
    def most(self) -> int:
        """The largest count that the tables can give: an outcome stands in its own cell, or as the alias of another."""
        return max((int(max(np.nonzero(t[0])[1].max(), t[1].max())) for t in self.tables.values()), default=1)


@dataclass
class Changes:
    """A series: node `nodes[i]` has the value `values[i]` from step `steps[i]` on. In the order of steps."""

    steps: np.ndarray
    nodes: np.ndarray
    values: np.ndarray

    def of(self, place: Callable[[np.ndarray], np.ndarray]) -> Changes:
        """The changes of some nodes; place: their new numbers, -1 for the others."""
        nodes = place(self.nodes)
        return Changes(self.steps[nodes >= 0], nodes[nodes >= 0], self.values[nodes >= 0])


def wanted_inputs(model: Model, step: list[Any]) -> set[str]:
    """The inputs that the engine has to supply, given the constants of a block or drive."""
    constants = dict(zip((f.name for f in model.step), step))
    return {f.name for f in model.inputs if f.supplied and not (f.when and not np.any(constants[f.when]))}


def most_emitted(model: Model, step: list[Any], random: Random | None) -> np.ndarray:
    """The most that nodes can emit in one step, current or spikes: one number, or one for each."""
    if model.emits == "spikes":
        return np.ones(1)
    if hasattr(model.source, "bound"):
        return np.maximum(np.ravel(model.source.bound(model.step_of(step))), 0.0)
    return np.array([random.most if random else 0.0])


@dataclass
class Lane:
    """A receptor of a block that something reaches: where its lanes begin in every partition, and its scale."""

    field: Field
    begins: np.ndarray
    exponent: int = 0


@dataclass
class Block:
    """All nodes of one model that emit through the synapse table, contiguous; arrays in the order of `Model`'s fields."""

    model: Model
    first: int                              # number of the first node
    size: int
    populations: list[Population]
    state: list[np.ndarray]
    step: list[Any]                         # a number where all nodes share it
    lanes: dict[str, Lane]
    bounds: np.ndarray                      # node bounds of the partitions, relative to the block: (partitions + 1,)
    random: Random | None = None
    series: dict[str, Changes] = field(default_factory=dict)


@dataclass
class Wire:
    """The part of a projection that ends in one block; receptor: for all weights, or with `negative` for those above 0."""

    projection: Projection
    block: Block
    receptor: str
    negative: str = ""

    @property
    def lane(self) -> Lane:
        return self.block.lanes[self.receptor]

    @property
    def names(self) -> list[str]:
        return [name for name in (self.receptor, self.negative) if name]

    @property
    def lanes(self) -> list[Lane]:
        return [self.block.lanes[name] for name in self.names]

    def shift(self, part: int) -> int:
        """How far the lanes for negative weights lie from those for the others."""
        return int(self.lanes[-1].begins[part] - self.lane.begins[part])

    @property
    def weight(self) -> Any:
        """The projection's weight; a receptor that counts spikes takes no notice of it."""
        return 1.0 if self.lane.field.type is int else self.projection.weight

    @property
    def model(self) -> Model:
        """The model of the sources: of all of them where they are generators of which each connection runs a copy."""
        model = self.projection.sources[0].population.model
        assert model is not None
        return model

    def places(self, node_of: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The place in the block of every target, -1 for those of other blocks."""
        place = node_of[targets] - self.block.first
        return np.where((place >= 0) & (place < self.block.size), place, -1)


@dataclass
class Drive:
    """A projection of generators of which every connection runs a copy, in one partition."""

    wire: Wire
    model: Model
    part: int
    size: int
    delay: int                              # steps
    state: list[np.ndarray]
    step: list[Any]
    lanes: np.ndarray
    weights: np.ndarray                     # one, or one a connection; fixed point for counts, scaled for currents
    largest: float                          # the most that a connection can bring in one step, before its weight
    sources: np.ndarray                     # of every connection, by position among the projection's sources
    random: Random | None = None
    series: dict[str, Changes] = field(default_factory=dict)


@dataclass
class Table:
    """The synapses that end in one partition. first_group: (sources + 1,); groups: layout.GROUP; classes: layout.CLASS."""

    first_group: np.ndarray
    groups: np.ndarray
    targets: np.ndarray
    weights32: np.ndarray
    weights64: np.ndarray
    classes: np.ndarray

    @property
    def nbytes(self) -> int:
        return sum(a.nbytes for a in (self.first_group, self.groups, self.targets, self.weights32, self.weights64))


@dataclass
class Planned:
    """Spikes known in advance, sorted by step and node number."""

    steps: np.ndarray
    nodes: np.ndarray
    counts: np.ndarray


@dataclass
class Sampling:
    """States that a recorder takes from one of its segments: columns of its traces."""

    recorder: Population
    block: Block
    nodes: np.ndarray                       # relative to the block
    columns: np.ndarray
    fields: list[int]
    interval: int
    first: int
    last: int


@dataclass
class Plan:
    """A network in arrays. Nodes are numbered by block; `node_of` gives the number of a global id, -1 for others."""

    network: Network
    dt: float
    seed: int
    threads: int
    precision: str
    blocks: list[Block]
    drives: list[Drive]
    tables: list[Table]
    planned: Planned
    samplings: list[Sampling]
    n_nodes: int
    node_of: np.ndarray
    relays: dict[int, tuple[int, int]]      # recorded segments of such generators, by id: first node and size of their copy
    recorded: np.ndarray
    most: np.ndarray                        # the most spikes that each node may emit in one step
    min_delay: int
    max_delay: int
    synapses: dict[int, int]                # number of synapses by projection
    delays: dict[int, tuple[int, int]]      # shortest and longest delay by projection, in steps
    reason: str                             # why so many threads
    degrees: dict[int, np.ndarray]          # synapses of every target by projection, of those in the tables
    going_on: bool = False                  # for a run that goes on: what is on its way fits, too

    def nodes_of(self, segment: Segment) -> np.ndarray:
        """Node numbers of a recorded segment."""
        return nodes_of(segment, self.node_of, self.relays)

    @property
    def n_parts(self) -> int:
        return len(self.tables)

    @property
    def ring_type(self) -> type:
        return np.int64 if self.precision == "double" else np.int32

    @property
    def slots(self) -> int:
        return 1 << int(np.ceil(np.log2(max(self.max_delay, 1))))

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes by purpose."""
        lanes = sum(b.size * len(b.lanes) for b in self.blocks)
        return dict(synapses=sum(t.nbytes for t in self.tables),
                    rings=self.slots * lanes * np.dtype(self.ring_type).itemsize,
                    states=sum(a.nbytes for b in self.blocks for a in b.state)
                    + sum(np.asarray(a).nbytes for b in self.blocks for a in b.step),
                    generators=sum(d.lanes.nbytes + d.weights.nbytes + 32 * d.size for d in self.drives))

    def __str__(self) -> str:
        return describe(self)

    __repr__ = __str__


def nodes_of(segment: Segment, node_of: np.ndarray, relays: dict[int, tuple[int, int]]) -> np.ndarray:
    """Node numbers of a recorded segment: its nodes', or those of the copies that are recorded in their place."""
    if id(segment) in relays:
        first, size = relays[id(segment)]
        return np.arange(first, first + size)
    return node_of[segment.ids]


def rows_of(head: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines of a table with aligned columns."""
    text = [[str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in text]


def show(value: Any) -> str:
    """A weight or a delay in a few characters."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    return f"{value:g}" if isinstance(value, (int, float)) else repr(value)


def describe(plan: Plan) -> str:
    """The table of a plan: populations, connections, randomness, memory, and how it runs."""
    net = plan.network
    lines = [f"Plan: dt {plan.dt:g} ms, seed {plan.seed}, precision {plan.precision}, "
             f"{plan.threads} thread{'s' if plan.threads > 1 else ''} ({plan.reason})", "populations"]
    receptors = {id(p): "" for p in net.populations}
    for block in plan.blocks:
        for p in block.populations:
            receptors[id(p)] = ", ".join(f"{name} (2^-{lane.exponent} {lane.field.unit})"
                                         for name, lane in block.lanes.items()) or "none reached"
    lines += rows_of(["#", "model", "nodes", "receptors (resolution)"],
                     [[p.index, p.name, p.size, receptors[id(p)]] for p in net.populations])
    rows = []
    for c in net.projections:
        names = [" + ".join(f"{len(s)} {s.population.name}" for s in side) for side in (c.sources, c.targets)]
        low, high = plan.delays[c.index]
        delay = f"{low * plan.dt:g}" if low == high else f"{low * plan.dt:g} to {high * plan.dt:g}"
        stream = f"seed {c.stream}" if c.named else f"call {c.stream}"
        rule = f"{c.rule}, the other way" if c.transposed else c.rule
        rows.append([c.index, f"{names[0]} -> {names[1]}", rule, " and ".join(c.receptor), show(c.weight), f"{delay} ms",
                     f"{plan.synapses[c.index]:,}", stream])
    if rows:
        lines += ["connections"] + rows_of(["#", "from -> to", "rule", "receptor", "weight", "delay", "number",
                                            "random stream"], rows)
    drawn = [f"{d} of {p.name} {p.index}" for p in net.populations
             for d in sorted({k for k, v in (p.params | p.initial).items() if hasattr(v, "sample")})]
    if drawn:
        lines.append(f"drawn once: {', '.join(drawn)}")
    noisy = sorted({f"{d.model.name} of connection {d.wire.projection.index}" for d in plan.drives if d.random})
    if noisy:
        lines.append(f"drawn in every step: {', '.join(noisy)}")
    for r in net.recordings:
        lines.append(f"recorded by {r.recorder.name} {r.recorder.index}: "
                     + " + ".join(f"{len(s)} of population {s.population.index}" for s in r.nodes))
    total = sum(len(t.targets) for t in plan.tables)
    size = plan.nbytes
    lines.append("memory: " + ", ".join(f"{k} {v / 1e6:.3g} MB" for k, v in size.items())
                 + (f"; {size['synapses'] / total:.2f} bytes a synapse" if total else ""))
    lines.append(f"run: slices of {plan.min_delay} step{'s' if plan.min_delay > 1 else ''}, longest delay "
                 f"{plan.max_delay}, {plan.n_parts} partition{'s' if plan.n_parts > 1 else ''}; kernels: loop, "
                 + ", ".join(sorted({f"advance {b.model.name}" for b in plan.blocks if b.size}
                                    | {f"drive {d.model.name}" for d in plan.drives})))
    return "\n".join(lines)
