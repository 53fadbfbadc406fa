"""How much room a program takes in a GPU's memory, and whether it is there."""
from __future__ import annotations

from typing import Any

import numpy as np

from .errors import TooLarge
from .layout import SPIKE
from .plan import Plan, most_in_a_slice

SPIKES_LOGGED = 1 << 20         # recorded spikes that the GPU holds before they are taken over


def spike_room(plan: Plan) -> int:
    """The most spikes that a slice can have."""
    return sum(b.size for b in plan.blocks) * plan.min_delay + most_in_a_slice(plan.planned.steps, plan.min_delay) + 1


def log_worst(plan: Plan) -> int:
    """The most spikes that a slice can log."""
    stepped = sum(b.size for b in plan.blocks)
    planned = most_in_a_slice(plan.planned.steps, plan.min_delay) if plan.recorded[stepped:].any() else 0
    return int(plan.recorded[:stepped].sum(dtype=np.int64)) * plan.min_delay + planned


def check_fits(program: Any) -> None:
    """TooLarge where the plan's arrays would not fit into the GPU's memory."""
    plan, free = program.plan, program.device.free_bytes()
    rings = program.slots * program.lanes * np.dtype(plan.ring_type).itemsize
    tables = 0 if program.table is not None else sum(t.nbytes for t in plan.tables)
    worst = log_worst(plan)
    listed = (SPIKE.itemsize + 8) * spike_room(plan) + 16 * max(SPIKES_LOGGED, 2 * worst) * (worst > 0)
    rest = plan.nbytes["states"] + plan.nbytes["generators"]
    drawn = program.drawn.nbytes
    needed = tables + rings + listed + rest + drawn
    if needed > free:
        single = "" if plan.precision == "single" else "precision='single' halves the rings; "
        raise TooLarge(f"the network would need about {needed / 1e9:.2f} GB of the GPU's memory (synapses {tables / 1e9:.2f}, "
                       f"input rings {rings / 1e9:.2f}, lists of spikes {listed / 1e9:.2f}, states {rest / 1e9:.2f}, "
                       f"procedural synapses {drawn / 1e9:.2f}); {free / 1e9:.2f} GB are free: {single}connect with fewer "
                       f"synapses or comm='procedural', which stores none, or use backend='cpu'")
