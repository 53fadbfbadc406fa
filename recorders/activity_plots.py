"""The activity of populations: how it correlates over time, and its spectrum."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import BadRecording
from .correlograms import correlogram_of, while_both
from .drawing import Group, axes_or_new, bare, empty, few_ticks, groups_of, legend, run_of
from .rates import rates_of
from .synchrony import spectrum_of
from .trains import NEAR, Spikes, SpikeSource, binned, duration, whole_bins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEGMENT = 200.0      # ms, of a spectrum
Curve = tuple[np.ndarray, np.ndarray]


def plot_correlogram(res: SpikeSource, rec: Any, other: Any = None, *, bin: float = 1.0, max_lag: float = 100.0,
                     start: float | None = None, stop: float | None = None, ax: Axes | None = None, color: Any = None,
                     labels: Sequence[str] | None = None) -> Axes:
    """Draw the cross-correlogram of each population: the rate of a neuron at each lag from a spike of another one.

    Over all pairs of two neurons of a group, or with `other`, a recorder whose neurons are taken together, over all pairs of
    one of the group and one of those while both recorders were active; a peak at positive lags says that those follow. Spikes
    are counted in bins of `bin` ms, lags reach to `max_lag` ms either way, and what the window cuts off is made up for (see
    `cross_correlogram`). Thin lines: the mean rate, which is expected of independent neurons. rec, start, stop, ax,
    color, labels: as in `plot_rates`. A group without spikes or pairs has no curve; where no group has one the axes stay empty
    and say so. Returns the axes.
    Raises BadRecording for a bin below dt, max_lag below one bin or not shorter than the window, and as `plot_rates`.
    """
    duration("bin", bin, run_of(res).dt)
    duration("max_lag", max_lag, bin)
    groups = groups_of(res, rec, start, stop, color, labels)
    second = None if other is None else groups_of(res, [other], start, stop)[0].spikes
    pairs = [(g.spikes, g.spikes) if second is None else while_both(g.spikes, second) for g in groups]
    least = min((end - begin for (begin, end, _), _ in ((a.window, b) for a, b in pairs) if end > begin), default=np.inf)
    if max_lag > least - bin * (1 - NEAR):
        raise BadRecording(f"max_lag = {max_lag!r}: must be shorter than the window of {least:g} ms by a bin")
    curves = [correlogram_of(a, b, bin, max_lag, "rate") for a, b in pairs]
    axes = axes_or_new(ax)
    if labels is not None or len(groups) > 1:
        legend(axes, groups)
    draw_correlograms(axes, groups, [b for _, b in pairs], curves)
    axes.set_xlim(-max_lag, max_lag)
    few_ticks(axes, len(f"{-max_lag:.{0 if max_lag > 9 else 2}f}"))
    return axes


def plot_spectrum(res: SpikeSource, rec: Any, *, bin: float = 1.0, segment: float | None = None, start: float | None = None,
                  stop: float | None = None, ax: Axes | None = None, color: Any = None,
                  labels: Sequence[str] | None = None) -> Axes:
    """Draw the power density of each population's rate per neuron, (spikes/s)^2 / Hz, by Welch's method.

    bin: of the rate, ms; frequencies reach to 500 / bin Hz. segment: ms, whose inverse is the resolution; 200, or the window
    where that is shorter, unless given (see `power_spectrum`). Not drawn are the values at 0 Hz, what is left of the mean that
    was taken off, and at the highest frequency, which has half the density. rec, start, stop, ax, color, labels: as in
    `plot_rates`. A group whose rate never changes has no curve; where no group has one the axes stay empty and say so. Returns
    the axes.
    Raises BadRecording for a bin below dt, a segment below two bins or longer than the window, and as `plot_rates`.
    """
    duration("bin", bin, run_of(res).dt)
    groups = groups_of(res, rec, start, stop, color, labels)
    curves = spectra(groups, bin, segment)
    axes = axes_or_new(ax)
    if labels is not None or len(groups) > 1:
        legend(axes, groups)
    draw_spectra(axes, groups, curves, bin)
    return axes


def draw_correlograms(axes: Axes, groups: Sequence[Group], second: Sequence[Spikes], curves: Sequence[Curve]) -> None:
    """Rates at lags, and the rates of all time as thin lines."""
    drawn = False
    for g, s, (lags, rate) in zip(groups, second, curves):
        if not len(s.times) or np.isnan(rate).all():
            continue
        axes.axhline(float(rates_of(s).mean()), color=g.color, linewidth=0.6, alpha=0.6, zorder=1, gid="mean")
        axes.plot(lags, rate, color=g.color, linewidth=1.2, gid="correlogram")
        drawn = True
    bare(axes)
    axes.set(xlabel="Lag (ms)", ylabel="Rate (spikes/s)")
    if not drawn:
        axes.set(ylim=(0.0, 1.0), yticks=[])
        empty(axes, "no pairs of spikes")


def spectra(groups: Sequence[Group], bin: float, segment: float | None = None) -> list[Curve]:
    """Frequencies and power of each group; none of one whose rate never changes."""
    found = []
    for g in groups:
        index, _, bins = binned(g.spikes, bin)
        length, whole = max(SEGMENT, 2 * bin), whole_bins(g.spikes.window, bin) * bin
        x, y = spectrum_of(g.spikes, bin, (length if length <= whole else None) if segment is None else segment)
        varies = bins > 1 and np.ptp(np.bincount(index, minlength=bins)) > 0
        drawn = slice(1, -1 if len(x) > 3 and x[-1] > 499.9 / bin else None) if varies else slice(0)
        found.append((x[drawn], y[drawn]))
    return found


def draw_spectra(axes: Axes, groups: Sequence[Group], curves: Sequence[Curve], bin: float) -> None:
    """Power density over frequency, from one power of ten to another."""
    from matplotlib.ticker import NullFormatter

    for g, (x, y) in zip(groups, curves):
        if len(x):
            axes.plot(x, y, color=g.color, linewidth=1.2, marker="o" if len(x) == 1 else None)
    bare(axes)
    axes.set(xlim=(0.0, 500.0 / bin), xlabel="Frequency (Hz)", ylabel="Power ((spikes/s)$^2$/Hz)")
    powers = np.concatenate([y for _, y in curves])
    if not powers.any():
        axes.set(ylim=(0.0, 1.0), yticks=[])
        empty(axes, "constant rate" if any(len(g.spikes.times) for g in groups) else "no spikes")
        return
    top = float(powers.max())
    low = max(float(powers.min()), 1e-9 * top)                # rounding errors of a regular rhythm lie below
    axes.set_yscale("log")
    axes.set_ylim(*(10.0 ** f(np.log10(v)) for f, v in ((np.floor, low), (np.ceil, 1.001 * top))))
    axes.yaxis.set_minor_formatter(NullFormatter())
