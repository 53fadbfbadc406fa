"""Models, rules and functions in a checkpoint: by name, with a digest of their code, and found again in this process.

Nothing is imported for a file's sake: what it names must have been imported, or defined, by the script that loads it.
"""
from __future__ import annotations

import hashlib
import sys
import types
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from .compile import parts_of
from .errors import BadCheckpoint

OURS = __package__.partition(".")[0] + "."
PYTHON = ".".join(map(str, sys.version_info[:2]))
# what makes a module a model; of a class all that it defines counts
NAMES = ("Params", "State", "Inputs", "Step", "derive", "update", "check", "schedule", "timetable", "bound", "EMITS",
         "PER_CONNECTION", "RECEPTORS", "SOLVER", "RECORDS")
PLAIN = (type(None), bool, int, float, str, tuple, list, dict, np.number)


def name_of(thing: Any) -> str:
    """`module` of a module, `module:name` of a class or function."""
    return thing.__name__ if isinstance(thing, types.ModuleType) else f"{thing.__module__}:{thing.__qualname__}"


def is_ours(name: str) -> bool:
    return name.startswith(OURS)


def reference(thing: Any) -> dict[str, str]:
    """What a file says of a model, rule or function."""
    return dict(name=name_of(thing), digest=digest(thing))


def digest(thing: Any) -> str:
    """A digest of the code of a module, class or function and of all plain functions and records that it reaches."""
    texts: list[str] = []
    seen: list[Any] = []
    describe(thing, texts, seen)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def describe(thing: Any, texts: list[str], seen: list[Any]) -> None:
    if any(thing is other for other in seen):
        return
    seen.append(thing)
    if isinstance(thing, (staticmethod, classmethod)):
        describe(thing.__func__, texts, seen)
    elif isinstance(thing, property):
        describe(thing.fget, texts, seen)
    elif isinstance(thing, types.FunctionType):
        for part in parts_of(thing):
            if part is thing:
                texts.append(text_of(part))
            else:
                describe(part, texts, seen)
    elif isinstance(thing, type) and hasattr(thing, "_fields"):
        hints = [getattr(hint, "__forward_arg__", hint) for hint in thing.__annotations__.values()]
        texts.append(f"{thing.__name__}{thing._fields}{thing._field_defaults}{hints}")                       # type: ignore
    elif isinstance(thing, (type, types.ModuleType)):
        names = NAMES if isinstance(thing, types.ModuleType) else \
            [n for n in vars(thing) if not n.startswith("__") or n in ("__init__", "__post_init__")]
        for name in sorted(n for n in names if n in vars(thing)):
            texts.append(name)
            describe(vars(thing)[name], texts, seen)
    elif isinstance(thing, PLAIN):
        texts.append(repr(thing))


def text_of(function: types.FunctionType) -> str:
    """The code of a function, with the numbers that it reads; not where it stands, nor what it is called."""
    numbers = {n: function.__globals__[n] for n in function.__code__.co_names
               if isinstance(function.__globals__.get(n), (int, float, np.number, str))}
    cells = [c.cell_contents for c in function.__closure__ or ()]

    def constant(x: Any) -> str:
        return code(x) if isinstance(x, types.CodeType) else f"{sorted(map(repr, x))}" if isinstance(x, frozenset) else repr(x)

    def code(c: types.CodeType) -> str:
        return f"{c.co_code.hex()}{[constant(x) for x in c.co_consts]}{c.co_names}{c.co_varnames}{c.co_freevars}"
    return f"{code(function.__code__)}{function.__defaults__}{numbers}{[c for c in cells if not callable(c)]!r}"


class Definitions:
    """What a file's names stand for in this process. given: what the user has defined for it; python: that which wrote it."""

    def __init__(self, given: Iterable[Any], python: str) -> None:
        self.given = [getattr(thing, "function", thing) for thing in given]
        self.python = python
        for thing in self.given:
            if not isinstance(thing, (type, types.FunctionType, types.ModuleType)):
                raise TypeError(f"definitions: {thing!r} must be a model (class or module), a rule or a function")

    def find(self, wanted: dict[str, str], what: str) -> Any:
        """The thing of a name and a digest. Raises BadCheckpoint where there is none, or another."""
        name = wanted["name"]
        module, _, path = name.partition(":")
        found = [thing for thing in self.given if last(name_of(thing)) == last(name)]
        found += [thing for place in (module, *["__main__"] * bool(path)) if (thing := walk(place, path)) is not None]
        if not found:
            raise BadCheckpoint(f"the file asks for the {what} {last(name)}, defined in {module}: import or define it before "
                                f"load(), or give it in definitions=[...]")
        for thing in found:
            if digest(thing) == wanted["digest"]:
                return thing
        if self.python != PYTHON:
            warnings.warn(f"the file was written with Python {self.python}, with whose code this one's cannot be compared: the "
                          f"{what} {last(name)} may give other results", stacklevel=2)
            return found[0]
        raise BadCheckpoint(f"the {what} {last(name)} ({name_of(found[0])}) is not what it was when the file was written: its "
                            f"code differs; restore it, or give the one of that time in definitions=[...]")


def last(name: str) -> str:
    return name.replace(":", ".").rpartition(".")[2]


def walk(module: str, path: str) -> Any:
    """A module that was imported, or what it holds under a dotted path; None where there is none."""
    thing: Any = sys.modules.get(module)
    for name in path.split(".") if path else ():
        thing = getattr(thing, name, None)
    # a rule that was made of a function has taken its name
    return thing if isinstance(thing, (type, types.FunctionType, types.ModuleType)) else getattr(thing, "function", None)
