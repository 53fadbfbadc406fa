"""plot_traces: recorded states over time, membrane potentials above all, with spikes drawn on them."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from .contract import BadRecording
from .drawing import PALETTE, axes_or_new, bare, colors_of, empty, ink, make_room, note, run_of, show_time, time_axis
from .trains import SpikeSource, part_of, positions_of, recorded_spikes, window_of, within

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 5                 # nodes, unless told which
MOST_POINTS = 20_000      # of a drawn line: more would be a block
MOST_SPIKES = 400         # of a drawn trace
COLUMNS = 600             # of the band that is drawn in place of a longer line


class TraceSource(SpikeSource, Protocol):
    """What is needed of the results of a run: traces, beside what spikes need."""

    def trace(self, rec: Any, name: str, /, *, plain: bool, nodes: Any) -> Any: ...

    def trace_times(self, rec: Any, /, *, plain: bool) -> Any: ...

    def states(self, rec: Any, /) -> dict[str, str]: ...

    def ids(self, rec: Any, /) -> np.ndarray: ...


class Traces(NamedTuple):
    """values (samples, nodes) in `unit` at times (samples,) ms; spikes: their times for each node; nodes: positions, and what
    they are called."""

    times: np.ndarray
    values: np.ndarray
    spikes: list[np.ndarray]
    nodes: list[int]
    names: list[str]
    name: str
    unit: str
    dt: float


def plot_traces(res: TraceSource, rec: Any, name: str = "V_m", *, spikes: Any = None, nodes: Sequence[int] | None = None,
                start: float | None = None, stop: float | None = None, ax: Axes | None = None, color: Any = None) -> Axes:
    """Draw what a multimeter recorded of a state, a line for each node; those of several nodes above one another.

    rec: the multimeter. spikes: a spike_recorder, or a list of them, that recorded these nodes: each spike is drawn as a line
    from the trace to above the highest value, since the potential of an integrate-and-fire model does not show it.
    nodes: positions in the recorded view, the first five unless given. start, stop: ms, the time to draw.
    ax: the axes to draw in, a new figure if None. color: one matplotlib colour, or one for each node.
    Several nodes share a scale, which a bar on the right shows. Of more than 20,000 samples a band is drawn, from the least to
    the greatest of every few, and their mean; more than 400 spikes of a node are not drawn; a note says either: give start and
    stop to see more. Without samples the axes stay empty and say so. Returns the axes.
    Raises BadRecording for states that were not recorded, nodes that are not in the view, a node whose spikes were not
    recorded, numbers of colours that do not agree, and a bad `start` or `stop`.
    """
    t = read_traces(res, rec, name, spikes, nodes, start, stop)
    colors = _node_colors(color, len(t.nodes))
    axes = axes_or_new(ax, 8.0, 1.5 + 0.7 * max(len(t.nodes), 2))
    draw_traces(axes, t, colors)
    show_time(axes, res, start, stop)
    return axes


def read_traces(res: TraceSource, rec: Any, name: str, spikes: Any, nodes: Sequence[int] | None,
                start: float | None, stop: float | None = None) -> Traces:
    """Traces of some nodes, and their spikes."""
    begin, end = window_of(run_of(res).window, res.dt, start, stop)
    part, ids = part_of(res, begin, end), res.ids(rec)
    picked = list(range(min(len(ids), SHOWN))) if nodes is None else positions_of(nodes, len(ids))
    values, times = part.trace(rec, name, plain=True, nodes=picked or None), part.trace_times(rec, plain=True)
    shown = within(times, begin, end, res.dt)
    recorders = [] if spikes is None else list(spikes) if isinstance(spikes, (list, tuple)) else [spikes]
    trains: dict[int, np.ndarray] = {}
    for r in recorders:
        found, recorded = recorded_spikes(res, r, start, stop), res.ids(r)
        for i in picked:
            for at in np.flatnonzero(recorded == ids[i])[:1]:
                trains.setdefault(i, found.times[found.senders == at])
    if recorders and (lost := [i for i in picked if i not in trains]):
        raise BadRecording(f"spikes = {spikes!r} did not record the spikes of node {lost[0]} of {rec!r}, "
                           f"of global id {ids[lost[0]]}: connect it, or give nodes")
    return Traces(times[shown], np.asarray(values)[shown], [trains.get(i, np.zeros(0)) for i in picked], picked,
                  [str(i) for i in picked], name, res.states(rec)[name], res.dt)


def _node_colors(color: Any, n: int) -> list[Any]:
    return colors_of(PALETTE[0] if color is None else color, n)


def draw_traces(axes: Axes, t: Traces, colors: Sequence[Any]) -> None:
    """One trace on its own scale, or several in lanes of one scale."""
    bare(axes)
    time_axis(axes)
    several, quantity = len(t.nodes) > 1, f"{t.name} ({t.unit})" if t.unit else t.name
    axes.set_ylabel(quantity)
    if not t.values.size:
        axes.set_ylim(0.0, 1.0)
        empty(axes, "no samples")
        return
    crowded = max(map(len, t.spikes)) > MOST_SPIKES
    low, high = float(np.nanmin(t.values)), float(np.nanmax(t.values))
    span = high - low or 1.0
    peak = high + (0.4 * span if any(map(len, t.spikes)) and not crowded else 0.0)
    lane = 1.15 * (peak - low or 1.0) if several else 0.0
    for k, (c, train) in enumerate(zip(colors, t.spikes)):
        if len(t.times) > MOST_POINTS:
            x, least, y, most = banded(t.times, t.values[:, k] + k * lane)
            axes.fill_between(x, least, most, color=c, alpha=0.3, linewidth=0.0)
        else:
            x, y = t.times, t.values[:, k] + k * lane
        axes.plot(x, y, color=c, linewidth=0.8, gid="mean" if len(t.times) > MOST_POINTS else "trace")
        if len(train) and not crowded:
            feet = np.nan_to_num(np.interp(train, x, y), nan=high + k * lane)
            xs = np.stack([train, train, np.full(len(train), np.nan)], axis=1)      # lines, and gaps between them
            ys = np.stack([feet, np.full(len(train), peak + k * lane), xs[:, 2]], axis=1)
            axes.plot(xs.ravel(), ys.ravel(), color=c, linewidth=0.8, gid="spikes")
    remarks = []
    if len(t.times) > MOST_POINTS:
        remarks.append(f"bands: range of every {chunk_of(t.times)} samples, lines: their means")
    remarks += ["too many spikes to be drawn"] if crowded else []
    if remarks:
        note(axes, "; ".join(remarks))
    axes.set_ylim(low - 0.05 * span, peak + (len(t.nodes) - 1) * lane + 0.05 * span)
    if several:
        middle = np.nanmedian(t.values, axis=0) + lane * np.arange(len(t.nodes))
        axes.set_yticks(middle, t.names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylabel(f"{quantity} of neuron")
        _scale_bar(axes, low, span, t.unit)


def _scale_bar(axes: Axes, low: float, span: float, unit: str) -> None:
    """A bar on the right, as long as a round number that is near to half of the span."""
    length = 10.0 ** np.floor(np.log10(span / 2))
    length *= next(s for s in (5.0, 2.0, 1.0) if s * length <= span / 2)
    place = axes.get_yaxis_transform()
    axes.plot([1.01, 1.01], [low, low + length], transform=place, color=ink(axes), linewidth=1.5, clip_on=False,
              solid_capstyle="butt", gid="scale")
    text = axes.annotate(f"{length:g} {unit}".strip(), (1.01, low + length / 2), (3.0, 0.0), xycoords=place,
                         textcoords="offset points", va="center", ha="left", fontsize="small", annotation_clip=False)
    make_room(text, axes)


def chunk_of(samples: np.ndarray) -> int:
    """How many samples a column of the band stands for."""
    return -(-len(samples) // COLUMNS)


def banded(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Time of the middle, least, mean and greatest of every few samples; the last ones may be fewer."""
    first = np.arange(0, len(y), chunk_of(y))
    number = np.diff(np.append(first, len(y)))
    return (np.add.reduceat(x, first) / number, np.minimum.reduceat(y, first), np.add.reduceat(y, first) / number,
            np.maximum.reduceat(y, first))
