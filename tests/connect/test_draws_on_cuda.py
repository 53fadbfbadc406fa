"""What is drawn while a network runs compiles for GPUs, to code with the bits of the CPU's: whole numbers, samples, rows."""
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

from nestling import connect
from nestling import simulator as nl
from nestling.connect import draws, kernels
from nestling.connect.contract import Distribution, Rule
from nestling.simulator.compile import jitable

for module in pkgutil.iter_modules(connect.__path__):
    importlib.import_module(f"nestling.connect.{module.name}")

ON_CPUS_ONLY = {kernels.row_of_choices: "keeps in an array of its own which partners are taken",
                connect.space_kernels.row_near: "lists the candidates of a row in arrays"}


def kinds_of(base):
    for kind in base.__subclasses__():
        yield from (kind, *kinds_of(kind))


ROWS = {row for row in (getattr(rule, "row", None) for rule in kinds_of(Rule)) if inspect.isfunction(row)}
SAMPLES = [f for kind in kinds_of(Distribution) if hasattr(kind, "sample") for f in (kind.sample, *(kind.central or ())[:1])]


def check(cuda_code, monkeypatch, kernel, signature):
    for text in cuda_code.compiled(kernel, signature, monkeypatch).values():
        assert cuda_code.faults(text, nan=False) == []


@pytest.mark.parametrize("row", sorted({*ROWS, kernels.row_of_rare_chances} - set(ON_CPUS_ONLY), key=lambda f: f.__name__))
def test_rows_compile_to_code_with_the_bits_of_the_cpu(row, cuda_code, monkeypatch):
    from numba import cuda, int32, int64, uint32
    jitable(row)

    def kernel(words, table, k0, k1, stream, domain, longest, out, numbers):
        i = cuda.grid(1)
        numbers[i] = row(words, table, k0, k1, stream, domain, i, out[i * longest:])
    numbers = (uint32, uint32, int64, int64, int64)
    check(cuda_code, monkeypatch, kernel, (int64[::1], uint32[::1], *numbers, int32[::1], int64[::1]))


def test_rows_that_need_arrays_of_their_own_are_known():
    assert {kernels.row_of_all, kernels.row_of_chances, kernels.row_of_list, kernels.row_of_one, *ON_CPUS_ONLY} == ROWS


@pytest.mark.parametrize("sample", dict.fromkeys(SAMPLES), ids=lambda f: f.__name__)
def test_samples_compile_to_code_with_the_bits_of_the_cpu(sample, cuda_code, monkeypatch):
    from numba import cuda, float64, uint32
    jitable(sample)

    def kernel(words, a, b, out):
        i = cuda.grid(1)
        out[i] = sample(words[i], a, b)
    check(cuda_code, monkeypatch, kernel, (uint32[::1], float64, float64, float64[::1]))


def test_all_samples_are_there():
    assert {nl.dist.Normal.sample, nl.dist.LogNormal.sample, nl.dist.Uniform.sample, nl.dist.Exponential.sample} < set(SAMPLES)


def test_random_words_and_picks_from_tables_compile_to_whole_numbers(cuda_code, monkeypatch):
    from numba import cuda, int64, uint32, uint64
    philox, alias_pick, packed_pick = kernels.philox, kernels.alias_pick, kernels.packed_pick

    def words(out, index, stream, domain, k0, k1):
        i = cuda.grid(1)
        out[4 * i], out[4 * i + 1], out[4 * i + 2], out[4 * i + 3] = philox(np.uint32(i), index, stream, domain, k0, k1)

    def picks(words, thresholds, aliases, cells, first, bits, out):
        i = cuda.grid(1)
        out[i] = alias_pick(words[i], thresholds, aliases, first, bits) + packed_pick(words[i], cells, first, bits)
    for kernel, signature in ((words, (uint32[::1], *[uint32] * 5)),
                              (picks, (uint32[::1], uint32[::1], uint32[::1], uint64[::1], uint32, int64, uint32[::1]))):
        check(cuda_code, monkeypatch, kernel, signature)
        assert not any(".f64" in text or ".f32" in text for text in cuda_code.compiled(kernel, signature, monkeypatch).values())
    assert (kernels.philox, kernels.packed_pick) == (draws.philox, draws.packed_pick)
