"""What the user sets of connections, checked: weights and delays, one a connection."""
from __future__ import annotations

from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution

from .draw import draw_values
from .errors import BadView
from .formulas import expression_in, is_expression
from .table_kernels import HALF_UP
from .table_reader import Found, Reader
from .units import magnitude
from .wiring import check_delay, entry

STREAM = 2**32 - 1            # of the random numbers that values given to `set` are drawn with; populations count from 0
FIRST_INDEX = 1 << 16


def check_once(found: Found) -> None:
    if len(np.unique(found.place)) < len(found.place):
        raise BadView("a connection stands twice in the collection")


def read_weights(sim: Any, reader: Reader, value: Any, found: Found, calls: np.ndarray) -> np.ndarray:
    """New weights, one a connection, in the receptors' unit."""
    receptor, units = reader.receptor(found), set()
    for i in np.unique(calls).tolist():
        p = sim.network.projections[i]
        wires = [w for w in [*reader.plan.wires, *(d.wire for d in reader.plan.drives)] if w.projection.index == i]
        if any(w.lane.field.type is int for w in wires):
            raise BadConnection(f"weight: {wires[0].block.model.name} counts spikes and takes no notice of weights (connect "
                                f"call {i}): leave its connections out")
        current = p.sources[0].population.model.emits == "current"
        units |= {"" if current else reader.receptors[r][3] for r in np.unique(receptor[calls == i])}
    if len(units) > 1:
        raise BadConnection(f"weights are in {' and in '.join(sorted(units))}: set them in separate calls")
    return read_values(sim, value, next(iter(units), "mV"), "weight", len(calls), 0)


def read_delays(sim: Any, value: Any, n: int) -> np.ndarray:
    delays = read_values(sim, value, "ms", "delay", n, 1)
    return np.maximum(1, np.floor(delays / sim.dt + HALF_UP)).astype(np.int64)


def read_values(sim: Any, value: Any, unit: str, name: str, n: int, which: int) -> np.ndarray:
    """Numbers, one a connection: from one number, an array, or a distribution, whose numbers `set` counts."""
    if is_expression(value):
        value = expression_in(value, unit, name)
    else:
        value = magnitude(value, unit, name)
        if not np.isfinite(value).all():
            raise BadConnection(f"{name} = {entry(value, np.argmin(np.isfinite(value)))}: must be finite")
        if np.ndim(value) and np.shape(value) != (n,):
            raise BadConnection(f"{name} has shape {np.shape(value)}: must be one number, a distribution, or an array with one "
                                f"entry for each of {n} connections")
    if name == "delay":
        check_delay(value, sim.dt)
    if isinstance(value, Distribution):
        return draw_values(value, n, sim.seed, STREAM, FIRST_INDEX + 256 * sim._sets + which)
    return np.array(np.broadcast_to(np.asarray(value, np.float64), n))


def turned(reader: Reader, found: Found, calls: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Which connections would reach another receptor: that for weights below 0, or that for those above."""
    names = [r[0] for r in reader.receptors]
    receptor, out = reader.receptor(found), np.zeros(len(calls), bool)
    for i in np.unique(calls).tolist():
        p = reader.plan.network.projections[i]
        if len(p.receptor) == 2 and p.which is None:
            mine = calls == i
            below = np.array([name == p.receptor[1] for name in names])[receptor[mine]]
            out[mine] = (weights[mine] < 0) != below
    return out
