"""A run that goes on with another plan: its states, and the spikes on their way, in the new plan's places and scales."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .arrivals import make_settle
from .native import address
from .plan import Drive, Plan

if TYPE_CHECKING:
    from .backends import Program


def go_on_from(mine: Program, other: Program) -> None:
    """Take over the time, states and spikes on their way of a program of the same nodes with other parameters or synapses."""
    mine.step = other.step
    for news, olds in zip(mine.state, other.state):
        for new, old in zip(news, olds):
            new[...] = old
    take_states_of_drives(mine, other)
    same, rings = mine.plan.tables is other.plan.tables, other.rings
    for p, part in enumerate(other.parts):
        noted = same and part["n_entries"] > 0
        if noted:
            mine.days[p][...] = other.days[p]
            mine.entries[p] = other.entries[p].copy()
            mine.parts[p]["entries_at"] = address(mine.entries[p])
            for name in ("n_entries", "entry_room", "free"):
                mine.parts[p][name] = part[name]
        take_rows(mine, rows_of(other, rings, p, mine.slots, settled=not noted), other.plan, p)
    mine.parts[0]["planned_next"] = np.searchsorted(mine.plan.planned.steps, mine.step)


def rows_of(other: Program, rings: list[np.ndarray], p: int, slots: int, settled: bool) -> np.ndarray:
    """The rings of a partition with so many slots: (slots, lanes); settled: with what its calendar has still to bring."""
    there = rings[p].reshape(other.slots, -1)
    rows = np.zeros((slots, there.shape[1]), there.dtype)
    steps = other.step + np.arange(other.slots)
    rows[steps % slots] = there[steps % other.slots]
    if settled and other.parts[p]["n_entries"]:     # what is on its way keeps the weights that it was sent with
        settle = make_settle(other.plan.ring_type, other.plan.tables[p].targets.dtype.type)
        settle(other.parts[p:p + 1].ctypes.data, other.step, address(rows), slots - 1)
    return rows


def take_rows(mine: Any, rows: np.ndarray, before: Any, p: int) -> None:
    """Take over the rings of one of the partitions that there were: nodes may stand in another one now."""
    for block, old in zip(mine.plan.blocks, before.blocks):
        for name, lane in old.lanes.items():
            now = block.lanes[name]
            for q in range(mine.plan.n_parts):
                low, high = max(old.bounds[p], block.bounds[q]), min(old.bounds[p + 1], block.bounds[q + 1])
                if low < high:
                    found = rows[:, lane.begins[p] + low - old.bounds[p]:lane.begins[p] + high - old.bounds[p]]
                    if now.exponent != lane.exponent:
                        found = np.rint(np.ldexp(found.astype(np.float64), now.exponent - lane.exponent))
                    first = now.begins[q] + low - block.bounds[q]
                    mine.rings[q].reshape(mine.slots, -1)[:, first:first + high - low] = found


def take_states_of_drives(mine: Program, theirs: Program) -> None:
    """The states of connections of generators, found by the addresses of their random numbers."""
    known: dict[int, list[tuple[Drive, list[np.ndarray]]]] = {}
    for drive, state in zip(theirs.bound, theirs.drive_states):
        if state:
            known.setdefault(drive.wire.projection.index, []).append((drive, state))
    for drive, state in zip(mine.bound, mine.drive_states):
        if state:
            drives, states = zip(*known[drive.wire.projection.index])
            keys = np.concatenate([d.keys for d in drives])
            order = np.argsort(keys)
            at = order[np.searchsorted(keys, drive.keys, sorter=order)]
            for i, new in enumerate(state):
                new[...] = np.concatenate([s[i] for s in states])[at]


def room_for(plan: Plan, before: Program | None) -> int:
    """The slots that rings need for what is on its way in a program whose run goes on."""
    if before is None:
        return 1
    return max(before.slots, 1 if before.plan.tables is plan.tables else before.plan.calendar)
