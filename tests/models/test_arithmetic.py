"""What models compute with is as exact as it says, and compiled code does what plain Python does, bit for bit."""
import math
import re
from typing import Annotated, NamedTuple

import numba
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models import arithmetic
from nestling.models.arithmetic import HIGHEST, LOWEST, each, exp, log, log1p, moved, plus, sin_turns, total
from nestling.models.arithmetic import times as product
from nestling.models.contract import Along, Unit, mV, times
from nestling.simulator.compile import jitable
from nestling.simulator.functions import Adapting

log_in_single, log1p_in_single = Adapting(True, {}).of(log), Adapting(True, {}).of(log1p)
for plain in (sin_turns, plus, product, moved, log, log1p, log_in_single, log1p_in_single):
    jitable(plain)


@numba.njit(error_model="numpy")
def compiled_exp(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


@numba.njit(error_model="numpy")
def compiled_sin_turns(x, out):
    for i in range(x.size):
        out[i] = sin_turns(x[i])


def run(compiled, x):
    out = np.empty_like(x)
    compiled(x, out)
    return out


def bits(x):
    return np.asarray(x, np.float64).view(np.int64)


def points(low, high, kind=np.float64):
    """Numbers of all sizes within the limits, and the neighbourhoods of where `exp` changes its exponent."""
    rng = np.random.default_rng(1)
    turns = (np.arange(math.ceil(low), math.floor(high), 7) + 0.5) * math.log(2.0)
    x = np.concatenate([rng.uniform(low, high, 20_000), rng.uniform(-1, 1, 20_000), 10.0 ** rng.uniform(-300, 0, 2_000),
                        -(10.0 ** rng.uniform(-300, 0, 2_000)), turns, np.nextafter(turns, -np.inf), [0.0, -0.0, low, high]])
    return np.clip(x, low, high).astype(kind)


def test_exp_is_exact_to_1e_14_over_its_whole_range():
    x = points(LOWEST, HIGHEST)
    exact = np.array([math.exp(v) for v in x])
    # math.exp itself is right to about 1.5e-16
    assert (np.abs(run(compiled_exp, x) - exact) / exact).max() < 1e-14
    assert exp(0.0) == exp(-0.0) == exp(5e-324) == 1.0
    assert exp(1.0) == pytest.approx(math.e, rel=1e-14)


def test_compiled_exp_has_the_bits_of_plain_python():
    x = np.concatenate([points(LOWEST, HIGHEST), [np.inf, -np.inf, 1e300, -1e300, 709.5, -708.5, -745.0]])
    np.testing.assert_array_equal(bits(run(compiled_exp, x)), bits([exp(v) for v in x.tolist()]))


def test_exp_is_cut_off_where_exponents_end():
    for beyond in (np.inf, 1e300, 709.0001):
        assert exp(beyond) == exp(HIGHEST) < math.inf
    for below in (-np.inf, -1e300, -708.0001):
        assert exp(below) == exp(LOWEST) > 0.0
    assert exp(LOWEST) >= np.finfo(float).tiny, "a normal number: slow ones must not come"


def test_exp_of_nan_is_nan():
    assert math.isnan(exp(math.nan))
    for kind in (np.float64, np.float32):
        found = run(compiled_exp, np.array([0.0, np.nan, 1.0], kind))
        np.testing.assert_array_equal(np.isnan(found), [False, True, False])


def test_exp_in_single_precision_is_exact_to_its_last_digits():
    x = points(-87.0, 88.0, np.float32)
    found = run(compiled_exp, x)
    exact = np.exp(x.astype(np.float64))
    assert found.dtype == np.float32
    assert (np.abs(found - exact) / exact).max() < 3e-7         # two units of the last place; seen: 2.5e-7
    ends = run(compiled_exp, np.array([-np.inf, -1e30, -87.0, 88.0, 1e30, np.inf], np.float32))
    assert ends[0] == ends[1] == ends[2] >= np.finfo(np.float32).tiny
    assert ends[3] == ends[4] == ends[5] < np.inf


def test_exp_of_a_float32_is_computed_in_float32():
    @numba.njit(error_model="numpy")
    def both(x):
        return exp(x), exp(np.float64(x))
    both(np.float32(0.3))
    assert str(both.nopython_signatures[0].return_type) == "Tuple(float32, float64)"


def test_sin_turns_is_the_sine_of_turns():
    rng = np.random.default_rng(1)
    x = np.concatenate([np.linspace(-3.0, 3.0, 10_001), rng.uniform(-1e6, 1e6, 10_000), [0.0, 0.25, 1e-300]])
    r = x - np.rint(x)                                          # exact
    exact = np.array([math.sin(2 * math.pi * v) for v in r])
    found = run(compiled_sin_turns, x)
    np.testing.assert_allclose(found, exact, rtol=0, atol=5e-16)
    np.testing.assert_array_equal(bits(found), bits([sin_turns(v) for v in x.tolist()]))
    assert sin_turns(0.0) == sin_turns(0.5) == sin_turns(1e9) == 0.0


# -------------------------------------------------------------------------------------------------------------- logarithms

def compiled(f):
    @numba.njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = f(x[i])
    return loop


LOGS = {f: compiled(f) for f in (log, log1p, log_in_single, log1p_in_single)}
TINY, LARGEST = np.finfo(float).tiny, np.finfo(float).max
BESIDE = [0.0, -0.0, -5e-324, -1.0, -math.inf, math.inf, math.nan]


def positive(kind=np.float64):
    """Numbers of all sizes above 0, too small ones too; the neighbourhoods of 1, of sqrt(2) and of powers of 2."""
    rng = np.random.default_rng(1)
    f, powers = np.finfo(kind), 2.0 ** np.arange(-120, 121)
    x = np.concatenate([10.0 ** rng.uniform(math.log10(f.tiny), math.log10(f.max) - 0.1, 20_000), rng.uniform(0.3, 3.0, 20_000),
                        1.0 + rng.choice([-1, 1], 4_000) * 10.0 ** rng.uniform(-16, -1, 4_000), powers, powers * math.sqrt(0.5),
                        [f.tiny, f.max, f.smallest_subnormal, 0.3 * f.tiny, 1.0]]).astype(kind)
    return np.concatenate([x, np.nextafter(x[20_000:-5], kind(0)), np.nextafter(x[20_000:-5], kind(np.inf))])


def above_minus_1(kind=np.float64):
    rng = np.random.default_rng(2)
    small = 10.0 ** rng.uniform(-30, 0, 10_000)
    return np.concatenate([small, -small, rng.uniform(-1.0, 3.0, 10_000), 10.0 ** rng.uniform(0, 38, 5_000)]).astype(kind)


def error(found, exact):
    """The largest relative error; where the exact result is 0, it must be found."""
    np.testing.assert_array_equal(found[exact == 0], 0.0)
    found, exact = found[exact != 0], exact[exact != 0]
    return (np.abs(found - exact) / np.abs(exact)).max()


def test_log_is_exact_to_1e_15_for_all_positive_numbers():
    x = positive()
    exact = np.array([math.log(v) for v in x.tolist()])         # right to about 1.5e-16
    assert error(run(LOGS[log], x), exact) < 6e-16              # seen: 3.3e-16
    assert log(1.0) == 0.0 and math.copysign(1.0, log(1.0)) == 1.0
    assert log(math.e) == 1.0


def test_log_increases():
    x = np.sort(positive())
    assert (np.diff(run(LOGS[log], x)) >= 0.0).all()


def test_log_and_exp_undo_one_another():
    x = np.random.default_rng(1).uniform(-700.0, 700.0, 10_000)
    np.testing.assert_allclose([log(exp(v)) for v in x.tolist()], x, rtol=1e-15, atol=1e-14)


def test_log1p_is_exact_to_1e_15_also_near_0():
    x = above_minus_1()
    exact = np.array([math.log1p(v) for v in x.tolist()])
    assert error(run(LOGS[log1p], x), exact) < 1e-15            # seen: 4e-16
    for v in (0.0, -0.0, 1e-300, -1e-300, 5e-324):
        assert bits(log1p(v)) == bits(v)


EACH_LOG = pytest.mark.parametrize("f", LOGS, ids=["log", "log1p", "log of float32", "log1p of float32"])


@EACH_LOG
def test_logarithms_outside_of_their_range(f):
    zero = -1.0 if f in (log1p, log1p_in_single) else 0.0
    kind = np.float32 if f in (log_in_single, log1p_in_single) else np.float64
    x = np.array([zero, np.nextafter(kind(zero), kind(-2.0)), zero - 1.0, -math.inf, math.inf, math.nan], kind)
    np.testing.assert_array_equal(run(LOGS[f], x), [-math.inf, math.nan, math.nan, math.nan, math.inf, math.nan])
    assert log(-0.0) == -math.inf


@EACH_LOG
def test_compiled_logarithms_have_the_bits_of_plain_python(f):
    kind = np.float32 if f in (log_in_single, log1p_in_single) else np.float64
    x = np.concatenate([(above_minus_1 if f in (log1p, log1p_in_single) else positive)(kind), np.array(BESIDE, kind)])
    found = run(LOGS[f], x)
    with np.errstate(all="raise", under="ignore", invalid="ignore"):        # and no warning of 1 / 0, whatever x
        expected = np.array([f(v) for v in (x.tolist() if kind is np.float64 else x)])
    assert expected.dtype == found.dtype == kind
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), ~number)
    whole = np.int32 if kind is np.float32 else np.int64
    np.testing.assert_array_equal(found.view(whole)[number], expected.view(whole)[number])


