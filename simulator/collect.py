"""Collecting: what a program has recorded goes to memory or to files, stretch by stretch, and becomes `Results`."""
from __future__ import annotations

from typing import Any

import numpy as np

from nestling.connect.contract import positions
from nestling.recorders.contract import RecordingFailed, active_steps
from nestling.recorders.files import About, Part, RecordingFile, no_rows
from nestling.recorders.results import Recorded, Results

from .backends import Program
from .network import Network, Population
from .plan import Plan
from .traversed import Traversed, recorded_ends
from .units import quantity

WAITING_BYTES = 1 << 25         # of rows for a file, after which they are written

Columns = dict[str, np.ndarray]


class Collector:
    """What one recorder records in one window: in pieces in memory, or in a file."""

    def __init__(self, plan: Plan, recorder: Population) -> None:
        assert recorder.recorder is not None
        self.network, self.recorder, self.params = plan.network, recorder, recorder.params
        self.segments = plan.network.recorded(recorder)
        self.ids = np.concatenate([s.ids for s in self.segments]) if self.segments else np.zeros(0, np.int64)
        self.events = recorder.recorder.records != "states" and bool(self.segments)
        self.targets: np.ndarray | None = None                      # of connections whose weights it records
        if recorder.recorder.records == "weights" and self.segments:
            self.ids, self.targets = recorded_ends(plan.network, recorder)
        self.first, self.last = active_steps(self.params, plan.dt)
        self.units = {f.name: f.unit for s in self.segments if s.population.model for f in s.population.model.state}
        self.kinds = {s.block.model.state[j].name: s.block.state[j].dtype
                      for s in reversed(plan.samplings) if s.recorder is recorder for j in s.fields}
        self.interval = next((s.interval for s in plan.samplings if s.recorder is recorder), 0)
        self.dt = plan.dt
        self.file: RecordingFile | None = None
        self.begin = 0                                              # rows of the file that were there before
        self.pieces: list[Columns] = []
        self.count = 0
        self.see(plan)

    def see(self, plan: Plan) -> None:
        """Take what comes from the program of this plan."""
        self.plan = plan
        self.traversed: Traversed | None = None
        self.wanted = np.concatenate([plan.nodes_of(s) for s in self.segments]) if self.events else np.zeros(0, np.int64)

    @property
    def writes(self) -> bool:
        """Whether it writes a file."""
        return self.params["record_to"] != "memory" and bool(self.segments)

    @property
    def about(self) -> About:
        """What its rows are, where something is connected to it."""
        states = {name: self.kinds[name] for name in self.params.get("record_from", ())}
        return About(self.params["label"] or self.recorder.name, self.ids, self.dt, self.params["time_in_steps"],
                     self.params["precision"], self.interval, states, {name: self.units[name] for name in states}, self.targets)

    def goes_to(self, file: RecordingFile) -> None:
        self.file, self.begin = file, file.end

    def take(self, steps: np.ndarray, nodes: np.ndarray, traces: Columns) -> None:
        """Spikes of all nodes in the order of time, and the samples of this recorder, of one stretch."""
        if not self.events:
            self._add(traces, len(self.ids) * len(traces.get("stamps", ())))
            return
        stamps = steps + 1
        if len(stamps) and not (self.first <= stamps[0] and stamps[-1] <= self.last):
            keep = (stamps >= self.first) & (stamps <= self.last)
            stamps, nodes = stamps[keep], nodes[keep]
        if self.targets is None:
            stamps, senders = pick(stamps, nodes, self.wanted)
            self._add({"stamps": stamps, "senders": senders}, len(stamps))
            return
        self.traversed, writable = self.traversed or Traversed(self.plan, self.recorder), self.file is not None
        for piece in self.traversed.pieces(stamps, nodes):
            self._add(piece, len(piece["stamps"]))
            if writable and self.file is not None and self.file.waiting_bytes > WAITING_BYTES:
                try:
                    self.file.flush()
                except RecordingFailed:         # it waits in memory, and fails again after the stretch
                    writable = False

    def _add(self, piece: Columns, n: int) -> None:
        """Take a piece of so many events."""
        if not n:
            return
        self.count += n
        self.params["n_events"] += n
        if self.file is not None:
            self.file.add(piece)
        else:
            self.pieces.append(piece)

    def recorded(self) -> Recorded:
        """All that was taken."""
        name = f"{self.params['label']}: {self.recorder.name}" if self.params["label"] else self.recorder.name
        columns: Any = no_rows(self.about) if self.segments else {}
        if self.file is not None:
            columns = Part(self.file, self.begin, self.file.end)
        elif self.pieces:
            columns = self.pieces[0]
            if len(self.pieces) > 1:                                # one after another, so that each is twice in memory for
                columns = {name: np.concatenate([p.pop(name) for p in self.pieces]) for name in list(columns)}   # a moment
            self.pieces = [columns]
        states = None if self.events else tuple(self.params.get("record_from", ())) if self.segments else ()
        parts = [(name_of(s.population), len(s)) for s in self.segments] if self.targets is None else \
            parts_of(self.network, self.ids)
        return Recorded(self.recorder, name, self.ids, self.first, self.last, columns, self.count, states, self.units,
                        parts, self.params["time_in_steps"], self.targets)


