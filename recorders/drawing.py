"""What all pictures share: groups of neurons in their colours, new axes, legends and notes.

Pictures set what they need on their own axes and artists; fonts and sizes of text are those of the user's rcParams, which
stay as they are.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .contract import BadRecording
from .trains import Spikes, SpikeSource, spikes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which everybody can tell apart; two darker ones for their yellow and black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6B4226", "#555555")


class Group(NamedTuple):
    """Neurons that share a colour: their spikes, and what they are called ("" if nobody knows)."""

    label: str
    color: Any
    spikes: Spikes


def groups_of(res: SpikeSource, rec: Any, start: float | None = None, stop: float | None = None, color: Any = None,
              labels: Sequence[str] | None = None) -> list[Group]:
    """The neurons of one recorder by population, or those of each recorder of a list.

    rec: a recorder; a list of them; or a dict of them by label. Raises BadRecording where the numbers of groups, colours or
    labels do not agree, and for a bad `start` or `stop`.
    """
    run_of(res)
    if isinstance(rec, Mapping):
        if labels is not None:
            raise BadRecording(f"labels = {labels!r}: the keys of rec are the labels")
        labels, rec = [str(label) for label in rec], list(rec.values())
    several = isinstance(rec, (list, tuple))
    recorders = list(rec) if several else [rec]
    if not recorders:
        raise BadRecording(f"rec = {rec!r}: must be a recorder or a list with at least one")
    parts: list[tuple[str, Spikes]] = []
    for r in recorders:
        spikes, populations = spikes_of(res, r, start, stop), _populations(res, r)
        if several or len(populations) < 2:
            parts.append((" and ".join(populations), spikes))
        else:
            parts += zip(populations, _split(spikes, list(populations.values())))
    hint = "" if several or len(parts) < 2 else ", one for each population; [rec] draws all as one"
    colors = [PALETTE[i % len(PALETTE)] for i in range(len(parts))] if color is None else colors_of(color, len(parts), hint)
    names = [name for name, _ in parts] if labels is None else one_each("labels", labels, len(parts), hint)
    return [Group(str(name), c, spikes) for name, c, (_, spikes) in zip(names, colors, parts)]


def run_of(res: Any) -> Any:
    """res, where it is results. Raises BadRecording: pictures are of results alone, not of arrays."""
    if not (hasattr(res, "events") and hasattr(res, "window")):
        raise BadRecording(f"res = {res!r}: must be the results of a run, such as simulate() returns")
    return res


def _populations(res: Any, rec: Any) -> dict[str, np.ndarray]:
    """Positions by population; nothing where spikes come from elsewhere than from a run."""
    return res.populations(rec) if hasattr(res, "populations") else {}


def _split(spikes: Spikes, parts: list[np.ndarray]) -> list[Spikes]:
    """The spikes of each part, senders as positions in the part."""
    owner, place = np.zeros(spikes.n, np.int64), np.zeros(spikes.n, np.int64)
    for i, positions in enumerate(parts):
        owner[positions], place[positions] = i, np.arange(len(positions))
    of, senders = owner[spikes.senders], place[spikes.senders]
    return [Spikes(spikes.times[of == i], senders[of == i], len(positions), spikes.window)
            for i, positions in enumerate(parts)]


def colors_of(color: Any, n: int, hint: str = "") -> list[Any]:
    from matplotlib.colors import is_color_like

    if is_color_like(color):
        return [color] * n
    if isinstance(color, str) or not hasattr(color, "__len__"):
        raise BadRecording(f"color = {color!r}: must be a matplotlib colour, or a list of {n}{hint}")
    colors = one_each("color", color, n, hint)
    for c in colors:
        if not is_color_like(c):
            raise BadRecording(f"color = {color!r}: {c!r} is no matplotlib colour")
    return colors


def one_each(name: str, value: Any, n: int, hint: str = "") -> list[Any]:
    """value as a list of n; a string is no list, even one of n letters."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != n:
        raise BadRecording(f"{name} = {value!r}: must be a list of {n}{hint}")
    return list(value)


def whole_window(res: SpikeSource, start: float | None, stop: float | None) -> tuple[float, float]:
    """The time that axes show (ms), never of no length."""
    begin, end = res.window[0] if start is None else float(start), res.window[1] if stop is None else float(stop)
    return begin, end if end > begin else begin + 1.0


def axes_or_new(ax: Axes | None, width: float = 6.5, height: float = 3.5) -> Axes:
    """The given axes, or those of a new figure (inches)."""
    if ax is None:
        import matplotlib.pyplot as plt  # takes a third of a second, which only those who plot shall pay

        ax = plt.figure(figsize=(width, height), layout="constrained").subplots()
    elif not hasattr(ax, "plot"):
        raise BadRecording(f"ax = {ax!r}: must be one matplotlib axes")
    return ax


def time_axis(axes: Axes) -> None:
    """Names the axis of time, and writes its numbers out, also those of a late second of a long run."""
    from matplotlib.ticker import ScalarFormatter

    axes.set_xlabel("Time (ms)")
    if isinstance(axes.xaxis.get_major_formatter(), ScalarFormatter):
        axes.ticklabel_format(axis="x", style="plain", useOffset=False)


def bare(*axes: Axes) -> None:
    """Takes the lines above and on the right away."""
    for a in axes:
        a.spines[["top", "right"]].set_visible(False)


def legend(axes: Axes, groups: Sequence[Group], *, stacked: bool = False) -> None:
    """The names of groups in their colours, if they have any, right of the axes; stacked: the first one lowest."""
    from matplotlib.patches import Patch

    if any(g.label for g in groups):
        handles = [Patch(color=g.color, label=g.label) for g in groups]
        axes.legend(handles=handles[::-1] if stacked else handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False,
                    handlelength=0.8, handleheight=0.8)


def empty(axes: Axes, text: str) -> None:
    """Says in the middle of axes why they hold nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.5")


def note(axes: Axes, text: str) -> None:
    """A remark above the axes, on the right."""
    axes.annotate(text, (1.0, 1.0), (0.0, 2.0), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
                  fontsize="small", color="0.4", annotation_clip=False)
