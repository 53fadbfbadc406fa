"""Lowering: the declared network becomes a `Plan`, arrays that any backend can run."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.connect.contract import Distribution
from nestling.models.contract import Model
from nestling.recorders.contract import sampled_steps

from .draw import check_drawn, delay_range, describe_drawing
from .drives import join_series, lower_drives, random_inputs, series_of
from .fixed_point import scale_receptors, scales_of
from .network import Network, Population, Projection
from .plan import Block, Lane, Plan, Planned, Sampling, Wire, nodes_of
from .procedural import make_procedure
from .resolve import constants, resolve
from .tables import Job, bundle, count_jobs, fill_jobs, make_job
from .threads import available_cores, in_turns

LONGEST_SLICE = 32            # steps, where no delay asks for less
LANES_OF_16_BITS = 65536


def lower(network: Network, dt: float, seed: int, threads: int | None, precision: str, before: Plan | None = None,
          carried: Plan | None = None, write_down: Callable[[], Network] | None = None, one_partition: bool = False) -> Plan:
    """The plan of a network. `threads=None` chooses by size.

    one_partition: all lanes stand in one, for a device that runs the network in one piece; threads, if None as many as there
    are cores, only build it. Else there are as many partitions as threads, or a multiple.
    before: an earlier plan: if its synapses are the same, its tables serve again where scales have not changed; carried: of a
    run that is to go on with the new plan; write_down: declares what was set in the tables, and gives the network with it.
    """
    return Lowering(network, dt, seed, precision, one_partition).plan(threads, before, carried, write_down)


def chosen(projection: Projection) -> tuple[str, ...]:
    """The inputs that a projection reaches: all that its synapses name, or by the signs of its weights."""
    weight, names = projection.weight, projection.receptor
    if projection.edited is not None:
        weight = projection.edited.weights
    if len(names) == 1 or projection.which is not None:
        return names
    low, high = weight.limits() if isinstance(weight, Distribution) else (np.min(weight, initial=0), np.max(weight, initial=0))
    return names if low < 0 < high else names[1:] if low < 0 else names[:1]


class Lowering:
    """One network on its way to a plan: nodes, then delays and partitions, then tables, drives and recordings."""

    def __init__(self, network: Network, dt: float, seed: int, precision: str, one_partition: bool = False) -> None:
        self.network, self.dt, self.seed, self.precision, self.one_partition = network, dt, seed, precision, one_partition
        self.ring = np.int64 if precision == "double" else np.int32
        self.parameters = {id(p): resolve(p, seed) for p in network.populations if p.model}
        self.number_nodes()
        self.wires = [Wire(p, b, chosen(p)) for p in network.projections for b in self.blocks_of(p)]

    def number_nodes(self) -> None:
        """Nodes of one model stand together; then those whose spikes are known in advance."""
        total = sum(p.size for p in self.network.populations)
        self.node_of = np.full(total, -1, np.int64)
        self.blocks: list[Block] = []
        self.relays: dict[int, tuple[int, int]] = {}
        stepped: dict[Model, list[Population]] = {}
        for p in self.network.populations:
            if p.model and not p.model.per_connection and not p.model.scheduled:
                stepped.setdefault(p.model, []).append(p)
        n = 0
        for model, populations in stepped.items():
            first = n
            for p in populations:
                self.node_of[p.first_id:p.first_id + p.size] = np.arange(n, n + p.size)
                n += p.size
            self.blocks.append(self.make_block(model, first, populations))
        n = self.number_relays(n)
        self.first_planned = n
        for p in self.network.populations:
            if p.model and p.model.scheduled:
                self.node_of[p.first_id:p.first_id + p.size] = np.arange(n, n + p.size)
                n += p.size
        self.n_nodes = n

    def make_block(self, model: Model, first: int, populations: list[Population]) -> Block:
        sizes = [p.size for p in populations]
        given = [self.parameters[id(p)] for p in populations]
        real, whole = (np.float64, np.int64) if self.precision == "double" else (np.float32, np.int32)
        state = [np.concatenate([np.broadcast_to(np.asarray(g.state[f.name]), s) for g, s in zip(given, sizes)])
                 .astype(real if f.type is float else whole) for f in model.state]
        block = Block(model, first, sum(sizes), populations, state, constants(model, given, sizes, self.dt), {},
                      np.zeros(0, np.int64), series=join_series([series_of(model, g, s, self.dt) for g, s in zip(given, sizes)],
                                                                sizes))
        if model.drawn:
            objects = np.concatenate([np.arange(s, dtype=np.uint32) for s in sizes])
            streams = np.repeat([p.index for p in populations], sizes).astype(np.uint32)
            block.random = random_inputs(model, block.step, block.size, objects, streams,
                                         np.full(block.size, 128 + 3, np.uint32))
        return block

    def number_relays(self, n: int) -> int:
        """A generator that draws for each connection, recorded: the recorder is a target, with a train of its own."""
        for recording in self.network.recordings:
            for segment in recording.nodes:
                model = segment.population.model
                if model and model.per_connection:
                    copy = Population(segment.population.index, len(segment), -1, model)
                    given = self.parameters[id(segment.population)]
                    self.parameters[id(copy)] = given.of(segment.indices)
                    block = self.make_block(model, n, [copy])
                    if block.random is not None:
                        block.random.shared = (segment.indices.astype(np.uint32), block.random.streams,
                                               block.random.domains.copy())
                        block.random.domains += np.uint32((1 + len(self.relays)) << 8)
                    self.blocks.append(block)
                    self.relays[id(segment)] = (n, len(segment))
                    n += len(segment)
        return n

    def plan(self, threads: int | None, before: Plan | None = None, carried: Plan | None = None,
             write_down: Callable[[], Network] | None = None) -> Plan:
        tabled = [w for w in self.wires if not w.model.per_connection]
        driving = [w for w in self.wires if w.model.per_connection]
        before = before if before is not None and self.has_synapses_of(before, tabled) else None
        patched = before.patched if before is not None else {}
        for w in self.wires:
            w.bound = patched[w.projection.index].bound if w.projection.index in patched else w.projection.bound
        self.delays = {p.index: delay_range(p, self.dt) for p in self.network.projections}
        spans = [self.delays[w.projection.index] for w in tabled
                 if not (isinstance(w.projection.delay, np.ndarray) and w.projection.delay.size == 0)]    # of no synapse
        self.min_delay = min([LONGEST_SLICE, *(low for low, _ in spans)])
        self.max_delay = max([high for _, high in spans], default=1)
        asked = threads
        threads, reason = (carried.threads, carried.reason) if carried is not None and carried.threads else \
            self.choose_threads(asked)
        self.threads = threads
        self.lay_lanes(carried)
        described = in_turns(lambda p: describe_drawing(p, self.seed), self.network.projections, threads)
        drawings = {d.projection.index: d for d in described}
        degrees = {index: np.zeros(len(d.targets), np.uint32) for index, d in drawings.items()}
        jobs: list[list[Job]] = []
        if before is None:
            jobs = self.count(tabled, drawings, degrees)
        else:
            degrees = before.degrees
        planned = self.plan_spikes()
        drives = [d for w in driving for d in lower_drives(self, w, drawings[w.projection.index])]
        wired = [(w, drawings[w.projection.index], degrees[w.projection.index]) for w in tabled]
        finest = None if carried is None else \
            {(b.first, name): lane.exponent for b in carried.blocks for name, lane in b.lanes.items()}
        most = scale_receptors(self.blocks, self.node_of, self.n_nodes, wired, drives, planned, self.ring,
                               carried.most if carried else None, finest)
        stored = [i for i, w in enumerate(tabled) if not w.projection.procedural]
        weights = [(tabled[i].weight, tabled[i].lane.exponent) for i in stored]
        bundles = bundle([wired[i][1] for i in stored], weights, self.dt, len(self.node_of))
        if before is not None and scales_of(self.blocks) == scales_of(before.blocks):
            tables = before.tables
        elif patched and write_down is not None:
            return lower(write_down(), self.dt, self.seed, asked, self.precision, None, carried, None, self.one_partition)
        else:
            jobs = jobs or self.count(tabled, drawings, {index: d.copy() for index, d in degrees.items()})
            target_type = np.uint16 if self.lane_counts.max(initial=0) <= LANES_OF_16_BITS else np.uint32
            tables = fill_jobs([[part[i] for i in stored] for part in jobs], bundles, self.n_nodes, target_type, threads)
        procedures = [make_procedure(w, d, [self.make_job(w, d, degree.copy(), part) for part in range(self.n_parts)])
                      for w, d, degree in wired if w.projection.procedural]
        check_drawn(drawings.values())
        for drive in drives:
            drive.weights = drive.given * 2.0 ** drive.wire.lane.exponent
            if drive.model.emits != "current":
                # what never emits, as at a rate of 0, leaves no room in the scale for its weights
                drive.weights = np.floor(drive.weights.clip(-2.0**62, 2.0**62) + 0.5).astype(np.int64)
        synapses = {p.index: 0 for p in self.network.projections}
        for w in tabled:
            synapses[w.projection.index] = int(degrees[w.projection.index].sum(dtype=np.int64))
        for drive in drives:
            synapses[drive.wire.projection.index] += drive.size
        return Plan(self.network, self.dt, self.seed, threads, self.precision, self.blocks, drives, tables, planned,
                    self.samplings(), self.n_nodes, self.node_of, self.relays, self.recorded_nodes(), most,
                    self.min_delay, self.max_delay, synapses, self.delays, reason, degrees,
                    [tabled[i] for i in stored], bundles, procedures, carried is not None, patched, self.one_partition)

    def has_synapses_of(self, before: Plan, tabled: list[Wire]) -> bool:
        """Whether an earlier plan has the same nodes, and the same synapses, stored or not."""
        earlier = [*before.wires, *(p.wire for p in before.procedures)]
        stored = [w for w in tabled if not w.projection.procedural]
        return (before.network.populations == self.network.populations
                and before.network.recordings == self.network.recordings
                and [(w.projection, w.names) for w in (*stored, *(w for w in tabled if w.projection.procedural))]
                == [(w.projection, w.names) for w in earlier])

    def count(self, tabled: list[Wire], drawings: dict[int, Any], degrees: dict[int, np.ndarray]) -> list[list[Job]]:
        """The first pass over the synapses of every partition: how many each source and each target has."""
        jobs = [[self.make_job(w, drawings[w.projection.index], degrees[w.projection.index], part) for w in tabled]
                for part in range(self.n_parts)]
        count_jobs(jobs, self.threads)
        return jobs

    def make_job(self, wire: Wire, drawing: Any, degrees: np.ndarray, part: int) -> Job:
        return make_job(drawing, self.lanes_in(wire, part), degrees, self.node_of, self.dt, wire.shifts(part))

    def choose_threads(self, threads: int | None) -> tuple[int, str]:
        """As many threads as given; else one a core, or one where a slice is too little work to be shared."""
        if threads is not None:
            return threads, "as asked"
        work = self.min_delay * sum(b.size for b in self.blocks)    # node updates between two exchanges
        cores = available_cores()
        if self.one_partition:
            return cores, "one a core, to build"
        if cores == 1 or work < 4000:
            return 1, f"chosen: {work} node updates a slice" if cores > 1 else "chosen: one core"
        return cores, f"chosen: {work} node updates a slice, {cores} cores"

    def lay_lanes(self, carried: Plan | None) -> None:
        """Cut the blocks into partitions, and give every receptor that is reached, or was before, its lanes."""
        for block, old in zip(self.blocks, carried.blocks if carried is not None else ()):
            block.lanes.update({name: Lane(lane.field, np.zeros(0, np.int64)) for name, lane in old.lanes.items()})
        for wire in self.wires:
            for name in wire.names:
                if name not in wire.block.lanes:
                    wire.block.lanes[name] = Lane(next(f for f in wire.block.model.receptors if f.name == name),
                                                  np.zeros(0, np.int64))
        lanes = sum(b.size * len(b.lanes) for b in self.blocks)
        # every partition draws procedural synapses anew: there, better few partitions than targets of 16 bits
        most = lanes if any(p.procedural for p in self.network.projections) else LANES_OF_16_BITS
        self.n_parts = 1 if self.one_partition else self.threads * max(1, -(-lanes // (self.threads * max(most, 1))))
        self.lane_counts = np.zeros(self.n_parts, np.int64)
        for block in self.blocks:
            block.bounds = block.size * np.arange(self.n_parts + 1) // self.n_parts
            block.lanes = {f.name: block.lanes[f.name] for f in block.model.receptors if f.name in block.lanes}
            for lane in block.lanes.values():
                lane.begins = self.lane_counts.copy()
                self.lane_counts += np.diff(block.bounds)

    def blocks_of(self, projection: Projection) -> list[Block]:
        """The blocks that hold a projection's targets."""
        nodes = self.node_of[projection.target_ids]
        return [b for b in self.blocks if ((nodes >= b.first) & (nodes < b.first + b.size)).any()]

    def lanes_in(self, wire: Wire, part: int) -> np.ndarray:
        """The input lane of every target in a partition, or -1."""
        place = wire.places(self.node_of, wire.projection.target_ids)
        low, high = wire.block.bounds[part], wire.block.bounds[part + 1]
        return np.where((place >= low) & (place < high), place - low + wire.lane.begins[part], -1)

    def plan_spikes(self) -> Planned:
        steps, nodes, counts = [], [], []
        for p in self.network.populations:
            if p.model and p.model.scheduled:
                s, i, c = p.model.source.schedule(p.model.parameters(self.parameters[id(p)].params), self.dt)
                steps.append(s)
                nodes.append(self.node_of[p.first_id + i])
                counts.append(c)
        if not steps:
            return Planned(*(np.zeros(0, t) for t in (np.int64, np.int32, np.int32)))
        step, node, number = (np.concatenate(x) for x in (steps, nodes, counts))
        # a time may be given twice: one entry for every step and node, so that its count is all that can come at once
        distinct, entry = np.unique(step * self.n_nodes + node, return_inverse=True)
        step, node = np.divmod(distinct, self.n_nodes)
        return Planned(step, node.astype(np.int32), np.bincount(entry, number, len(distinct)).astype(np.int32))

    def recorded_nodes(self) -> np.ndarray:
        recorded = np.zeros(self.n_nodes, np.uint8)
        for recording in self.network.recordings:
            if recording.recorder.recorder.records != "states":     # type: ignore[union-attr]
                only = recording.recorder.params.get("senders", ())
                for segment in recording.nodes:
                    nodes = nodes_of(segment, self.node_of, self.relays)
                    recorded[nodes[np.isin(segment.ids, only)] if only else nodes] = 1
        return recorded

    def samplings(self) -> list[Sampling]:
        """What multimeters take: one entry for each block that a recorder's nodes lie in."""
        out = []
        for recorder in {id(r.recorder): r.recorder for r in self.network.recordings}.values():
            if recorder.recorder.records != "states":               # type: ignore[union-attr]
                continue
            column = 0
            for segment in self.network.recorded(recorder):
                nodes = self.node_of[segment.ids]
                block = next(b for b in self.blocks if b.model == segment.population.model)
                names = [f.name for f in block.model.state]
                first, interval, last = sampled_steps(recorder.params, self.dt)
                out.append(Sampling(recorder, block, nodes - block.first, column + np.arange(len(nodes)),
                                    [names.index(n) for n in recorder.params["record_from"]], interval, first,
                                    int(min(last, 2**60))))
                column += len(nodes)
        return out
