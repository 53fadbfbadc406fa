"""The records through which kernels find their arrays: one field a number or an address, all of 64 bits.

Fields called `..._at` hold addresses. The Python side fills them (see `cpu`), the kernels read them.
"""
from __future__ import annotations

import numpy as np


def record(*names: str, **extra: object) -> np.dtype:
    return np.dtype([(name, np.int64) for name in names] + list(extra.items()), align=True)     # or loads go byte by byte


# A run's shared words, each on a cache line of its own.
BARRIER, REQUEST, HALT, STEP = 0, 8, 16, 24
SYNC_WORDS = 32

# laps_at: in a run that is profiled each thread's counters (see `laps`), lap_words words a thread
RUN = record("sync_at", "n_threads", "n_parts", "parts_at", "longest_slice", "flag_row", "laps_at", "lap_words")

# One partition: its nodes, its input rings, its part of the synapse table, and what it has to hand on. excess, sick: 1 + the
# node that first emitted more than most_at says, or whose state is NaN; wild, wild_at: 1 + the drive and the connection of
# which the same is true; and the steps in which it happened.
PART = record(
    "n", "flags_at", "counts_at", "ids_at", "recorded_at", "ring_at", "lanes", "mask",
    "n_drives", "drives_at", "n_blocks", "blocks_at", "n_taps", "taps_at",
    "n_planned", "planned_steps_at", "planned_ids_at", "planned_counts_at", "planned_next",
    "spikes_at", "spike_counts_at", "spike_ends_at", "spike_room",
    "most_at", "excess", "excess_step", "wild", "wild_at", "wild_step", "sick", "sick_step",
    "log_steps_at", "log_ids_at", "log_counts_at", "log_n", "log_room", "log_worst",
    "first_group_at", "first_late_at", "groups_at", "targets_at", "weights32_at", "weights64_at", "classes_at",
    "first_drawn_at", "drawn_at", "draw_kernel", "drawing_at", "arrive_kernel",
    "calendar_at", "calendar_mask", "entries_at", "n_entries", "entry_room", "entry_worst", "free", "work_at")

GROUP = np.dtype([("begin", np.uint32), ("end", np.uint32), ("delay", np.uint32), ("cls", np.uint32)], align=True)

# A spike that has still to reach some of its synapses: groups cursor .. last - 1, in the order of delays. next: 1 + the entry
# that follows in the calendar's list of the step in which group `cursor` arrives, or in the list of free entries.
ENTRY = np.dtype([("next", np.uint32), ("cursor", np.uint32), ("last", np.uint32), ("count", np.int32)], align=True)
# A group that arrives in this step, and how often.
WORK = np.dtype([("begin", np.uint32), ("end", np.uint32), ("cls", np.uint32), ("count", np.int32)], align=True)

# A row of targets that are drawn when a source fires: of which JOB, and its number there.
DRAWN = np.dtype([("job_at", np.int64), ("row", np.int64)], align=True)
# On a GPU, all rows that one kernel draws: where each node's begin, the rows (DRAWN), and the most of a node. And the pool:
# `places` rows of `width` partners that are drawn before they are added, and the length of each; a row more for each of
# `workers` threads that draw; and these threads' room, of room_words each.
DRAWS = record("first_at", "rows_at", "most", "pool_at", "lengths_at", "places", "width", "workers", "room_at",
               "room_words")

# One bundle's weights in one partition: kind 0 a constant, 1 and 2 from weights32 and weights64, times `value`.
CLASS = record("kind", "value", "shift")

# What one kernel call of a model works on: a block's nodes in one partition, or a drive's connections. first: number of the
# first node; limit: the most that a connection may emit in a step.
BODY = record("n", "first", "ring_at", "lanes", "mask", "flags_at", "counts_at", "flag_row", "n_inputs", "k0", "k1",
              "itemsize", "prepare_at", "clear_at", limit=np.float64)

# One input of a body. kind: 0 a number that stands, 1 a ring lane, 2 uniform, 3 poisson, 4 the step, 5 normal, 6 a series.
# object_at, stream_at, domain_at: whose random numbers each node receives; delay: by how many steps a drive looks back (at a
# clock, a series, or numbers that connections of other delays share);
# changes_at: the CHANGEs of a series, n_changes of them, `filled` of them done.
INPUT = record("kind", "lane", "words_at", "values_at", "table_at", "bits", "which_at", "filled",
               "object_at", "stream_at", "domain_at", "delay", "changes_at", "n_changes")
CHANGE = record("step", "node", value=np.float64)

# One state variable of one block's recorded neurons in one partition.
TAP = record("source_at", "item_bytes", "index_at", "column_at", "n", "out_at", "width", "interval", "first", "last")

# On a GPU each node knows by which taps it is recorded: TAPPED entries begins[i] .. begins[i + 1] - 1.
TAPS = record("begins_at", "tapped_at", "taps_at")
TAPPED = record("tap", "column")

# On a GPU a spike is listed with the step of its slice in which it was sent, and how often. A slice's words: from which step,
# how many steps (0: the run has come to its end, or halts), its spikes << UNIT_BITS | the groups that they reach; and,
# listed by themselves, the spikes of nodes that have rows to be drawn (as the array at PART's drawing_at says).
SPIKE = np.dtype([("node", np.uint32), ("lag", np.uint32), ("count", np.int32), ("unused", np.int32)], align=True)
FROM, STEPS, SENT, TO_DRAW = range(4)
SLICE_WORDS = 4
UNIT_BITS = 36
# What all slices share: where the run ends, the longest slice, spikes logged, room for them, the most that a slice logs; the
# step << 32 | node that first emitted too much, or is NaN; whether a generator's connection emitted too much, and for each
# drive the step << 32 | connection; how many bits of a thread's number tell it from others that read the same group.
# In a profiled run spikes and synaptic events are counted.
END, LONGEST, LOGGED, LOG_ROOM, LOG_WORST, EXCESS, SICK, WILD, WILD_AT, TEAM, SPIKES, EVENTS = range(12)
RUN_WORDS = 12
NEVER = 1 << 62

# How the synapses of one projection are drawn.
ROW = record("words_at", "n_words", "table_at", "n_table", "longest", "k0", "k1", "stream", "domain")
# Weights or delays. kind: 0 a constant, 1 a distribution, 2 an array by pair, with the strides of targets and sources, 3 an
# array in the order of drawing, 4 an expression.
VALUES = record("kind", "fill_at", "array_at", "starts_at", "stride_t", "stride_s", "k0", "k1", "stream", "domain",
                constant=np.float64, a=np.float64, b=np.float64, low=np.float64, high=np.float64)

# An expression: steps that work on a stack of rows, the distributions that they draw from (VALUES), and where the nodes are.
# redraws: whether it draws again; failed: set where that came to no end.
PROGRAM = record("n_ops", "ops_at", "depth", "n_leaves", "leaves_at", "redraws", "by_source", "sources_at", "targets_at",
                 "dims", "wrap_at", "run_at", "failed")
OP = record("code", "out", "first", "place", "leaf", "axis", "array_at", "stride_t", "stride_s",
            value=np.float64, low=np.float64, high=np.float64)
# A stretch of a program for some places of a row: all n, or those listed.
FRAME = record("program_at", "index", "n", "partners_at", "out_at", "places_at", "counts_at", "width", "begin", "end",
               "again")
