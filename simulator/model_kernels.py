"""A model's kernels on the CPU: `advance` takes a block of nodes through one step, `drive` a projection's generators.

Loops over neurons write flags and do nothing else that branches, so that they vectorise; `loop` gathers the flagged.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from nestling.connect.kernels import normal_sample, packed_pick, philox
from nestling.models.contract import nested

from .compile import Kernel, jitable, kernel
from .exchange import add_to_lane, as_flag, as_it_is, beyond, first_lane, mark_count, mark_spike, receive, to_ring
from .functions import model_functions
from .lanes import at, gather, scatter
from .layout import BODY, CHANGE, INPUT
from .native import MUCH, NOUGHT_32, NOUGHT_64, address_of, call3, unpack, view

HEAD = BODY.itemsize // 8
EACH = INPUT.itemsize // 8
PIECE = 256                  # nodes whose random words are drawn at a time


@register_jitable
def draw_ahead(body, source, j, out, block):
    """Four steps' random words of input j for every node, or the Poisson counts that they stand for (int32).

    In pieces, by way of a buffer at the end of `out`: a loop that writes to four arrays does not vectorise, since they might
    overlap the three that it reads.
    """
    n = body.n
    k0, k1, field = np.uint32(body.k0), np.uint32(body.k1), np.uint32(j << 4)
    end = address_of(out) + 16 * n
    piece = view(end, 4 * PIECE, np.uint32)
    for begin in range(0, n, PIECE):
        m = min(PIECE, n - begin)
        objects, streams, domains = (view(source.object_at + 4 * begin, m, np.uint32),
                                     view(source.stream_at + 4 * begin, m, np.uint32),
                                     view(source.domain_at + 4 * begin, m, np.uint32))
        for i in range(m):
            a, b, c, d = philox(np.uint32(block), objects[i], streams[i], np.uint32(domains[i] + field), k0, k1)
            first = np.uint64(i)
            piece[first] = a
            piece[first + np.uint64(PIECE)] = b
            piece[first + np.uint64(2 * PIECE)] = c
            piece[first + np.uint64(3 * PIECE)] = d
        for step in range(4):
            words = view(end + 4 * step * PIECE, m, np.uint32)
            mine = view(address_of(out) + 4 * (step * n + begin), m, np.uint32)
            if source.kind == 3:
                count_events(source, words, mine, begin)
            else:
                for i in range(m):
                    mine[i] = words[i]


@register_jitable
def count_events(source, words, out, begin):
    """Poisson counts for the words of the nodes from `begin` on, from one table for all or one for each node."""
    bits = source.bits
    cells = np.int64(1) << bits
    if source.which_at == 0:
        table = view(source.table_at, cells, np.uint64)
        for i in range(out.size):
            out[i] = packed_pick(words[i], table, np.uint32(0), bits)
    else:
        which = view(source.which_at + 4 * begin, out.size, np.uint32)
        table = view(source.table_at, MUCH, np.uint64)
        for i in range(out.size):
            first, own_bits = (which[i] & np.uint32(0xFFFFFF)) << np.uint32(bits), which[i] >> np.uint32(24)
            out[i] = packed_pick(words[i], table, first, own_bits)


jitable(normal_sample)


@register_jitable
def normal_numbers(words, out):
    for i in range(words.size):
        out[i] = normal_sample(words[i], 0.0, 1.0)


@register_jitable
def follow_series(source, k, n):
    """Take over the values that change before the end of step k."""
    changes, values = view(source.changes_at, source.n_changes, CHANGE), view(source.values_at, n, np.float64)
    while source.filled < source.n_changes and changes[source.filled].step <= k:
        change = changes[source.filled]
        values[change.node] = change.value
        source.filled += 1


@register_jitable
def prepare_inputs(body, words, k):
    """Write the addresses of this step's inputs; draw what is random. Returns where in the ring the step's row begins."""
    n = body.n
    row = (k & body.mask) * body.lanes
    sources = view(address_of(words) + 8 * HEAD, body.n_inputs, INPUT)
    for j in range(body.n_inputs):
        source = sources[j]
        slot = HEAD + EACH * body.n_inputs + j
        if source.kind == 1:
            words[slot] = body.ring_at + (row + source.lane) * body.itemsize
        elif source.kind == 4:
            source.lane = k - source.delay    # the record itself holds the number that is read
        elif source.kind == 6:
            follow_series(source, k - source.delay, n)
        elif source.kind != 0:
            random, sent = view(source.words_at, 4 * n, np.uint32), k - source.delay
            if source.filled != 2 * (sent >> 2) + 1:            # an odd number: not 0, which means nothing was drawn
                draw_ahead(body, source, j, random, sent >> 2)
                source.filled = 2 * (sent >> 2) + 1
            now = source.words_at + 4 * n * (sent & 3)
            if source.kind == 5:
                normal_numbers(view(now, n, np.uint32), view(source.values_at, n, np.float64))
            else:
                words[slot] = now
    return row


@register_jitable
def clear_inputs(body, words, row):
    """Set to zero what this step has read."""
    sources = view(address_of(words) + 8 * HEAD, body.n_inputs, INPUT)
    for j in range(body.n_inputs):
        if sources[j].kind == 1:
            lane = view(body.ring_at + (row + sources[j].lane) * body.itemsize, body.n * body.itemsize, np.uint8)
            for i in range(lane.size):
                lane[i] = 0


def prepare(p, k, lag):
    """A kernel of its own, since it is the same for all models: compiled once, called once a step."""
    body = view(p, 1, BODY)[0]
    words = view(p, HEAD + (EACH + 1) * body.n_inputs, np.int64)
    return prepare_inputs(body, words, k)


def clear(p, row, lag):
    body = view(p, 1, BODY)[0]
    words = view(p, HEAD + (EACH + 1) * body.n_inputs, np.int64)
    clear_inputs(body, words, row)
    return 0


class Variant:
    """What a model's kernel must know when it is compiled.

    shared: for every constant, whether all nodes share it; supplied: for every input, whether it changes from step to step: a
    receptor that something reaches, or a number that is drawn; nought: for every constant, whether it is known to be 0.
    """

    def __init__(self, model: Any, shared: tuple[bool, ...], supplied: tuple[bool, ...], nought: tuple[bool, ...], real: type,
                 whole: type, gpu: bool = False) -> None:
        self.model, self.emits = model, model.emits
        self.source = model_functions(model, real is np.float32, gpu)
        self.state = tuple((real(0) if f.type is float else whole(0),) for f in model.state)
        zeros = [real(0) if f.type is float else np.int64(0) for f in model.step]
        known = NOUGHT_64 if real is np.float64 else NOUGHT_32
        self.step = tuple(known if no else zero if one else (zero,) for zero, one, no in zip(zeros, shared, nought))
        rows: list[Any] = []
        scales: list[Any] = []
        self.ring = np.int64 if real is np.float64 else np.int32
        arrays: dict[str, Any] = dict(uniform=np.uint32(0), poisson=np.int32(0), normal=np.float64(0), series=np.float64(0))
        for f, changes in zip(model.inputs, supplied):
            scale = np.int64(0) if f.type is int else real(0)
            scales.append(scale)
            rows.append((arrays.get(f.supplied, self.ring(0)),) if changes and f.supplied != "clock" else scale)
        self.rows, self.scales = tuple(rows), tuple(scales)
        self.kinds = tuple((f.supplied or "ring") if changes else "number" for f, changes in zip(model.inputs, supplied))
        names = [f.name for record in (model.state, model.step, model.inputs) for f in record]
        self.text = repr((names, self.state, self.step, self.rows, self.scales, model.forms, model.emits, self.ring))

    @property
    def templates(self) -> tuple[tuple, tuple, tuple, tuple]:
        """Templates of states, constants, inputs and scales, a list's entries together (see native.unpack)."""
        states, inputs, steps = self.model.forms

        def listed(flat: tuple, form: tuple[int, ...]) -> tuple:
            return tuple((None, *entry) if n >= 0 else entry for entry, n in zip(nested(flat, form), form))
        return listed(self.state, states), listed(self.step, steps), listed(self.rows, inputs), listed(self.scales, inputs)

    @property
    def places(self) -> tuple[int, int, int, int, int]:
        """Where in a body's words the addresses of inputs, scales, states and constants begin, and where they end."""
        rows = HEAD + EACH * len(self.rows)
        states = rows + 2 * len(self.rows)
        constants = states + len(self.state)
        return rows, rows + len(self.rows), states, constants, constants + len(self.step)

    @property
    def uses(self) -> tuple[Any, ...]:
        return (self.source.update,)


