"""What a recorder is.

A recorder is a module with ``Params`` (a NamedTuple as a model's; times in ms) and ``RECORDS``: "spikes", "states" or
"weights", which are those of the connections that spikes go through. One that records states has the parameters
``record_from``, the names of the states, ``interval`` and ``offset``; one that records weights has ``senders`` and
``targets``, nodes.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_type_hints

import numpy as np


class Unit(NamedTuple):
    name: str


ms = Annotated[float, Unit("ms")]
nodes = Annotated[tuple, Unit("nodes")]       # nodes that create() returned; kept as their global ids


class BadRecording(ValueError):
    """A recording that cannot be made, or data that were not recorded."""


class RecordingFailed(OSError):
    """A file could not be written while a network ran, as on a full disk.

    `results` holds all that was recorded until then: in the file, and in memory what did not fit; cont() goes on, and first
    writes that.
    """

    results: Any = None


@dataclass(frozen=True)
class Recorder:
    """A recorder as the engine sees it; params maps names to (unit, default)."""

    name: str
    source: Any
    records: str
    params: dict[str, tuple[str, Any]]

    def __reduce__(self) -> Any:
        """Pickled, in results, without the module, which cannot be pickled."""
        return Recorder, (self.name, None, self.records, self.params)


def switch(name: str, value: Any) -> bool:
    """True or False. Raises BadRecording."""
    if not isinstance(value, (bool, np.bool_)):
        raise BadRecording(f"{name} = {value!r}: must be True or False")
    return bool(value)


def is_recorder(source: Any) -> bool:
    return hasattr(source, "RECORDS")


def read_recorder(source: Any) -> Recorder:
    """Read a module or class as a recorder."""
    hints = get_type_hints(source.Params, include_extras=True)
    params = {}
    for name, hint in hints.items():
        units = [m.name for m in getattr(hint, "__metadata__", ()) if isinstance(m, Unit)]
        params[name] = ((units or [""])[0], source.Params._field_defaults[name])
    return Recorder(source.__name__.rsplit(".", 1)[-1], source, source.RECORDS, params)


def active_steps(params: dict[str, Any], dt: float) -> tuple[float, float]:
    """First and last time stamp (in steps) that a recorder takes: start < t <= stop, both relative to origin."""
    start, stop = ((params["origin"] + params[name]) / dt for name in ("start", "stop"))
    return round(start) + 1, stop if stop == float("inf") else round(stop)


def sampled_steps(params: dict[str, Any], dt: float) -> tuple[int, int, float]:
    """First time stamp (in steps) at which a recorder takes states, from one to the next, and the last one that it may take.

    Samples stand at offset, offset + interval, ..., as in NEST; without an offset at multiples of the interval.
    """
    begin, last = active_steps(params, dt)
    interval, offset = (round(params[name] / dt) for name in ("interval", "offset"))
    number = -(-(begin - offset) // interval)
    return offset + interval * (max(number, 0) if offset else number), interval, last
