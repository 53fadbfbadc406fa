"""fixed_prob with small probabilities: as many connections as asked for, independent, anywhere; fixed seeds."""
from __future__ import annotations

import zlib
from typing import Any

import numba
import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect import draws, kernels
from nestling.connect.contract import Pairing
from nestling.simulator.compile import jitable

MOST = 2**31 - 1            # partners: all that there can be
row = jitable(kernels.row_of_chances)


@numba.njit
def degrees(words, table, k0, k1, stream, counts, out, sums):
    """How many partners each of many rows has; positions in 64 parts of the row are counted in `sums`."""
    for r in range(counts.size):
        counts[r] = row(words, table, k0, k1, stream, 0, r, out)
        for i in range(counts[r]):
            sums[out[i] * 64 // words[0]] += 1


@numba.njit
def one_row(words, table, k0, k1, stream, index, out):
    return row(words, table, k0, k1, stream, 0, index, out)


def prepared(p: float, partners: int, own: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """Words and table for rows of so many partners; own: the place in row 0 that must not be chosen."""
    few = Pairing(np.arange(3), np.arange(3, 6), own < 0, True)
    found = nl.fixed_prob(p).prepare(few)
    words, table = found.words.astype(np.int64), np.array(found.table, np.uint32)
    words[0] = partners
    if own >= 0:
        table[0] = own + 1
    return words, table


def many_rows(p: float, partners: int, n_rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    counts, sums = np.zeros(n_rows, np.int64), np.zeros(64, np.int64)
    out = np.zeros(int(p * partners + 20 * np.sqrt(p * partners + 1) + 100), np.int32)
    degrees(*prepared(p, partners), *draws.key_of(seed), 0, counts, out, sums)
    return counts, sums


@pytest.mark.parametrize("p, n_rows", [(0.999e-6, 10_000), (1e-7, 100_000), (3e-9, 1_000_000), (1e-10, 10_000_000),
                                       (1e-13, 10_000_000)])
def test_a_small_probability_is_met(tolerances, p, n_rows):
    # up to 2e7 connections: 1/4 in a thousand is seen
    counts, sums = many_rows(p, MOST, n_rows)
    mean = p * MOST * n_rows
    assert abs(counts.sum() - mean) < tolerances.STANDARD_ERRORS * np.sqrt(mean)
    if mean > 1e5:
        assert stats.chisquare(sums).pvalue > tolerances.P_VALUE            # anywhere in the row
    # degrees are binomial, here as good as Poisson: so is their variance
    spread = ((counts - p * MOST) ** 2).sum() / (p * MOST)
    assert abs(spread - n_rows) < tolerances.STANDARD_ERRORS * np.sqrt(n_rows * (2 + 1 / (p * MOST)))


def test_rows_are_independent(tolerances):
    counts, _ = many_rows(1e-9, MOST, 1_000_000)
    z = (counts - counts.mean()) / counts.std()
    for lag in (1, 2, 4):
        assert abs(np.mean(z[lag:] * z[:-lag])) < tolerances.STANDARD_ERRORS / np.sqrt(len(z))
    other, _ = many_rows(1e-9, MOST, 1_000_000, seed=2)
    assert abs(np.corrcoef(counts, other)[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(z))


def test_gaps_are_geometric(tolerances):
    p, out = 5e-7, np.zeros(10_000, np.int32)
    gaps = []
    for index in range(200):
        n = one_row(*prepared(p, MOST), *draws.key_of(3), 0, index, out)
        assert (np.diff(out[:n].astype(np.int64)) > 0).all() and out[0] >= 0 and out[n - 1] < MOST
        gaps.append(np.diff(out[:n].astype(np.int64), prepend=-1))
    assert stats.kstest(np.concatenate(gaps) * -np.log1p(-p), "expon").pvalue > tolerances.P_VALUE
    first = np.array([g[0] for g in gaps])
    assert stats.kstest(first * -np.log1p(-p), "expon").pvalue > tolerances.P_VALUE


def test_the_node_itself_is_left_out_and_nothing_else():
    p, out, with_own = 9e-7, np.zeros(10_000, np.int32), np.zeros(10_000, np.int32)
    for seed in range(20):
        n = one_row(*prepared(p, 10**8), *draws.key_of(seed), 0, 0, with_own)
        place = int(with_own[n // 2])
        m = one_row(*prepared(p, 10**8, own=place), *draws.key_of(seed), 0, 0, out)
        np.testing.assert_array_equal(out[:m], np.setdiff1d(with_own[:n], [place]))
        assert m == n - 1


@pytest.mark.parametrize("p", [0.0, 5e-324, 1e-300])
def test_no_probability_to_speak_of_gives_no_connection(p):
    counts, _ = many_rows(p, MOST, 100_000)
    assert not counts.any()


@pytest.mark.parametrize("p", [0.0, 1e-9, 3e-7, 0.999e-6])
def test_compiled_rows_are_those_of_plain_python(p):
    words, table = prepared(p, MOST)
    out, plain = np.zeros(5_000, np.int32), np.zeros(5_000, np.int32)
    for index in range(3):
        with np.errstate(over="ignore"):
            n = kernels.row_of_chances(words, table, *draws.key_of(9), 4, 0, index, plain)
        assert one_row(words, table, *draws.key_of(9), 4, index, out) == n
        np.testing.assert_array_equal(out[:n], plain[:n])


@pytest.mark.parametrize("p, partners, number, digest", [
    (1e-6, 3_000_000, 123, 1642006250), (1e-3, 5000, 191, 3220333953), (0.1, 300, 1194, 2954324681),
    (0.93, 100, 3760, 1144103498)])
def test_ordinary_probabilities_draw_what_they_always_drew(p, partners, number, digest):
    # so that a seed of an earlier version gives the same network
    out, found = np.zeros(partners + 1, np.int32), []
    for index in range(40):
        n = one_row(*prepared(p, partners), *draws.key_of(7), 5, index, out)
        found.append(out[:n].copy())
    joined = np.concatenate(found)
    assert (len(joined), zlib.crc32(joined.tobytes())) == (number, digest)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
def test_a_network_with_a_small_probability_is_built(make: Any, synapse_table: Any, reference: Any, tolerances: Any,
                                                     autapses: bool) -> None:
    n, p, number = 30_000, 5e-7, 0
    for seed in (1, 2):
        tables = []
        for threads in (1, 2):
            sim, (a,) = make(n, threads=threads, seed=seed)
            call = sim.connect(a, a, rule=nl.fixed_prob(p), allow_autapses=autapses)
            tables.append(synapse_table.synapses_of(sim.plan(), call).sorted())
        np.testing.assert_array_equal(tables[0].source, tables[1].source)
        np.testing.assert_array_equal(tables[0].target, tables[1].target)
        number += len(tables[0].source)
    assert abs(number - 2 * n * n * p) < tolerances.STANDARD_ERRORS * np.sqrt(2 * n * n * p)
    sim, (a, b) = make(2_000_000, 5)
    call = sim.connect(a, b, rule=nl.fixed_prob(p))
    found = synapse_table.synapses_of(sim.plan(), call).sorted()
    expected = sorted((s.source, s.target) for s in reference.synapses_of(call, sim.dt, sim.seed))
    assert list(zip(found.source.tolist(), found.target.tolist())) == expected and len(expected) > 0
