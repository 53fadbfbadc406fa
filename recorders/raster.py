"""raster: a plot of recorded spikes above their rate, as NEST's raster_plot.from_device(..., hist=True)."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .contract import BadRecording
from .statistics import Spikes, SpikeSource, binned_rate, duration, recorded_spikes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which everybody can tell apart; two darker ones for their yellow and black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6B4226", "#555555")


def raster(res: SpikeSource, rec: Any, *, bin: float = 5.0, start: float | None = None,
           ax: Sequence[Axes] | None = None, title: str | None = None, color: Any = None,
           labels: Sequence[str] | None = None) -> tuple[Axes, Axes]:
    """Draw spikes (time and neuron), and below them the rate per neuron in bins of `bin` ms.

    rec: one recorder, or a list of them; these are stacked, the first one lowest, each in its own colour.
    start: ms, leaves out what comes before. ax: the two axes to draw in (spikes, rate); a new figure if None.
    color: one matplotlib colour, or one for each recorder. labels: names for a legend, one for each recorder.
    Returns the two axes. Raises BadRecording for a bad `bin` or `start`, and where the numbers of recorders, colours,
    labels or axes do not agree.
    """
    recorders = list(rec) if isinstance(rec, (list, tuple)) else [rec]
    if not recorders:
        raise BadRecording(f"rec = {rec!r}: must be a recorder or a list with at least one")
    colors = _colors(color, len(recorders))
    if labels is not None:
        _one_each("labels", labels, len(recorders))
    duration("bin", bin, res.dt)
    groups = [recorded_spikes(res, r, start) for r in recorders]
    top, bottom = _new_axes() if ax is None else _one_each("ax", ax, 2)

    rows, spikes = sum(g.n for g in groups), sum(len(g.times) for g in groups)
    style, offset = _markers(top, rows, spikes), 0
    for group, c in zip(groups, colors):
        top.plot(group.times, group.senders + offset, linestyle="none", color=c, rasterized=True, **style)
        _draw_rate(bottom, group, bin, c, filled=len(groups) == 1)
        offset += group.n
    _finish(top, bottom, groups[0], rows)
    if not spikes:
        bottom.set_ylim(0.0, 1.0)
        top.text(0.5, 0.5, "no spikes", transform=top.transAxes, ha="center", va="center", color="0.5")
    if title is not None:
        top.set_title(title)
    if labels is not None:
        _legend(top, colors, labels)
    return top, bottom


def _new_axes() -> Any:
    import matplotlib.pyplot as plt  # takes a third of a second, which only those who plot shall pay

    figure = plt.figure(figsize=(8.0, 5.0), layout="constrained")
    return figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])


def _colors(color: Any, n: int) -> list[Any]:
    from matplotlib.colors import is_color_like

    if color is None:
        return [PALETTE[i % len(PALETTE)] for i in range(n)]
    return [color] * n if is_color_like(color) else _one_each("color", color, n)


def _one_each(name: str, value: Any, n: int) -> list[Any]:
    """value as a list of n; a string is no list, even one of n letters."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != n:
        raise BadRecording(f"{name} = {value!r}: must be a list of {n}")
    return list(value)


def _markers(axes: Axes, rows: int, spikes: int) -> dict[str, Any]:
    """A tick a spike where rows are high or spikes are few, else squares that shrink and fade with their density."""
    box, figure = axes.get_window_extent(), axes.get_figure(root=True)
    pixel = 72.0 / (figure.dpi if figure is not None else 100.0)   # in points, the unit of marker sizes
    row = box.height * pixel / max(rows, 1)
    room = box.width * box.height * pixel**2 / max(spikes, 1)      # square points for each spike
    side = 0.5 * np.sqrt(room)
    if row >= 2.5 or room >= 30.0:
        length = min(max(0.8 * row, min(side, 6.0)), 16.0)
        return dict(marker="|", markersize=length, markeredgewidth=float(np.clip(side / 3, 0.6, 1.2)))
    size = float(np.clip(side, pixel, 2.5))
    alpha = float(np.clip(room / size**2, 0.1, 1.0))               # below a tenth, 8-bit colours lose single spikes
    return dict(marker="s", markersize=size, markeredgewidth=0.0, alpha=alpha)


def _draw_rate(axes: Axes, group: Spikes, bin: float, color: Any, filled: bool) -> None:
    edges, rate = binned_rate(group.times, group.n, group.window, bin)
    # lines without the verticals at the ends of the window, which would read as a fall to 0
    axes.stairs(rate, edges, baseline=0.0 if filled else None, fill=filled, color=color, linewidth=0.0 if filled else 1.2)


def _legend(axes: Axes, colors: list[Any], labels: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=c, label=name) for c, name in zip(colors, labels)]
    axes.legend(handles=handles[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False,   # in stacking order
                handlelength=0.8, handleheight=0.8)


def _finish(top: Axes, bottom: Axes, group: Spikes, rows: int) -> None:
    from matplotlib.ticker import MaxNLocator

    for axes in (top, bottom):
        axes.set_xlim(group.window.begin, group.window.end)
        axes.spines[["top", "right"]].set_visible(False)
    top.set_ylim(-0.5, max(rows, 1) - 0.5)
    top.yaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    top.set_ylabel("Neuron")
    top.tick_params(labelbottom=False)
    bottom.set_ylim(bottom=0.0)
    bottom.set_ylabel("Rate (spikes/s)")
    bottom.set_xlabel("Time (ms)")
    bottom.figure.align_ylabels([top, bottom])
