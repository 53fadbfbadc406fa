"""Room for the samples of a run, and the taps that fill it: what both backends bind to their kernels."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from .plan import Plan, Sampling


@dataclass
class Tap:
    """One state variable of the nodes of one sampling: column `columns[i]` of `trace`, a row a sample, is node `nodes[i]`'s.

    first, last: the steps of the first sample and of the last that may be taken.
    """

    sampling: Sampling
    state: int                              # which of the block's
    trace: np.ndarray
    first: int
    last: int


def make_traces(plan: Plan, step: int, end: int) -> tuple[dict[int, dict[str, np.ndarray]], list[Tap]]:
    """The traces of a run from `step` to `end`, by recorder and by name, and the taps that fill them."""
    traces: dict[int, dict[str, np.ndarray]] = {}
    taps = []
    for s in plan.samplings:
        width = sum(len(o.nodes) for o in plan.samplings if o.recorder is s.recorder)
        first = first_after(s, step)
        last = min(s.last, end)
        rows = max(0, (last - first) // s.interval + 1)
        mine = traces.setdefault(s.recorder.index, {})
        mine["stamps"] = first + s.interval * np.arange(rows)
        for j in s.fields:
            name = s.block.model.state[j].name
            if name not in mine:
                mine[name] = np.zeros((rows, width), s.block.state[j].dtype)
            taps.append(Tap(s, j, mine[name], first, last))
    return traces, taps


def cut_traces(traces: dict[int, dict[str, Any]], step: int) -> None:
    """Drop the rows of samples that a run that stopped at `step` did not take."""
    for trace in traces.values():
        n = int(np.searchsorted(trace["stamps"], step, side="right"))
        for name in trace:
            trace[name] = trace[name][:n]


def trace_bytes(plan: Plan, steps: int, without: Collection[int] = ()) -> float:
    """Bytes that the samples of so many steps take; without: recorders, by number, that are left out."""
    return sum(8.0 * len(s.nodes) * len(s.fields) * steps / s.interval for s in plan.samplings
               if s.recorder.index not in without)


def first_after(s: Sampling, step: int) -> int:
    """Time stamp of the first sample of a run that goes on from `step`."""
    return max(s.first, s.first + -(-(step + 1 - s.first) // s.interval) * s.interval)


def first_samples(plan: Plan, step: int) -> dict[int, int]:
    """Of each recorder of states that has not stopped, the time stamp of the first sample of a run that goes on from `step`."""
    return {s.recorder.index: first_after(s, step) for s in plan.samplings if first_after(s, step) <= s.last}


def is_full(program: Any) -> bool:
    """Whether a run is to return because it holds as many recorded spikes as are wanted at once."""
    return program.most_events is not None and sum(len(steps) for steps, _, _ in program.events) >= program.most_events
