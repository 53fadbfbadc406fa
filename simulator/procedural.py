"""Synapses that are not stored: whenever a source fires, its targets, weights and delays are drawn again from the seed.

They are the same, bit for bit, as those that the table would hold, since both are drawn by the same kernels and kept on the
same grids.
"""
from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .arrivals import ring_row
from .compile import Kernel, kernel
from .draw import Drawing, delay_steps
from .fixed_point import to_fixed
from .layout import DRAWN, PART
from .native import MUCH, address_of, call3, view
from .plan import Procedure, Wire
from .table_kernels import JOB, row_values, to_steps
from .tables import Job, weight_storage


def make_procedure(wire: Wire, drawing: Drawing, jobs: list[Job]) -> Procedure:
    """A wire's synapses for the kernels; jobs: of every partition."""
    low, high = delay_steps(wire.projection.delay, jobs[0].record[0]["dt"])
    kind, scale = weight_storage(wire.weight, wire.lane.exponent)
    for job in jobs:
        r = job.record[0]
        r["weight_kind"], r["constant_steps"], r["n_steps"], r["weight_scale"] = kind, low, high, 2.0**scale
        r["value"] = to_fixed(wire.weight, wire.lane.exponent) if kind == 0 else 1 << (wire.lane.exponent - scale)
    arrays = [a for a in drawing.kept if isinstance(a, np.ndarray)]
    return Procedure(wire, jobs[0].node_ids, [job.record for job in jobs], (low, high), [drawing, *jobs], arrays)


def list_rows(procedures: list[Procedure], part: int, n_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each node where its rows begin among all, (nodes + 1,), and these (DRAWN)."""
    nodes = np.concatenate([p.nodes for p in procedures])
    rows = np.zeros(len(nodes), DRAWN)
    rows["job_at"] = np.repeat([p.records[part].ctypes.data for p in procedures], [len(p.nodes) for p in procedures])
    rows["row"] = np.concatenate([np.arange(len(p.nodes)) for p in procedures])
    first = np.concatenate([[0], np.cumsum(np.bincount(nodes, minlength=n_nodes))]).astype(np.int64)
    return first, rows[np.argsort(nodes, kind="stable")]


@register_jitable
def draw_synapses(part, spike, sent, count, ring):
    """Add the weights of a spike's procedural synapses to the ring; count: how often it was sent in that step. Returns how many
    were added."""
    first = view(part.first_drawn_at, MUCH, np.int64)
    rows, events = view(part.drawn_at, MUCH, DRAWN), 0
    for e in range(first[spike], first[spike + 1]):
        job, index = view(rows[e].job_at, 1, JOB)[0], rows[e].row
        partners, lane_of = np.empty(job.longest + 1, np.int32), view(job.lane_at, MUCH, np.int32)
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        value = ring.dtype.type(job.value * count)
        row = ring_row(part, sent + job.constant_steps, ring)
        if job.weight_kind == 0 and job.constant_steps == job.n_steps and job.receptors_at == 0:
            for i in range(n):
                lane = lane_of[partners[i]]
                if lane >= 0:
                    row[lane] += value
                    events += count
        else:
            events += count * add_varied(part, job, index, n, partners, lane_of, value, sent, ring)
    return events


@register_jitable
def add_varied(part, job, index, n, partners, lane_of, value, sent, ring):
    """The same of one row's synapses that differ in weight, delay or receptor."""
    weights, delays, which = np.empty(n), np.empty(n), np.empty(n)
    if job.weight_kind:
        row_values(job.weights_at, index, n, partners, weights, job.by_source)
    if job.constant_steps != job.n_steps:
        row_values(job.delays_at, index, n, partners, delays, job.by_source)
    if job.receptors_at:
        row_values(job.receptors_at, index, n, partners, which, job.by_source)
    shifts, found = view(job.shifts_at, MUCH, np.int32), 0
    for i in range(n):
        lane = lane_of[partners[i]]
        if lane >= 0:
            later = to_steps(delays[i], job.dt) if job.constant_steps != job.n_steps else job.constant_steps
            if job.receptors_at:
                lane += shifts[np.int64(which[i])]
            elif job.weight_kind and weights[i] < 0.0:
                lane += job.negative_shift
            weight = ring.dtype.type(np.floor(weights[i] * job.weight_scale + 0.5)) if job.weight_kind else ring.dtype.type(1)
            ring_row(part, sent + later, ring)[lane] += weight * value
            found += 1
    return found


def make_draw(ring_type: type) -> Kernel:
    """The kernel `draw(part, spike, sent, count) -> number of weights`: see draw_synapses."""
    def draw(p, spike, sent, count):
        part = view(p, 1, PART)[0]
        return draw_synapses(part, spike, sent, count, view(part.ring_at, (part.mask + 1) * part.lanes, ring_type))
    return kernel(draw, variant=ring_type.__name__)
