"""What the user says of nodes and recorders, checked: parameters and initial values under the models' names, in their units."""
from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from nestling.connect.contract import Distribution
from nestling.models.contract import Field, Model, ParameterError, require
from nestling.recorders.contract import BadRecording, Recorder, switch
from nestling.recorders.paths import check_path

from .errors import BadTime, BadView, unknown
from .formulas import expression_in, is_expression
from .memory import check_room
from .units import is_quantity, magnitude

KINDS = {int: "whole numbers", bool: "True or False", tuple: "lists of numbers"}
LAST_STEP = 2**34                     # random numbers are counted by the step, four to a count of 32 bits


def parameter(value: Any, f: Field, size: int, name: str) -> Any:
    """One parameter or initial value, called `name` by the user: a number, an array (size,), a distribution, or for lists
    one array a node."""
    if is_expression(value):
        if f.type is not float:
            raise ParameterError(f"{name} = {value!r}: a distribution gives real numbers; {name} takes {KINDS[f.type]}")
        value = expression_in(value, f.unit, name, ParameterError)
        if isinstance(value, Distribution):
            return value
    if f.type is tuple:
        return lists(value, f, size)
    if f.type is bool:
        array = np.asarray(value)
        if array.dtype != bool:
            raise ParameterError(f"{name} = {value!r}: must be True or False")
        number: Any = bool(value) if array.ndim == 0 else array
    else:
        number = magnitude(value, f.unit, name)
    if np.ndim(number) and np.shape(number) != (size,):
        raise ParameterError(f"{name} has shape {np.shape(number)}: must be one number or one for each of {size} nodes")
    if f.type is not bool:
        check_numbers(number, f, name)
    return number


def check_numbers(number: Any, f: Field, name: str) -> None:
    """Refuse NaN, infinity where the default is finite, and fractions where numbers must be whole."""
    endless = isinstance(f.default, float) and math.isinf(f.default)
    require(~np.isnan(number) if endless else np.isfinite(number), name, number, "a number, not NaN" if endless else "finite")
    if f.type is int or f.unit == "count":
        require(np.rint(number) == number, name, number, "whole")


def lists(value: Any, f: Field, size: int) -> list[np.ndarray]:
    """A list of numbers for all nodes, or a list for each."""
    if np.ndim(value.mantissa if is_quantity(value) else 0) == 2:
        value = list(value)                              # a matrix with a unit: one row a node
    if isinstance(value, str) or is_number(value) or not hasattr(value, "__len__"):
        raise ParameterError(f"{f.name} = {value!r}: must be a list of numbers, or one list for each of {size} nodes")
    nested = len(value) > 0 and not is_number(value[0]) and hasattr(value[0], "__len__")
    if nested and len(value) != size:
        raise ParameterError(f"{f.name} has {len(value)} lists: must be one list or one for each of {size} nodes")
    found = []
    for entry in value if nested else [value]:
        numbers = np.atleast_1d(np.asarray(magnitude(entry, f.unit, f.name), np.float64))
        if numbers.ndim > 1:
            raise ParameterError(f"{f.name} has shape {np.shape(value)}: must be a list, or one list for each node")
        check_numbers(numbers, f, f.name)
        found.append(numbers)
    return found if nested else found * size


def is_number(value: Any) -> bool:
    return np.ndim(value.mantissa) == 0 if is_quantity(value) else isinstance(value, (int, float, np.number))


