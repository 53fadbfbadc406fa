"""Collecting: a program's buffers become `Results`."""
from __future__ import annotations

import numpy as np

from nestling.connect.contract import positions
from nestling.recorders.contract import active_steps
from nestling.recorders.results import Recorded, Results

from .backends import Program
from .plan import Plan
from .units import quantity


def collect(plan: Plan, program: Program, first_step: int) -> Results:
    """What the recorders recorded since step `first_step`."""
    steps, nodes = in_order(program.take_events(), plan.n_nodes)
    recorded = []
    for population in plan.network.populations:
        recorder = population.recorder
        if recorder is None:
            continue
        segments = plan.network.recorded(population)
        ids = np.concatenate([s.ids for s in segments]) if segments else np.zeros(0, np.int64)
        first, last = active_steps(population.params, plan.dt)
        units = {f.name: f.unit for s in segments if s.population.model for f in s.population.model.state}
        found = Recorded(population, recorder.name, ids, first, last, traces=program.traces.get(population.index, {}),
                         units=units, parts=[(f"{s.population.name} (population {s.population.index})", len(s))
                                             for s in segments])
        if recorder.records == "spikes" and segments:
            stamps = steps + 1
            keep = (stamps >= first) & (stamps <= last)
            wanted = np.concatenate([plan.nodes_of(s) for s in segments])
            found.stamps, found.senders = pick(stamps[keep], nodes[keep], wanted)
        recorded.append(found)
    return Results(plan.dt, first_step, program.step, recorded, quantity)


def in_order(events: list[tuple[np.ndarray, np.ndarray, np.ndarray]], n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps and node numbers of spikes, each as often as it counts, in the order of (step, node)."""
    if not events:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    steps, nodes, counts = (np.concatenate(x) for x in zip(*events))
    order = np.argsort(steps * n_nodes + nodes, kind="stable")
    if (counts != 1).any():
        order = np.repeat(order, counts[order])
    return steps[order], nodes[order].astype(np.int64)


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
