"""What a rule is, and what a distribution is.

A rule says which nodes a projection connects. It draws one row at a time: the sources of one target (``by = "target"``) or
the targets of one source (``by = "source"``). It states

* ``check(pairing)``: raises BadConnection if the rule cannot be applied to these nodes;
* ``prepare(pairing) -> Row``: the numbers and tables that its row function needs;
* ``tally(words, table, k0, k1, stream, domain) -> longest``, where it has one: a plain function, compiled by the engine and
  called once before all rows, that draws how many partners each row has, writes it to table[1::2], and returns the most;
* ``row(words, table, k0, k1, stream, domain, index, out) -> n``: a plain function, compiled by the engine, that writes the
  positions of the row's partners into `out` and returns how many there are. Draws come from `draws.philox`, addressed by
  the row's index, so that a row is the same whoever draws it. It writes no more than n entries and one beyond; one that
  is `drawn_once`, up to `longest`.

In code for a GPU nothing can be allocated, and rows are best drawn by many threads. So `prepare` may state in its Row other
functions that draw the same rows: `each`, `bare`.

A distribution gives ``sample(u, a, b) -> float`` in the same manner, from one 32-bit word, and bounds of what it gives. Where
most words lead to a formula without branches it may state that by itself, as ``central = (formula, applies)``: where
``applies(u)``, ``sample(u, a, b)`` is ``formula(u, a, b)``, bit for bit. The engine then computes it for whole rows at once.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar

import numpy as np

from .algebra import Expression as Expression


class BadConnection(ValueError):
    """A connection that cannot be made as it is asked for."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Where a population's nodes are: positions (nodes, 2 or 3), and the box that holds them.

    extent, center: the box's sides and middle, one number an axis; wrap: whether opposite sides of the box are the same place,
    so that a distance is the shortest way round.
    """

    positions: np.ndarray
    extent: np.ndarray
    center: np.ndarray
    wrap: bool = False


class Positions:
    """Base of what `create(positions=)` takes. nodes: how many positions it holds; None if it draws any number of them."""

    nodes: int | None

    def layer(self, n: int, draw: Callable[[Any, int], np.ndarray]) -> Layer:
        """n positions; draw(distribution, axis) gives n values. Raises BadConnection."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Space:
    """Where a pairing's nodes are: positions of sources and targets (nodes, 2 or 3), and the sides of the box if it wraps."""

    sources: np.ndarray
    targets: np.ndarray
    wrap: np.ndarray | None = None

    def displacement(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """From sources to targets, both given by number: (pairs, 2 or 3)."""
        way = self.targets[targets] - self.sources[sources]
        return way if self.wrap is None else way - self.wrap * np.floor(way / self.wrap + 0.5)


@dataclass(frozen=True)
class Pairing:
    """Two lists of nodes that a rule pairs.

    sources, targets: ids, in the order of the user's views; allow_autapses, allow_multapses: NEST's switches; key, stream,
    domain: where the projection's random numbers are found; space: where the nodes are, if they have positions.
    """

    sources: np.ndarray
    targets: np.ndarray
    allow_autapses: bool
    allow_multapses: bool
    key: tuple[Any, Any] = (np.uint32(0), np.uint32(0))
    stream: int = 0
    domain: int = 0
    space: Space | None = None

    @property
    def own(self) -> np.ndarray:
        """For each target its position among the sources, or -1."""
        return positions(self.targets, self.sources)

    @property
    def own_target(self) -> np.ndarray:
        """For each source its position among the targets, or -1."""
        return positions(self.sources, self.targets)


@dataclass(frozen=True)
class Row:
    """What a row function needs: `words` (int64), `table` (uint32), and the longest row that can come.

    Of an array with one value a synapse, in the order of drawing: starts: where each row's values begin (rows + 1 entries;
    None: every row has `longest`); order: which of the user's values stands at each place (None: they are in that order).

    On a GPU, where they are stated: each, (length, partner): length(words, table, index) is how many partners a row has, and
    partner(words, table, index, i, u) the i-th of them, which depends on no other; u: the row's i-th word. bare: a row function
    that allocates nothing; after `out` it is given an array of `room` words (uint64), with anything in it.
    """

    words: np.ndarray
    table: np.ndarray
    longest: int
    starts: np.ndarray | None = None
    order: np.ndarray | None = None
    each: tuple[Callable, Callable] | None = None
    bare: Callable | None = None
    room: int = 0


class Rule:
    """Base of the rules: equal by value, shown as it was written. weight, delay: those of a rule that brings its own."""

    by: ClassVar[str] = "target"
    symmetric: ClassVar[bool] = False      # only for connections in both directions: make_symmetric=True
    pairs: ClassVar[bool] = False          # every pair once: an array of values is a (targets, sources) matrix
    spatial: ClassVar[bool] = False        # asks where the nodes are: pairing.space
    listing: Any = False                   # its table lists all partners, 4 bytes each
    drawn_once: ClassVar[bool] = False     # drawn at the call of connect, to see whether all rows are right: see `own_rows`
    row: Callable
    tally: ClassVar[Callable | None] = None
    weight: Any = None
    delay: Any = None

    def check(self, pairing: Pairing) -> None:
        """Raise BadConnection if the rule does not fit these nodes."""

    def prepare(self, pairing: Pairing) -> Row:
        """The numbers and tables that the row function needs."""
        raise NotImplementedError

    def wrong(self, pairing: Pairing, index: int, code: int, value: int) -> str:
        """What is wrong with a row for which the row function of a rule that is `drawn_once` has returned a code below 0."""
        raise NotImplementedError

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Expected number of synapses."""
        raise NotImplementedError

    def expected_in(self, space: Space) -> float:
        """The same, estimated from where the nodes are."""
        return self.expected(len(space.sources), len(space.targets))

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        """The shape of an array with one value a synapse, in the order of drawing; () where there is none."""
        return ()

    def without_values(self) -> Rule:
        """The rule without the weight and delay that it brings, which connect() has taken over."""
        return self

    def __repr__(self) -> str:
        """As it was written, without what was left out."""
        given: list[Any] = [(f, getattr(self, f.name)) for f in fields(self)] if is_dataclass(self) else []
        shown = ", ".join(f"{f.name}={value!r}" for f, value in given if value is not f.default)
        return f"{type(self).__name__.removesuffix('_in_space')}({shown})"


class Distribution(Expression):
    """Base of the distributions: values from words, optionally within [min, max] by redrawing; plain: fields without unit."""

    sample: ClassVar[Callable]
    central: ClassVar[tuple[Callable, Callable] | None] = None
    plain: ClassVar[tuple[str, ...]] = ()
    min: float
    max: float

    def __init_subclass__(cls) -> None:
        if "sample" in vars(cls) and "central" not in vars(cls):       # the base's belongs to the base's sample
            cls.central = None

    def __repr__(self) -> str:
        """As it was written, without limits and a unit that were left out."""
        given: list[Any] = [(f, getattr(self, f.name)) for f in fields(self)] if is_dataclass(self) else []
        shown = [f"{f.name}={value!r}" for f, value in given if f.name not in ("min", "max", "unit")
                 or repr(value) != repr(f.default)]
        return f"{type(self).__name__}({', '.join(shown)})"

    def parameters(self) -> tuple[float, float]:
        raise NotImplementedError

    def check(self) -> None:
        """Raise BadConnection, saying of its numbers what is wrong."""

    def support(self) -> tuple[float, float]:
        """Smallest and largest value that can be drawn before truncation."""
        raise NotImplementedError

    def limits(self) -> tuple[float, float]:
        """Smallest and largest value that can be drawn."""
        low, high = self.support()
        return max(low, self.min), min(high, self.max)


def positions(of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Where each entry of `of` stands in `among` (int64), or -1."""
    if len(among) == 0 or len(of) == 0:
        return np.full(len(of), -1, np.int64)
    if len(among) == among[-1] - among[0] + 1 and (np.diff(among) == 1).all():   # a range, as views mostly are
        return np.where((of >= among[0]) & (of <= among[-1]), of - among[0], -1).astype(np.int64)
    order = np.argsort(among, kind="stable")
    found = np.searchsorted(among, of, sorter=order).clip(max=len(among) - 1)
    return np.where(among[order[found]] == of, order[found], -1).astype(np.int64)


def whole(value: Any, name: str, lowest: int = 0) -> int:
    """`value` as an int of at least `lowest`; raises BadConnection."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < lowest:
        raise BadConnection(f"{name} = {value!r}: must be a whole number, {lowest} or more")
    return int(value)