def test_log_in_single_precision_is_exact_to_its_last_digits():
    x, y = positive(np.float32), above_minus_1(np.float32)
    assert error(run(LOGS[log_in_single], x), np.log(x.astype(np.float64))) < 1.5e-7          # seen: 8.3e-8
    assert error(run(LOGS[log1p_in_single], y), np.log1p(y.astype(np.float64))) < 3e-7        # seen: 1.7e-7
    assert log_in_single(np.float32(1.0)) == 0.0


def test_loops_of_logarithms_vectorise():
    """Code for several numbers at once, without a call: a branch or a library's function would keep it from that."""
    for f, loop in LOGS.items():
        kind = "float" if f in (log_in_single, log1p_in_single) else "double"
        given = numba.types.Array(numba.types.float32 if kind == "float" else numba.types.float64, 1, "C")
        loop.compile((given, given))
        text = loop.inspect_llvm((given, given))
        body = text[text.index("define "):].split("\ndefine ")[0]
        assert re.search(rf"fdiv <\d+ x {kind}>", body), f.__name__
        assert not re.search(r"call .*@(log|log1p|logf|log1pf|llvm\.log[\w.]*)\(", text)


# ------------------------------------------------------------------------------------------------------- lists of numbers

def poly(a, b, c):
    return a + 10.0 * b + 100.0 * c


