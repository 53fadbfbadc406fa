"""Sparse operators: products against dense ones, what is drawn and how much of it, units, and bad input."""
from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
import threading
from typing import Any

import brainunit as u
import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect import draws, kernels, operator_kernels
from nestling.connect.contract import Pairing
from nestling.simulator.compile import parts_of

PRE, POST = 23, 37
SEEDS = range(1, 9)


def arrays(rng: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Data, indices and indptr of a matrix with empty rows and with pairs that come twice."""
    degrees = rng.integers(0, 9, PRE) * (np.arange(PRE) % 5 > 0)
    indices = rng.integers(0, POST, degrees.sum())
    indices[:2] = indices[0]
    return rng.normal(size=len(indices)), indices, np.concatenate([[0], np.cumsum(degrees)])


def matrices() -> dict[str, Any]:
    """One of every kind, with one weight and with many."""
    rng = np.random.default_rng(0)
    sizes = dict(num_pre=PRE, num_post=POST, seed=3)
    data, indices, indptr = arrays(rng)
    return {
        "post": nl.FixedPostNumConn(conn_num=9, weight=-0.7, **sizes),
        "post, weights": nl.FixedPostNumConn(conn_num=9, weight=rng.normal(size=(PRE, 9)), **sizes),
        "post, distinct": nl.FixedPostNumConn(conn_num=30, weight=2, allow_multapses=False, **sizes),
        "pre": nl.FixedPreNumConn(conn_num=6, weight=1.5, **sizes),
        "pre, weights": nl.FixedPreNumConn(conn_num=6, weight=rng.normal(size=(POST, 6)), **sizes),
        "scalar": nl.JITCScalarR(prob=0.3, weight=0.4, **sizes),
        "normal": nl.JITCNormalR(prob=0.3, loc=0.5, scale=2.0, **sizes),
        "uniform": nl.JITCUniformR(prob=0.3, low=-1.0, high=3.0, **sizes),
        "csr": nl.CSR(data, indices, indptr, shape=(PRE, POST)),
        "csr, one weight": nl.CSR(0.25, indices, indptr, shape=(PRE, POST)),
        "no entries": nl.FixedPostNumConn(conn_num=0, weight=1.0, **sizes),
        "all pairs": nl.JITCScalarR(prob=1.0, weight=1.0, **sizes),
        "no pairs": nl.JITCScalarR(prob=0.0, weight=1.0, **sizes),
    }


KINDS = list(matrices())


@pytest.fixture(scope="module", params=KINDS)
def conn(request: Any) -> Any:
    return matrices()[request.param]


@pytest.fixture
def counted(monkeypatch: Any) -> dict[str, int]:
    """The entries of matrices that products go through, and the rows of products from the left, added up."""
    found = dict(entries=0, rows=0)
    made = operator_kernels.compiled()

    def count(name: str) -> None:
        kernel, left = getattr(made, name), name.startswith("spread")

        def wrapped(*args: Any) -> int:
            n = kernel(*args)
            found["entries"] += n
            found["rows"] += len(args[0]) if left else 0
            return n
        monkeypatch.setattr(made, name, wrapped)
    for name in ("spread", "spread_drawn", "collect", "collect_drawn"):
        count(name)
    return found


def left_operands(rng: Any, n: int) -> list[np.ndarray]:
    """Spikes and vectors: none, few, all, counts, real numbers; batches of one, of several, of none."""
    few = rng.random(n) < 0.2
    return [np.zeros(n, bool), few, np.ones(n, bool), rng.poisson(0.5, n), rng.normal(size=n) * few, few[None, :],
            rng.random((5, n)) < 0.2, rng.normal(size=(4, n)).astype(np.float32), np.zeros((0, n)), rng.random((n, 3)).T]


# --- products against dense ones ------------------------------------------------------------------------------------------

def test_products_are_those_of_the_dense_matrix(conn):
    rng = np.random.default_rng(1)
    dense = conn.todense()
    assert conn.shape == dense.shape == (PRE, POST) and dense.dtype == np.float64
    for matrix, full in ((conn, dense), (conn.T, dense.T)):
        for x in left_operands(rng, full.shape[0]):
            for given, numbers in ((x, x.astype(float)), (nl.BinaryArray(x), (x > 0).astype(float))):
                y = given @ matrix
                assert type(y) is np.ndarray and y.dtype == np.float64
                np.testing.assert_allclose(y, numbers @ full, rtol=0, atol=1e-12)
        for x in left_operands(rng, full.shape[1]):
            for given, numbers in ((x.T, x.T.astype(float)), (nl.BinaryArray(x).T, (x.T > 0).astype(float))):
                np.testing.assert_allclose(matrix @ given, full @ numbers, rtol=0, atol=1e-12)


def test_transposed_and_scipy_forms_agree_with_the_dense_one(conn):
    dense = conn.todense()
    assert (conn.todense() == dense).all()
    assert conn.T.shape == (POST, PRE) and conn.T.T is conn
    np.testing.assert_array_equal(conn.T.todense(), dense.T)
    for matrix, full in ((conn, dense), (conn.T, dense.T)):
        sparse = matrix.tocsr()
        assert sparse.format == "csr" and sparse.has_canonical_format
        np.testing.assert_array_equal(sparse.toarray(), full)


def test_the_matrices_of_the_tests_are_not_trivial():
    made = {kind: m.todense() for kind, m in matrices().items()}
    assert {k for k, m in made.items() if not m.any()} == {"no entries", "no pairs"} and (made["all pairs"] == 1.0).all()
    assert made["post"].min() <= -1.4 and made["csr, one weight"].max() >= 0.5            # pairs that came twice
    for kind in ("post, weights", "pre, weights", "normal", "uniform", "csr"):
        assert len(np.unique(made[kind])) > 50, kind


def test_lists_and_arrays_of_jax_are_vectors_too(conn):
    import jax.numpy as jnp

    dense = conn.todense()
    for x in ([1.0] * PRE, jnp.ones(PRE), [[1.0] * PRE] * 2):
        np.testing.assert_allclose(x @ conn, np.asarray(x) @ dense, atol=1e-12)
    np.testing.assert_allclose(nl.BinaryArray(jnp.arange(PRE) % 2) @ conn, (np.arange(PRE) % 2) @ dense, atol=1e-12)


def test_what_is_not_a_number_stays_so(conn):
    x = np.zeros(PRE)
    x[6] = np.nan
    reached = (conn.todense() != 0.0)[6]
    assert (np.isnan(x @ conn) == reached).all()


def test_the_arrays_of_a_csr_matrix_are_copied():
    data, indices, indptr = arrays(np.random.default_rng(0))
    conn = nl.CSR(data, indices, indptr, shape=(PRE, POST))
    before = conn.todense()
    data[:], indices[:] = 0.0, 0
    np.testing.assert_array_equal(conn.todense(), before)
    conn.tocsr().data[:] = 0.0
    np.testing.assert_array_equal(conn.todense(), before)


# --- spikes ---------------------------------------------------------------------------------------------------------------

def test_an_event_is_what_is_true_or_above_0():
    for given in ([True, False, True, False], [3, 0, 1, -2], [0.1, 0.0, np.inf, np.nan], np.array([1, 0, 255, 0], np.uint8)):
        spk = nl.BinaryArray(given)
        assert list(np.asarray(spk)) == [True, False, True, False] and np.asarray(spk).dtype == bool
        assert spk.shape == (4,) and len(spk) == spk.size == 4 and spk.ndim == 1 and spk.sum() == 2
    assert np.asarray(spk, float).tolist() == [1.0, 0.0, 1.0, 0.0] and repr(spk) == "BinaryArray(2 events in (4,))"


def test_slices_and_indexed_spikes_are_spikes():
    value = np.random.default_rng(0).random(20) < 0.5
    spk = nl.BinaryArray(value)
    for index in (slice(3), slice(3, None), slice(None, None, -2), np.array([1, 5, 5]), [2, -1], value, nl.BinaryArray(value),
                  7):
        part = spk[index]
        assert type(part) is nl.BinaryArray
        np.testing.assert_array_equal(np.asarray(part), value[value if isinstance(index, nl.BinaryArray) else index])
    assert [bool(s) for s in spk] == value.tolist()
    batch = nl.BinaryArray(value.reshape(4, 5))
    assert batch.shape == (4, 5) and batch[1].shape == (5,) and batch[:, 2:].shape == (4, 3) and batch.T.shape == (5, 4)
    assert type(batch[1]) is type(batch[:, 2:]) is type(batch.T) is nl.BinaryArray
    assert batch.sum(axis=0).tolist() == value.reshape(4, 5).sum(axis=0).tolist()
    with pytest.raises(IndexError):
        spk[20]


def test_spikes_multiply_plain_arrays_too():
    spk, dense = nl.BinaryArray([1, 0, 2]), np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(spk @ dense, dense[0] + dense[2])
    np.testing.assert_array_equal(dense.T @ spk, dense[0] + dense[2])


def test_spikes_are_a_copy():
    value = np.ones(3, bool)
    spk = nl.BinaryArray(value)
    value[:] = False
    assert spk.sum() == 3


# --- what is drawn --------------------------------------------------------------------------------------------------------

def test_the_seed_decides_what_is_drawn():
    kinds = [k for k in KINDS if "csr" not in k and "all" not in k and "no " not in k]
    assert len(kinds) == 8
    for kind in kinds:
        np.testing.assert_array_equal(matrices()[kind].todense(), matrices()[kind].todense())
    makers = [lambda seed: nl.FixedPostNumConn(num_pre=PRE, num_post=POST, conn_num=9, weight=1.0, seed=seed),
              lambda seed: nl.FixedPreNumConn(num_pre=PRE, num_post=POST, conn_num=9, weight=1.0, seed=seed),
              lambda seed: nl.JITCScalarR(num_pre=PRE, num_post=POST, prob=0.3, weight=1.0, seed=seed)]
    for make in makers:
        found = [make(seed).todense().tobytes() for seed in (0, 1, 2, 2**32, 2**63, 2**64 - 1)]
        assert len(set(found)) == len(found)
        drawn = make(None)
        assert drawn.todense().tobytes() != make(None).todense().tobytes()
        np.testing.assert_array_equal(make(drawn.seed).todense(), drawn.todense())
    square = dict(num_pre=20, num_post=20, conn_num=5, weight=1.0, seed=1)           # one kind is not the other transposed
    assert (nl.FixedPostNumConn(**square).todense() != nl.FixedPreNumConn(**square).todense().T).any()


def test_values_of_drawn_weights_do_not_move_targets():
    sizes = dict(num_pre=PRE, num_post=POST, prob=0.3, seed=5)
    targets = nl.JITCScalarR(weight=1.0, **sizes).todense() != 0.0
    for conn in (nl.JITCNormalR(loc=1.0, scale=0.1, **sizes), nl.JITCUniformR(low=1.0, high=2.0, **sizes)):
        np.testing.assert_array_equal(conn.todense() != 0.0, targets)


@pytest.mark.filterwarnings("ignore:overflow")
def test_rows_are_those_of_the_rules_in_plain_python():
    """Bit for bit: the same addresses of random numbers, and the rules' own functions, uncompiled."""
    seed, key = 2**40 + 3, draws.key_of(2**40 + 3)
    conn = nl.JITCNormalR(num_pre=5, num_post=POST, prob=0.3, loc=2.0, scale=0.5, seed=seed)
    row = nl.fixed_prob(0.3).prepare(Pairing(np.arange(POST), np.arange(0), True, True))
    dense, out = conn.todense(), np.zeros(POST, np.int32)
    for source in range(5):
        n = kernels.row_of_chances(row.words, row.table, *key, 2, draws.EDGES, source, out)
        words = [np.float64(kernels.word(i, *key, 2, draws.WEIGHTS, source)) for i in range(n)]
        expected = np.zeros(POST)
        expected[out[:n]] = [kernels.normal_sample(word, 2.0, 0.5) for word in words]
        np.testing.assert_array_equal(dense[source], expected)
    conn = nl.FixedPostNumConn(num_pre=5, num_post=POST, conn_num=8, weight=1.0, seed=seed)
    for source in range(5):
        n = kernels.row_of_choices([POST, 8, 0, 0], np.zeros(1, np.uint32), *key, 0, draws.EDGES, source, out)
        np.testing.assert_array_equal(conn.indices.reshape(5, 8)[source], out[:n])


@pytest.mark.parametrize("multapses", [True, False], ids=["with multapses", "no multapses"])
@pytest.mark.parametrize("kind", [nl.FixedPostNumConn, nl.FixedPreNumConn])
def test_degrees_are_fixed_on_one_side_and_partners_uniform(kind, multapses, goodness, tolerances):
    n_pre, n_post, number = (60, 12, 7) if kind is nl.FixedPostNumConn else (12, 60, 7)
    pairs = np.zeros((n_pre, n_post))
    for seed in SEEDS:
        one = kind(num_pre=n_pre, num_post=n_post, conn_num=number, weight=1.0, seed=seed, allow_multapses=multapses).todense()
        np.testing.assert_array_equal(one.sum(axis=1 if kind is nl.FixedPostNumConn else 0), number)
        assert (one.max() > 1) == multapses
        pairs += one
    counts = pairs if kind is nl.FixedPostNumConn else pairs.T           # a row is multinomial, over 12 partners
    factor = 1.0 if multapses else (12 - 1) / (12 - number)
    goodness.chi_squared(counts.sum(axis=0), len(SEEDS) * 60 * number / 12, tolerances, factor=factor)
    tenths = counts.reshape(6, 10, 12).sum(axis=1)
    goodness.chi_squared(tenths, len(SEEDS) * 10 * number / 12, tolerances, dof=66, factor=factor)


@pytest.mark.parametrize("prob", [0.02, 0.3, 0.9])
def test_pairs_of_a_jitc_matrix_are_independent(prob, goodness, tolerances):
    n_pre, n_post = 150, 40
    made = [nl.JITCScalarR(num_pre=n_pre, num_post=n_post, prob=prob, weight=1.0, seed=seed).todense() for seed in SEEDS]
    pairs = np.array(made).astype(int)
    goodness.numbers_follow(pairs.sum(axis=2).ravel(), stats.binom.pmf(np.arange(n_post + 1), n_post, prob), tolerances)
    goodness.numbers_follow(pairs.sum(axis=1).ravel(), stats.binom.pmf(np.arange(n_pre + 1), n_pre, prob), tolerances)
    total = pairs.sum(axis=(0, 1))                                       # each is binomial
    goodness.chi_squared(total, len(SEEDS) * n_pre * prob, tolerances, dof=n_post, factor=1 / (1 - prob))
    for shift in (1, 2, 7):                                              # neighbours in a row
        both = (pairs[:, :, shift:] & pairs[:, :, :-shift]).sum()
        n = pairs[:, :, shift:].size
        # of a product of neighbours: each shares an entry with two others
        variance = n * prob**2 * (1 - prob**2) + 2 * n * (prob**3 - prob**4)
        assert abs(both - n * prob**2) < tolerances.STANDARD_ERRORS * np.sqrt(variance)


def test_drawn_weights_have_their_distribution(tolerances):
    sizes = dict(num_pre=300, num_post=300, prob=0.2, seed=1)
    normal = nl.JITCNormalR(loc=-1.0, scale=3.0, **sizes).tocsr().data
    uniform = nl.JITCUniformR(low=2.0, high=5.0, **sizes).tocsr().data
    assert len(normal) == len(uniform) > 17000
    assert stats.kstest(normal, "norm", (-1.0, 3.0)).pvalue > tolerances.P_VALUE
    assert stats.kstest(uniform, "uniform", (2.0, 3.0)).pvalue > tolerances.P_VALUE
    assert abs(np.corrcoef(normal[1:], normal[:-1])[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(normal))
    assert set(nl.JITCNormalR(loc=1.5, scale=0.0, **sizes).tocsr().data) == {1.5}
    assert set(nl.JITCUniformR(low=1.5, high=1.5, **sizes).tocsr().data) == {1.5}


def test_a_fraction_of_the_other_side_is_rounded_down():
    for fraction, number in ((0.02, 80), (1.0, 4000), (0.0, 0), (0.0999, 399), (np.float32(0.5), 2000)):
        assert nl.FixedPostNumConn(num_pre=1, num_post=4000, conn_num=fraction, weight=1.0, seed=1).conn_num == number
        assert nl.FixedPreNumConn(num_pre=4000, num_post=1, conn_num=fraction, weight=1.0, seed=1).conn_num == number
    assert nl.FixedPostNumConn(num_pre=1, num_post=100, conn_num=0.29, weight=1.0, seed=1).conn_num == 29     # 0.29 * 100 < 29
    assert nl.FixedPostNumConn(num_pre=1, num_post=100, conn_num=np.int64(1), weight=1.0, seed=1).conn_num == 1


def test_an_array_of_weights_belongs_to_the_rows_that_are_drawn():
    """Weights that are the number of their row: every source's (or target's) entries have its own."""
    rows = np.repeat(np.arange(1.0, 7.0)[:, None], 4, axis=1)
    post = nl.FixedPostNumConn(num_pre=6, num_post=50, conn_num=4, weight=rows, seed=1, allow_multapses=False).todense()
    pre = nl.FixedPreNumConn(num_pre=50, num_post=6, conn_num=4, weight=rows, seed=1, allow_multapses=False).todense()
    for dense in (post, pre.T):
        np.testing.assert_array_equal(dense.max(axis=1), np.arange(1.0, 7.0))
        np.testing.assert_array_equal(dense.sum(axis=1), 4 * np.arange(1.0, 7.0))


# --- cost -----------------------------------------------------------------------------------------------------------------

def test_products_go_through_the_rows_of_those_that_fired_and_no_others(conn, counted):
    degrees = conn.tocsr().getnnz(axis=1) if "Fixed" not in repr(conn) and "CSR" not in repr(conn) else np.diff(conn.indptr)
    rng = np.random.default_rng(2)
    for share in (0.0, 0.1, 0.5, 1.0):
        fired = rng.random(PRE) < share
        for x in (fired, fired * 0.7, np.stack([fired, fired])):
            for spikes in (nl.BinaryArray(x), x):
                counted.update(entries=0, rows=0)
                spikes @ conn
                assert counted == dict(entries=degrees[fired].sum(), rows=fired.sum())        # once, for all lanes
    counted.update(entries=0, rows=0)
    conn @ np.zeros(POST)
    assert counted == dict(entries=degrees.sum(), rows=0)


def test_a_matrix_that_could_not_be_stored_is_multiplied_in_no_time(counted):
    """10^11 entries; ten spikes need 10^5 of them."""
    conn = nl.JITCScalarR(num_pre=10**7, num_post=10**6, prob=0.01, weight=0.5, seed=1)
    rare = nl.JITCNormalR(num_pre=10**7, num_post=10**6, prob=1e-7, loc=1.0, scale=0.1, seed=1)
    spikes = np.zeros(10**7, bool)
    spikes[::10**6] = True
    y = nl.BinaryArray(spikes) @ conn
    assert abs(counted["entries"] - 1e5) < 4 * np.sqrt(1e5) and counted["rows"] == 10
    assert y.sum() == 0.5 * counted["entries"]
    counted.update(entries=0)
    nl.BinaryArray(spikes) @ rare
    assert counted["entries"] < 20


def test_products_release_the_interpreter_lock():
    """While one thread multiplies for a tenth of a second and more, this one goes on counting."""
    conn = nl.JITCNormalR(num_pre=2000, num_post=20000, prob=0.5, loc=1.0, scale=1.0, seed=1)
    np.ones(2000)[:1] @ nl.JITCNormalR(num_pre=1, num_post=10, prob=0.5, loc=1.0, scale=1.0, seed=1)
    worker = threading.Thread(target=lambda: nl.BinaryArray(np.ones(2000)) @ conn)
    worker.start()
    turns = 0
    while worker.is_alive():
        worker.join(0.001)
        turns += 1
    assert turns > 20


def test_every_kernel_is_kept_on_disk_under_the_code_that_takes_part():
    """Numba's cache watches the file of a kernel only; the stamp is a closure cell, which is part of the key."""
    made = vars(operator_kernels.compiled())
    names = inspect.getsource(operator_kernels.digest)
    for name, kernel in made.items():
        assert "stamp" in kernel.py_func.__code__.co_freevars, name
        modules = {part.__module__ for part in parts_of(kernel.py_func) if hasattr(part, "__code__")}
        assert "nestling.connect.operator_kernels" in modules
        files = [module.rpartition(".")[2] for module in modules]
        assert all(f'"{file}"' in names or f"{file}.__file__" in names for file in files), (name, modules)
    script = """
        from nestling import simulator as nl
        from nestling.connect import operator_kernels
        sizes = dict(num_pre=5, num_post=5, weight=1.0, seed=1)
        for conn in (nl.FixedPostNumConn(conn_num=2, **sizes), nl.FixedPreNumConn(conn_num=2, **sizes)):
            [1.0] * 5 @ conn, conn @ ([1.0] * 5)
        conn = nl.JITCScalarR(prob=0.5, **sizes)
        [1.0] * 5 @ conn, conn @ ([1.0] * 5), conn.todense()
        for name, kernel in vars(operator_kernels.compiled()).items():
            assert sum(kernel.stats.cache_hits.values()) == 1 and not kernel.stats.cache_misses, (name, kernel.stats)
    """
    for _ in range(2):                   # the first may be the one that fills the cache
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=300)
        if not done.returncode:
            break
    assert not done.returncode, done.stderr


# --- units ----------------------------------------------------------------------------------------------------------------

def test_units_are_carried_through_products():
    rng = np.random.default_rng(3)
    sizes, spk = dict(num_pre=PRE, num_post=POST, seed=3), rng.random(PRE) < 0.3
    data, indices, indptr = arrays(rng)
    weights = rng.normal(size=(PRE, 9))
    pairs = [
        (nl.FixedPostNumConn(conn_num=9, weight=0.6 * u.mS, **sizes), nl.FixedPostNumConn(conn_num=9, weight=0.6, **sizes)),
        (nl.FixedPostNumConn(conn_num=9, weight=weights * u.mS, **sizes),
         nl.FixedPostNumConn(conn_num=9, weight=weights, **sizes)),
        (nl.FixedPreNumConn(conn_num=9, weight=0.6 * u.mS, **sizes), nl.FixedPreNumConn(conn_num=9, weight=0.6, **sizes)),
        (nl.JITCScalarR(prob=0.2, weight=0.6 * u.mS, **sizes), nl.JITCScalarR(prob=0.2, weight=0.6, **sizes)),
        (nl.JITCNormalR(prob=0.2, loc=1.0 * u.mS, scale=100.0 * u.uS, **sizes),
         nl.JITCNormalR(prob=0.2, loc=1.0, scale=0.1, **sizes)),
        (nl.JITCUniformR(prob=0.2, low=1.0 * u.mS, high=0.002 * u.siemens, **sizes),
         nl.JITCUniformR(prob=0.2, low=1.0, high=2.0, **sizes)),
        (nl.CSR(data * u.mS, indices, indptr, shape=(PRE, POST)), nl.CSR(data, indices, indptr, shape=(PRE, POST)))]
    for conn, bare in pairs:
        for product in (lambda m: nl.BinaryArray(spk) @ m, lambda m: nl.BinaryArray(np.stack([spk, spk])) @ m,
                        lambda m: (spk * 0.5) @ m, lambda m: m @ np.ones(POST), lambda m: m.T @ nl.BinaryArray(spk),
                        lambda m: np.ones(POST) @ m.T, lambda m: m.todense(), lambda m: m.T.todense()):
            y, numbers = product(conn), product(bare)
            assert isinstance(y, u.Quantity) and y.unit == u.mS and type(numbers) is np.ndarray
            assert np.asarray(y.mantissa).dtype == np.float64
            np.testing.assert_allclose(y.mantissa, numbers, rtol=1e-6)        # 100 uS in mS passes through single precision
        y = conn @ (np.ones(POST) * u.mV)
        assert y.unit == u.uA
        np.testing.assert_allclose(y.mantissa, bare @ np.ones(POST), rtol=1e-6)
        assert (bare @ (np.ones(POST) * u.mV)).unit == ((np.ones(PRE) * u.mV) @ bare).unit == u.mV
    with pytest.raises(Exception, match="unit|dim"):
        nl.BinaryArray(spk) @ pairs[0][0] + nl.BinaryArray(spk) @ pairs[0][1]


# --- the guide ------------------------------------------------------------------------------------------------------------

GUIDE = '''
n_exc, n_inh = 3200, 800
num = n_exc + n_inh

# Fixed fan-out connectivity, excitatory (+) and inhibitory (-)
exc_conn = brainevent.FixedPostNumConn(num_pre=n_exc, num_post=num,
                                       conn_num=80, weight=0.6 * u.mS, seed=1)
inh_conn = brainevent.FixedPostNumConn(num_pre=n_inh, num_post=num,
                                       conn_num=80, weight=-6.7 * u.mS, seed=2)

def synaptic_input(spikes):
    spk = brainevent.BinaryArray(spikes)
    g = spk[:n_exc] @ exc_conn + spk[n_exc:] @ inh_conn   # event-driven, unit-aware
    return g
'''


def test_the_guide_s_lines_work_with_other_imports(counted):
    scope: dict[str, Any] = dict(brainevent=nl, u=u)
    exec(GUIDE, scope)
    rng = np.random.default_rng(1)
    spikes = rng.random(4000) < 0.01
    g = scope["synaptic_input"](spikes)
    assert counted == dict(entries=80 * spikes.sum(), rows=spikes.sum())
    dense = np.vstack([scope["exc_conn"].todense().to_decimal(u.mS), scope["inh_conn"].todense().to_decimal(u.mS)])
    assert dense.shape == (4000, 4000) and g.shape == (4000,) and g.unit == u.mS
    np.testing.assert_allclose(g.to_decimal(u.mS), spikes @ dense, atol=1e-12)
    np.testing.assert_allclose(dense.sum(axis=1), np.repeat([48.0, -536.0], [3200, 800]))


def test_the_gallery_has_the_guide_s_lines(root):
    """They were not bent to fit."""
    def lines(text: str) -> list[str]:
        return [stripped for line in text.splitlines() if (stripped := line.partition("#")[0].strip())]
    script = lines((root / "gallery/event_driven.py").read_text())
    assert [line for line in lines(GUIDE) if line not in script] == []


# --- bad input ------------------------------------------------------------------------------------------------------------

FIXED = dict(num_pre=PRE, num_post=POST, conn_num=9, weight=1.0, seed=1)
DRAWN = dict(num_pre=PRE, num_post=POST, prob=0.2, seed=1)


def without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


@pytest.mark.parametrize("change, texts", [
    (dict(conn_num=-1), ["conn_num = -1", "0 or more"]), (dict(conn_num=1.5), ["conn_num = 1.5", "fraction", "0.0 to 1.0"]),
    (dict(conn_num=-0.1), ["conn_num = -0.1"]), (dict(conn_num=True), ["conn_num = True"]),
    (dict(conn_num=np.nan), ["conn_num = nan"]), (dict(conn_num=None), ["conn_num = None"]),
    (dict(num_pre=-1), ["num_pre = -1", "0 or more"]), (dict(num_post=2.5), ["num_post = 2.5", "whole"]),
    (dict(num_post=2**31), ["num_post = 2147483648", "at most"]), (dict(num_pre="many"), ["num_pre = 'many'"]),
    (dict(seed=-1), ["seed = -1", "0 or more"]), (dict(seed=2**64), ["seed = 18446744073709551616", "2^64 - 1"]),
    (dict(seed=1.0), ["seed = 1.0"]), (dict(weight=np.nan), ["weight = nan", "finite"]),
    (dict(weight="strong"), ["weight = 'strong'", "one number"]), (dict(weight=None), ["weight = None"]),
    (dict(weight=1j), ["weight = 1j"]), (dict(weight=np.ones(9)), ["weight has shape (9,)", "one number or an array ("]),
    (dict(weight=[[1.0], [1.0, 2.0]]), ["weight = [[1.0]"]), (dict(weight=[1.0 * u.mS] * 3), ["weight = [", "one number"]),
], ids=str)
@pytest.mark.parametrize("kind", [nl.FixedPostNumConn, nl.FixedPreNumConn])
def test_bad_arguments_of_fixed_numbers(kind, change, texts):
    with pytest.raises(nl.BadConnection) as error:
        kind(**{**FIXED, **change})
    assert all(text in str(error.value) for text in texts), str(error.value)


def test_numbers_that_cannot_be_drawn():
    with pytest.raises(nl.BadConnection, match="conn_num = 38: must be at most 37, the number of targets"):
        nl.FixedPostNumConn(**{**FIXED, "conn_num": 38}, allow_multapses=False)
    with pytest.raises(nl.BadConnection, match="conn_num = 24: must be at most 23, the number of sources"):
        nl.FixedPreNumConn(**{**FIXED, "conn_num": 24}, allow_multapses=False)
    with pytest.raises(nl.BadConnection, match="there are no targets"):
        nl.FixedPostNumConn(**{**FIXED, "num_post": 0})
    weights = np.ones((PRE, 9))
    weights[3, 4] = np.inf
    with pytest.raises(nl.BadConnection, match=r"weight = inf at \(3, 4\): must be finite"):
        nl.FixedPostNumConn(**{**FIXED, "weight": weights})
    with pytest.raises(nl.BadConnection, match=r"weight has shape \(23, 9\): must be one number or an array \(37, 9\)"):
        nl.FixedPreNumConn(**{**FIXED, "weight": np.ones((PRE, 9))})


@pytest.mark.parametrize("kind, change, texts", [
    (nl.JITCScalarR, dict(prob=-0.1, weight=1.0), ["prob = -0.1", "0 to 1"]),
    (nl.JITCScalarR, dict(prob=1.1, weight=1.0), ["prob = 1.1", "0 to 1"]),
    (nl.JITCScalarR, dict(prob=np.nan, weight=1.0), ["prob = nan"]), (nl.JITCScalarR, dict(prob="0.1", weight=1.0), ["prob"]),
    (nl.JITCScalarR, dict(prob=True, weight=1.0), ["prob = True"]),
    (nl.JITCScalarR, dict(weight=np.ones(3)), ["weight has shape (3,)", "one number"]),
    (nl.JITCScalarR, dict(weight=1.0, num_pre=-2), ["num_pre = -2"]), (nl.JITCScalarR, dict(weight=1.0, seed="a"), ["seed"]),
    (nl.JITCNormalR, dict(loc=1.0, scale=-0.1), ["scale = -0.1", "0 or more"]),
    (nl.JITCNormalR, dict(loc=np.inf, scale=0.1), ["loc = inf", "finite"]),
    (nl.JITCNormalR, dict(loc=1.0 * u.mS, scale=0.1), ["loc = 1. mS", "scale = 0.1", "same dimension"]),
    (nl.JITCNormalR, dict(loc=1.0 * u.mS, scale=0.1 * u.mV), ["scale = 0.1 mV", "same dimension"]),
    (nl.JITCUniformR, dict(low=2.0, high=1.0), ["low = 2.0", "high = 1.0"]),
    (nl.JITCUniformR, dict(low=1.0, high=2.0 * u.mS), ["low = 1.0", "high = 2. mS", "same dimension"]),
    (nl.JITCUniformR, dict(low=2.0 * u.mS, high=1900.0 * u.uS), ["low = 2. mS", "high = 1900. uS", "must not be above"]),
], ids=str)
def test_bad_arguments_of_drawn_matrices(kind, change, texts):
    with pytest.raises(nl.BadConnection) as error:
        kind(**{**DRAWN, **change})
    assert all(text in str(error.value) for text in texts), str(error.value)


@pytest.mark.parametrize("kind, given", [(nl.FixedPostNumConn, FIXED), (nl.JITCScalarR, {**DRAWN, "weight": 1.0})])
def test_unknown_and_missing_arguments_are_errors(kind, given):
    for name in [p for p in inspect.signature(kind).parameters if p not in ("seed", "allow_multapses")]:
        with pytest.raises(TypeError, match=name):
            kind(**without(given, name))
    with pytest.raises(TypeError, match="backend"):
        kind(**given, backend="gpu")


@pytest.mark.parametrize("change, texts", [
    (dict(indptr=[0, 1, 2]), ["indptr has shape (3,)", "must be (4,)"]), (dict(indptr=[0, 2, 1, 3]), ["indptr", "rise from 0"]),
    (dict(indptr=[1, 1, 2, 3]), ["indptr", "rise from 0"]), (dict(indptr=[0, 1, 2, 4]), ["indptr", "3"]),
    (dict(indptr=[0.0, 1.0, 2.0, 3.0]), ["indptr", "whole"]), (dict(indices=[0, 1, 4]), ["indices[2] = 4", "0 to 3"]),
    (dict(indices=[0, -1, 2]), ["indices[1] = -1"]), (dict(indices=[[0, 1, 2]]), ["indices", "(1, 3)"]),
    (dict(indices=[0.5, 1, 2]), ["indices", "whole"]), (dict(data=[1.0, 2.0]), ["data has shape (2,)", "(3,)"]),
    (dict(data=[1.0, np.nan, 2.0]), ["data = nan at (1,)"]), (dict(shape=(3,)), ["shape = (3,)"]),
    (dict(shape=(3, -4)), ["shape[1] = -4"]), (dict(shape=3), ["shape = 3"]),
], ids=str)
def test_bad_arguments_of_csr(change, texts):
    good: dict[str, Any] = dict(data=1.0, indices=[0, 1, 2], indptr=[0, 1, 2, 3], shape=(3, 4))
    assert nl.CSR(**good).todense().sum() == 3.0
    with pytest.raises(nl.BadConnection) as error:
        nl.CSR(**{**good, **change})
    assert all(text in str(error.value) for text in texts), str(error.value)


def test_operands_of_another_shape_or_kind(conn):
    bad_left = [np.ones(POST), np.ones((PRE, 2)), np.ones((2, 2, PRE)), np.float64(1.0), nl.BinaryArray(np.ones(PRE))[0]]
    for x in bad_left:
        with pytest.raises(nl.BadConnection, match=rf"x @ .*must be \({PRE},\) or \(batch, {PRE}\)"):
            x @ conn
    for x in (np.ones(PRE), np.ones((2, POST)), nl.BinaryArray(np.ones(PRE))):
        with pytest.raises(nl.BadConnection, match=rf"@ x: x has shape .*must be \({POST},\) or \({POST}, batch\)"):
            conn @ x
    for x in (np.ones(PRE, complex), ["a"] * PRE, None):
        with pytest.raises(nl.BadConnection, match="must be a BinaryArray or real numbers"):
            x @ conn


def test_spikes_that_are_no_numbers():
    for value in (["a"], np.ones(3, complex), np.ones((2, 2, 2)), 1.0, None):
        with pytest.raises(nl.BadConnection, match="BinaryArray of .*must be bool or real numbers"):
            nl.BinaryArray(value)
