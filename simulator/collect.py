"""Collecting: a program's buffers become `Results`."""
from __future__ import annotations

import numpy as np

from nestling.connect.contract import positions
from nestling.recorders.contract import active_steps
from nestling.recorders.results import Results

from .cpu import Program
from .plan import Plan
from .units import quantity


def collect(plan: Plan, program: Program, first_step: int) -> Results:
    """What the recorders recorded since step `first_step`."""
    steps, nodes = program.take_events()
    spikes, sizes, ids, active, names = {}, {}, {}, {}, {}
    units = {f.name: f.unit for b in plan.blocks for f in b.model.state}
    for population in plan.network.populations:
        recorder = population.recorder
        if recorder is None:
            continue
        key = population.index
        segments = plan.network.recorded(population)
        names[key] = recorder.name
        sizes[key] = sum(len(s) for s in segments)
        ids[key] = np.concatenate([s.ids for s in segments]) if segments else np.zeros(0, np.int64)
        first, last = active[key] = active_steps(population.params, plan.dt)
        if recorder.records == "spikes" and segments:
            stamps = steps + 1
            keep = (stamps >= first) & (stamps <= last)
            wanted = np.concatenate([plan.nodes_of(s) for s in segments])
            spikes[key] = pick(stamps[keep], nodes[keep], wanted)
    return Results(plan.dt, first_step, program.step, spikes, program.traces, sizes, ids, active, units, quantity, names)


def pick(stamps: np.ndarray, nodes: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The events of `wanted` nodes, senders as positions in `wanted`; a node that stands there twice counts twice."""
    order = np.argsort(wanted, kind="stable")
    sorted_nodes = wanted[order]
    if (np.diff(sorted_nodes) > 0).all():
        sender = positions(nodes, wanted)
        keep = sender >= 0
        return stamps[keep], sender[keep]
    low, high = np.searchsorted(sorted_nodes, nodes), np.searchsorted(sorted_nodes, nodes, side="right")
    counts = high - low
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(stamps, counts), order[np.repeat(low, counts) + offsets]