jitable(poly)


@numba.njit(error_model="numpy")
def one_argument(a):
    return each(exp, a)


@numba.njit(error_model="numpy")
def two_arguments(a, b):
    return each(plus, a, b)


@numba.njit(error_model="numpy")
def three_arguments(a, b, c):
    return each(poly, a, b, c)


@numba.njit(error_model="numpy")
def sum_of(a):
    return total(a)


A, B, C = (0.1, -2.5, 7.0), (1.0, 2.0, 3.0), (0.3, 0.2, 0.1)


def test_each_takes_entries_together():
    assert each(plus, A, B) == (1.1, -0.5, 10.0)
    assert each(poly, (1.0, 2.0), (3.0, 4.0), (5.0, 6.0)) == (531.0, 642.0)


@pytest.mark.parametrize("given", [(A, 2.0), (2.0, A), (A, B), ((0.5,), 1.0), ((), 1.0), ((), ())], ids=str)
def test_each_of_two_arguments_is_compiled_as_it_reads(given):
    found = two_arguments(*given)
    assert found == each(plus, *given) and len(found) == max(len(x) for x in given if isinstance(x, tuple))


@pytest.mark.parametrize("given", [(A, B, C), (1.0, B, C), (A, 2.0, C), (A, B, 3.0), (A, 2.0, 3.0), (1.0, 2.0, C),
                                   ((), 1.0, ())], ids=str)
def test_each_of_three_arguments_is_compiled_as_it_reads(given):
    assert three_arguments(*given) == each(poly, *given)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 20])
def test_each_of_one_argument_is_compiled_as_it_reads(n):
    a = tuple(np.linspace(-3.0, 3.0, n).tolist())
    assert one_argument(a) == each(exp, a) and len(one_argument(a)) == n


