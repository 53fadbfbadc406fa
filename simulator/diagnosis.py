"""What went wrong in a run, in the user's terms: nodes that are no longer numbers, or that emit too much."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .errors import Diverged

if TYPE_CHECKING:
    from .backends import Program


def check_nodes(program: Program) -> None:
    """Raise for the first node whose state is NaN, or that emitted more in one step than the plan has room for."""
    found: list[tuple[int, int, int, Exception]] = []
    for p, part in enumerate(program.parts):
        if part["sick"]:
            node = int(part["sick"]) - 1
            at = (int(part["sick_step"]) + 1, *place_of(program, node))
            found.append((*at, Diverged(sickness(program, node, *at))))
        if part["excess"]:
            node = int(part["excess"]) - 1
            at = (int(part["excess_step"]) + 1, *place_of(program, node))
            found.append((*at, OverflowError(excess(program, int(program.plan.most[node]), *at))))
        if part["wild"]:
            drive = [d for d in program.plan.drives if d.part == p][int(part["wild"]) - 1]
            source = int(drive.wire.projection.source_ids[drive.sources[int(part["wild_at"])]])
            at = (int(part["wild_step"]) + 1, *program.plan.network.place_of(source))
            found.append((*at, OverflowError(excess(program, drive.largest, *at))))
    if found:
        first = min(found, key=lambda entry: entry[:3])
        if isinstance(first[3], OverflowError):      # counts of that step and later ones may be beyond all bounds
            program.events = [(s[s < first[0] - 1], i[s < first[0] - 1], n[s < first[0] - 1]) for s, i, n in program.events]
        raise first[3]


def place_of(program: Program, node: int) -> tuple[int, int]:
    """Index of a node's population, and its place there."""
    for recording in program.plan.network.recordings:
        for segment in recording.nodes:
            first, size = program.plan.relays.get(id(segment), (0, 0))
            if first <= node < first + size:
                return segment.population.index, int(segment.indices[node - first])
    return program.plan.network.place_of(int(np.flatnonzero(program.plan.node_of == node)[0]))


def excess(program: Program, most: float, step: int, population: int, i: int) -> str:
    model = program.plan.network.populations[population].model
    assert model is not None
    unit = "pA" if model.emits == "current" else "spikes"
    why = (f"its bound(c) says that it never does{'' if unit == 'pA' else ', nor fewer than 0'}"
           if hasattr(model.source, "bound") else "spikes multiply in a loop of nodes that count them")
    return (f"node {i} of population {population}: {model.name} emitted more than {most:g} {unit} in the step to t = "
            f"{step * program.plan.dt:g} ms: {why}")


def sickness(program: Program, node: int, step: int, population: int, i: int) -> str:
    plan = program.plan
    b, block = next((b, block) for b, block in enumerate(plan.blocks) if block.first <= node < block.first + block.size)
    state = ", ".join(f"{f.name} = {a[node - block.first]:g}" for f, a in zip(block.model.state, program.state[b]))
    return (f"node {i} of population {population} ({block.model.name}) ceased to be a number in the step to t = "
            f"{step * plan.dt:g} ms: {state} (at t = {program.step * plan.dt:g} ms). Its parameters, initial values or input "
            f"are beyond what the equations can bear at dt = {plan.dt:g} ms")
