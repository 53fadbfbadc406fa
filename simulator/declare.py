"""What the user says, checked and turned into declarations: parameters, initial values, weights, delays, receptors."""
from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution, Pairing, Rule
from nestling.models.contract import Field, Model, ParameterError
from nestling.recorders.contract import BadRecording, Recorder

from .errors import BadTime, TooLarge, unknown
from .network import Network, Projection, Segment
from .units import magnitude

PLAIN_IN_LOG = ("mean", "std")        # LogNormal's mean and std belong to the logarithm: they have no unit


def distribution_in(d: Distribution, unit: str, name: str) -> Any:
    """A distribution with its numbers in `unit`; a Constant becomes a number."""
    if not is_dataclass(d):
        raise BadConnection(f"{name} = {d!r}: a distribution is expected (Normal, LogNormal, Uniform, Constant)")
    given, changes = getattr(d, "unit", None), {}
    log = type(d).__name__ == "LogNormal"
    for f in fields(d):
        if f.name != "unit":
            value = getattr(d, f.name)
            if log and f.name in PLAIN_IN_LOG:
                changes[f.name] = magnitude(value, "", f"{name}: {f.name}")
            else:
                infinite = isinstance(value, float) and math.isinf(value)
                value = value * given if given is not None and not infinite else value
                changes[f.name] = magnitude(value, unit, f"{name}: {f.name}")
    if "value" in changes:
        return changes["value"]
    d = replace(d, unit=None, **changes)
    if any(math.isnan(v) for v in changes.values()) or changes.get("std", 0.0) < 0:
        raise BadConnection(f"{name} = {d!r}: std must be 0 or more, and no number NaN")
    low, high = d.limits()
    if not low <= high or changes.get("low", 0.0) > changes.get("high", math.inf):
        raise BadConnection(f"{name} = {d!r}: it can give no value, since its smallest ({low:g}) is above its largest ({high:g})")
    return d


def parameter(value: Any, f: Field, size: int) -> Any:
    """One parameter or initial value: a number, an array (size,), a distribution, or for lists one array a node."""
    if isinstance(value, Distribution):
        if f.type is not float:
            raise ParameterError(f"{f.name}: a distribution gives numbers that are not whole; {f.name} takes {f.type.__name__}")
        return distribution_in(value, f.unit, f.name)
    if f.type is tuple:
        return lists(value, f, size)
    if f.type is bool:
        array = np.asarray(value)
        if array.dtype != bool:
            raise ParameterError(f"{f.name} = {value!r}: must be True or False")
        number: Any = bool(value) if array.ndim == 0 else array
    else:
        number = magnitude(value, f.unit, f.name)
        if np.isnan(number).any():
            raise ParameterError(f"{f.name} = {value}: must not be NaN")
        if f.type is int and (np.rint(number) != number).any():
            raise ParameterError(f"{f.name} = {value}: must be whole")
    if np.ndim(number) and np.shape(number) != (size,):
        raise ParameterError(f"{f.name} has shape {np.shape(number)}: must be one number or one for each of {size} nodes")
    return number


def lists(value: Any, f: Field, size: int) -> list[np.ndarray]:
    """A list of numbers for all nodes, or a list for each."""
    nested = len(value) > 0 and np.ndim(value[0] if not hasattr(value, "unit") else 0) == 1
    if nested:
        if len(value) != size:
            raise ParameterError(f"{f.name} has {len(value)} lists: must be one list or one for each of {size} nodes")
        return [np.atleast_1d(np.asarray(magnitude(v, f.unit, f.name), np.float64)) for v in value]
    one = np.asarray(magnitude(value, f.unit, f.name) if len(value) else [], np.float64)
    return [one] * size


