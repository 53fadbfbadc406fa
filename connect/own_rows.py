"""The row function around a user's own: it hands on numbers and arrays, and lets nothing wrong out."""
from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from .own_calls import make_call

# what a row function returns for a row that must not be used; out[0] then holds what was wrong
NUMBER, PARTNER, RAISED, TWICE = -1, -2, -3, -4


@cache
def make_bare_row(function: Callable, kinds: tuple[str, ...]) -> Callable:
    """The row function for rows that were found right, which looks at nothing again."""
    call = make_call(function, kinds)

    def bare_row_of_own(words, table, k0, k1, stream, domain, index, out, room):
        for i in range(words[1]):
            out[i] = -1
        number = np.int64(call(np.int64(index), words[0], (k0, k1, stream, domain, index), out[:words[1]], words))
        n, skip = np.int64(0), np.int64(table[index]) - 1 if words[2] else np.int64(-1)
        for i in range(number):
            if out[i] != skip:
                out[n] = out[i]
                n += 1
        return n
    return bare_row_of_own


@cache
def make_own_row(function: Callable, kinds: tuple[str, ...]) -> Callable:
    """The row function that calls the user's."""
    call = make_call(function, kinds)

    def row_of_own(words, table, k0, k1, stream, domain, index, out):
        partners, longest, own, distinct = words[0], words[1], words[2], words[3]
        out[:longest] = -1                  # what is returned and was not written must not be what another row left
        try:
            number = np.int64(call(np.int64(index), partners, (k0, k1, stream, domain, index), out[:longest], words))
        except Exception:
            return np.int64(RAISED)
        if number < 0 or number > longest:
            out[0] = min(max(number, -2147483648), 2147483647)
            return np.int64(NUMBER)
        n, skip = np.int64(0), np.int64(table[index]) - 1 if own else np.int64(-1)
        for i in range(number):
            if out[i] < 0 or out[i] >= partners:
                out[0] = out[i]
                return np.int64(PARTNER)
            if out[i] != skip:
                out[n] = out[i]
                n += 1
        if distinct:
            taken = np.zeros(partners, np.uint8)
            for i in range(n):
                if taken[out[i]]:
                    out[0] = out[i]
                    return np.int64(TWICE)
                taken[out[i]] = 1
        return n
    return row_of_own


def explain(code: int, value: int, longest: int, partners: int) -> str:
    """What is wrong with a row, from what its row function returned and left in out[0]."""
    if code == NUMBER:
        return f"it returned {value}: must be 0 to longest = {longest}"
    if code == PARTNER:
        what = "returned more partners than it wrote, or wrote" if value == -1 else "wrote"
        return f"it {what} the partner {value}: must be 0 to {partners - 1}"
    if code == TWICE:
        return f"it wrote the partner {value} twice, and allow_multapses=False"
    return f"it raised an error, or wrote beyond out[{longest - 1}] (longest = {longest})"
