"""The parameters of a user's own rule: what its function may look like, and its numbers and arrays as words."""
from __future__ import annotations

import inspect
from types import FunctionType
from typing import Any

import numpy as np

from .contract import BadConnection

HEAD = 4                                        # words before the parameters: partners, longest, own (0/1), distinct (0/1)
ARGUMENTS = ("index", "n", "draw", "out")


def read_parameters(name: str, order: list[str], given: dict[str, Any]) -> dict[str, np.ndarray]:
    """The parameters as arrays of int64 or float64, of dimension 0 or 1; raises BadConnection."""
    missing = [p for p in order if p not in given]
    if missing:
        raise BadConnection(f"{name} needs {', '.join(missing)}: call it with its parameters")
    found = {}
    for p in order:
        a = np.asarray(given[p])
        if a.dtype.kind not in "biuf" or a.ndim > 1:
            what = f"{p} of shape {a.shape}" if a.ndim else f"{p} = {given[p]!r}"
            raise BadConnection(f"{name}: {what}: must be a number, or an array of one dimension")
        found[p] = a.astype(np.float64 if a.dtype.kind == "f" else np.int64)
    return found


def kinds_of(parameters: dict[str, np.ndarray]) -> tuple[str, ...]:
    """What they are, such as "i0" for a whole number and "f1" for an array."""
    return tuple(f"{a.dtype.kind}{a.ndim}" for a in parameters.values())


def words_of(parameters: dict[str, np.ndarray]) -> np.ndarray:
    """Two words for each parameter, a number or where in a row's words its array begins and ends; then the arrays."""
    words, end = [np.zeros(0, np.int64)], HEAD + 2 * len(parameters)
    arrays = [a.view(np.int64) for a in parameters.values() if a.ndim]
    for a in parameters.values():
        words.append(np.array([end, end + len(a)]) if a.ndim else np.append(a.reshape(1).view(np.int64), 0))
        end += a.size if a.ndim else 0
    return np.concatenate([*words, *arrays])


def signature_of(function: Any) -> inspect.Signature:
    """The signature of the function's parameters; raises BadConnection if it cannot be a rule."""
    if not isinstance(function, FunctionType):
        raise BadConnection(f"{function!r}: a rule is made of a plain function of (index, n, draw, out, ...)")
    parameters = list(inspect.signature(function).parameters.values())
    plain = all(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)
    if not plain or [p.name for p in parameters[:4]] != list(ARGUMENTS):
        raise BadConnection(f"{function.__name__}{inspect.signature(function)}: a rule's function takes (index, n, draw, out), "
                            f"then its parameters by name")
    check_reached(function, set())
    return inspect.Signature(parameters[4:])


def check_reached(function: FunctionType, seen: set[FunctionType]) -> None:
    """Refuse what compiled code would keep as it was when it was compiled, and what draws outside of the network's seed."""
    seen.add(function)
    code, name = function.__code__, function.__name__
    reached = {n: function.__globals__[n] for n in code.co_names if n in function.__globals__}
    reached |= {n: c.cell_contents for n, c in zip(code.co_freevars, function.__closure__ or ())}
    for n, thing in reached.items():
        if isinstance(thing, (np.ndarray, list, dict, set)):
            raise BadConnection(f"{name} reads {n}, which is made outside of it: make it a parameter")
        if isinstance(thing, FunctionType) and thing not in seen and not thing.__module__.startswith("nestling."):
            check_reached(thing, seen)
    if "random" in code.co_names or any(getattr(m, "__name__", "") == "random" for m in reached.values()):
        raise BadConnection(f"{name} draws random numbers of its own: use nl.uniform(draw, i) and nl.integer(draw, i, n)")
