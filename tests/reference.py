"""A slow simulator that is easy to see through: what a declared network does, step by step, in plain Python.

It reads the declarations of a `Simulator` and nothing else of the engine (but the grid on which it keeps drawn weights): no
plan, no tables, no partitions, no rings, no fixed point. Synapses are a list; spikes on their way are lists by step of
arrival; sums are floating point. It calls the models' `derive` and `update` for one node at a time, and the row and sample
functions of random rules and distributions for one row at a time, all of which are plain Python.

Input sums are exact where weights are multiples of a power of two that is not too small, so that the order of arrival does
not matter here either.
"""
from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from nestling.connect import all_to_all, draws, one_to_one
from nestling.connect.contract import Distribution, Pairing
from nestling.models.contract import nested
from nestling.simulator.tables import weight_storage


class Synapse(NamedTuple):
    source: int      # global ids
    target: int
    weight: float
    delay: int       # steps
    row: int         # which row of the rule drew it, and as the how manieth: the address of its random numbers
    nth: int


# ---------------------------------------------------------------------------------------------------- numbers at random

def words(block: Any, object_: Any, stream: int, domain: Any, seed: int) -> tuple:
    """The four random words of an address."""
    counter = (np.asarray(c, np.uint32) for c in (block, object_, stream, domain))
    with np.errstate(over="ignore"):
        return draws.philox(*counter, *draws.key_of(seed))


