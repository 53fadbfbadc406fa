"""raster: a plot of recorded spikes above their rate, as NEST's raster_plot.from_device(..., hist=True)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import PALETTE as PALETTE
from .drawing import Group, bare, empty, groups_of, legend, note, one_each, points, run_of, show_time, time_axis
from .statistics import binned_rate
from .trains import NEAR, SpikeSource, duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROWDED = 1.5        # square points for a spike, below which a raster shows density
FIELD = 1.0          # points: width and height of a field of the density, unless one neuron is higher


def raster(res: SpikeSource, rec: Any, *, bin: float | None = None, start: float | None = None,
           stop: float | None = None, ax: Sequence[Axes] | None = None, title: str | None = None, color: Any = None,
           labels: Sequence[str] | None = None) -> tuple[Axes, Axes]:
    """Draw spikes (time and neuron), and below them the rate per neuron in bins of `bin` ms.

    rec: one recorder, whose populations are told apart, or a list or dict (by label) of recorders, each a group of its own.
    Groups are stacked, the first one lowest, each in its own colour. bin: 5 ms, or more where more than 400 bins would be
    drawn, unless given. start, stop: ms, the time to draw. ax: the two axes to draw in (spikes, rate); a new figure if None.
    color: one matplotlib colour, or one for each group. labels: names for a legend, one for each group; names of
    populations if None.
    Where spikes are too many to be told apart (above about 100,000 in a new figure), their density is drawn, the same shades
    for all groups, and a note says so. Without spikes the axes stay empty and say so.
    Returns the two axes. Raises BadRecording for a bad `bin`, `start` or `stop`, and where the numbers of groups, colours,
    labels or axes do not agree.
    """
    if bin is not None:
        duration("bin", bin, run_of(res).dt)
    groups = groups_of(res, rec, start, stop, color, labels)
    top, bottom = _new_axes() if ax is None else one_each("ax", ax, 2, " axes, for spikes and for rates")
    if labels is not None or len(groups) > 1:
        legend(top, groups, stacked=True)
    draw_spikes(top, groups)
    draw_rates(bottom, groups, bin)
    for axes in (top, bottom):
        show_time(axes, res, start, stop)
    top.tick_params(labelbottom=False)
    bottom.figure.align_ylabels([top, bottom])
    if title is not None:
        top.set_title(title, **(dict(y=1.0, pad=18.0) if top.texts and top.images else {}))       # above the note of a density
    return top, bottom


def _new_axes() -> Any:
    import matplotlib.pyplot as plt  # takes a third of a second, which only those who plot shall pay

    figure = plt.figure(figsize=(8.0, 5.0), layout="constrained")
    return figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])


def draw_spikes(axes: Axes, groups: Sequence[Group]) -> None:
    """Spikes of stacked groups: marks, or their density where they are crowded."""
    from matplotlib.ticker import MaxNLocator

    rows, spikes = sum(g.spikes.n for g in groups), sum(len(g.spikes.times) for g in groups)
    width, height = points(axes)
    if width * height < CROWDED * spikes:
        _draw_density(axes, groups, max(int(width / FIELD), 1), max(int(np.ceil(rows * FIELD / height)), 1))
        note(axes, f"{spikes:,} spikes, shown as density")
    else:
        style, offset = _markers(axes, width, height, rows, spikes), 0
        for g in groups:
            axes.plot(g.spikes.times, g.spikes.senders + offset, linestyle="none", color=g.color, rasterized=True, **style)
            offset += g.spikes.n
    if not spikes:
        empty(axes, "no spikes")
    bare(axes)
    axes.set_ylim(-0.5, max(rows, 1) - 0.5)
    axes.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_ylabel("Neuron")


def _markers(axes: Axes, width: float, height: float, rows: int, spikes: int) -> dict[str, Any]:
    """A tick a spike where rows are high or spikes are few, else squares that shrink and fade with their density."""
    figure = axes.get_figure(root=True)
    pixel = 72.0 / (figure.dpi if figure is not None else 100.0)
    row = height / max(rows, 1)
    room = width * height / max(spikes, 1)                         # square points for each spike
    side = 0.5 * np.sqrt(room)
    if row >= 2.5 or room >= 30.0:
        length = min(max(0.8 * row, min(side, 6.0)), 16.0)
        return dict(marker="|", markersize=length, markeredgewidth=float(np.clip(side / 3, 0.6, 1.2)))
    size = float(np.clip(side, pixel, 2.5))
    alpha = float(np.clip(room / size**2, 0.1, 1.0))
    return dict(marker="s", markersize=size, markeredgewidth=0.0, alpha=alpha)


def _draw_density(axes: Axes, groups: Sequence[Group], columns: int, height: int) -> None:
    """Counts of spikes in fields of some steps and `height` neurons, darker where they are more."""
    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    windows = [g.spikes.window for g in groups]
    begin, end, dt = min(w.begin for w in windows), max(w.end for w in windows), windows[0].dt
    width = dt * max(int(np.ceil((end - begin) / dt / columns - NEAR)), 1)
    columns = max(int(np.ceil((end - begin) / width - NEAR)), 1)
    images = []
    for g in groups:
        column = np.ceil((g.spikes.times - begin - NEAR * dt) / width).astype(np.int64) - 1
        counts = np.bincount(g.spikes.senders // height * columns + column, minlength=-(-g.spikes.n // height) * columns)
        images.append(counts.reshape(-1, columns))
    filled = np.concatenate([i[i > 0] for i in images])
    # the root shows single spikes, too; even activity is no block of full colour
    norm, offset = PowerNorm(0.5, vmin=0.0, vmax=float(max(np.quantile(filled, 0.999), 3 * filled.mean()))), -0.5
    for g, counts in zip(groups, images):
        shades = LinearSegmentedColormap.from_list("density", [(g.color, 0.0), (g.color, 1.0)])
        extent = (begin, begin + columns * width, offset, offset + len(counts) * height)
        image = axes.imshow(counts, cmap=shades, norm=norm, extent=extent, origin="lower", aspect="auto")
        offset += g.spikes.n
        # the uppermost fields may reach beyond the group's last neuron
        image.set_clip_path(_band(axes, extent, offset))


def _band(axes: Axes, extent: tuple[float, float, float, float], top: float) -> Any:
    from matplotlib.patches import Rectangle

    left, right, bottom, _ = extent
    return Rectangle((left, bottom), right - left, top - bottom, transform=axes.transData)


def draw_rates(axes: Axes, groups: Sequence[Group], bin: float | None) -> None:
    """Rates of groups over time; one alone is filled."""
    filled, top = len(groups) == 1, 0.0
    width = 0.0 if filled else 1.2 if len(groups) < 4 else 0.8
    for g in groups:
        window = g.spikes.window
        edges, rate = binned_rate(g.spikes.times, g.spikes.n, window, bin or _bin_for(window.end - window.begin, window.dt))
        # lines without the verticals at the ends of the window, which would read as a fall to 0
        axes.stairs(rate, edges, baseline=0.0 if filled else None, fill=filled, color=g.color, linewidth=width)
        top = max(top, float(np.nan_to_num(rate).max(initial=0.0)))
    bare(axes)
    axes.set_ylim(0.0, None if top else 1.0)
    axes.set_ylabel("Rate (spikes/s)")
    time_axis(axes)


def _bin_for(span: float, dt: float) -> float:
    """5 ms, or the next of 10, 20, 50, ... of which 400 cover the span; never below dt, and a multiple of it."""
    bin = next(b for b in (s * 10.0**e for e in range(16) for s in (5.0, 10.0, 20.0)) if 400 * b >= span)
    return max(round(bin / dt), 1) * dt
