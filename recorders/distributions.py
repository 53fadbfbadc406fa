"""Distributions by population: rates of neurons, CVs of their intervals, correlations of pairs."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import BadRecording
from .drawing import Group, axes_or_new, bare, empty, few_ticks, groups_of, legend, note, run_of
from .rates import rates_of
from .statistics import correlations, first_neurons, interval_cv
from .trains import Spikes, SpikeSource, duration, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("histogram", "box")
MOST_BINS = 50       # of a histogram, unless a single neuron's spike is wider


def plot_rates(res: SpikeSource, rec: Any, *, kind: str | None = None, start: float | None = None, stop: float | None = None,
               ax: Axes | None = None, color: Any = None, labels: Sequence[str] | None = None) -> Axes:
    """Draw how rates (spikes/s) are distributed over neurons, silent ones among them, for each population.

    rec, color, labels: as in `raster`. kind: "histogram", the share of a group's neurons in each bin, or "box": medians,
    quartiles, whiskers that hold 95 %, and dots at means, the first group lowest; histograms for up to three groups unless
    given. Bins are whole numbers of spikes in the window. start, stop: ms, the time that counts. ax: the axes to draw in, a
    new figure if None. Where there are no spikes the axes stay empty and say so. Returns the axes.
    Raises BadRecording for another kind, a bad `start` or `stop`, and numbers of colours or labels that do not agree with
    the groups.
    """
    return _public(res, rec, kind, start, stop, ax, color, labels, draw_rate_distribution)


def plot_cv(res: SpikeSource, rec: Any, *, min_spikes: int = 5, kind: str | None = None, start: float | None = None,
            stop: float | None = None, ax: Axes | None = None, color: Any = None,
            labels: Sequence[str] | None = None) -> Axes:
    """Draw how CVs of inter-spike intervals are distributed over neurons with `min_spikes` spikes or more (see `isi_cv`).

    A note says how many neurons that are, unless all. Other arguments and errors are those of `plot_rates`.
    """
    whole("min_spikes", min_spikes, 3)
    return _public(res, rec, kind, start, stop, ax, color, labels, draw_cv_distribution, min_spikes)


def plot_correlations(res: SpikeSource, rec: Any, *, bin: float = 2.0, n: int = 100, kind: str | None = None,
                      start: float | None = None, stop: float | None = None, ax: Axes | None = None, color: Any = None,
                      labels: Sequence[str] | None = None) -> Axes:
    """Draw how Pearson's correlations of spike counts are distributed over pairs of neurons within a group.

    bin: of the counts, ms. n: the first n neurons of each group are paired; those whose count never changes are left out.
    Other arguments and errors are those of `plot_rates`.
    """
    duration("bin", bin, run_of(res).dt)
    whole("n", n, 2)
    return _public(res, rec, kind, start, stop, ax, color, labels, draw_correlation_distribution, bin, n)


def _public(res: SpikeSource, rec: Any, kind: str | None, start: float | None, stop: float | None, ax: Axes | None,
            color: Any, labels: Any, draw: Any, *more: Any) -> Axes:
    if kind is not None and kind not in KINDS:
        raise BadRecording(f"kind = {kind!r}: must be 'histogram' or 'box'")
    groups = groups_of(res, rec, start, stop, color, labels)
    axes = axes_or_new(ax)
    boxes = kind == "box" or kind is None and len(groups) > 3
    if (labels is not None or len(groups) > 1) and not boxes:
        legend(axes, groups)
    draw(axes, groups, *more, boxes=boxes)
    return axes


def draw_rate_distribution(axes: Axes, groups: Sequence[Group], *, boxes: bool) -> None:
    """Rates of neurons; bins hold whole numbers of spikes, else some of them would hold a value more than others."""
    one, values = 0.0, []
    for g in groups:
        span = g.spikes.window.end - g.spikes.window.begin
        one = max(one, 1e3 / span if span > 0 else 0.0)
        values.append(rates_of(g.spikes) if span > 0 else np.zeros(0))
    if not any(len(g.spikes.times) for g in groups):
        values = [np.zeros(0)] * len(groups)
    top = max((float(v.max(initial=0.0)) for v in values), default=0.0)
    counts = top / one if one else 0.0
    step = one * max(int(np.ceil((counts + 1.0) / MOST_BINS)), 1)
    edges = (np.arange(int(np.ceil((top + one) / step)) + 1) * step - 0.5 * one) if top else np.zeros(0)
    _draw(axes, groups, values, edges, "Rate (spikes/s)", "Share of neurons", "no spikes", boxes)


def draw_cv_distribution(axes: Axes, groups: Sequence[Group], min_spikes: int = 5, *, boxes: bool) -> None:
    """CVs of those neurons that have one."""
    values = [interval_cv(g.spikes.times, g.spikes.senders, g.spikes.n, min_spikes) for g in groups]
    values = [v[np.isfinite(v)] for v in values]
    having, neurons = sum(map(len, values)), sum(g.spikes.n for g in groups)
    _draw(axes, groups, values, _edges(values, 0.0), "CV of intervals", "Share of neurons",
          f"no neuron has {min_spikes} spikes", boxes)
    if 0 < having < neurons:
        note(axes, f"{having:,} of {neurons:,} neurons")


def draw_correlation_distribution(axes: Axes, groups: Sequence[Group], bin: float = 2.0, n: int = 100, *, boxes: bool) -> None:
    """Correlations of the pairs of each group."""
    some = [first_neurons(g.spikes, n) for g in groups]
    values = [_pairs(correlations(s.times, s.senders, s.n, s.window, bin)) for s in some]
    edges = _edges(values, step=max(map(_coincidence, some)))
    _draw(axes, groups, values, edges, "Correlation of counts", "Share of pairs", "no two active neurons", boxes)


def _pairs(matrix: np.ndarray) -> np.ndarray:
    """What a symmetric matrix holds above its diagonal, but for what is not defined."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    return values[np.isfinite(values)]


