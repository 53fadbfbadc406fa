"""A plot of connections as a matrix: sources across, targets down."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .contract import BadRecording
from .drawing import axes_or_new
from .trains import whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NARROW = 4.0                  # times wider or higher, above which fields are no squares
MOST_BINS = 250               # rows and columns of the picture: fields smaller than a pixel would be lost


class Linked(Protocol):
    """Connections, as get_connections() returns them: arrays with one entry a connection."""

    def get(self, names: Any, /) -> Any: ...


def plot_connections(connections: Linked, *, what: str = "weight", bins: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw connections as a matrix: sources across, targets down, by global id, from the lowest to the highest that occur.

    what: "weight" (summed where there are several between two nodes), "delay" (ms, their mean) or "number". bins: rows and
    columns of the picture, one a node where there are at most 250 of them unless given; a larger network's fields hold the
    mean weight or number of a pair of nodes. Fields without connections stay white. ax: the axes to draw in, a new figure if
    None. Returns the axes. Raises BadRecording where there are no connections, or an argument does not fit.
    """
    if what not in ("weight", "delay", "number"):
        raise BadRecording(f"what = {what!r}: must be 'weight', 'delay' or 'number'")
    if not hasattr(connections, "get"):
        raise BadRecording(f"connections = {connections!r}: must be what get_connections() returns")
    if bins is not None:
        whole("bins", bins, 1)
    from matplotlib.colors import TwoSlopeNorm
    from matplotlib.ticker import MaxNLocator

    given = connections.get(["source", "target"] if what == "number" else ["source", "target", what])
    if not len(given["source"]):
        raise BadRecording("there are no connections to draw")
    ends = [given["target"], given["source"]]
    edges = [edges_of(ids, bins) for ids in ends]
    number, summed = (counted(ends, edges, w) for w in (None, given.get(what)))
    pairs = np.outer(*(np.diff(e) for e in edges)) if what != "delay" else np.maximum(number, 1.0)
    shown = np.ma.masked_array(summed / pairs, number == 0)
    axes: Any = axes_or_new(ax, 6.5, 5.0)
    image = axes.pcolormesh(edges[1], edges[0], shown, rasterized=True, **shades(shown, what))
    axes.invert_yaxis()
    across, down = (e[-1] - e[0] for e in edges[::-1])
    axes.set(xlabel="Source (global id)", ylabel="Target (global id)",
             aspect="equal" if 1 / NARROW <= across / down <= NARROW else "auto")      # too narrow a strip could not be read
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    single = all((np.diff(e) == 1).all() for e in edges)
    name = {"weight": "Weight" if single else "Mean weight of a pair", "delay": "Delay",
            "number": "Connections" if single else "Connections of a pair"}[what]
    unit = {"weight": getattr(connections, "weight_unit", ""), "delay": "ms", "number": ""}[what]
    bar = axes.figure.colorbar(image, ax=axes, label=f"{name} ({unit})" if unit else name)
    if what == "number" and single:
        bar.locator = MaxNLocator(6, steps=[1, 2, 5, 10], integer=True)
        bar.update_ticks()
    if isinstance(image.norm, TwoSlopeNorm):                   # each side is on a scale of its own
        bar.set_ticks([*side_ticks(-float(shown.min()))[:0:-1] * -1.0, *side_ticks(float(shown.max()))])
    return axes


def shades(shown: Any, what: str) -> dict[str, Any]:
    """Colours of values, none as light as the ground: of weights blue below 0 and red above, each side to its own extreme."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap, TwoSlopeNorm

    low, high = float(shown.min()), float(shown.max())
    if what != "weight" or low >= 0:
        return dict(cmap="viridis_r", vmin=low if low < high else 0.0, vmax=high)
    blue, red = (colormaps["RdBu_r"](np.linspace(*ends, 128)) for ends in ((0.0, 0.36), (0.64, 1.0)))
    if high <= 0:
        return dict(cmap=ListedColormap(blue), vmin=low, vmax=0.0)
    return dict(cmap=ListedColormap(np.concatenate([blue, red])), norm=TwoSlopeNorm(0.0, low, high))


def side_ticks(top: float) -> np.ndarray:
    """Round numbers from 0 to top."""
    from matplotlib.ticker import MaxNLocator

    ticks = np.asarray(MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0.0, top))
    return ticks[(ticks >= 0) & (ticks <= top)]


def edges_of(ids: np.ndarray, bins: int | None) -> np.ndarray:
    """Edges of fields that hold whole ids."""
    low, high = int(ids.min()), int(ids.max()) + 1
    n = min(high - low, MOST_BINS if bins is None else bins)
    return np.unique(np.floor(np.linspace(low, high, n + 1) + 0.5)) - 0.5


def counted(ends: list[np.ndarray], edges: list[np.ndarray], weights: np.ndarray | None) -> np.ndarray:
    """How many pairs of ids, or what sum of weights, each field holds (np.histogram2d, faster for whole ids)."""
    shape = [len(e) - 1 for e in edges]
    row, column = (np.repeat(np.arange(n), np.diff(e).astype(np.int64))[ids - round(e[0] + 0.5)]
                   for ids, e, n in zip(ends, edges, shape))
    return np.bincount(row * shape[1] + column, weights, shape[0] * shape[1]).reshape(shape).astype(np.float64)
