"""The arguments of sparse matrices, checked."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection, whole

MOST = 2**31 - 1         # nodes on one side: positions are 32-bit numbers


def size_of(shape: Any, names: tuple[str, str] = ("shape[0]", "shape[1]")) -> tuple[int, int]:
    """(n_pre, n_post) as two ints."""
    if not isinstance(shape, (tuple, list)) or len(shape) != 2:
        raise BadConnection(f"shape = {shape!r}: must be (n_pre, n_post)")
    n_pre, n_post = (whole(n, name) for n, name in zip(shape, names))
    for n, name in zip((n_pre, n_post), names):
        if n > MOST:
            raise BadConnection(f"{name} = {n}: must be at most {MOST}")
    return n_pre, n_post


def whole_numbers(value: Any, name: str) -> np.ndarray:
    """A vector of whole numbers."""
    array = np.asarray(value)
    if array.ndim != 1 or (array.dtype.kind not in "iu" and array.size):
        raise BadConnection(f"{name} is an array of {array.dtype} and shape {array.shape}: must be a vector of whole numbers")
    return array.astype(np.int64)


def seed_of(seed: Any) -> int:
    """A seed as an int; one that the operating system draws for None."""
    if seed is None:
        import secrets
        return secrets.randbits(64)
    if whole(seed, "seed") >= 2**64:
        raise BadConnection(f"seed = {seed}: must be a whole number, 0 to 2^64 - 1")
    return int(seed)


def number_of(conn_num: Any, partners: int, what: str, multapses: bool) -> int:
    """How many of `partners` are drawn: conn_num of them, or that fraction, rounded down."""
    if isinstance(conn_num, (float, np.floating)):
        if not 0.0 <= conn_num <= 1.0:
            raise BadConnection(f"conn_num = {conn_num!r}: must be a whole number, or as a float a fraction, 0.0 to 1.0")
        number = int(partners * float(conn_num) * (1.0 + 1e-12))      # 0.29 * 100 is below 29
    else:
        number = whole(conn_num, "conn_num")
    if number and not partners:
        raise BadConnection(f"conn_num = {conn_num}: there are no {what} to choose from")
    if number > partners and not multapses:
        raise BadConnection(f"conn_num = {conn_num}: must be at most {partners}, the number of {what}, with "
                            f"allow_multapses=False")
    return number


def probability(p: Any) -> float:
    """`prob` as a float."""
    if isinstance(p, (bool, np.bool_)) or not (isinstance(p, (int, float, np.number)) and 0.0 <= p <= 1.0):
        raise BadConnection(f"prob = {p!r}: must be a probability, 0 to 1")
    return float(p)
