"""What all pictures share: groups of neurons in their colours, new axes, legends and notes.

Pictures set what they need on their own axes and artists; fonts and sizes of text are those of the user's rcParams, which
stay as they are. Only a legend that would leave too little room for the axes is written smaller.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .contract import BadRecording
from .trains import Spikes, SpikeSource, spikes_of, window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which everybody can tell apart; two darker ones for their yellow and black.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6B4226", "#555555")
SMALLEST = 5.0       # points: of text that has to fit


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
    colors = [_own_color(i) for i in range(len(parts))] if color is None else colors_of(color, len(parts), hint)
    names = [name for name, _ in parts] if labels is None else one_each("labels", labels, len(parts), hint)
    return [Group(str(name), c, spikes) for name, c, (_, spikes) in zip(names, colors, parts)]


def _own_color(i: int) -> Any:
    """The colour of group i; after those of the palette come lighter ones, and then darker ones."""
    from matplotlib.colors import to_hex, to_rgb

    turn, base = i // len(PALETTE) % 3, PALETTE[i % len(PALETTE)]
    red, green, blue = (0.5 * part + (0.5 if turn == 1 else 0.0) for part in to_rgb(base))
    return to_hex((red, green, blue)) if turn else base


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


def axes_or_new(ax: Axes | None, width: float = 6.5, height: float = 3.5) -> Axes:
    """The given axes, or those of a new figure (inches)."""
    if ax is None:
        import matplotlib.pyplot as plt  # takes a third of a second, which only those who plot shall pay

        ax = plt.figure(figsize=(width, height), layout="constrained").subplots()
    elif not hasattr(ax, "plot"):
        raise BadRecording(f"ax = {ax!r}: must be one matplotlib axes")
    return ax


def ink(axes: Axes) -> Any:
    """The colour of text, which is seen on the axes' ground, in dark styles too."""
    return axes.xaxis.label.get_color()


def points(axes: Axes) -> tuple[float, float]:
    """Width and height of axes, in points, the unit of sizes of markers and fonts."""
    box, figure = axes.get_window_extent(), axes.get_figure(root=True)
    pixel = 72.0 / (figure.dpi if figure is not None else 100.0)
    return box.width * pixel, box.height * pixel


def few_ticks(axes: Axes, characters: int, most: int = 9) -> None:
    """Takes so few numbers along x, of so many characters, that they do not touch."""
    from matplotlib.ticker import MaxNLocator

    size = float(axes.xaxis.get_major_ticks(1)[0].label1.get_fontsize())
    number = points(axes)[0] / (0.65 * size * characters + size)
    axes.xaxis.set_major_locator(MaxNLocator(int(np.clip(number, 1, most)), steps=[1, 2, 5, 10]))


def show_time(axes: Axes, res: SpikeSource, start: float | None, stop: float | None) -> None:
    """Shows this time (ms), or all of the results; never no time."""
    begin, end = window_of(res.window, res.dt, start, stop)
    end = end if end > begin else begin + 1.0
    axes.set_xlim(begin, end)
    decimals = 0 if end - begin > 9.0 else 2 if end - begin < 1.0 else 1
    few_ticks(axes, len(f"{end:.{decimals}f}"))


def make_room(artist: Any, axes: Axes) -> None:
    """Makes axes of a grid, and those above and below them, narrower by what stands right of them, unless an engine does."""
    from matplotlib.gridspec import GridSpecFromSubplotSpec

    figure: Any = axes.figure
    if _engine(axes) is not None or axes.get_subplotspec() is None:
        return
    now, right = axes.get_position(), _cell(axes).get_position(figure).x1
    over = artist.get_window_extent().transformed(figure.transSubfigure.inverted()).x1 - right
    for a in figure.axes if over > 0.0 else []:
        box = a.get_position()
        if a.get_subplotspec() is not None and np.allclose([box.x0, box.x1], [now.x0, now.x1], atol=1e-6):
            cell = _cell(a)                          # is cut in two, so that later adjustments keep the room
            share = max(now.width - over, 0.3 * now.width) / cell.get_position(figure).width
            inner: Any = GridSpecFromSubplotSpec(1, 2, subplot_spec=cell, width_ratios=[share, 1.0 - share], wspace=0.0)
            inner.cell = cell
            a.set_subplotspec(inner[0])


def _engine(axes: Axes) -> Any:
    """What lays the figure out, if anything does; tight_layout() leaves one behind that does nothing."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    figure = axes.get_figure(root=True)
    engine = None if figure is None else figure.get_layout_engine()
    return None if isinstance(engine, PlaceHolderLayoutEngine) else engine


def _cell(axes: Any) -> Any:
    """Where axes stood in their grid, before they were made narrower."""
    grid = axes.get_subplotspec()
    return getattr(grid.get_gridspec(), "cell", grid)


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
    """The names of groups in their colours, if they have any, right of the axes; stacked: the first one lowest.

    Comes before what is drawn, whose marks suit the room that is left.
    """
    from matplotlib.patches import Patch

    if not any(g.label for g in groups):
        return
    handles = [Patch(color=g.color, label=g.label) for g in groups]
    look: dict[str, Any] = dict(handles=handles[::-1] if stacked else handles, loc="upper left", bbox_to_anchor=(1.0, 1.0),
                                frameon=False, handlelength=0.8, handleheight=0.8,
                                labelspacing=0.5 if len(groups) <= 8 else 0.25)
    made = axes.legend(**look)
    room, box, size = axes.get_window_extent(), made.get_window_extent(), float(made.get_texts()[0].get_fontsize())
    fits = min(room.height / box.height, 0.5 * room.width / box.width)
    if fits < 1.0:
        made = axes.legend(**look, fontsize=max(fits * size, min(size, SMALLEST)))
    engine = _engine(axes)
    if engine is not None:
        engine.execute(axes.get_figure(root=True))
    else:
        make_room(made, axes)


def empty(axes: Axes, text: str) -> None:
    """Says in the middle of axes why they hold nothing."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="0.5")


def note(axes: Axes, text: str) -> None:
    """A remark above the axes, on the right."""
    axes.annotate(text, (1.0, 1.0), (0.0, 2.0), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
                  fontsize="small", color="0.4", annotation_clip=False)
