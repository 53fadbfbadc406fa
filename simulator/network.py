"""The declared network: what the user said, in frozen dataclasses, without arrays of its own making."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution, Layer, Rule, Space
from nestling.models.contract import Model
from nestling.recorders.contract import Recorder


@dataclass(frozen=True, eq=False)
class Population:
    """Nodes of one model that were created together. params, initial: numbers, arrays or distributions, in NEST's units."""

    index: int
    size: int
    first_id: int
    model: Model | None = None
    recorder: Recorder | None = None
    params: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    layer: Layer | None = None

    @property
    def name(self) -> str:
        return self.model.name if self.model else self.recorder.name if self.recorder else "?"

    def __repr__(self) -> str:
        return f"<population {self.index}: {self.size} {self.name}>"


@dataclass(frozen=True, eq=False)
class Segment:
    """Some nodes of one population, by position, in the order of the view."""

    population: Population
    indices: np.ndarray

    @property
    def ids(self) -> np.ndarray:
        """Global ids, counted over all nodes of the simulator in the order of creation."""
        return self.population.first_id + self.indices

    def __len__(self) -> int:
        return len(self.indices)


def space_of(sources: tuple[Segment, ...], targets: tuple[Segment, ...]) -> Space | None:
    """Where the nodes of a pairing are; None unless all have positions. Raises BadConnection if their spaces differ."""
    layers = [s.population.layer for s in (*sources, *targets)]
    if any(layer is None for layer in layers):
        return None
    first, *others = (layer for layer in layers if layer is not None)
    for other in others:
        if len(other.extent) != len(first.extent):
            raise BadConnection(f"positions in {len(first.extent)} and in {len(other.extent)} dimensions cannot be connected "
                                f"by distance")
        if other.wrap != first.wrap or first.wrap and (other.extent != first.extent).any():
            raise BadConnection(f"edge_wrap = {first.wrap} with extent {first.extent} and edge_wrap = {other.wrap} with extent "
                                f"{other.extent}: nodes that are connected by distance must lie in one space")
    pre, post = (np.concatenate([s.population.layer.positions[s.indices] for s in side])       # type: ignore[union-attr]
                 for side in (sources, targets))
    return Space(pre, post, first.extent if first.wrap else None)


Value = float | np.ndarray | Distribution     # a weight (in the receptor's unit) or a delay (ms)


@dataclass(frozen=True, eq=False)
class Edited:
    """What was made of a projection of generators: those of its connections that remain, by the address of their numbers.

    keys: row << 32 | place in the row, ascending; weights: in the receptor's unit; steps: delays in steps.
    """

    keys: np.ndarray
    weights: np.ndarray
    steps: np.ndarray


@dataclass(frozen=True, eq=False)
class Projection:
    """One call of connect between nodes. stream: the number of its random stream; named: whether seed= named it."""

    index: int
    sources: tuple[Segment, ...]
    targets: tuple[Segment, ...]
    rule: Rule
    weight: Value
    delay: Value
    receptor: tuple[str, ...]           # one input of the targets, or those for weights above and below 0
    stream: int
    named: bool
    allow_autapses: bool
    allow_multapses: bool
    transposed: bool = False            # drawn with sources and targets exchanged: the other direction of another projection
    specification: tuple[int, int] = (0, 1)     # which, of how many that share their edges
    procedural: bool = False            # not stored: drawn again whenever a source fires
    which: np.ndarray | None = None     # an array: which of `receptor` each synapse reaches; None: the one, or by sign
    edited: Edited | None = None        # of generators: in place of weight and delay
    bound: float | None = None          # of weights that were set in tables: the magnitude that scales leave room for

    @property
    def ends(self) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
        """Sources and targets as the rule sees them."""
        return (self.targets, self.sources) if self.transposed else (self.sources, self.targets)

    @property
    def by_source(self) -> bool:
        """Whether a row that the rule draws holds the targets of a source."""
        return (self.rule.by == "source") != self.transposed

    @property
    def source_ids(self) -> np.ndarray:
        return np.concatenate([s.ids for s in self.sources])

    @property
    def target_ids(self) -> np.ndarray:
        return np.concatenate([s.ids for s in self.targets])


@dataclass(frozen=True, eq=False)
class Recording:
    """Nodes that a recorder records. call: the number of the projection whose weights it records; nodes: then its sources."""

    recorder: Population
    nodes: tuple[Segment, ...]
    call: int | None = None


@dataclass(frozen=True, eq=False)
class Network:
    """Everything that was declared, in the order of declaration."""

    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    recordings: tuple[Recording, ...] = ()

    def place_of(self, global_id: int) -> tuple[int, int]:
        """Index of a node's population, and its place there."""
        return next((p.index, global_id - p.first_id) for p in self.populations
                    if p.first_id <= global_id < p.first_id + p.size)

    def recorded(self, recorder: Population) -> tuple[Segment, ...]:
        """All that a recorder records, in the order of connecting."""
        return tuple(s for r in self.recordings if r.recorder is recorder for s in r.nodes)
