"""The call of the function of a user's own rule, with its parameters from the row's words."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from .own_parameters import HEAD


@cache
def make_call(function: Callable, kinds: tuple[str, ...]) -> Callable:
    """The call of the user's function; kinds: of its parameters, such as "i0" for a whole number, "f1" for an array."""
    call = with_none(function)
    for j in reversed(range(len(kinds))):
        many, real = kinds[j][1] == "1", kinds[j][0] == "f"
        call = (with_array if many else with_number)(call, HEAD + 2 * j, real)
    return call


def with_none(function: Callable) -> Callable:
    def call(index, n, draw, out, words, *given):
        return function(index, n, draw, out, *given)
    return call


def with_number(inner: Callable, j: int, real: bool) -> Callable:
    def call_real(index, n, draw, out, words, *given):
        return inner(index, n, draw, out, words, *given, words[j:j + 1].view(np.float64)[0])

    def call_whole(index, n, draw, out, words, *given):
        return inner(index, n, draw, out, words, *given, words[j])
    return call_real if real else call_whole


def with_array(inner: Callable, j: int, real: bool) -> Callable:
    def call_real(index, n, draw, out, words, *given):
        return inner(index, n, draw, out, words, *given, words[words[j]:words[j + 1]].view(np.float64))

    def call_whole(index, n, draw, out, words, *given):
        return inner(index, n, draw, out, words, *given, words[words[j]:words[j + 1]])
    return call_real if real else call_whole
