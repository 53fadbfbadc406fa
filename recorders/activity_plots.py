"""The activity of populations: how it correlates over time, and its spectrum."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import BadRecording
from .drawing import Group, axes_or_new, bare, empty, groups_of, legend
from .pictured import activity, mean_rate, pair_correlogram, rate_power
from .trains import NEAR, SpikeSource, duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEGMENT = 200.0      # ms, of a spectrum


def plot_correlogram(res: SpikeSource, rec: Any, other: Any = None, *, bin: float = 1.0, max_lag: float = 100.0,
                     start: float | None = None, ax: Axes | None = None, color: Any = None,
                     labels: Sequence[str] | None = None) -> Axes:
    """Draw the cross-correlogram of each population: the rate of a neuron at each lag from a spike of another one.

    Over all pairs of two neurons of a group, or with `other`, a recorder whose neurons are taken together, over all pairs of
    one of the group and one of those; a peak at positive lags says that those follow. Spikes are counted in bins of `bin` ms,
    lags reach to `max_lag` ms either way, and what the window cuts off is made up for. Thin lines: the mean rate, which is
    expected of independent neurons. rec, start, ax, color, labels: as in `plot_rates`. A group without spikes or pairs has no
    curve; where no group has one the axes stay empty and say so. Returns the axes.
    Raises BadRecording for a bin below dt, max_lag below one bin or not shorter than the window, recorders that were active at
    different times, and as `plot_rates`.
    """
    duration("bin", bin, res.dt)
    duration("max_lag", max_lag, bin)
    groups = groups_of(res, rec, start, color, labels)
    second = None if other is None else groups_of(res, [other], start)[0]
    spans = {g.spikes.window for g in (*groups, *([second] if second else []))}
    if second and len(spans) > 1:
        raise BadRecording(f"other = {other!r}: was not active at the same time as rec")
    least = min((w.end - w.begin for w in spans if w.end > w.begin), default=np.inf)
    if max_lag > least - bin * (1 - NEAR):
        raise BadRecording(f"max_lag = {max_lag!r}: must be shorter than the window of {least:g} ms by a bin")
    axes = axes_or_new(ax)
    draw_correlogram(axes, groups, bin, max_lag, second)
    if labels is not None or len(groups) > 1:
        legend(axes, groups)
    return axes


def plot_spectrum(res: SpikeSource, rec: Any, *, bin: float = 1.0, segment: float | None = None, start: float | None = None,
                  ax: Axes | None = None, color: Any = None, labels: Sequence[str] | None = None) -> Axes:
    """Draw the power density of each population's rate per neuron, (spikes/s)^2 / Hz, by Welch's method.

    bin: of the rate, ms; frequencies reach to 500 / bin Hz. segment: ms, whose inverse is the resolution, 200 or the window
    where that is shorter unless given. rec, start, ax, color, labels: as in `plot_rates`. A group whose rate never changes has
    no curve; where no group has one the axes stay empty and say so. Returns the axes.
    Raises BadRecording for a bin below dt, a segment below two bins, and as `plot_rates`.
    """
    duration("bin", bin, res.dt)
    if segment is not None:
        duration("segment", segment, 2 * bin)
    groups = groups_of(res, rec, start, color, labels)
    axes = axes_or_new(ax)
    draw_spectrum(axes, groups, bin, segment)
    if labels is not None or len(groups) > 1:
        legend(axes, groups)
    return axes


def draw_correlogram(axes: Axes, groups: Sequence[Group], bin: float, max_lag: float, other: Group | None = None) -> None:
    """Rates at lags, and the rates of all time as thin lines."""
    drawn = False
    for g in groups:
        second = g.spikes if other is None else other.spikes
        lags, rate = pair_correlogram(g.spikes, second, bin, max_lag)
        if not len(second.times) or np.isnan(rate).all():
            continue
        axes.axhline(mean_rate(second), color=g.color, linewidth=0.6, alpha=0.6, zorder=1, gid="mean")
        axes.plot(lags, rate, color=g.color, linewidth=1.2, gid="correlogram")
        drawn = True
    bare(axes)
    axes.set(xlim=(-max_lag, max_lag), xlabel="Lag (ms)", ylabel="Rate (spikes/s)")
    if not drawn:
        axes.set_ylim(0.0, 1.0)
        empty(axes, "no pairs of spikes")


def draw_spectrum(axes: Axes, groups: Sequence[Group], bin: float, segment: float | None) -> None:
    """Power density over frequency, from one power of ten to another."""
    from matplotlib.ticker import NullFormatter

    curves: list[np.ndarray] = []
    for g in groups:
        if not len(counts := activity(g.spikes, bin)) or not counts.std():
            continue
        x, y = rate_power(g.spikes, bin, SEGMENT if segment is None else segment)
        axes.plot(x, y, color=g.color, linewidth=1.2)
        curves.append(y)
    bare(axes)
    axes.set(xlim=(0.0, 500.0 / bin), xlabel="Frequency (Hz)", ylabel="Power ((spikes/s)$^2$/Hz)")
    if not curves:
        axes.set_ylim(0.0, 1.0)
        empty(axes, "constant rate" if any(len(g.spikes.times) for g in groups) else "no spikes")
        return
    top = max(float(y.max()) for y in curves)
    low = max(min(float(y.min()) for y in curves), 1e-9 * top)         # rounding errors of a regular rhythm lie below
    axes.set_yscale("log")
    axes.set_ylim(*(10.0 ** f(np.log10(v)) for f, v in ((np.floor, low), (np.ceil, 1.001 * top))))
    axes.yaxis.set_minor_formatter(NullFormatter())