def make_advance(variant: Variant) -> Kernel:
    """The kernel `advance(body, k, lag)` of a model: all nodes of a block through step k."""
    source = variant.source
    update, State, Step, Inputs = source.update, source.State, source.Step, source.Inputs
    states, constants, rows, scales = variant.templates
    at_rows, at_scales, at_states, at_constants, end = variant.places
    mark = mark_count if variant.emits == "counts" else mark_spike

    def advance(p, k, lag):
        body = view(p, 1, BODY)[0]
        n = body.n
        words = view(p, end, np.int64)
        row = call3(body.prepare_at, p, k, lag)
        state = unpack(words, at_states, n, states)
        constant = unpack(words, at_constants, n, constants)
        arrived = unpack(words, at_rows, n, rows)
        scale = unpack(words, at_scales, n, scales)
        flags = view(body.flags_at + lag * body.flag_row, n, np.uint8)
        numbers = view(body.counts_at + 4 * lag * body.flag_row, n, np.int32)
        for i in range(n):
            s, emitted = update(State(*gather(state, i)), Step(*gather(constant, i)), Inputs(*receive(arrived, scale, i)))
            scatter(state, i, s)
            mark(flags, numbers, i, emitted, s)
        call3(body.clear_at, p, row, lag)
        return 0
    return kernel(advance, uses=variant.uses, variant=variant.text)