def test_a_total_is_summed_from_the_first_entry_on():
    a = (1e16, 1.0, -1e16, 1.0)                                 # another order gives another sum
    assert total(a) == sum_of(a) == 1.0
    for n in (1, 2, 7, 20):
        a = tuple(np.random.default_rng(n).normal(size=n).tolist())
        assert total(a) == sum_of(a)
    assert total(()) == sum_of(()) == 0.0


def test_lists_of_float32_stay_float32():
    a = (np.float32(0.1), np.float32(0.7))
    two_arguments(a, a)
    sum_of(a)
    kinds = [str(s.return_type) for f in (two_arguments, sum_of) for s in f.nopython_signatures]
    assert "UniTuple(float32 x 2)" in kinds and "float32" in kinds


def test_small_helpers_do_what_they_say():
    assert (plus(2.0, 3.0), product(2.0, 3.0), moved(1.0, 2.0, 0.5)) == (5.0, 6.0, 2.0)


# ------------------------------------------------------------------------------------------------ models in single precision

RATE = 0.1                                                      # not a float32: a widened product would show
HUGE = 1e308                                                    # nor this: it becomes infinite


def helper(x):
    return x * 0.3 + RATE


def make_closure(step):
    def forward(x):
        return x + step * 0.7
    return forward


forward = make_closure(0.01)
Parts = Annotated[float, Unit("mV"), Along("tau")]


class Mixed:
    """Constants of every kind: in the code, global, in a helper, in a closure, in lists."""

    class Params(NamedTuple):
        tau: times = (3.0, 7.0)

    class State(NamedTuple):
        V_m: mV = 0.2
        parts: Parts = 0.1

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        P: Annotated[float, Along("tau")]

    def derive(p, dt):
        return Mixed.Step(np.exp(-dt / p.tau))

    def update(s, c, x):
        parts = each(helper, each(product, s.parts, c.P))
        V = min(forward(s.V_m * 0.9) - 0.05 * total(parts) + 0.001 * exp(s.V_m), HUGE)
        return Mixed.State(V, parts), False


def as_float32(steps):
    """The same by NumPy's float32, every constant rounded to it."""
    f = np.float32
    P = [f(np.exp(-0.1 / 3.0)), f(np.exp(-0.1 / 7.0))]
    V, parts, out = f(0.2), [f(0.1), f(0.1)], []
    for _ in range(steps):
        parts = [(x * p) * f(0.3) + f(RATE) for x, p in zip(parts, P)]
        grown = run(compiled_exp, np.array([V]))[0]
        V = ((V * f(0.9)) + f(0.01) * f(0.7)) - f(0.05) * (parts[0] + parts[1]) + f(0.001) * grown
        out.append([V, *parts])
    return np.array(out)


def traces(precision, backend):
    sim = nl.Simulator(precision=precision, threads=1, backend=backend)
    cells = sim.create(Mixed, 3)
    meter = sim.create(nl.multimeter, record_from=["V_m", "parts_1", "parts_2"], interval=0.1)
    sim.connect(meter, cells)
    found = sim.simulate(5.0)
    return np.stack([found.trace(meter, name, plain=True)[:, 1] for name in ("V_m", "parts_1", "parts_2")], axis=1)


def test_a_model_in_single_precision_computes_in_float32_throughout(backend):
    found = traces("single", backend)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, as_float32(50))
    assert np.abs(found - traces("double", backend)).max() > 0


def test_a_model_in_double_precision_has_the_bits_of_plain_python(backend):
    c = Mixed.derive(Mixed.Params(np.array([[3.0], [7.0]])), 0.1)
    s, expected = Mixed.State(0.2, (0.1, 0.1)), []
    for _ in range(50):
        s, _ = Mixed.update(s, Mixed.Step(tuple(float(v) for v in c.P[:, 0])), Mixed.Inputs())
        expected.append([s.V_m, *s.parts])
    np.testing.assert_array_equal(traces("double", backend), expected)


def test_running_in_single_precision_leaves_the_models_own_functions_as_they_are(backend):
    before = Mixed.update.__code__, helper.__code__, arithmetic.exp.__code__
    traces("single", backend)
    assert before == (Mixed.update.__code__, helper.__code__, arithmetic.exp.__code__)
    assert type(RATE) is float and helper(1.0) == 0.4
