"""Expressions on their way to the kernels: checked where the user writes them, and laid out as programs."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.connect.arithmetic import FUNCTIONS
from nestling.connect.contract import BadConnection, Distribution, Expression, Space
from nestling.connect.expressions import as_expression
from nestling.connect.trees import Apply, Distance, Number, Redraw, fold, parts

from .compile import kernel
from .distributions import Formula, distribution_in
from .layout import OP, PROGRAM, VALUES
from .native import address
from .quantities import Units
from .units import is_quantity
from .value_kernels import (
    ARRAY,
    DRAW,
    LEAF,
    NUMBER,
    REDRAW,
    SIGNED,
    SIZE,
    SPECIFICATION,
    fill_expression,
    make_again,
    make_fill,
    run_steps,
)

MOST_LEAVES = 1 << SPECIFICATION - LEAF
RAREST = 1e-3                 # the smallest share of draws that a redraw may leave
TRIALS = 1 << 16              # by which that share is found


def is_expression(value: Any) -> bool:
    """True of expressions, distributions among them, and of quantities made from them."""
    return isinstance(value, Expression) or is_quantity(value) and isinstance(value.mantissa, Expression)


def expression_in(value: Any, unit: str, name: str, error: type[ValueError] = BadConnection,
                  space: Callable[[], Space | None] | None = None, shape: tuple[int, int] | None = None) -> Any:
    """An expression or distribution in `unit`, as a Distribution or a number; see formula_of."""
    if isinstance(value, Distribution) and not isinstance(value, Formula):
        return distribution_in(value, unit, name, error)
    tree = Units(as_expression(value), unit, name, error).result()          # type: ignore[arg-type]
    return tree if isinstance(tree, Distribution) else formula_of(tree, name, error, space, shape)


def formula_of(tree: Expression, name: str, error: type[ValueError], space: Callable[[], Space | None] | None,
               shape: tuple[int, int] | None) -> Any:
    """A Formula, or a number where the expression comes to one; the tree's numbers are in their units already.

    space: where the nodes are, or None where there are no pairs of nodes; shape: (targets, sources). Raises `error`.
    """
    if isinstance(tree, Number) and np.ndim(tree.value) == 0:
        return check_number(tree.value, tree, name, error)
    nodes = parts(tree)
    try:
        for p in nodes:
            if isinstance(p, Number):
                check_shape(p, shape)
        found = None
        if any(isinstance(p, Distance) for p in nodes):
            if space is None:
                raise BadConnection("a node by itself has no distance: distance and displacement belong to connections")
            found = space()
            if found is None:
                raise BadConnection("it needs to know where the nodes are: create all of them with positions=")
            for p in nodes:
                if isinstance(p, Distance) and (p.axis or 0) >= found.sources.shape[1]:
                    raise BadConnection(f"{p!r}: the nodes have positions in {found.sources.shape[1]} dimensions")
        if sum(isinstance(p, Distribution) for p in nodes) > MOST_LEAVES:
            raise BadConnection(f"it holds more than {MOST_LEAVES} distributions")
        box = box_of(found)
        low, high = limits_of(tree, box)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise BadConnection(f"it can be from {low:g} to {high:g}: it must have limits; give it some by clip(low, high) or "
                                f"redraw(min, max)")
        for p in nodes:
            if isinstance(p, Redraw):
                check_redraw(p, found, box, shape)
    except BadConnection as problem:
        raise error(f"{name} = {tree!r}: {problem}") from None
    return Formula(tree, low, high)


def check_number(value: float, tree: Expression, name: str, error: type[ValueError]) -> float:
    if not math.isfinite(value):
        raise error(f"{name} = {tree!r}: must be finite")
    return value


def check_shape(p: Number, shape: tuple[int, int] | None) -> None:
    """Refuse arrays that do not fit, and numbers that are none."""
    given = np.shape(p.value)
    if not np.isfinite(p.value).all():
        at = np.unravel_index(int(np.isfinite(p.value).argmin()), given)
        where = f" (entry {tuple(int(i) for i in at)})" if given else ""
        raise BadConnection(f"{p!r} must be finite, is {np.asarray(p.value)[at]:g}{where}")
    if given and shape is None:
        raise BadConnection("arrays and distributions cannot be mixed here: give the array alone, or set the values later")
    if given and shape and given not in (shape, (shape[0], 1), (1, shape[1])):
        raise BadConnection(f"an array in it has shape {given}: with {shape[1]} sources and {shape[0]} targets it must have "
                            f"{(shape[0], 1)}, one entry a target, {(1, shape[1])}, one a source, or {shape}")


# ------------------------------------------------------------------------------------------------------------------ limits

def box_of(space: Space | None) -> list[tuple[float, float]]:
    """The smallest and largest displacement along each axis."""
    if space is None:
        return []
    out = []
    for axis in range(space.sources.shape[1]):
        here, there = space.sources[:, axis], space.targets[:, axis]
        low, high = float(there.min() - here.max()), float(there.max() - here.min())
        if space.wrap is not None and not -0.5 * space.wrap[axis] <= low <= high < 0.5 * space.wrap[axis]:
            high = 0.5 * float(space.wrap[axis]) * (1.0 + 1e-14)
            low = -high
        out.append((low, high))
    return out


def limits_of(tree: Expression, box: list[tuple[float, float]]) -> tuple[float, float]:
    """Smallest and largest value that can come. Raises BadConnection where there can be none, or no number."""
    def leaf(p: Expression) -> tuple[float, float]:
        if isinstance(p, Number):
            return float(np.min(p.value)), float(np.max(p.value))
        if isinstance(p, Distribution):
            return p.limits()
        if isinstance(p, Redraw):
            low, high = limits_of(p.x, box)
            if not p.low <= p.high:
                raise BadConnection(f"{p!r}: min must be at most max")
            if not max(low, p.low) <= min(high, p.high):
                raise BadConnection(f"{p!r} can give no value, since all of it lies within [{low:g}, {high:g}]")
            return max(low, p.low), min(high, p.high)
        assert isinstance(p, Distance)
        sizes = [FUNCTIONS["abs"].limits(way) for way in box]
        if p.axis is not None:
            return box[p.axis] if p.signed else sizes[p.axis]
        return math.sqrt(sum(low * low for low, _ in sizes)), math.sqrt(sum(high * high for _, high in sizes))
    return fold(tree, leaf, "limits")


def check_redraw(p: Redraw, space: Space | None, box: list[tuple[float, float]], shape: tuple[int, int] | None) -> None:
    """Refuse a redraw of which hardly a value lies within its limits, by trial."""
    if not any(isinstance(part, (Distribution, Redraw)) for part in parts(p.x)):
        raise BadConnection(f"{p!r}: nothing in it is drawn at random: use clip(low, high)")
    n_targets, n_sources = shape or (1, 1)
    rows = min(n_targets, 64)
    n = TRIALS // rows
    partners = (np.arange(n) * 7919 % n_sources).astype(np.int32)
    program = Program(p.x, (0, 0), 0, 0, False, space)
    out, inside = np.empty(n), 0
    for row in np.linspace(0, n_targets - 1, rows).astype(int):
        program.fill(int(row), n, partners, out)
        inside += int(np.count_nonzero((out >= p.low) & (out <= p.high)))
    if inside < RAREST * rows * n:
        low, high = limits_of(p.x, box)
        raise BadConnection(f"{p!r}: fewer than one in {1 / RAREST:,.0f} values of {p.x!r}, which can be from {low:g} to "
                            f"{high:g}, lies within its limits, and all others would be drawn again: choose wider limits or "
                            f"another distribution")


# ---------------------------------------------------------------------------------------------------------------- programs

class Program:
    """An expression laid out for the kernels: a VALUES record of kind 4, and the arrays that it points to."""

    def __init__(self, tree: Expression, key: tuple[Any, Any], stream: int, domain: int, by_source: bool,
                 space: Space | None) -> None:
        self.ops: list[dict[str, Any]] = []
        self.leaves: list[tuple[Distribution, int]] = []
        self.kept: list[Any] = []
        self.depth = self.drawn = 0
        self.shared: dict[int, int] = {}
        self.emit(tree, 0)
        self.program, self.values = np.zeros(1, PROGRAM), np.zeros(1, VALUES)
        ops, leaves = np.zeros(len(self.ops), OP), np.zeros(len(self.leaves), VALUES)
        for record, fields in zip(ops, self.ops):
            record["axis"] = -1
            for field, value in fields.items():
                record[field] = value
        for record, (d, number) in zip(leaves, self.leaves):
            record["kind"], record["fill_at"] = 1, make_fill(type(d)).address
            (record["k0"], record["k1"]), record["stream"], record["domain"] = key, stream, domain + (number << LEAF)
            (record["a"], record["b"]), record["low"], record["high"] = d.parameters(), d.min, d.max
            if any(op["code"] == REDRAW for op in self.ops):
                record["array_at"] = make_again(type(d).sample).address
        g = self.program[0]
        g["n_ops"], g["ops_at"], g["depth"], g["by_source"] = len(ops), address(ops), self.depth, by_source
        g["n_leaves"], g["leaves_at"] = len(leaves), address(leaves)
        g["redraws"] = any(op["code"] == REDRAW for op in self.ops)
        g["run_at"] = kernel(run_steps).address
        if space is not None:
            self.kept += [np.ascontiguousarray(side, np.float64) for side in (space.sources, space.targets)]
            g["sources_at"], g["targets_at"] = (address(side) for side in self.kept[-2:])
            g["dims"] = space.sources.shape[1]
            if space.wrap is not None:
                self.kept.append(np.ascontiguousarray(space.wrap, np.float64))
                g["wrap_at"] = address(self.kept[-1])
        self.kept += [ops, leaves]
        self.fill_kernel = kernel(fill_expression)
        v = self.values[0]
        v["kind"], v["fill_at"], v["array_at"] = 4, self.fill_kernel.address, address(self.program)

    def emit(self, x: Expression, out: int) -> None:
        """Append the steps that compute x into row `out` of the stack."""
        self.depth = max(self.depth, out + 1)
        if isinstance(x, Apply):
            again = self.shared.get(id(x), -1) if x.name == "shared" else -1
            if x.name == "shared":
                self.shared.setdefault(id(x), self.drawn)
            mine, self.drawn = self.drawn, again if again >= 0 else self.drawn
            for i, argument in enumerate(x.arguments):
                self.emit(argument, out + i)
            self.drawn = mine if again >= 0 else self.drawn         # what is shared draws the same words wherever it stands
            self.ops.append(dict(code=FUNCTIONS[x.name].code, out=out))
        elif isinstance(x, Redraw):
            first = len(self.ops)
            self.emit(x.x, out)
            self.ops.append(dict(code=REDRAW, out=out, first=first, place=len(self.ops), low=x.low, high=x.high))
        elif isinstance(x, Distance):
            axis = -1 if x.axis is None else x.axis
            self.ops.append(dict(code=SIGNED if x.signed else SIZE, out=out, axis=axis))
        elif isinstance(x, Number) and np.ndim(x.value):
            array = np.ascontiguousarray(x.value, np.float64)
            self.kept.append(array)
            strides = dict(zip(("stride_t", "stride_s"), strides_of(array)))
            self.ops.append(dict(code=ARRAY, out=out, array_at=address(array), **strides))
        elif isinstance(x, Number):
            self.ops.append(dict(code=NUMBER, out=out, value=x.value))
        else:
            assert isinstance(x, Distribution)
            self.ops.append(dict(code=DRAW, out=out, leaf=len(self.leaves)))
            self.leaves.append((x, self.drawn))
            self.drawn += 1

    def fill(self, index: int, n: int, partners: np.ndarray, out: np.ndarray) -> None:
        """A row of n values into `out` (float64); partners: int32."""
        self.fill_kernel(address(self.values), index, n, address(partners), address(out))

    def check(self, what: str) -> None:
        """Raise BadConnection if a redraw came to no end."""
        if self.program[0]["failed"]:
            raise BadConnection(f"{what}: a redraw found no value within its limits for some synapse: choose wider limits")


def strides_of(array: np.ndarray) -> tuple[int, int]:
    """How many entries of a (targets, sources) array lie between targets, and between sources; 0 along sides of 1."""
    return array.shape[1] if array.shape[0] > 1 else 0, 1 if array.shape[1] > 1 else 0
