"""The plan: the network lowered to arrays, the same for every backend. `print(plan)` is a table of what will run."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nestling.models.contract import Field, Model

from .network import Network, Population, Projection, Segment
from .stored import Bundle, Patch, Table


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
    """The part of a projection that ends in one block; names: the receptor of all synapses, or those for weights above and
    below 0, or those of which each synapse has one of its own."""

    projection: Projection
    block: Block
    names: tuple[str, ...]
    bound: float | None = None              # of weights that were set in the tables: the largest magnitude

    @property
    def lane(self) -> Lane:
        return self.block.lanes[self.names[0]]

    @property
    def lanes(self) -> list[Lane]:
        return [self.block.lanes[name] for name in self.names]

    def shifts(self, part: int) -> np.ndarray:
        """How far the lanes of each receptor lie from those of the first."""
        return np.array([lane.begins[part] - self.lane.begins[part] for lane in self.lanes], np.int32)

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
    given: np.ndarray                       # weights, in the receptor's unit: one, or one a connection
    weights: np.ndarray                     # the same as they are added: in fixed point for counts, scaled for currents
    largest: float                          # the most that a connection can bring in one step, before its weight
    sources: np.ndarray                     # of every connection, by position among the projection's sources
    keys: np.ndarray                        # of every connection, the address of its numbers: row << 32 | place in the row
    random: Random | None = None
    series: dict[str, Changes] = field(default_factory=dict)


@dataclass
class Procedure:
    """Synapses of one wire that are drawn again whenever their source fires: what the kernels need of it in each partition.

    nodes: the node number of every source; records: of each partition a JOB; steps: shortest and longest delay; kept: what
    they point to; arrays: among it what drawing needs, which for a rule in space is a list of all targets.
    """

    wire: Wire
    nodes: np.ndarray
    records: list[np.ndarray]
    steps: tuple[int, int]
    kept: list[Any]
    arrays: list[np.ndarray]


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
    wires: list[Wire]                       # of the projections in the tables
    bundles: list[Bundle]                   # by number of their class in the tables
    procedures: list[Procedure]
    going_on: bool = False                  # for a run that goes on: what is on its way fits, too
    patched: dict[int, Patch] = field(default_factory=dict)     # by projection: weights that were set in the tables
    in_one: bool = False                    # for a device that takes all nodes through a slice at once

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
        """Steps that the rings hold: what arrives later than that is fetched from the tables when it arrives.

        A device that takes all nodes through a slice at once delivers at once, too, and its generators fill the rows of all the
        slice's steps before a node reads one.
        """
        stored = [b.steps[1] for b in self.bundles if self.in_one or not b.late]
        return power_of_two(max([self.min_delay if self.in_one else 1, *stored, *(p.steps[1] for p in self.procedures)]))

    @property
    def calendar(self) -> int:
        """Steps for which spikes are noted whose synapses have differing delays; 0 where no synapse has."""
        longest = max([b.steps[1] for b in self.bundles if b.late and not self.in_one], default=0)
        return longest and power_of_two(longest)

    @property
    def nbytes(self) -> dict[str, int]:
        """Bytes by purpose."""
        lanes = sum(b.size * len(b.lanes) for b in self.blocks)
        return dict(synapses=sum(t.nbytes for t in self.tables),
                    rings=self.slots * lanes * np.dtype(self.ring_type).itemsize,
                    states=sum(a.nbytes for b in self.blocks for a in b.state)
                    + sum(np.asarray(a).nbytes for b in self.blocks for a in b.step),
                    procedures=sum(4 * len(p.wire.projection.target_ids) * len(p.records) for p in self.procedures)
                    + sum({id(a): a.nbytes for p in self.procedures for a in p.arrays}.values()),
                    generators=sum(d.lanes.nbytes + d.given.nbytes + d.weights.nbytes + 32 * d.size for d in self.drives))

    def __str__(self) -> str:
        from .plan_text import describe
        return describe(self)

    __repr__ = __str__


def most_in_a_slice(steps: np.ndarray, length: int) -> int:
    """The most planned spikes that any `length` successive steps hold."""
    return int((np.searchsorted(steps, steps + length) - np.arange(len(steps))).max(initial=0))


def power_of_two(n: int) -> int:
    """The smallest power of two that is n or more."""
    return 1 << int(np.ceil(np.log2(max(n, 1))))


def nodes_of(segment: Segment, node_of: np.ndarray, relays: dict[int, tuple[int, int]]) -> np.ndarray:
    """Node numbers of a recorded segment: its nodes', or those of the copies that are recorded in their place."""
    if id(segment) in relays:
        first, size = relays[id(segment)]
        return np.arange(first, first + size)
    return node_of[segment.ids]