def declared(model: Model, size: int, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and initial values from what the user gave, under the models' names; `V_initializer` sets V_m."""
    params = {f.name: f for f in model.params}
    state = {f.name: f for f in model.state}
    out: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name, value in given.items():
        name = "V_m" if name == "V_initializer" and "V_m" in state else name
        if name in params:
            out[0][name] = parameter(value, params[name], size)
        elif name in state:
            out[1][name] = parameter(value, state[name], size)
            if not isinstance(out[1][name], Distribution) and not np.isfinite(out[1][name]).all():
                raise ParameterError(f"{name} = {value}: an initial value must be finite")
        else:
            raise unknown("parameter", name, model.name, [*params, *state])
    for f in model.params:
        if f.type is tuple and f.name not in out[0]:
            out[0][f.name] = [np.zeros(0)] * size
    return out


def recorder_params(recorder: Recorder, given: dict[str, Any], dt: float) -> dict[str, Any]:
    """A recorder's parameters, in ms."""
    out = {name: default for name, (_, default) in recorder.params.items()}
    for name, value in given.items():
        if name not in out:
            raise unknown("parameter", name, recorder.name, out)
        if name == "record_from":
            value = (value,) if isinstance(value, str) else tuple(value)
        else:
            value = magnitude(value, "ms", name)
            if math.isnan(value):
                raise BadRecording(f"{name} = {value}: must not be NaN")
            if math.isfinite(value):
                on_grid(value, dt, name)
        out[name] = value
    if "interval" in out and (not math.isfinite(out["interval"]) or out["interval"] < dt * (1 - 1e-9)):
        raise BadRecording(f"interval = {out['interval']:g} ms: must be a multiple of dt = {dt:g} ms")
    if out["stop"] < out["start"]:
        raise BadRecording(f"stop = {out['stop']:g} ms: must be start = {out['start']:g} ms or later")
    return out


def on_grid(time: float, dt: float, name: str) -> int:
    """`time` in steps; raises BadTime where it is not a multiple of dt."""
    if not math.isfinite(time):
        raise BadTime(f"{name} = {time}: must be finite")
    steps = round(time / dt)
    if abs(steps * dt - time) > 1e-6 * dt + 1e-12 * abs(time):
        raise BadTime(f"{name} = {time:g} ms: must be a multiple of dt = {dt:g} ms")
    return steps


def receptor_for(models: Sequence[Model], source: Model, wanted: Any) -> Field:
    """The receptor that a connection reaches: what was asked for, or the model's first for spikes, `current` for currents."""
    found = []
    for model in models:
        receptors = {f.name: f for f in model.receptors}
        usual = [n for n in receptors if (n == "current") == (source.emits == "current")]
        if wanted is None or (isinstance(wanted, (int, np.integer)) and wanted == 0 and usual):
            if not usual:
                raise BadConnection(f"{source.name} emits {source.emits}, and {model.name} has no receptor for that; it has "
                                    f"{', '.join(receptors) or 'none'}")
            found.append(receptors[usual[0]])
        elif wanted in receptors:
            if wanted not in usual:
                raise BadConnection(f"receptor_type = {wanted!r}: {source.name} emits {source.emits}, {model.name} takes "
                                    f"those at {', '.join(usual) or 'no receptor'}")
            found.append(receptors[wanted])
        else:
            raise BadConnection(f"receptor_type = {wanted!r}: {model.name} has the receptors {', '.join(receptors) or 'none'}")
    if len({(f.name, f.unit) for f in found}) > 1:
        raise BadConnection("the targets take this input at different receptors "
                            f"({', '.join(sorted({f'{f.name} in {f.unit}' for f in found}))}): connect them in separate calls")
    return found[0]


def values(value: Any, unit: str, name: str, rule: Rule, n_sources: int, n_targets: int) -> Any:
    """A weight or delay: a number, a distribution, or an array in the rule's shape or as a (targets, sources) matrix."""
    if isinstance(value, Distribution):
        return distribution_in(value, unit, name)
    value = magnitude(value, unit, name)
    if not np.isfinite(value).all():
        where = f" (entry {np.argmin(np.isfinite(value))})" if np.ndim(value) else ""
        raise BadConnection(f"{name} = {value if np.ndim(value) == 0 else 'array'}{where}: must be finite")
    if np.ndim(value) == 0:
        return value
    shape, matrix = rule.shape(n_sources, n_targets), (n_targets, n_sources)
    if value.shape in (shape, matrix) and value.ndim:
        return value
    if shape and value.ndim == 1 and value.size == math.prod(shape):
        return value.reshape(shape)
    forms = " or ".join(dict.fromkeys(str(s) for s in (shape, matrix) if s))
    raise BadConnection(f"{name} has shape {value.shape}: {rule} with {n_sources} sources and {n_targets} targets takes one "
                        f"number, a distribution, or an array of shape {forms}")


def check_delay(delay: Any, dt: float) -> None:
    """Refuse delays below dt; warn where rounding to the grid moves one."""
    if isinstance(delay, Distribution):
        low, high = delay.limits()
        if low < 0.5 * dt or not math.isfinite(high):
            raise BadConnection(f"delay = {delay!r} can give {low:g} ms: must be dt = {dt:g} ms or more; truncate it with "
                                f"min={dt:g}")
        return
    array = np.atleast_1d(delay)
    if array.min(initial=math.inf) < dt * (1 - 1e-6):
        at = f" (entry {array.argmin()})" if np.ndim(delay) else ""
        raise BadConnection(f"delay = {array.min():g} ms{at}: must be dt = {dt:g} ms or more")
    if array.max(initial=0.0) > 2**30 * dt:
        raise BadConnection(f"delay = {array.max():g} ms: must be below {2**30 * dt:g} ms")
    moved = np.abs(np.floor(array / dt + 0.5) * dt - array)
    if moved.max(initial=0.0) > 1e-6 * dt:
        warnings.warn(f"delay = {array.flat[moved.argmax()]:g} ms is no multiple of dt = {dt:g} ms and is rounded to the nearest",
                      stacklevel=4)


def check_pairs(rule: Rule, sources: Sequence[Segment], targets: Sequence[Segment], autapses: bool, multapses: bool) -> None:
    """Whether the rule can be applied to these nodes."""
    pairing = Pairing(np.concatenate([s.ids for s in sources]), np.concatenate([s.ids for s in targets]), autapses, multapses)
    for name, ids in (("sources", pairing.sources), ("targets", pairing.targets)):
        if not (autapses and multapses) and len(np.unique(ids)) < len(ids):
            raise BadConnection(f"a node stands twice among the {name}: allow_autapses=False and allow_multapses=False "
                                f"need every node once")
    rule.check(pairing)


def table_bytes(projection: Projection) -> float:
    """An estimate of the memory that a projection's synapses need while its table is built."""
    n = projection.rule.expected(sum(map(len, projection.sources)), sum(map(len, projection.targets)))
    varied = isinstance(projection.weight, (np.ndarray, Distribution))
    return n * (2 + 4 * varied + 4 * isinstance(projection.delay, (np.ndarray, Distribution)))


def check_memory(network: Network) -> None:
    """Refuse a network whose synapses would not fit, before anything is allocated."""
    needed = sum(table_bytes(p) for p in network.projections)
    free = available_memory()
    if needed > free:
        raise TooLarge(f"the synapses would need about {needed / 1e9:.1f} GB; {free / 1e9:.1f} GB are free: connect fewer "
                       f"neurons, or with a lower in-degree or probability")


def available_memory() -> float:
    """Bytes that can be allocated on this machine without swapping; infinite where it cannot be told."""
    try:
        with open("/proc/meminfo") as lines:
            return next(int(line.split()[1]) * 1024.0 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return math.inf