def make_drive(variant: Variant, neighbours: bool, one_weight: bool) -> Kernel:
    """The kernel `drive(body, k, lag)` of a generator: what its connections add to the ring in step k.

    It returns 0, or 1 + the first connection that emitted more than its model says, in place of which there may be anything.
    neighbours: connections end in neighbouring lanes; one_weight: they share one weight. Both let the loop vectorise.
    """
    source = variant.source
    update, State, Step, Inputs = source.update, source.State, source.Step, source.Inputs
    (states, constants, rows, scales), ring_type = variant.templates, variant.ring
    at_rows, at_scales, at_states, at_constants, end = variant.places
    weight = np.float64(0) if variant.emits == "current" else np.int64(0)
    targets = (np.int64(0) if neighbours else (np.uint32(0),), weight if one_weight else (weight,))
    taken = as_flag if variant.emits == "spikes" else as_it_is

    def drive(p, k, lag):
        body = view(p, 1, BODY)[0]
        n = body.n
        words = view(p, end + 2, np.int64)
        ring = view(body.ring_at, (body.mask + 1) * body.lanes, ring_type)
        row = call3(body.prepare_at, p, k, lag)
        state = unpack(words, at_states, n, states)
        constant = unpack(words, at_constants, n, constants)
        arrived = unpack(words, at_rows, n, rows)
        scale = unpack(words, at_scales, n, scales)
        place, weights = unpack(words, end, n, targets)
        # a view of its own: of whole numbers that may be negative, numba checks each whether it counts from the end
        lanes = view(address_of(ring) + (row + first_lane(place)) * ring.itemsize, body.lanes, ring_type)
        limit, wrong = body.limit, n
        for i in range(n):
            s, emitted = update(State(*gather(state, i)), Step(*gather(constant, i)), Inputs(*receive(arrived, scale, i)))
            scatter(state, i, s)
            amount = taken(emitted)
            add_to_lane(lanes, place, i, to_ring(amount, at(weights, i)))
            wrong = min(wrong, i if beyond(amount, limit) else n)
        return wrong + 1 if wrong < n else 0
    return kernel(drive, uses=variant.uses, variant=f"{variant.text} {neighbours} {one_weight}")
