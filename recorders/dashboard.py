"""dashboard: one page that shows a network at a glance."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .activity_plots import draw_spectra, spectra
from .contract import BadRecording
from .distributions import draw_correlation_distribution, draw_cv_distribution, draw_rate_distribution
from .drawing import Group, groups_of, ink, run_of, show_time
from .raster import draw_rates, draw_spikes
from .rates import rates_of
from .results import Results
from .statistics import first_neurons, interval_cv, mean_correlation
from .traces import Traces, draw_traces, read_traces

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RIGHT = ("rates", "cv", "correlations", "spectrum")
NODES = 3            # whose traces are drawn
MOST_NAMED = 3       # groups whose own figures stand at the head of the page


def dashboard(res: Results, rec: Any = None, *, traces: Any = None, start: float | None = None,
              stop: float | None = None, title: str | None = None, figure: Any = None,
              color: Any = None, labels: Sequence[str] | None = None) -> dict[str, Axes]:
    """Draw one page: spikes, rates over time, traces, distributions of rates, CVs and correlations, spectrum, and figures.

    rec: as in `raster`; all recorders that recorded spikes unless given. traces: a multimeter, of which up to three nodes are
    drawn, V_m or else what it recorded first; the first multimeter of the run unless given, False for none. They bear the
    numbers that the neurons have in the raster, else global ids. Spikes are drawn on traces of nodes whose spikes are among
    those of `rec`. start, stop: ms, the time to draw. title: the first line. figure:
    a figure or subfigure to draw in, instead of a new one of 12 by 7.5 inches (more where fonts are above 10 points).
    color, labels: as in `raster`.
    The head of the page gives the number of neurons, spikes and their rate, and for up to three groups mean rate, mean CV
    (neurons with 5 spikes or more) and mean correlation (counts in 2 ms of up to 100 neurons).
    Returns the axes: "raster", "rate", "rates", "cv", "correlations", "spectrum" and, where states were recorded, "traces".
    Without spikes axes stay empty and say so. Raises BadRecording where nothing recorded spikes, and as `raster` does.
    """
    recorders = run_of(res).recorders("spikes") if rec is None else rec
    if rec is None and not recorders:
        raise BadRecording(f"no recorder of this run recorded spikes: connect a spike recorder ({res!r})")
    if rec is None and len(recorders) == 1:
        recorders = recorders[0]
    groups = groups_of(res, recorders, start, stop, color, labels)
    shown = _traces(res, recorders, traces, start, stop)
    page = _new_figure() if figure is None else figure
    if not hasattr(page, "add_gridspec"):
        raise BadRecording(f"figure = {figure!r}: must be a matplotlib figure or subfigure")

    whole = page.get_figure(root=True)
    if whole.get_layout_engine() is None and not whole.axes:
        whole.set_layout_engine("constrained")            # else names of axes would cover other axes
    axes = _layout(page, shown is not None)
    draw_spikes(axes["raster"], groups)
    draw_rates(axes["rate"], groups, None)
    boxes = len(groups) > MOST_NAMED
    draw_rate_distribution(axes["rates"], groups, boxes=boxes)
    draw_cv_distribution(axes["cv"], groups, boxes=boxes)
    draw_correlation_distribution(axes["correlations"], groups, boxes=boxes)
    if boxes:                                              # colours tell them apart, as in the raster
        for name in RIGHT[:3]:
            axes[name].set_yticks([])
    bin = max(1.0, res.dt)
    draw_spectra(axes["spectrum"], groups, spectra(groups, bin), bin)
    left = [axes["raster"], axes["rate"]]
    if shown is not None:
        draw_traces(axes["traces"], shown, [(ink(axes["traces"]), 0.67)] * len(shown.nodes))
        axes["rate"].set_xlabel("")
        left.append(axes["traces"])
    for a in left:
        show_time(a, res, start, stop)
        a.tick_params(labelbottom=a is left[-1])
    page.align_ylabels(left)
    page.align_ylabels([axes[name] for name in RIGHT])
    _head(page, groups, title)
    return axes


def _traces(res: Results, recorders: Any, traces: Any, start: float | None, stop: float | None) -> Traces | None:
    """What a multimeter recorded of up to three nodes."""
    if traces is False:
        return None
    found = res.recorders("states")
    if traces is None and not found:
        return None
    meter = found[0] if traces is None else traces
    states, ids = list(res.states(meter)), res.ids(meter)
    if not states:
        raise BadRecording(f"traces = {traces!r}: recorded no states")
    flat = list(recorders.values()) if isinstance(recorders, dict) else recorders
    spikes = list(flat) if isinstance(flat, (list, tuple)) else [flat]
    heard = np.isin(ids, np.concatenate([res.ids(r) for r in spikes]))
    # spikes are drawn on V_m alone, and on the traces of all nodes or of none
    name = "V_m" if "V_m" in states else states[0]
    nodes = np.flatnonzero(heard)[:NODES] if heard.any() else np.arange(min(len(ids), NODES))
    read = read_traces(res, meter, name, spikes if heard.any() and name == "V_m" else None, list(nodes), start, stop)
    rows = {int(i): row for row, i in enumerate(_rows(res, recorders))}
    names = [str(rows[i]) if i in rows else f"id {i}" for i in ids[nodes].tolist()]
    return read._replace(names=names)


def _rows(res: Results, recorders: Any) -> np.ndarray:
    """Global ids of the neurons of the raster, the lowest first."""
    if isinstance(recorders, (list, tuple, dict)):
        return np.concatenate([res.ids(r) for r in (recorders.values() if isinstance(recorders, dict) else recorders)])
    populations = list(res.populations(recorders).values())
    return res.ids(recorders)[np.concatenate(populations)] if populations else res.ids(recorders)


def _new_figure() -> Any:
    import matplotlib.pyplot as plt  # takes a third of a second, which only those who plot shall pay

    grown = max(float(plt.rcParams["font.size"]) / 10.0, 1.0)          # names of axes would touch
    return plt.figure(figsize=(12.0 * grown, 7.5 * grown), layout="constrained")


def _layout(page: Any, with_traces: bool) -> dict[str, Axes]:
    """Time on the left, distributions on the right."""
    left, right = page.add_gridspec(1, 2, width_ratios=[2.4, 1.0])
    heights = [3.0, 1.0, 1.6] if with_traces else [3.0, 1.0]
    rows = left.subgridspec(len(heights), 1, height_ratios=heights)
    axes = {"raster": page.add_subplot(rows[0])}
    for name, row in zip(("rate", "traces"), list(rows)[1:]):
        axes[name] = page.add_subplot(row, sharex=axes["raster"])
    for name, row in zip(RIGHT, right.subgridspec(len(RIGHT), 1)):
        axes[name] = page.add_subplot(row)
    return axes


def _head(page: Any, groups: Sequence[Group], title: str | None) -> None:
    """The figures of the network, and of each group with its colour and name."""
    from matplotlib.patches import Patch

    neurons, spikes = sum(g.spikes.n for g in groups), sum(len(g.spikes.times) for g in groups)
    windows = [g.spikes.window for g in groups]
    span = max(w.end for w in windows) - min(w.begin for w in windows)
    line = (f"{neurons:,} neuron{'s' * (neurons != 1)}, {spikes:,} spike{'s' * (spikes != 1)} "
            f"in {span:,.10g} ms")
    recorded = sum(g.spikes.n * (w.end - w.begin) for g, w in zip(groups, windows))
    if recorded:
        line += f" ({_rate(spikes / recorded * 1e3)})"
    head = line if title is None else f"{title}\n{line}"
    texts = [", ".join(filter(None, [g.label, _figures(g)] if len(groups) <= MOST_NAMED else [g.label])) for g in groups]
    handles = [Patch(color=g.color, label=text) for g, text in zip(groups, texts) if text]
    look: dict[str, Any] = dict(fontsize="small", labelspacing=0.25) if len(handles) > 8 else {}
    for columns in range(4 if len(handles) > MOST_NAMED else 1, 0, -1):
        made = page.legend(handles=handles, title=head, alignment="left", loc="outside upper left", frameon=False,
                           borderpad=0.0, ncols=columns, handlelength=0.8, handleheight=0.8, **look)
        if columns == 1 or made.get_window_extent().width <= 0.98 * page.bbox.width:
            return
        made.remove()


def _rate(rate: float) -> str:
    """Three digits, or all those before the point."""
    return f"{rate:,.0f} spikes/s" if rate >= 999.5 else f"{rate:.3g} spikes/s"


def _figures(g: Group) -> str:
    """Rate, CV and correlation of a group, as far as it has them."""
    s = g.spikes
    if not len(s.times):
        return "no spikes"
    cv = interval_cv(s.times, s.senders, s.n)
    first = first_neurons(s, 100)
    both = {"CV": float(cv[np.isfinite(cv)].mean()) if np.isfinite(cv).any() else np.nan,
            "correlation": mean_correlation(first.times, first.senders, first.n, s.window, max(2.0, s.window.dt))}
    known = [f"{name} {value:.2g}" for name, value in both.items() if np.isfinite(value)]
    return ", ".join([_rate(float(rates_of(s).mean())), *known])
