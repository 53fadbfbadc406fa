"""What the user says of a connection, checked: receptor, weights, delays, and whether the rule can pair the nodes."""
from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution, Pairing, Rule
from nestling.models.contract import Field, Model

from .declare import distribution_in
from .network import Segment
from .units import magnitude

LONGEST = 2**30                       # steps: the longest delay


def receptor_for(models: Sequence[Model], source: Model, wanted: Any) -> Field:
    """The receptor that a connection reaches: what was asked for, or the model's first for spikes, `current` for currents."""
    found = []
    for model in models:
        receptors = {f.name: f for f in model.receptors}
        usual = [n for n in receptors if (n == "current") == (source.emits == "current")]
        if wanted is None or (isinstance(wanted, (int, np.integer)) and wanted is not False and wanted == 0 and usual):
            if not usual:
                raise BadConnection(f"{source.name} emits {source.emits}, and {model.name} has no receptor for that; it has "
                                    f"{', '.join(receptors) or 'none'}")
            found.append(receptors[usual[0]])
        elif isinstance(wanted, str) and wanted in receptors:
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
    value = distribution_in(value, unit, name) if isinstance(value, Distribution) else magnitude(value, unit, name)
    if isinstance(value, Distribution):
        return value
    if not np.isfinite(value).all():
        raise BadConnection(f"{name} = {entry(value, np.argmin(np.isfinite(value)))}: must be finite")
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
        if low < dt * (1 - 1e-6):
            raise BadConnection(f"delay = {delay!r} can give {low:g} ms: must be dt = {dt:g} ms or more; truncate it with "
                                f"min={dt:g}")
        if high > LONGEST * dt:
            raise BadConnection(f"delay = {delay!r} can give {high:g} ms: must be at most {LONGEST * dt:g} ms; truncate it "
                                f"with max=")
        return
    array = np.atleast_1d(delay)
    if array.min(initial=math.inf) < dt * (1 - 1e-6):
        raise BadConnection(f"delay = {entry(delay, array.argmin(), ' ms')}: must be dt = {dt:g} ms or more")
    if array.max(initial=0.0) > LONGEST * dt:
        raise BadConnection(f"delay = {entry(delay, array.argmax(), ' ms')}: must be at most {LONGEST * dt:g} ms")
    moved = np.abs(np.floor(array / dt + 0.5) * dt - array)
    if moved.max(initial=0.0) > 1e-6 * dt:
        warnings.warn(f"delay = {entry(delay, moved.argmax(), ' ms')} is no multiple of dt = {dt:g} ms and is rounded to the "
                      f"nearest", stacklevel=4)


def entry(value: Any, flat: Any, unit: str = "") -> str:
    """A number, or of an array the one at a flat index with its place, for a message."""
    if np.ndim(value) == 0:
        return f"{value:g}{unit}"
    place = tuple(int(i) for i in np.unravel_index(flat, value.shape))
    return f"{value[place]:g}{unit} (entry {place if len(place) > 1 else place[0]})"


def check_pairs(rule: Rule, sources: Sequence[Segment], targets: Sequence[Segment], autapses: bool, multapses: bool) -> None:
    """Whether the rule can be applied to these nodes."""
    for name, switch in (("allow_autapses", autapses), ("allow_multapses", multapses)):
        if not isinstance(switch, (bool, np.bool_)):
            raise BadConnection(f"{name} = {switch!r}: must be True or False")
    pairing = Pairing(np.concatenate([s.ids for s in sources]), np.concatenate([s.ids for s in targets]), autapses, multapses)
    for name, ids in (("sources", pairing.sources), ("targets", pairing.targets)):
        if not (autapses and multapses) and len(np.unique(ids)) < len(ids):
            raise BadConnection(f"a node stands twice among the {name}: allow_autapses=False and allow_multapses=False "
                                f"need every node once")
    rule.check(pairing)
