"""How the draws of one projection are described to the kernels: its rule, weights and delays."""
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numba.core.errors import NumbaError

from nestling.connect import draws
from nestling.connect.contract import BadConnection, Distribution, Pairing, Row

from .compile import kernel
from .distributions import Formula
from .formulas import Program, strides_of
from .layout import ROW, VALUES
from .native import address
from .network import Projection, space_of
from .row_kernels import find_wrong_row, make_row, make_tally
from .table_kernels import HALF_UP
from .value_kernels import SPECIFICATION, make_fill


@dataclass
class Drawing:
    """A projection's rule, weights and delays, ready for the kernels; `kept` are arrays that must outlive it."""

    projection: Projection
    sources: np.ndarray
    targets: np.ndarray
    prepared: Row
    row_kernel: int
    row: np.ndarray
    weights: np.ndarray
    delays: np.ndarray
    receptors: np.ndarray | None
    kept: list[Any] = field(default_factory=list)

    @property
    def by_source(self) -> bool:
        return self.projection.by_source


def largest(weight: Any) -> float:
    """The largest magnitude of a weight."""
    if isinstance(weight, Distribution):
        return max(abs(v) for v in weight.limits())
    return float(np.abs(weight).max(initial=0.0))


def domain_of(projection: Projection, domain: int) -> int:
    """The domain of a projection's numbers; specifications that share their edges have weights and delays of their own."""
    own = projection.specification[0] << SPECIFICATION if domain in (draws.WEIGHTS, draws.DELAYS) else 0
    return domain + own + (draws.OWN_SEED if projection.named else 0)


def describe_drawing(projection: Projection, seed: int) -> Drawing:
    """Prepare a projection for drawing."""
    key = draws.key_of(seed)
    sources, targets = projection.source_ids, projection.target_ids
    pre, post = (np.concatenate([s.ids for s in side]) for side in projection.ends)
    pairing = Pairing(pre, post, projection.allow_autapses, projection.allow_multapses, key, projection.stream,
                      domain_of(projection, draws.EDGES), space_of(*projection.ends) if projection.rule.spatial else None)
    prepared = projection.rule.prepare(pairing)
    words = np.ascontiguousarray(prepared.words, np.int64)
    table = np.ascontiguousarray(prepared.table, np.uint32)
    row = np.zeros(1, ROW)
    row[0] = (address(words), len(words), address(table), len(table), prepared.longest, key[0], key[1], projection.stream,
              domain_of(projection, draws.EDGES))
    if projection.rule.tally is not None:
        row[0]["longest"] = make_tally(type(projection.rule).tally)(address(row))
        prepared = replace(prepared, table=table, longest=int(row[0]["longest"]),
                           starts=np.concatenate([[0], np.cumsum(table[1::2], dtype=np.int64)]))
    kept: list[Any] = [words, table]
    weights, delays = (describe_values(value, projection, prepared, domain, key, kept)
                       for value, domain in ((projection.weight, draws.WEIGHTS), (projection.delay, draws.DELAYS)))
    which = projection.which
    which = None if which is None else describe_values(which, projection, prepared, draws.EDGES, key, kept)
    return Drawing(projection, sources, targets, prepared, make_row(projection.rule.row, projection.rule.drawn_once).address,
                   row, weights, delays, which, kept)


def check_drawn(drawings: Iterable[Drawing]) -> None:
    """Raise BadConnection if a redraw came to no end."""
    for drawing in drawings:
        for program in drawing.kept:
            if isinstance(program, Program):
                program.check(f"connect call {drawing.projection.index}")


