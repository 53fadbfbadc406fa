"""What the user says of a connection, checked: receptor, weights, delays, and whether the rule can pair the nodes."""
from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution, Pairing, Rule, Space
from nestling.connect.reading import switch
from nestling.models.contract import Field, Model

from .formulas import expression_in, is_expression
from .network import Segment, space_of
from .units import magnitude

LONGEST = 2**30                       # steps: the longest delay
STRONGEST = 1e280                     # in any unit: so that as many as can come at once have a finite sum


def receptor_for(models: Sequence[Model], source: Model, wanted: Any) -> tuple[Field, ...]:
    """The input that a connection reaches, or those for weights above and below 0: by number (0 if not given) or name."""
    found = []
    for model in models:
        fields = {f.name: f for f in model.receptors}
        numbered = model.current_receptors if source.emits == "current" else model.spike_receptors
        if wanted is None and numbered:
            names = numbered.get(0, next(iter(numbered.values())) if len(numbered) == 1 else ())
        elif isinstance(wanted, str):
            mine = source.emits == "current"
            names = (wanted,) if wanted in fields and wanted.startswith("current") == mine else ()
        else:
            whole = isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool)
            names = numbered.get(int(wanted), ()) if whole else ()
        if not names:
            kind = "currents" if source.emits == "current" else "spikes"
            known = ", ".join(f"{k} ({' and '.join(v)})" for k, v in numbered.items())
            asked = "receptor_type is not given" if wanted is None else f"receptor_type = {wanted!r}"
            raise BadConnection(f"{asked}: {source.name} emits {source.emits}, {model.name} takes {kind} at "
                                f"{f'the receptors {known}' if known else 'no receptor'}")
        found.append(tuple(fields[name] for name in names))
    if len({tuple((f.name, f.unit) for f in fields) for fields in found}) > 1:
        raise BadConnection("the targets take this input at different receptors ("
                            + ", ".join(sorted({" and ".join(f"{f.name} in {f.unit}" for f in fields) for fields in found}))
                            + "): connect them in separate calls")
    return found[0]


def receptors_for(models: Sequence[Model], source: Model, wanted: Any, rule: Rule, n_sources: int,
                  n_targets: int) -> tuple[tuple[Field, ...], np.ndarray | None]:
    """The inputs that a connection reaches, and if `wanted` is an array, which of them each synapse reaches."""
    if np.ndim(wanted) == 0:
        return receptor_for(models, source, wanted), None
    array = fitted(np.asarray(wanted), "receptor_type", rule, n_sources, n_targets)
    if array.dtype.kind not in "iuU":
        raise BadConnection(f"receptor_type = array of {array.dtype}: must hold numbers or names of receptors")
    found: list[tuple[Field, ...]] = []
    distinct, which = np.unique(array, return_inverse=True)
    for i, name in enumerate(distinct):
        try:
            found.append(receptor_for(models, source, name.item()))
        except BadConnection as error:
            raise BadConnection(f"{error} (entry {place_of(array, int((which == i).argmax()))})") from None
    if len(found) == 1:
        return found[0], None
    if not found:
        raise BadConnection("receptor_type is an array without entries")
    if any(len(fields) > 1 for fields in found):
        pair = next(n for n, fields in zip(distinct, found) if len(fields) > 1)
        raise BadConnection(f"receptor_type = {pair.item()!r} stands for an input for weights above 0 and one for those below: "
                            f"in an array, name one of them")
    if len({fields[0].unit for fields in found}) > 1:
        raise BadConnection(f"receptor_type: weights are in {' and in '.join(sorted({f[0].unit for f in found}))}: "
                            f"connect them in separate calls")
    return tuple(fields[0] for fields in found), which.reshape(array.shape)


