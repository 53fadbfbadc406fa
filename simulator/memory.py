"""Whether a network fits into this machine's memory, estimated before anything is allocated."""
from __future__ import annotations

import math

import numpy as np

from nestling.connect.contract import Distribution

from .draw import delay_steps
from .errors import TooLarge
from .network import Network, Projection, space_of


def table_bytes(projection: Projection) -> float:
    """An estimate of the memory that a projection's synapses need while its table is built."""
    rule, (sources, targets) = projection.rule, projection.ends
    space = space_of(sources, targets) if rule.spatial else None
    n = rule.expected(sum(map(len, sources)), sum(map(len, targets))) if space is None else rule.expected_in(space)
    model = projection.sources[0].population.model
    if model is not None and model.per_connection:
        return n * 100.0                # a copy of the generator, with its own random numbers, and what it is made from
    if projection.procedural:
        return 4.0 * sum(map(len, projection.targets)) + 4 * n * rule.listing       # some are found once, and listed
    weight = 8 if isinstance(projection.weight, np.ndarray) else 4 * isinstance(projection.weight, Distribution)
    return n * (2 + weight + 4 * isinstance(projection.delay, (np.ndarray, Distribution)))


def check_memory(network: Network, dt: float) -> None:
    """Refuse a network whose synapses would not fit, before anything is allocated."""
    check_room(sum(table_bytes(p) for p in network.projections), "the synapses",
               "connect fewer neurons, or with a lower in-degree or probability")
    check_room(ring_bytes(network, dt), "the input rings", "the longest delay decides: choose a shorter delay, or a longer dt")


def ring_bytes(network: Network, dt: float) -> float:
    """The memory of the input rings: as many slots as the longest delay has steps for every receptor that is reached."""
    reached = {(id(s.population), name): s.population.size
               for p in network.projections for s in p.targets for name in p.receptor}
    tabled = [p for p in network.projections if (m := p.sources[0].population.model) and not m.per_connection]
    spans = [(delay_steps(p.delay, dt), p.procedural) for p in tabled]
    longest = max([high for (low, high), procedural in spans if low == high or procedural], default=1)
    return 8.0 * sum(reached.values()) * 2.0 ** math.ceil(math.log2(longest))


def check_room(needed: float, what: str, advice: str) -> None:
    """Raise TooLarge if so many bytes are not free."""
    free = available_memory()
    if needed > free:
        shown = f"{needed / 1e9:.1f}" if needed < 1e15 else f"{needed / 1e9:.3g}"
        raise TooLarge(f"{what} would need about {shown} GB; {free / 1e9:.1f} GB are free: {advice}")


def available_memory() -> float:
    """Bytes that can be allocated on this machine without swapping; infinite where it cannot be told."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024.0 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return math.inf
