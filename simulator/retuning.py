"""Parameters that are set while a run stands: the plan and the program that there are take over other constants.

All else that a plan holds depends on parameters through two things alone: the form of the constants, for which kernels are
compiled (which of them all nodes share, what is drawn), and the most that a generator emits, for which scales are chosen.
Where one of these changes, a plan and a program are made anew, with the same results: see `lower` and `going_on`.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .bodies import form_of
from .drives import count_tables, of_nodes, picked_constants
from .fixed_point import exponents_for, worst_cases
from .network import Population
from .patches import Bounded, Ends
from .plan import Block, Drive, Plan, most_emitted
from .resolve import Parameters, constants, resolve


def retune(program: Any, populations: set[int]) -> bool:
    """Take over what was set of populations (by number); False, with nothing changed, where that asks for another program."""
    plan: Plan = program.plan
    models = [p.model for p in plan.network.populations if p.index in populations and p.model]
    if any(b.model.emits == "counts" for b in plan.blocks) or any(
            m.scheduled or any(f.supplied == "series" for f in m.inputs) for m in models):
        return False
    known: dict[int, Parameters] = {}
    changes: list[tuple[Block | Drive, Block | Drive]] = []
    for block in plan.blocks:
        if any(p.index in populations for p in block.populations):
            if block.model.per_connection:          # a copy that is recorded, with parameters of its own
                return False
            changes.append((block, retuned_block(plan, block, known)))
    for drive in plan.drives:
        if any(s.population.index in populations for s in drive.wire.projection.sources):
            changes.append((drive, retuned_drive(plan, drive, known)))
    if any(form_of(old) != form_of(new) for old, new in changes) or not scales_stay(plan, changes):
        return False
    for old, new in changes:
        old.step, old.random = new.step, new.random
        if isinstance(old, Drive) and isinstance(new, Drive):
            old.largest = new.largest
    program.retune([old for old, _ in changes])
    plan.going_on = True                            # a fresh run chooses its scales by what there is at its beginning
    return True


def parameters_of(plan: Plan, population: Population, known: dict[int, Parameters]) -> Parameters:
    if population.index not in known:
        known[population.index] = resolve(population, plan.seed)
    return known[population.index]


def retuned_block(plan: Plan, block: Block, known: dict[int, Parameters]) -> Block:
    """A block with the parameters that its populations have now."""
    given = [parameters_of(plan, p, known) for p in block.populations]
    step = constants(block.model, given, [p.size for p in block.populations], plan.dt)
    random = block.random and replace(block.random, tables=count_tables(block.model, step, block.size))
    return replace(block, step=step, random=random)


def retuned_drive(plan: Plan, drive: Drive, known: dict[int, Parameters]) -> Drive:
    """A drive with the parameters that its generators have now."""
    columns = zip(*(of_nodes(s, drive.model.constants(parameters_of(plan, s.population, known).params, plan.dt))
                    for s in drive.wire.projection.sources))
    step = picked_constants(drive.model, [np.concatenate(c) for c in columns], drive.sources)
    random = drive.random and replace(drive.random, tables=count_tables(drive.model, step, drive.size))
    return replace(drive, step=step, random=random, largest=float(most_emitted(drive.model, step, random).max()))


def scales_stay(plan: Plan, changes: list[tuple[Block | Drive, Block | Drive]]) -> bool:
    """Whether lowering would choose the scales that there are."""
    now = {id(old): new for old, new in changes if isinstance(new, Drive) and isinstance(old, Drive)
           and new.largest != old.largest}
    if not now:
        return True
    drives = [now.get(id(d), d) for d in plan.drives]
    stored = [Bounded.of(w, plan.patched) for w in (*plan.wires, *(p.wire for p in plan.procedures))]
    sums = worst_cases(plan.blocks, plan.node_of, [(w, Ends(w), plan.degrees[w.projection.index]) for w in stored], drives,
                       plan.most)
    there = {(b.first, name): lane.exponent for b in plan.blocks for name, lane in b.lanes.items()}
    wires = [*stored, *(d.wire for d in drives)]
    return exponents_for(plan.blocks, wires, sums, plan.ring_type, there) == there