def check_rows(projection: Projection, seed: int) -> int:
    """Draw a projection once, to see whether all rows are right: returns the number of edges; raises BadConnection."""
    rule = projection.rule
    pre, post = (np.concatenate([s.ids for s in side]) for side in projection.ends)
    try:
        drawing = describe_drawing(projection, seed)
    except NumbaError as error:
        reasons = [line.strip() for line in str(error).splitlines() if "Error: " in line or "Unknown" in line]
        raise BadConnection(f"{rule} cannot be compiled: {(reasons or [str(error)])[-1]}") from error
    wrong = np.zeros(2, np.int64)
    n_rows = len(pre if rule.by == "source" else post)
    index = kernel(find_wrong_row)(drawing.row_kernel, address(drawing.row), n_rows, address(wrong))
    if index >= 0:
        pairing = Pairing(pre, post, projection.allow_autapses, projection.allow_multapses)
        raise BadConnection(rule.wrong(pairing, index, *(int(w) for w in wrong)))
    return int(wrong[1])


def describe_values(value: Any, projection: Projection, prepared: Row, domain: int, key: Any, kept: list[Any]) -> np.ndarray:
    """A VALUES record for weights or delays."""
    record = np.zeros(1, VALUES)
    v = record[0]
    v["k0"], v["k1"], v["stream"], v["domain"] = key[0], key[1], projection.stream, domain_of(projection, domain)
    if isinstance(value, Formula):
        program = Program(value.tree, key, projection.stream, domain_of(projection, domain), projection.rule.by == "source",
                          space_of(*projection.ends))
        kept.append(program)
        return program.values
    if isinstance(value, Distribution):
        v["kind"], v["fill_at"] = 1, make_fill(type(value)).address
        v["a"], v["b"] = value.parameters()
        v["low"], v["high"] = value.min, value.max
    elif isinstance(value, np.ndarray):
        n_sources, n_targets = (sum(map(len, side)) for side in projection.ends)
        matrix = projection.rule.pairs or value.shape != projection.rule.shape(n_sources, n_targets)
        if matrix and projection.transposed:
            value = value.T
        array = np.ascontiguousarray(value, np.float64)
        starts = prepared.starts
        if starts is None:
            starts = np.arange((n_sources if projection.rule.by == "source" else n_targets) + 1) * prepared.longest
        elif prepared.order is not None and not matrix:
            array = array.ravel()[prepared.order]
        starts = np.ascontiguousarray(starts, np.int64)
        v["kind"], v["array_at"], v["starts_at"] = 2 if matrix else 3, address(array), address(starts)
        if matrix:
            v["stride_t"], v["stride_s"] = strides_of(array)
        kept += [array, starts]
    else:
        v["kind"], v["constant"] = 0, value
    return record


def delay_steps(delay: Any, dt: float) -> tuple[int, int]:
    """Shortest and longest delay that can come, in steps."""
    if not isinstance(delay, Distribution) and np.size(delay) == 0:      # for no synapse at all
        return 1, 1
    low, high = delay.limits() if isinstance(delay, Distribution) else (np.min(delay), np.max(delay))
    return tuple(max(1, int(math.floor(float(v) / dt + HALF_UP))) for v in (low, high))  # type: ignore[return-value]


def delay_range(projection: Projection, dt: float) -> tuple[int, int]:
    """Shortest and longest delay of a projection, in steps."""
    now = projection.edited
    if now is None or not len(now.steps):
        return delay_steps(projection.delay, dt)
    return int(now.steps.min()), int(now.steps.max())


def draw_values(distribution: Distribution, n: int, seed: int, stream: int, index: int) -> np.ndarray:
    """n values of a distribution for the nodes of population `stream`; `index` tells its variables apart."""
    key, out = draws.key_of(seed), np.empty(n)
    if isinstance(distribution, Formula):
        program = Program(distribution.tree, key, stream, draws.INITIAL, True, None)
        program.fill(index, n, np.arange(n, dtype=np.int32), out)
        program.check(repr(distribution))
        return out
    record = np.zeros(1, VALUES)
    v = record[0]
    v["k0"], v["k1"], v["stream"], v["domain"] = *key, stream, draws.INITIAL
    v["a"], v["b"] = distribution.parameters()
    v["low"], v["high"] = distribution.min, distribution.max
    make_fill(type(distribution))(address(record), index, n, address(out))
    return out
