"""The errors of a simulator, beside those of models, connections and recorders."""
from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class DimensionError(TypeError):
    """A quantity has the wrong physical dimension."""


class UnknownName(KeyError):
    """A parameter, state or recordable that the model does not have."""

    def __str__(self) -> str:
        return str(self.args[0])


class BadTime(ValueError):
    """A time that is negative, not finite or not on the grid of dt."""


class BadView(IndexError):
    """An index or a combination of nodes that is not there."""


class TooLarge(MemoryError):
    """What is asked for would not fit in this machine's memory."""


class NotAvailable(NotImplementedError):
    """Something that this version does not have."""


class BadCheckpoint(ValueError):
    """A file that cannot be loaded as a checkpoint: another's, damaged, of another format, or of models that are not there."""


class Diverged(ArithmeticError):
    """A node's state became NaN during a run; `results` holds what was recorded until then."""

    results: Any = None


class Interrupted(KeyboardInterrupt):
    """A run was stopped by Ctrl-C; `results` holds what was recorded, `cont` goes on."""

    def __init__(self, message: str, results: Any = None) -> None:
        super().__init__(message)
        self.results = results


def unknown(kind: str, name: str, owner: str, known: Iterable[str]) -> UnknownName:
    """An UnknownName error that lists the nearest known names, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(close)}? " if close else ""
    return UnknownName(f"{owner} has no {kind} {name!r}; {hint}it has {', '.join(known) or 'none'}")