def drawn(distribution: Distribution, n: int, row: int, stream: int, domain: int, seed: int) -> list[float]:
    """A row of n values: the i-th from word i, redrawn outside [min, max] from word i of the domain's next attempts."""
    out = []
    for i in range(n):
        value, attempt = math.nan, 0
        while not distribution.min <= value <= distribution.max:
            # the first attempts of four values share a block of words; a later attempt has a block of its own
            word = words(i // 4, row, stream, domain, seed)[i % 4] if attempt == 0 else \
                words(i, row, stream, domain + 16 * attempt, seed)[0]
            value = float(distribution.sample(word, *distribution.parameters()))
            attempt += 1
        out.append(value)
    return out


class PoissonCounts:
    """Counts of one mean, from words, by the alias table of `draws`."""

    def __init__(self, mean: float) -> None:
        chances = draws.poisson_probabilities(mean)
        self.bits = draws.bits_for(len(chances))
        self.table = draws.alias_table(chances, self.bits)

    def __call__(self, word: np.uint32) -> int:
        return int(draws.alias_pick(word, *self.table, np.uint32(0), self.bits))


# ------------------------------------------------------------------------------------------------------------- synapses

def ends_of(projection: Any) -> list[np.ndarray]:
    """The ids of sources and targets as the rule sees them: exchanged where it draws for the other direction."""
    ends = [projection.source_ids, projection.target_ids]
    return ends[::-1] if projection.transposed else ends


def rows_of(projection: Any, seed: int) -> list[list[int]]:
    """The rule, row by row: the positions of the sources of every target, or of the targets of every source."""
    (sources, targets), rule = ends_of(projection), projection.rule
    if hasattr(rule, "edges"):
        return [[int(s) for s, t in zip(rule.edges.pre, rule.edges.post) if t == i] for i in range(len(targets))]
    if rule is all_to_all:
        return [[i for i, s in enumerate(sources) if projection.allow_autapses or s != t] for t in targets]
    if rule is one_to_one:
        return [[i] if projection.allow_autapses or sources[i] != t else [] for i, t in enumerate(targets)]
    key, domain = draws.key_of(seed), draws.EDGES + draws.OWN_SEED * projection.named
    prepared = rule.prepare(Pairing(sources, targets, projection.allow_autapses, projection.allow_multapses, key,
                                    projection.stream, domain))
    table = np.asarray(prepared.table, np.uint32)
    words, longest = np.asarray(prepared.words, np.int64), prepared.longest
    if rule.tally is not None:
        table = table.copy()
        with np.errstate(over="ignore"):
            longest = type(rule).tally(words, table, *key, projection.stream, domain)
    out = np.empty(longest + 1, np.int32)
    rows = []
    for index in range(len(sources) if rule.by == "source" else len(targets)):
        with np.errstate(over="ignore"):        # the generator multiplies modulo 2**32
            n = rule.row(words, table, *key, projection.stream, domain, index, out)
        rows.append([int(p) for p in out[:n]])
    return rows


def as_kept(value: float, law: Distribution) -> float:
    """A weight drawn at random, as the engine keeps it."""
    exponent = weight_storage(law, 1000)[1]
    return math.ldexp(math.floor(math.ldexp(value, exponent) + 0.5), -exponent)


def values_of(value: Any, rows: list[list[int]], projection: Any, domain: int, seed: int) -> list[list[float]]:
    """Weights or delays for every row."""
    (sources, targets), rule = ends_of(projection), projection.rule
    if isinstance(value, Distribution):
        domain += draws.OWN_SEED * projection.named + (projection.specification[0] << 28)
        return [drawn(value, len(row), index, projection.stream, domain, seed) for index, row in enumerate(rows)]
    if not isinstance(value, np.ndarray):
        return [[float(value)] * len(row) for row in rows]
    if rule is one_to_one and value.ndim == 1:
        return [[value[index]] * len(row) for index, row in enumerate(rows)]
    if hasattr(rule, "edges") and value.ndim == 1:
        return [[float(v) for v, t in zip(value, rule.edges.post) if t == i] for i in range(len(targets))]
    if rule is not all_to_all and value.shape == rule.shape(len(sources), len(targets)):
        in_order = iter(value.ravel())
        return [[float(next(in_order)) for _ in row] for row in rows]
    if rule.by == "source":
        return [[float(value[target, index]) for target in row] for index, row in enumerate(rows)]
    return [[float(value[index, source]) for source in row] for index, row in enumerate(rows)]


def nearest_step(time: float, dt: float) -> int:
    """Round half up, in the decimal numbers that stand in a script: 0.15 / 0.1 is 1.5, though not in floating point."""
    return math.floor(Fraction(repr(float(time))) / Fraction(repr(float(dt))) + Fraction(1, 2))


def synapses_of(projection: Any, dt: float, seed: int) -> list[Synapse]:
    """All synapses of one connect call, in the order of rows."""
    rows = rows_of(projection, seed)
    weights = values_of(projection.weight, rows, projection, draws.WEIGHTS, seed)
    delays = values_of(projection.delay, rows, projection, draws.DELAYS, seed)
    generators = projection.sources[0].population.model.per_connection
    if isinstance(projection.weight, Distribution) and not generators:
        weights = [[as_kept(w, projection.weight) for w in row] for row in weights]
    out = []
    for index, row in enumerate(rows):
        for nth, (partner, weight, delay) in enumerate(zip(row, weights[index], delays[index])):
            source, target = (index, partner) if projection.rule.by == "source" else (partner, index)
            ids = [int(ids[i]) for ids, i in zip(ends_of(projection), (source, target))]
            source_id, target_id = ids[::-1] if projection.transposed else ids
            out.append(Synapse(source_id, target_id, weight, max(1, nearest_step(delay, dt)), index, nth))
    return out


# ---------------------------------------------------------------------------------------------------------------- nodes

def params_of(population: Any, seed: int) -> list[dict[str, Any]]:
    """Parameters, then initial values, of every node: [params of node 0, ...], [state of node 0, ...]."""
    out = []
    for fields, given, first in ((population.model.params, population.params, 0),
                                 (population.model.state, population.initial, 100)):
        columns = {}
        for i, field in enumerate(fields):
            value = given.get(field.name, field.default)
            if isinstance(value, Distribution):
                value = drawn(value, population.size, first + i, population.index, draws.INITIAL, seed)
            varied = isinstance(value, (np.ndarray, list))
            columns[field.name] = value if varied else [value] * population.size
        out.append([{name: column[i] for name, column in columns.items()} for i in range(population.size)])
    return out


def plain(values: Any, fields: Any) -> list[Any]:
    """Python numbers of the fields' types."""
    return [f.type(np.asarray(v).item()) for v, f in zip(values, fields)]


def flat(record: Any) -> list[Any]:
    """A record's numbers, a list's one after another."""
    return [x for entry in record for x in (entry if isinstance(entry, tuple) else [entry])]


class Node:
    """One node that is updated in every step."""

    def __init__(self, model: Any, params: dict[str, Any], state: dict[str, Any], dt: float) -> None:
        self.model = model
        lists = {f.name for f in model.params if f.type is tuple}
        values = {name: [value] if name in lists else value for name, value in params.items()}
        self.constants = model.step_of(plain(model.constants(values, dt), model.step))
        self.state = model.source.State(*nested(plain(state.values(), model.state), model.forms[0]))

    def update(self, step: int, arrived: dict[str, Any], counts: dict[str, int]) -> int:
        """One step; returns what was emitted."""
        model = self.model
        inputs = [step if f.supplied == "clock" else counts.get(f.name, 0) if f.supplied else arrived.get(f.name, f.default)
                  for f in model.inputs]
        self.state, emitted = model.source.update(self.state, self.constants,
                                                  model.source.Inputs(*nested(inputs, model.forms[1])),
                                                  *([model.solver] if model.solver else []))
        return emitted

    def recorded(self, name: str) -> Any:
        """A state, by the name under which it is recorded."""
        return flat(self.state)[[f.name for f in self.model.state].index(name)]


class Copy(Node):
    """A generator as one connection has it (or one recording), with its own random numbers."""

    def __init__(self, model: Any, params: dict[str, Any], state: dict[str, Any], dt: float,
                 address: tuple[int, int, int], delay: int, seed: int) -> None:
        super().__init__(model, params, state, dt)
        self.address, self.delay, self.seed = address, delay, seed
        self.tables = {f.name: PoissonCounts(getattr(self.constants, f.name)) for f in model.drawn}
        self.words: dict[str, tuple] = {}

    def emit(self, step: int) -> Any:
        """What arrives in `step`: numbers are addressed by the step of arrival, the generator's clock is a delay behind."""
        row, stream, domain = self.address
        counts = {}
        for j, field in enumerate(self.model.inputs):
            if field.supplied == "poisson":
                if step % 4 == 0 or field.name not in self.words:
                    self.words[field.name] = words(step // 4, row, stream, domain + 16 * j, self.seed)
                counts[field.name] = self.tables[field.name](self.words[field.name][step % 4])
        return self.update(step - self.delay, {}, counts)


# -------------------------------------------------------------------------------------------------------------- network

class Reference:
    """The network that a simulator declares. `run(steps)` goes on; what was recorded is kept."""

    def __init__(self, simulator: Any) -> None:
        self.network, self.dt, self.seed = simulator.network, simulator.dt, simulator.seed
        self.step = 0
        self.nodes: dict[int, Node] = {}                      # by global id, those that are updated
        self.scheduled: dict[int, list[tuple[int, int]]] = defaultdict(list)      # step: (node, how many)
        self.out: dict[int, list[tuple[Synapse, str, bool]]] = defaultdict(list)  # by source: synapse, receptor, counts
        self.copies: list[tuple[Copy, Synapse, str, bool]] = []
        self.trains: dict[tuple[int, int], Copy] = {}         # generators' copies for recorders, by recorder and place
        self.arriving: dict[int, list[tuple[int, str, Any]]] = defaultdict(list)  # step: (target, receptor, amount)
        self.spikes: dict[int, list[tuple[int, int]]] = defaultdict(list)         # recorder: (stamp, sender)
        self.samples: dict[int, list[tuple[int, dict[str, list]]]] = defaultdict(list)
        for population in self.network.populations:
            if population.model is not None:
                self._make_nodes(population)
        for projection in self.network.projections:
            self._connect(projection)
        self._watch()

    def _make_nodes(self, population: Any) -> None:
        model, source = population.model, population.model.source
        params, state = params_of(population, self.seed)
        if model.scheduled:
            columns = {f.name: [p[f.name] for p in params] for f in model.params}
            for step, node, count in zip(*source.schedule(source.Params(**columns), self.dt)):
                self.scheduled[int(step)].append((population.first_id + int(node), int(count)))
        elif not model.per_connection:
            for i in range(population.size):
                self.nodes[population.first_id + i] = Node(model, params[i], state[i], self.dt)

    def _copy(self, id_: int, address: tuple[int, int, int], delay: int) -> Copy:
        population = next(p for p in self.network.populations if p.first_id <= id_ < p.first_id + p.size)
        params, state = (nodes[id_ - population.first_id] for nodes in params_of(population, self.seed))
        return Copy(population.model, params, state, self.dt, address, delay, self.seed)

    def _connect(self, projection: Any) -> None:
        model = projection.targets[0].population.model
        receptors = [next(f for f in model.receptors if f.name == name) for name in projection.receptor]
        which = None
        if projection.which is not None:
            rows = rows_of(projection, self.seed)
            which = [[int(w) for w in row] for row in values_of(projection.which, rows, projection, draws.EDGES, self.seed)]
        for synapse in synapses_of(projection, self.dt, self.seed):
            receptor = receptors[which[synapse.row][synapse.nth] if which else -1 if synapse.weight < 0 else 0]
            counting = receptor.type is int                   # counts spikes, whatever their weights
            if projection.sources[0].population.model.per_connection:
                which, of = projection.specification
                domain = draws.INPUTS + draws.OWN_SEED * projection.named + 256 * (synapse.nth * of + which)
                copy = self._copy(synapse.source, (synapse.row, projection.stream, domain), synapse.delay)
                self.copies.append((copy, synapse, receptor.name, counting))
            else:
                self.out[synapse.source].append((synapse, receptor.name, counting))

    def _watch(self) -> None:
        """Which recorders listen to a node, and at which places; a generator's copies for its recorders."""
        self.listeners: dict[int, list[tuple[Any, int]]] = defaultdict(list)
        self.columns: dict[int, list[int]] = {}
        self.recorders = {r.recorder.index: r.recorder for r in self.network.recordings}
        # recorded generators, counted by segment: each recording of one has a train of its own
        relays = [s for r in self.network.recordings for s in r.nodes if s.population.model.per_connection]
        for index, recorder in self.recorders.items():
            place = 0
            self.columns[index] = []
            for recording in self.network.recordings:
                for segment in recording.nodes if recording.recorder is recorder else ():
                    for nth, id_ in enumerate(segment.ids):
                        self.columns[index].append(int(id_))
                        population = segment.population
                        if population.model.per_connection:
                            address = (nth, population.index, 128 + draws.INPUTS + 256 * (1 + relays.index(segment)))
                            self.trains[index, place] = self._copy(int(id_), address, 0)
                        elif recorder.recorder.records == "spikes":
                            self.listeners[int(id_)].append((recorder, place))
                        place += 1

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self._advance(self.step)
            self.step += 1

    def _advance(self, k: int) -> None:
        """Step k, from k dt to (k + 1) dt."""
        arrived: dict[int, dict[str, Any]] = defaultdict(dict)
        for target, receptor, amount in self.arriving.pop(k, ()):
            arrived[target][receptor] = arrived[target].get(receptor, 0) + amount
        for copy, synapse, receptor, counting in self.copies:
            amount = copy.emit(k) * (1 if counting else synapse.weight)
            arrived[synapse.target][receptor] = arrived[synapse.target].get(receptor, 0) + amount
        for id_, count in self.scheduled.get(k, ()):
            self._emit(k, id_, count)
        for id_, node in self.nodes.items():
            count = node.update(k, arrived.get(id_, {}), {})
            if count:
                self._emit(k, id_, int(count))
        for (index, place), copy in self.trains.items():
            self._record(self.recorders[index], place, k + 1, copy.emit(k))
        self._sample(k + 1)

    def _emit(self, k: int, id_: int, count: int) -> None:
        """`count` spikes of a node in step k: to its recorders now, to its targets after the delay."""
        for recorder, place in self.listeners.get(id_, ()):
            self._record(recorder, place, k + 1, count)
        for synapse, receptor, counting in self.out.get(id_, ()):
            self.arriving[k + synapse.delay].append((synapse.target, receptor, count * (1 if counting else synapse.weight)))

    def _active(self, recorder: Any, stamp: int) -> bool:
        p = recorder.params
        time = stamp * self.dt
        return p["origin"] + p["start"] + 0.5 * self.dt < time < p["origin"] + p["stop"] + 0.5 * self.dt

    def _record(self, recorder: Any, place: int, stamp: int, count: int) -> None:
        if self._active(recorder, stamp):
            self.spikes[recorder.index] += [(stamp, place)] * count

    def _sample(self, stamp: int) -> None:
        for index, recorder in self.recorders.items():
            if recorder.recorder.records == "states" and self._active(recorder, stamp) \
                    and stamp % round(recorder.params["interval"] / self.dt) == 0:
                row = {name: [self.nodes[id_].recorded(name) for id_ in self.columns[index]]
                       for name in recorder.params["record_from"]}
                self.samples[index].append((stamp, row))

    def events(self, view: Any) -> tuple[np.ndarray, np.ndarray]:
        """Time stamps in steps and senders (positions among the recorded nodes), in the order of (stamp, sender)."""
        found = sorted(self.spikes[view.segments[0].population.index])
        return tuple(np.array([e[i] for e in found], np.int64) for i in (0, 1))  # type: ignore[return-value]

    def trace(self, view: Any, name: str = "V_m") -> tuple[np.ndarray, np.ndarray]:
        """Time stamps in steps (samples,) and values (samples, nodes)."""
        index = view.segments[0].population.index
        taken = self.samples[index]
        return (np.array([stamp for stamp, _ in taken], np.int64),
                np.array([row[name] for _, row in taken], float).reshape(len(taken), len(self.columns[index])))
