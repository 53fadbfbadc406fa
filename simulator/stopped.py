"""A run that was stopped: its time, states and spikes on their way, whatever the backend and the number of partitions.

It stands where a program stands whose run goes on with another plan (see `going_on`), in the layout of one partition: spikes
of the calendar stand in the rings with the others. Rings hold whole numbers, so that it does not matter how they came there.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from .backends import Program
from .going_on import rows_of, take_rows
from .layout import PART
from .network import Network
from .plan import Block, Lane, power_of_two


@dataclass
class Layout:
    """What there is of the plan of a stopped run. threads: none that were chosen."""

    blocks: list[Block]
    most: np.ndarray
    ring_type: type
    network: Network = field(default_factory=Network)
    tables: list[Any] = field(default_factory=list)
    n_parts: int = 1
    calendar: int = 0
    threads: int = 0
    reason: str = ""


class Stopped:
    """The state of a run. bound: connections of generators that have states, by their projection and keys."""

    def __init__(self, layout: Layout, step: int, slots: int) -> None:
        self.plan, self.step, self.slots = layout, step, slots
        n = 0
        for block in layout.blocks:
            block.bounds = np.array([0, block.size])
            for lane in block.lanes.values():
                lane.begins = np.array([n])
                n += block.size
        self.rings: list[np.ndarray] = [np.zeros(slots * n, layout.ring_type)]
        self.parts, self.days, self.entries = np.zeros(1, PART), [np.zeros(0)], [np.zeros(0)]
        self.state: list[list[np.ndarray]] = []
        self.bound: list[Any] = []
        self.drive_states: list[list[np.ndarray]] = []

    @property
    def rows(self) -> np.ndarray:
        """The rings' rows in the order of their steps, from that of the moment to the last that holds something."""
        rings = np.roll(self.rings[0].reshape(self.slots, -1), -(self.step % self.slots), axis=0)
        return rings[:int(np.flatnonzero(rings.any(axis=1)).max(initial=-1)) + 1]

    @rows.setter
    def rows(self, rows: np.ndarray) -> None:
        self.rings[0].reshape(self.slots, -1)[(self.step + np.arange(len(rows))) % self.slots] = rows


def stopped(program: Program) -> Stopped:
    """The state of a program's run, in arrays of its own."""
    plan = program.plan
    blocks = [Block(b.model, b.first, b.size, b.populations, [], [], {
        name: Lane(lane.field, np.zeros(0, np.int64), lane.exponent) for name, lane in b.lanes.items()}, b.bounds)
        for b in plan.blocks]
    found = Stopped(Layout(blocks, plan.most, plan.ring_type), program.step, max(program.slots, plan.calendar))
    found.state = [[a.copy() for a in states] for states in program.state]
    by_projection: dict[int, list[tuple[Any, list[np.ndarray]]]] = {}
    for drive, states in zip(program.bound, program.drive_states):
        if states:
            by_projection.setdefault(drive.wire.projection.index, []).append((drive, states))
    for index, parts in by_projection.items():
        keys = np.concatenate([drive.keys for drive, _ in parts])
        order = np.argsort(keys)
        states = [np.concatenate(s)[order] for s in zip(*(states for _, states in parts))]
        add_states_of_drives(found, index, keys[order], states)
    rings = program.rings
    for p in range(plan.n_parts):
        take_rows(found, rows_of(program, rings, p, found.slots, settled=True), plan, p)
    return found


def add_states_of_drives(run: Stopped, projection: int, keys: np.ndarray, states: list[np.ndarray]) -> None:
    """The states of a projection's connections."""
    run.bound.append(SimpleNamespace(wire=SimpleNamespace(projection=SimpleNamespace(index=projection)), keys=keys))
    run.drive_states.append(states)


def description_of(run: Stopped, value: Any) -> dict[str, Any]:
    """A stopped run as JSON; value: what makes JSON of arrays and numbers."""
    return dict(
        step=run.step, most=value(run.plan.most), rows=value(run.rows),
        blocks=[dict(population=b.populations[0].index, first=b.first, size=b.size,
                     lanes={name: lane.exponent for name, lane in b.lanes.items()},
                     states={f.name: value(a) for f, a in zip(b.model.state, states)})
                for b, states in zip(run.plan.blocks, run.state)],
        generators=[dict(projection=drive.wire.projection.index, keys=value(drive.keys), states=[value(a) for a in states])
                    for drive, states in zip(run.bound, run.drive_states)])


def stopped_as_described(given: dict[str, Any], network: Network, ring_type: type, value: Any) -> Stopped:
    """A stopped run from its JSON; value: what makes arrays and numbers of JSON."""
    blocks, state = [], []
    for b in given["blocks"]:
        population = network.populations[b["population"]]
        model = population.model
        assert model is not None
        if [f.name for f in model.state] != list(b["states"]):
            raise ValueError(f"{model.name} has the states {[f.name for f in model.state]}, the file has {list(b['states'])}")
        fields = {f.name: f for f in model.receptors}
        lanes = {name: Lane(fields[name], np.zeros(0, np.int64), exponent) for name, exponent in b["lanes"].items()}
        blocks.append(Block(model, b["first"], b["size"], [population], [], [], lanes, np.zeros(0, np.int64)))
        state.append([value(a) for a in b["states"].values()])
    rows = value(given["rows"])
    found = Stopped(Layout(blocks, value(given["most"]), ring_type), given["step"], power_of_two(max(len(rows), 1)))
    found.rows, found.state = rows, state
    for drive in given["generators"]:
        add_states_of_drives(found, drive["projection"], value(drive["keys"]), [value(a) for a in drive["states"]])
    return found