def _coincidence(s: Spikes) -> float:
    """About what one coincidence more adds to the correlation of two neurons: values come in such steps."""
    number = np.bincount(s.senders)
    return float(np.mean(1.0 / np.sqrt(number[number > 0]))) ** 2 if len(number) else 0.0


def _edges(values: Sequence[np.ndarray], least: float | None = None, step: float = 0.0) -> np.ndarray:
    """Edges of bins that suit all values together, none where there are no values; step: at which values come."""
    every = np.concatenate(values)
    if not len(every):
        return np.zeros(0)
    low, high = float(every.min()) if least is None else least, float(every.max())
    if high <= low:                              # of correlations below, as none is above 1
        low, high = (low, low + 1.0) if least is not None else (low - 1.0, low)
    quarter = float(np.subtract(*np.quantile(every, [0.75, 0.25])))
    wanted = np.clip((high - low) / max(2 * quarter / len(every) ** (1 / 3), 1e-12), 8, MOST_BINS)   # Freedman, Diaconis (1981)
    return np.linspace(low, high, int(max(min(wanted, (high - low) / max(step, 1e-12)), 5)) + 1)


def _draw(axes: Axes, groups: Sequence[Group], values: Sequence[np.ndarray], edges: np.ndarray, xlabel: str, ylabel: str,
          none: str, boxes: bool) -> None:
    bare(axes)
    axes.set_xlabel(xlabel)
    few_ticks(axes, 4, 5)                        # labels such as -0.025 would touch in a dashboard
    if not any(map(len, values)):
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0), xticks=[], yticks=[], ylabel="" if boxes else ylabel)
        empty(axes, none)
    elif boxes:
        _draw_boxes(axes, groups, values)
    else:
        for g, v in zip(groups, values):
            share = np.histogram(v, edges)[0] / max(len(v), 1)
            axes.stairs(share, edges, fill=True, color=g.color, alpha=0.25)
            axes.stairs(share, edges, color=g.color, linewidth=1.2)
        # with room for the last outline
        axes.set(xlim=(edges[0], edges[-1] + 0.01 * (edges[-1] - edges[0])), ylabel=ylabel)
        axes.set_ylim(bottom=0.0)


def _draw_boxes(axes: Axes, groups: Sequence[Group], values: Sequence[np.ndarray]) -> None:
    rows = range(1, len(groups) + 1)
    mean = dict(marker="o", markerfacecolor="black", markeredgecolor="white", markersize=5 if len(groups) <= 10 else 3)
    drawn = axes.boxplot(list(values), positions=list(rows), orientation="horizontal", whis=(2.5, 97.5), showfliers=False,
                         patch_artist=True, widths=0.7, medianprops=dict(color="black", linewidth=1.5), showmeans=True,
                         meanprops=mean)
    for box, g in zip(drawn["boxes"], groups):
        box.set(facecolor=(g.color, 0.7), edgecolor=g.color)
    axes.set(ylim=(0.5, len(groups) + 0.5), yticks=rows, yticklabels=[g.label or str(i) for i, g in enumerate(groups)])
