"""What the rules share that choose a given number of partners for a node."""
from __future__ import annotations

import numpy as np

from . import draws, kernels
from .contract import BadConnection, Pairing, Row


def check_number(pairing: Pairing, number: int, partners: int, what: str) -> None:
    """Raise BadConnection if `number` partners cannot be found among `partners` (`what`: "sources" or "targets")."""
    same = what == "sources"
    name = f"{'indegree' if same else 'outdegree'} = {number}"
    own = pairing.own if same else pairing.own_target
    if number and not pairing.allow_autapses and (own >= 0).any():
        partners -= 1
        what += " other than itself"
    if number and partners == 0:
        raise BadConnection(f"{name}: there are no {what} to choose from")
    if not pairing.allow_multapses and number > partners:
        raise BadConnection(f"{name}: {number} different {what} are asked for, there are {partners}: lower the number or set "
                            f"allow_multapses=True")


def row_of(pairing: Pairing, partners: int, own: np.ndarray, number: int | np.ndarray) -> Row:
    """The Row for `kernels.row_of_choices`; `number` is one for all rows or one for each."""
    skip = not pairing.allow_autapses and bool((own >= 0).any())
    varied = isinstance(number, np.ndarray)
    table = np.zeros(2 * len(own) if skip or varied else 1, np.uint32)
    if skip:
        table[::2] = own + 1
    if isinstance(number, np.ndarray):
        table[1::2] = number
        longest = int(number.max(initial=0))
        starts = np.concatenate([[0], np.cumsum(number, dtype=np.int64)])
        number = -1
    else:
        longest, starts = number, None
    given = np.array([partners, number, skip, not pairing.allow_multapses])
    if pairing.allow_multapses:
        return Row(given, table, longest, starts, each=(kernels.number_of_choices, kernels.choice))
    return Row(given, table, longest, starts, bare=kernels.bare_row_of_choices, room=(partners + 63) // 64)


def uniforms(pairing: Pairing, n: int) -> np.ndarray:
    """A uniform number in [0, 1), of 53 bits, for each of n rows: from words that no row draws its partners from."""
    blocks = np.arange((n + 1) // 2, dtype=np.uint32)
    rest = [np.full(len(blocks), c, np.uint32) for c in (0xFFFFFFFF, pairing.stream, pairing.domain, *pairing.key)]
    words = np.stack(draws.philox(blocks, *rest), axis=1).reshape(-1, 2)[:n].astype(np.uint64)
    return ((words[:, 0] << np.uint64(32) | words[:, 1]) >> np.uint64(11)) * 2.0**-53