def parts_of(network: Network, ids: np.ndarray) -> list[tuple[str, int]]:
    """The names of the populations that nodes are of, each with how many nodes in a row are of it."""
    populations = np.searchsorted([p.first_id for p in network.populations], ids, side="right") - 1
    begins = np.flatnonzero(np.diff(populations, prepend=-1))
    return [(name_of(network.populations[i]), n)
            for i, n in zip(populations[begins].tolist(), np.diff(begins, append=len(ids)).tolist())]


def name_of(population: Population) -> str:
    return f"{population.name} (population {population.index})"


def make_collectors(plan: Plan) -> list[Collector]:
    """One for each recorder."""
    return [Collector(plan, p) for p in plan.network.populations if p.recorder is not None]


def take_all(collectors: list[Collector], program: Program) -> None:
    """Take over what the program has recorded since the last time."""
    steps, nodes = in_order(program.take_events(), program.plan.n_nodes)
    for c in collectors:
        c.take(steps, nodes, program.traces.pop(c.recorder.index, {}))


def results_of(collectors: list[Collector], program: Program, first_step: int) -> Results:
    """What the recorders recorded since step `first_step`."""
    return Results(program.plan.dt, first_step, program.step, [c.recorded() for c in collectors], quantity)


def in_order(events: list[tuple[np.ndarray, np.ndarray, np.ndarray]], n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps and node numbers of spikes, each as often as it counts, in the order of (step, node)."""
    if not events:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    several = any((counts != 1).any() for _, _, counts in events)
    if not several and all_in_order(events, n_nodes):
        return tuple(x[0] if len(x) == 1 else np.concatenate(x) for x in (         # type: ignore[return-value]
            [steps for steps, _, _ in events], [nodes.astype(np.int64) for _, nodes, _ in events]))
    steps, nodes, counts = (np.concatenate(x) for x in zip(*events))
    order = np.argsort(steps * n_nodes + nodes, kind="stable")
    if several:
        order = np.repeat(order, counts[order])
    return steps[order], nodes[order].astype(np.int64)


def all_in_order(events: list[tuple[np.ndarray, np.ndarray, np.ndarray]], n_nodes: int) -> bool:
    """Whether the pieces one after another are in the order of (step, node), in which one partition lists its spikes."""
    last = -1
    for steps, nodes, _ in events:
        keys = steps * n_nodes + nodes
        if len(keys):
            if keys[0] < last or (keys[1:] < keys[:-1]).any():
                return False
            last = keys[-1]
    return True


def pick(stamps: np.ndarray, nodes: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The events of `wanted` nodes, senders as positions in `wanted`; a node that stands there twice counts twice."""
    order = np.argsort(wanted, kind="stable")
    sorted_nodes = wanted[order]
    if (np.diff(sorted_nodes) > 0).all():
        sender = positions(nodes, wanted)
        keep = sender >= 0
        return (stamps, sender) if keep.all() else (stamps[keep], sender[keep])
    low, high = np.searchsorted(sorted_nodes, nodes), np.searchsorted(sorted_nodes, nodes, side="right")
    counts = high - low
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(stamps, counts), order[np.repeat(low, counts) + offsets]