def declared(model: Model, size: int, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and initial values from what the user gave, under the models' names; `V_initializer` sets V_m."""
    params = {f.name: f for f in model.params}
    state = {f.name: f for f in model.state}
    check_room(8.0 * size * (2 + len(state) + len(given)), f"size = {size:,}: the nodes", "create fewer")
    out: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for word, value in given.items():
        name = "V_m" if word == "V_initializer" and "V_m" in state else word
        if name in params:
            out[0][name] = parameter(value, params[name], size, word)
        elif name in state:
            out[1][name] = parameter(value, state[name], size, word)
        else:
            raise unknown("parameter", word, model.name, [*params, *state])
    for f in model.params:
        if f.type is tuple and f.name not in out[0]:
            out[0][f.name] = [np.asarray(f.default, np.float64)] * size
    return out


def check_parameters(model: Model, params: dict[str, Any], dt: float) -> None:
    """Refuse parameters outside their domain, and those that do not fit dt, where they are written."""
    record = model.parameters(params)
    if hasattr(model.source, "check"):
        model.source.check(record)
    (model.source.schedule if model.scheduled else model.source.derive)(record, dt)
    if hasattr(model.source, "timetable"):
        model.source.timetable(record, dt)


def recorder_params(recorder: Recorder, given: dict[str, Any], sim: Any, before: dict[str, Any] | None = None
                    ) -> dict[str, Any]:
    """A recorder's parameters, times in ms; before: those that it had."""
    dt = sim.dt
    out = before or {name: default for name, (_, default) in recorder.params.items()}
    for name in given:
        if name not in out:
            raise unknown("parameter", name, recorder.name, [n for n in out if n != "n_events"])
    out = {**out, **{name: recorder_param(name, value, recorder.params[name], sim) for name, value in given.items()}}
    if "interval" in out and (not math.isfinite(out["interval"]) or out["interval"] < dt * (1 - 1e-9)):
        raise BadRecording(f"interval = {out['interval']:g} ms: must be a multiple of dt = {dt:g} ms")
    if out.get("offset", 0.0) < 0.0:
        raise BadRecording(f"offset = {out['offset']:g} ms: must be 0 ms or more")
    if out["stop"] < out["start"]:
        raise BadRecording(f"stop = {out['stop']:g} ms: must be start = {out['start']:g} ms or later")
    if out["record_to"] not in ("memory", (before or {}).get("record_to")):
        check_path(out["record_to"], out["overwrite"])
    if out["record_to"].endswith(".dat"):
        if not out["time_in_steps"] and abs(round(dt, out["precision"]) - dt) > 1e-9 * dt:
            raise BadRecording(f"precision = {out['precision']}: times in ms with so many decimals do not tell steps of dt = "
                               f"{dt:g} ms apart: set a higher one, or time_in_steps=True")
    elif "precision" in given:
        raise BadRecording(f"precision = {out['precision']}: is that of a .dat file, and record_to = {out['record_to']!r}")
    return out


def recorder_param(name: str, value: Any, known: tuple[str, Any], sim: Any) -> Any:
    """One parameter of a recorder; known: its unit and default."""
    unit, default = known
    if name == "record_from":
        return names_of_states(value)
    if unit == "nodes":
        return ids_of(sim, value, name)
    if name == "record_to":
        if not isinstance(value, (str, os.PathLike)):
            raise BadRecording(f"record_to = {value!r}: must be 'memory', or the path of a file")
        return os.fspath(value)
    if name == "label":
        if not isinstance(value, str) or "/" in value or value in (".", "..") or not value.isprintable():
            raise BadRecording(f"label = {value!r}: must be text without '/'")
        return value
    if isinstance(default, bool):
        return switch(name, value)
    if not unit:
        return whole_number(value, name, 0, 0 if name == "n_events" else 17)
    value = magnitude(value, unit, name)
    if np.ndim(value) or math.isnan(value) or (name != "stop" and math.isinf(value)):
        raise BadRecording(f"{name} = {value}: must be one time{', finite' if name != 'stop' else ', not NaN'}")
    if math.isfinite(value):
        on_grid(value, sim.dt, name)
    return value


def ids_of(sim: Any, view: Any, name: str) -> tuple[int, ...]:
    """Global ids of nodes, each once; of an empty list none. Raises TypeError, BadView."""
    if isinstance(view, (list, tuple)) and not view:
        return ()
    if not hasattr(view, "global_id"):
        raise TypeError(f"{name} = {view!r}: must be nodes that create() returned, or a selection of them; [] means all")
    if view._simulator is not sim:
        raise BadView(f"{name} belongs to another simulator")
    return tuple(np.unique(view.global_id).tolist())


def check_recordables(population: Any, names: Iterable[str]) -> None:
    """Refuse to record what a population's model does not have."""
    model = population.model
    known = [] if model.per_connection or model.scheduled else [f.name for f in model.state]
    for name in names:
        if name not in known:
            raise unknown("recordable", name, model.name, known)


def names_of_states(value: Any) -> tuple[str, ...]:
    """record_from as a tuple of names, each once."""
    names = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else [value]
    if not all(isinstance(name, str) for name in names):
        raise BadRecording(f"record_from = {value!r}: must be a list of names of states, such as ['V_m']")
    return tuple(dict.fromkeys(names))


def on_grid(time: float, dt: float, name: str) -> int:
    """`time` in steps; raises BadTime where it is not a multiple of dt."""
    if not math.isfinite(time):
        raise BadTime(f"{name} = {time}: must be finite")
    steps = round(time / dt)
    if abs(steps) > LAST_STEP:
        raise BadTime(f"{name} = {time:g} ms: must be at most {LAST_STEP * dt:g} ms, 2^34 steps of dt = {dt:g} ms")
    if abs(steps * dt - time) > 1e-6 * dt + 1e-12 * abs(time):
        raise BadTime(f"{name} = {time:g} ms: must be a multiple of dt = {dt:g} ms")
    return steps


def whole_number(value: Any, name: str, low: int, high: int) -> int:
    """`value` as an int within [low, high]; raises ParameterError."""
    if is_quantity(value) or isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) \
            or not low <= value <= high:
        raise ParameterError(f"{name} = {value!r}: must be a whole number, {low} to {high}")
    return int(value)
