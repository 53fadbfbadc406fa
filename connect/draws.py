"""Random numbers: a counter-based generator and a branch-free sampler, in plain Python.

The same functions run on NumPy arrays, inside CPU kernels and on a GPU; they use whole numbers only, so that all of them
give the same bits. A number has an address, (seed, stream, domain, object, index), and no history.

philox: Philox 4x32-10 of Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3 (SC'11).
alias_table: Walker's alias method in Vose's form (1991), IEEE Trans. Softw. Eng. 17:972.
"""
from __future__ import annotations

import numpy as np

# Domains: what a number is for. They keep the draws of one stream apart.
EDGES, WEIGHTS, DELAYS, INPUTS, INITIAL = range(5)
OWN_SEED = 8                 # added to the domain of streams that a seed= of the user names

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint32(0x9E3779B9), np.uint32(0xBB67AE85)
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def philox(c0, c1, c2, c3, k0, k1):
    """Four 32-bit words for the counter c0..c3 and the key k0, k1 (all uint32).

    Words are kept in 64 bits, of which the upper half may hold anything: so the rounds vectorise without moving halves about.
    """
    a, b, c, d = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    for _ in range(10):
        p0 = _M0 * (a & _LOW)
        p1 = _M1 * (c & _LOW)
        a = (p1 >> _HALF) ^ b ^ np.uint64(k0)
        c = (p0 >> _HALF) ^ d ^ np.uint64(k1)
        b, d = p1, p0
        k0 = np.uint32(k0 + _W0)
        k1 = np.uint32(k1 + _W1)
    return np.uint32(a & _LOW), np.uint32(b & _LOW), np.uint32(c & _LOW), np.uint32(d & _LOW)


def alias_pick(word, thresholds, aliases, first, bits):
    """The outcome that a 32-bit word selects from the table of 2**bits cells that begins at `first`."""
    cell = first + (word >> np.uint32(32 - bits))
    low = word & np.uint32((1 << (32 - bits)) - 1)
    return cell - first if low < thresholds[cell] else aliases[cell]


def packed_pick(word, cells, first, bits):
    """The same from cells that hold the threshold in their upper and the alias in their lower half (uint64).

    With one load for both no branch is left, which nothing could predict.
    """
    cell = first + (word >> np.uint32(32 - bits))
    low, both = word & np.uint32((1 << (32 - bits)) - 1), cells[np.uint64(cell)]
    return np.uint32(cell - first) if np.uint64(low) < both >> _HALF else np.uint32(both & _LOW)


def alias_table(probabilities: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds and aliases (uint32, 2**bits each) for outcomes 0, 1, ...; probabilities are kept to 2**-32."""
    cells, full = 1 << bits, 1 << (32 - bits)
    share = np.zeros(cells)
    share[:len(probabilities)] = probabilities
    share *= cells / share.sum()
    rest, thresholds, aliases = share.tolist(), [full] * cells, list(range(cells))      # lists, which are faster by the item
    small = [i for i in range(cells) if rest[i] < 1.0]
    large = [i for i in range(cells) if rest[i] >= 1.0]
    while small and large:
        i, j = small.pop(), large[-1]
        thresholds[i], aliases[i] = round(rest[i] * full), j
        rest[j] -= 1.0 - rest[i]
        if rest[j] < 1.0:
            small.append(large.pop())
    return np.array(thresholds, np.uint32), np.array(aliases, np.uint32)


def bits_for(outcomes: int) -> int:
    """The smallest table that holds so many outcomes."""
    return max(1, int(np.ceil(np.log2(max(outcomes, 2)))))


def poisson_probabilities(mean: float) -> np.ndarray:
    """Probabilities of 0, 1, ... up to where less than 2**-33 is left."""
    top = int(mean + 7.0 * np.sqrt(mean) + 16)
    k = np.arange(top + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(k[1:]))])
    p = np.exp(k * np.log(mean) - mean - log_factorial) if mean > 0 else (k == 0).astype(float)
    left = np.cumsum(p[::-1])[::-1]
    return p[:max(1, int(np.count_nonzero(left >= 2.0**-33)))]


def key_of(seed: int) -> tuple[np.uint32, np.uint32]:
    """The generator's key for a simulator's seed."""
    return np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32 & 0xFFFFFFFF)
