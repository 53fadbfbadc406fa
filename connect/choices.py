"""What the rules share that choose a given number of partners for a node."""
from __future__ import annotations

import numpy as np

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
        number = -1
    else:
        longest = number
    return Row(np.array([partners, number, skip, not pairing.allow_multapses]), table, longest)
