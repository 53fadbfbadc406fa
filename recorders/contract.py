"""What a recorder is.

A recorder is a module with ``Params`` (a NamedTuple as a model's, in ms) and ``RECORDS``: "spikes" or "states". One that
records states has a parameter ``record_from``, the names of the states.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_type_hints


class Unit(NamedTuple):
    name: str


ms = Annotated[float, Unit("ms")]


class BadRecording(ValueError):
    """A recording that cannot be made, or data that were not recorded."""


@dataclass(frozen=True)
class Recorder:
    """A recorder as the engine sees it; params maps names to (unit, default)."""

    name: str
    source: Any
    records: str
    params: dict[str, tuple[str, Any]]


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
