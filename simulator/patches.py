"""Weights that are set in the tables, without building them anew: constant ones become a list once, others are overwritten."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .draw import largest
from .fixed_point import BITS, worst_cases
from .plan import Plan, Wire
from .stored import Patch, Table
from .table_reader import Found, Reader


def patch(sim: Any, reader: Reader, found: Found, calls: np.ndarray, weights: np.ndarray, drawn: bool) -> bool:
    """Set the weights of connections in the tables; False if the scale of their receptors does not hold them."""
    plan, patched = reader.plan, dict(reader.plan.patched)
    for i in np.unique(calls).tolist():
        mine = weights[calls == i]
        whole = len(mine) == plan.synapses[i]
        before = [patched[i].bound] if i in patched else \
            [largest(w.weight) if w.bound is None else w.bound for w in plan.wires if w.projection.index == i]
        one = float(mine[0]) if whole and (mine == mine[0]).all() else None
        patched[i] = Patch(one, max(*before, float(np.abs(mine).max())))
    if not fits(plan, patched):
        return False
    fixed = np.floor(np.ldexp(weights, reader.exponents(found)) + 0.5).astype(np.int64)
    bundle = reader.bundle(found)
    parts = [(part, which, place) for part, which, place in reader.split(found)]
    forms = {c: form_of(plan, c, fixed[bundle == c], drawn) for c in np.unique(bundle).tolist()}
    program = sim._program
    running = program is not None and program.plan.tables is plan.tables
    if running and (any(form[1] for form in forms.values()) or any(days.any() for days in program.days)):
        # the run that there is keeps its tables until it goes on: then what is on its way has been sent with these
        tables = [replace(t, weights32=t.weights32.copy(), weights64=t.weights64.copy(), classes=t.classes.copy())
                  for t in plan.tables]
        plan = replace(plan, tables=tables, patched=patched)
    else:
        plan.patched = patched
    for table in plan.tables:
        for c, (kind, expanded, value) in forms.items():
            if kind == 0:
                table.classes[c]["value"] = value
            elif expanded:
                expand(table, c)
    for part, which, place in parts:
        write(plan.tables[part], bundle[which], place, fixed[which], forms)
    if running and program.plan.tables is plan.tables:
        program.weights_changed()
    sim._plan = sim._patched = plan
    return True


def fits(plan: Plan, patched: dict[int, Patch]) -> bool:
    """Whether the rings hold the worst case with weights of these bounds."""
    wired = [(Bounded.of(w, patched), Ends(w), plan.degrees[w.projection.index])
             for w in (*plan.wires, *(p.wire for p in plan.procedures))]
    sums = worst_cases(plan.blocks, plan.node_of, wired, plan.drives, plan.most)
    return all(float(sums[b.first, name].max(initial=0.0)) * (1 + 1e-9) <= 2.0**(BITS[plan.ring_type] - lane.exponent)
               for b in plan.blocks for name, lane in b.lanes.items() if lane.field.type is not int)


class Bounded:
    """A wire with the bound of weights that are set."""

    @staticmethod
    def of(wire: Wire, patched: dict[int, Patch]) -> Wire:
        index = wire.projection.index
        return replace(wire, bound=patched[index].bound if index in patched else wire.projection.bound)


class Ends:
    """The sources and targets of a wire's projection: ids."""

    def __init__(self, wire: Wire) -> None:
        self.sources, self.targets = wire.projection.source_ids, wire.projection.target_ids


def form_of(plan: Plan, c: int, fixed: np.ndarray, drawn: bool) -> tuple[int, bool, int]:
    """How a class holds new weights: its kind, whether it has to become a list of 64 bits, and a value that all have."""
    cls = next(t.classes[c] for t in plan.tables if size_of(t, c))
    kind, value = int(cls["kind"]), int(cls["value"])
    if kind == 0:
        whole = len(fixed) == sum(size_of(t, c) for t in plan.tables) and (fixed == fixed[0]).all()
        return (0, False, int(fixed[0])) if whole else (2, True, 0)
    if kind == 1:
        small = fixed // value if not drawn else (fixed + value // 2) // value
        exact = drawn or (small * value == fixed).all()
        return (1, False, value) if exact and (np.abs(small) < 2**31).all() else (2, True, 0)
    return 2, False, 0


def size_of(table: Table, c: int) -> int:
    mine = table.groups["cls"] == c
    return int((table.groups["end"][mine].astype(np.int64) - table.groups["begin"][mine]).sum())


def expand(table: Table, c: int) -> None:
    """Give a class of one weight, or of weights of 32 bits, a list of 64 bits, behind those that there are."""
    mine = table.groups["cls"] == c
    begin, size, cls = int(table.groups["begin"][mine].min(initial=2**32 - 1)), size_of(table, c), table.classes[c]
    if size == 0:
        return
    stored = np.ones(size, np.int64) if cls["kind"] == 0 else \
        table.weights32[begin + cls["shift"]:begin + cls["shift"] + size].astype(np.int64)
    shift = len(table.weights64) - begin
    table.weights64 = np.concatenate([table.weights64, stored * cls["value"]])
    table.classes[c] = 2, 1, shift


def write(table: Table, bundle: np.ndarray, place: np.ndarray, fixed: np.ndarray, forms: dict[int, Any]) -> None:
    """Overwrite the weights at some places of a table."""
    for c, (kind, _, value) in forms.items():
        mine = bundle == c
        at = place[mine] + table.classes[c]["shift"]
        if kind == 1:
            table.weights32[at] = (fixed[mine] + value // 2) // value
        elif kind == 2:
            table.weights64[at] = fixed[mine]
