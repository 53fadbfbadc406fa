"""A plan as a table that one can read: `print(sim.plan())`."""
from __future__ import annotations

from typing import Any

import numpy as np

from .plan import Plan


def rows_of(head: list[str], rows: list[list[Any]]) -> list[str]:
    """Lines of a table with aligned columns."""
    text = [[str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip() for row in text]


def show(value: Any) -> str:
    """A weight or a delay in a few characters."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape}"
    return f"{value:g}" if isinstance(value, (int, float)) else repr(value)


def brief(text: str, most: int = 72) -> str:
    """A text that is not so long that it pushes the columns beside it out of sight: its beginning and its end."""
    return text if len(text) <= most else f"{text[:most - 20]} ... {text[-15:]}"


def describe(plan: Plan) -> str:
    """The table of a plan: populations, connections, randomness, memory, and how it runs."""
    net = plan.network
    lines = [f"Plan: dt {plan.dt:g} ms, seed {plan.seed}, precision {plan.precision}, "
             f"{plan.threads} thread{'s' if plan.threads > 1 else ''} ({plan.reason})", "populations"]
    receptors = {id(p): "" for p in net.populations}
    for block in plan.blocks:
        for p in block.populations:
            receptors[id(p)] = ", ".join(f"{name} (2^{-lane.exponent} {lane.field.unit})"
                                         for name, lane in block.lanes.items()) or "none reached"
    lines += rows_of(["#", "model", "nodes", "receptors (resolution)"],
                     [[p.index, p.name, p.size, receptors[id(p)]] for p in net.populations])
    rows = []
    for c in net.projections:
        names = [" + ".join(f"{len(s)} {s.population.name}" for s in side) for side in (c.sources, c.targets)]
        low, high = plan.delays[c.index]
        delay = f"{low * plan.dt:g}" if low == high else f"{low * plan.dt:g} to {high * plan.dt:g}"
        stream = f"seed {c.stream}" if c.named else f"call {c.stream}"
        rule = f"{brief(str(c.rule))}{', the other way' if c.transposed else ''}{', procedural' if c.procedural else ''}"
        weight = show(c.weight) if c.edited is None else show(c.edited.weights)
        if c.index in plan.patched:
            weight = "as set" if plan.patched[c.index].weight is None else show(plan.patched[c.index].weight)
        rows.append([c.index, f"{names[0]} -> {names[1]}", rule, " and ".join(c.receptor), brief(weight), f"{delay} ms",
                     f"{plan.synapses[c.index]:,}", stream])
    if rows:
        lines += ["connections"] + rows_of(["#", "from -> to", "rule", "receptor", "weight", "delay", "number",
                                            "random stream"], rows)
    drawn = [f"{d} of {p.name} {p.index}" for p in net.populations
             for d in sorted({k for k, v in (p.params | p.initial).items() if hasattr(v, "sample")})]
    if drawn:
        lines.append(f"drawn once: {', '.join(drawn)}")
    noisy = sorted({f"{d.model.name} of connection {d.wire.projection.index}" for d in plan.drives if d.random})
    if noisy:
        lines.append(f"drawn in every step: {', '.join(noisy)}")
    for r in net.recordings:
        lines.append(f"recorded by {r.recorder.name} {r.recorder.index}: "
                     + (f"connection {r.call} from " if r.call is not None else "")
                     + " + ".join(f"{len(s)} of population {s.population.index}" for s in r.nodes))
    total = sum(len(t.targets) for t in plan.tables)
    size = plan.nbytes
    lines.append("memory: " + ", ".join(f"{k} {v / 1e6:.3g} MB" for k, v in size.items())
                 + (f"; {size['synapses'] / total:.2f} bytes a synapse" if total else ""))
    lines.append(f"run: slices of {plan.min_delay} step{'s' if plan.min_delay > 1 else ''}, longest delay "
                 f"{plan.max_delay}, {plan.n_parts} partition{'s' if plan.n_parts > 1 else ''}; kernels: "
                 f"{'deliver' if plan.in_one else 'loop'}, "
                 + ", ".join(sorted({f"advance {b.model.name}" for b in plan.blocks if b.size}
                                    | {f"drive {d.model.name}" for d in plan.drives})))
    return "\n".join(lines)