def values(value: Any, unit: str, name: str, rule: Rule, n_sources: int, n_targets: int,
           space: Callable[[], Space | None] | None = None) -> Any:
    """A weight or delay: a number, an expression, or an array in the rule's shape, as a (targets, sources) matrix, or with one
    entry a target, (targets, 1), or a source, (1, sources). space: where the nodes are."""
    if is_expression(value):
        value = expression_in(value, unit, name, space=space, shape=(n_targets, n_sources))
        if isinstance(value, Distribution):
            return value
    value = magnitude(value, unit, name)
    if not np.isfinite(value).all():
        raise BadConnection(f"{name} = {entry(value, np.argmin(np.isfinite(value)))}: must be finite")
    return value if np.ndim(value) == 0 else fitted(value, name, rule, n_sources, n_targets)


def fitted(value: np.ndarray, name: str, rule: Rule, n_sources: int, n_targets: int) -> np.ndarray:
    """An array in the shape of the rule's synapses, or as a (targets, sources) matrix; raises BadConnection."""
    shape, matrix = rule.shape(n_sources, n_targets), (n_targets, n_sources)
    if value.shape in (shape, matrix, (n_targets, 1), (1, n_sources)) and value.ndim:
        return value
    if shape and value.ndim == 1 and value.size == math.prod(shape):
        return value.reshape(shape)
    forms = " or ".join(dict.fromkeys(str(s) for s in (shape, matrix, (n_targets, 1), (1, n_sources)) if s))
    raise BadConnection(f"{name} has shape {value.shape}: {rule} with {n_sources} sources and {n_targets} targets takes one "
                        f"number, a distribution, or an array of shape {forms}")


def check_weight(weight: Any) -> None:
    """Refuse weights of which a sum could overflow."""
    if isinstance(weight, Distribution):
        strongest = max(weight.limits(), key=abs)
        if abs(strongest) > STRONGEST:
            raise BadConnection(f"weight = {weight!r} can give {strongest:g}: must be at most {STRONGEST:g} in magnitude")
    elif np.abs(weight).max(initial=0.0) > STRONGEST:
        raise BadConnection(f"weight = {entry(weight, np.abs(weight).argmax())}: must be at most {STRONGEST:g} in magnitude")


def check_delay(delay: Any, dt: float) -> None:
    """Refuse delays below dt (of a distribution: those that do not round to it); warn where rounding to the grid moves one."""
    if isinstance(delay, Distribution):
        low, high = delay.limits()
        if low < dt / 2 * (1 - 1e-6):        # from dt / 2 on all round to a step, and each step gets its whole share
            half = f"{dt / 2:g}"
            advice = f"truncate it with min={half}" if hasattr(delay, "min") else f"use clip({half}, ..) or redraw({half}, ..)"
            raise BadConnection(f"delay = {delay!r} can give {low:g} ms: must be dt / 2 = {half} ms or more, which rounds to "
                                f"dt; {advice}")
        if high > LONGEST * dt:
            advice = "truncate it with max=" if hasattr(delay, "max") else "use clip(low, high) or redraw(min, max)"
            raise BadConnection(f"delay = {delay!r} can give {high:g} ms: must be at most {LONGEST * dt:g} ms; {advice}")
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
    return f"{value.ravel()[flat]:g}{unit} (entry {place_of(value, flat)})"


def place_of(value: np.ndarray, flat: Any) -> Any:
    """The index of an array's entry, from its flat one."""
    place = tuple(int(i) for i in np.unravel_index(flat, value.shape))
    return place if len(place) > 1 else place[0]


def check_pairs(rule: Rule, sources: Sequence[Segment], targets: Sequence[Segment], autapses: bool, multapses: bool) -> None:
    """Whether the rule can be applied to these nodes."""
    for name, value in (("allow_autapses", autapses), ("allow_multapses", multapses)):
        switch(value, name)
    pairing = Pairing(np.concatenate([s.ids for s in sources]), np.concatenate([s.ids for s in targets]), autapses, multapses,
                      space=space_of(tuple(sources), tuple(targets)) if rule.spatial else None)
    for name, ids in (("sources", pairing.sources), ("targets", pairing.targets)):
        if not (autapses and multapses) and len(np.unique(ids)) < len(ids):
            raise BadConnection(f"a node stands twice among the {name}: allow_autapses=False and allow_multapses=False "
                                f"need every node once")
    rule.check(pairing)
