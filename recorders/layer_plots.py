"""Plots of layers: where nodes are, the targets of a node, and how far connections reach."""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .contract import BadRecording
from .drawing import PALETTE, colors_of, ink, points
from .trains import is_number, plain_array, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes


USUAL = 270.0        # points: side of a new figure's axes


class Placed(Protocol):
    """Nodes with positions: a view of them. positions: (nodes, 2 or 3)."""

    @property
    def positions(self) -> np.ndarray: ...

    def __len__(self) -> int: ...


class Mask(Protocol):
    """A region around a node: the box that holds it, and which displacements (pairs, 2 or 3) lie within."""

    box: tuple[np.ndarray, np.ndarray]

    def contains(self, displacement: np.ndarray, /) -> np.ndarray: ...


def plot_layer(nodes: Placed, *, values: Any = None, color: Any = PALETTE[0], size: float | None = None,
               label: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw nodes where they are; in three dimensions in axes of that projection.

    values: one number a node, shown in colours, beside a bar of them in a new figure; color: a matplotlib colour otherwise;
    size: of the dots, in points, smaller where nodes are many unless given; ax: the axes to draw in, a new figure if None.
    Returns the axes.
    Raises BadRecording where an argument does not fit, and BadView for nodes without positions.
    """
    at = placed("nodes", nodes)
    shown = None if values is None else plain_array("values", values, "biuf").astype(np.float64)
    if shown is not None and shown.shape != (len(at),):
        raise BadRecording(f"values has shape {shown.shape}: must have one entry for each of {len(at)} nodes")
    look = looks(color, size, len(at))
    axes: Any = _axes(ax, at.shape[1])
    look = fitted(look, size, axes)
    dots = axes.scatter(*at.T, label=label, **look if shown is None else {**look, "color": None, "c": shown})
    if shown is not None and ax is None:
        axes.figure.colorbar(dots, ax=axes, shrink=0.7)
    return axes


def plot_targets(source: Placed, targets: Placed, *, mask: Mask | None = None, color: Any = PALETTE[1],
                 size: float | None = None, label: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the targets of one node, the node itself as a cross, and the outline of its mask (in 2-D).

    targets: nodes that it is connected to; the other arguments are those of `plot_layer`. Returns the axes.
    Raises BadRecording unless source is one node with positions in as many dimensions as the targets'.
    """
    here = placed("source", source)
    if len(here) != 1 or len(placed("targets", targets)) and here.shape[1] != targets.positions.shape[1]:
        raise BadRecording(f"source = {source!r}: must be one node, with as many dimensions as the targets")
    if mask is not None and not hasattr(mask, "contains"):
        raise BadRecording(f"mask = {mask!r}: must be a mask, such as spatial.circular(0.3)")
    if mask is not None and here.shape[1] != 2:
        raise BadRecording(f"mask = {mask!r}: outlines are drawn in two dimensions")
    look = looks(color, size, len(targets))
    axes: Any = _axes(ax, here.shape[1])
    look = fitted(look, size, axes)
    axes.scatter(*(targets.positions if len(targets) else here[:0]).T, label=label, zorder=2, **look)
    axes.scatter(*here.T, marker="+", s=80, color=ink(axes), linewidths=1.5, zorder=3)
    if mask is not None:
        spans = [np.linspace(low - 0.02 * (high - low), high + 0.02 * (high - low), 300) for low, high in zip(*mask.box)]
        x, y = np.meshgrid(*spans)
        within = mask.contains(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(x.shape)
        axes.contour(x + here[0, 0], y + here[0, 1], within.astype(float), levels=[0.5], colors=[ink(axes)], linewidths=0.8)
    return axes


def plot_distances(found: Any, possible: Any = None, *, p: Callable[[np.ndarray], np.ndarray] | None = None, bins: int = 40,
                   color: Any = PALETTE[0], label: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw how often connections have each length: a histogram, or with `possible` the share of possible pairs connected.

    found, possible: displacements (pairs, 2 or 3) or distances (pairs,) of connections, and of the pairs that could be
    connected. p: what the share should be, a function of distances (pairs,). Returns the axes.
    Raises BadRecording for arrays of other shapes, bins below 1, and p without `possible`.
    """
    made, could = lengths(found, "found"), None if possible is None else lengths(possible, "possible")
    whole("bins", bins, 1)
    if p is not None and not callable(p):
        raise BadRecording(f"p = {p!r}: must be a function of distances")
    if p is not None and could is None:
        raise BadRecording("p is the share of possible pairs: give possible")
    color = colors_of(color, 1)[0]
    axes: Any = _axes(ax, 1)
    top = float(max(a.max(initial=0.0) for a in (made, could) if a is not None)) or 1.0
    edges = np.linspace(0.0, top, bins + 1)
    counts = np.histogram(made, edges)[0]
    if could is None:
        axes.stairs(counts, edges, fill=True, color=color, label=label)
    else:
        pairs = np.histogram(could, edges)[0]
        share = np.divide(counts, pairs, out=np.full(bins, np.nan), where=pairs > 0)
        axes.plot((edges[1:] + edges[:-1]) / 2, share, "o", markersize=3.5, color=color, label=label)
    if p is not None:
        x = np.linspace(0.0, top, 400)
        axes.plot(x, p(x), color=ink(axes), linewidth=1.0, zorder=0)
    axes.set(xlabel="Distance", ylabel="Connections" if could is None else "Share of pairs connected", xlim=(0.0, top))
    axes.autoscale(axis="y")
    axes.set_ylim(bottom=0.0)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def placed(name: str, nodes: Any) -> np.ndarray:
    """Where nodes are, (nodes, 2 or 3); of none (0, 2). Raises BadRecording, and BadView for nodes without positions."""
    if not hasattr(type(nodes), "positions"):
        raise BadRecording(f"{name} = {nodes!r}: must be nodes that create() returned")
    return np.asarray(nodes.positions) if len(nodes) else np.zeros((0, 2))


def looks(color: Any, size: Any, n: int) -> dict[str, Any]:
    """How n dots are drawn. Raises BadRecording."""
    if size is not None and not (is_number(size) and 0 < size < np.inf):
        raise BadRecording(f"size = {size!r}: must be a number of points, more than 0")
    dot = float(np.clip(200.0 / np.sqrt(max(n, 1)), 1.0, 8.0)) if size is None else size
    return dict(color=colors_of(color, 1)[0], s=dot**2, linewidths=0)


def fitted(look: dict[str, Any], size: Any, axes: Axes) -> dict[str, Any]:
    """Dots as they suit axes smaller than those of a new figure, unless their size is given."""
    return look if size is not None else {**look, "s": look["s"] * min(1.0, min(points(axes)) / USUAL) ** 2}


def lengths(given: Any, name: str) -> np.ndarray:
    """Distances from displacements, or as they are given."""
    array = plain_array(name, given, "iuf").astype(np.float64)
    if not (array.ndim == 1 or array.ndim == 2 and array.shape[1] in (2, 3)):
        raise BadRecording(f"{name} has shape {array.shape}: must be displacements (pairs, 2 or 3) or distances (pairs,)")
    if not np.isfinite(array).all():
        raise BadRecording(f"{name}: must be finite, and some are not")
    return array if array.ndim == 1 else np.asarray(np.linalg.norm(array, axis=1))


def _axes(ax: Any, dimensions: int) -> Any:
    """The given axes, or new ones for so many dimensions."""
    if ax is not None:
        if not hasattr(ax, "plot"):
            raise BadRecording(f"ax = {ax!r}: must be one matplotlib axes")
        if dimensions == 3 and not hasattr(ax, "get_zlim"):
            raise BadRecording("ax has two axes, positions have three: give subplots(subplot_kw=dict(projection='3d'))")
        if dimensions == 2:
            ax.set_aspect("equal")
        return ax
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(5.0, 5.0), layout="constrained")
    axes: Any = figure.add_subplot(projection="3d" if dimensions == 3 else None)
    if dimensions == 2:
        axes.set(aspect="equal", xlabel="x", ylabel="y")
    elif dimensions == 3:
        axes.set(xlabel="x", ylabel="y", zlabel="z")
        axes.set_box_aspect(None, zoom=0.85)                # the name of z would be cut
    return axes
