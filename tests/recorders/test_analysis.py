"""Analysis of Poisson, gamma and regular trains against theory, within sampling error; fixed seeds."""
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import gamma as gamma_function

from nestling import simulator as nl

Z = 3.29            # standard errors, two-sided at 1e-3; seeds are fixed, so a test either always passes or always fails
END = 20_000.0


def renewal(shape, n, end=END, mean=20.0, seed=1):
    """Times and senders of gamma trains in equilibrium, off the grid; shape 1 is Poisson, infinity regular."""
    rng = np.random.default_rng(seed)
    size = (n, int(2 * end / mean) + 400)
    intervals = np.full(size, mean) if np.isinf(shape) else rng.gamma(shape, mean / shape, size)
    at = np.cumsum(intervals, axis=1) - 200 * mean - rng.random((n, 1)) * mean
    senders, place = np.nonzero((at > 0) & (at <= end))
    order = np.argsort(at[senders, place], kind="stable")
    return at[senders, place][order], senders[order]


def near(values, expected):
    """Whether the mean of independent values is the expected one."""
    values = np.asarray(values, float)
    assert np.isfinite(values).all()
    error = values.std(ddof=1) / np.sqrt(len(values))
    return abs(values.mean() - expected) <= Z * error + 1e-9


# --- rates ----------------------------------------------------------------------------------------------------------------

def test_mean_rates_of_poisson_trains():
    rates = nl.mean_rates(*renewal(1.0, 100), stop=END)
    assert rates.shape == (100,) and abs(rates.mean() - 50.0) < Z * np.sqrt(50.0 / (100 * END / 1e3))


def test_mean_rates_count_in_the_window():
    assert nl.mean_rates([1.0, 2.0, 3.0, 5.0], [0, 0, 1, 0], start=1.0, stop=5.0, size=3).tolist() == [500.0, 250.0, 0.0]


@pytest.mark.parametrize("kernel, width, mass", [("gaussian", 10.0, 1 / (2 * np.sqrt(np.pi))), ("alpha", 5.0, 0.25)])
def test_a_smoothed_poisson_rate_has_the_mean_and_the_variance_of_its_kernel(kernel, width, mass):
    """Campbell: the variance of each sample is rate times the kernel's squared integral, here mass / width."""
    at, rate = nl.instantaneous_rate(*renewal(1.0, 400, 2000.0), width, kernel, each=True, step=1.0, stop=2000.0)
    inner = (at > 100) & (at <= 1900)
    assert rate.shape == (2000, 400) and at[0] == 1.0 and at[-1] == 2000.0
    assert near(rate[inner].mean(axis=0), 50.0)
    assert near(rate[inner].var(axis=0), 50.0 * 1e3 * mass / width * (1 - 2.0 * width * 4 * mass / 1800))
    _, pooled = nl.instantaneous_rate(*renewal(1.0, 400, 2000.0), width, kernel, step=1.0, stop=2000.0)
    np.testing.assert_allclose(pooled, rate.mean(axis=1), rtol=1e-9)


@pytest.mark.parametrize("kernel, shape", [
    ("gaussian", lambda t: np.exp(-t * t / 200.0) / np.sqrt(200.0 * np.pi)),
    ("alpha", lambda t: np.where(t > 0, t / 100.0 * np.exp(-t / 10.0), 0.0))])
def test_one_spike_becomes_the_kernel(kernel, shape):
    at, rate = nl.instantaneous_rate([500.0], 0, 10.0, kernel, step=0.5, stop=1000.0)
    some = np.abs(at - 500.0) < 200.0
    np.testing.assert_allclose(rate[some], 1e3 * shape(at[some] - 500.0), atol=0.02 if kernel == "alpha" else 1e-3)
    assert np.nansum(rate) * 0.5e-3 == pytest.approx(1.0, rel=1e-4)


def test_many_neurons_are_smoothed_in_blocks(monkeypatch):
    from nestling.recorders import rates
    given = renewal(1.0, 7, 500.0)
    whole = nl.instantaneous_rate(*given, each=True, stop=500.0)[1]
    monkeypatch.setattr(rates, "BLOCK", 1500)               # three neurons, of 500 samples
    np.testing.assert_allclose(nl.instantaneous_rate(*given, each=True, stop=500.0)[1], whole, atol=1e-9)
    assert len({column.tobytes() for column in whole.T}) == 7


def test_a_constant_rate_stays_constant_at_the_ends():
    clock = np.arange(1, 1001) * 1.0
    np.testing.assert_allclose(nl.instantaneous_rate(clock, 0, 30.0, stop=1000.0)[1], 1000.0)
    late = nl.instantaneous_rate(clock, 0, 30.0, "alpha", stop=1000.0)[1]
    assert np.isnan(late[:50]).all()                        # alpha: half of its mass lies within 1.68 widths
    np.testing.assert_allclose(late[51:], 1000.0)


def test_psth_of_a_rate_that_follows_the_trigger():
    """A rate of 20, and 120 spikes/s from 10 to 30 ms after each of 200 triggers."""
    rng, triggers = np.random.default_rng(5), 100.0 + 200.0 * np.arange(200)
    n, end = 10, 40_200.0
    ground = rng.random(rng.poisson(20.0 * n * end / 1e3)) * end
    extra = (triggers[:, None] + 10.0 + 20.0 * rng.random((200, 20))).ravel()       # 20 spikes of 10 neurons in 20 ms: 100 each
    times = np.concatenate([ground, extra])
    edges, rate = nl.psth(times, np.arange(len(times)) % n, triggers, 50.0, 100.0, 5.0, stop=end)
    assert edges[0] == -50.0 and edges[-1] == 100.0 and len(rate) == 30
    inside = (edges[:-1] >= 10.0) & (edges[:-1] < 30.0)
    error = np.sqrt(20.0 / (200 * n * 5e-3))
    assert (np.abs(rate[~inside] - 20.0) < 4 * error).all() and near(rate[~inside], 20.0)
    assert rate[inside].mean() == pytest.approx(120.0, abs=Z * error / 2)


def test_psth_has_the_spike_of_the_trigger_s_own_step_before_it():
    edges, rate = nl.psth([10.0, 10.1, 15.0], 0, [10.0], 1.0, 5.0, 1.0, stop=20.0)
    assert (rate * 1e-3).round(9).tolist() == [1, 1, 0, 0, 0, 1]


# --- irregularity ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
def test_irregularity_of_gamma_trains(shape):
    """CV2 from the distribution of I / (I + I'), a Beta; LvR with a constant by the mean of 1 / (I + I'), independent of it."""
    times, senders = renewal(shape, 100)
    arc = gamma_function(shape + 0.5) / (np.sqrt(np.pi) * gamma_function(shape + 1.0))
    local = 3.0 / (2.0 * shape + 1.0)
    assert near(nl.cv2(times, senders), 2.0 * arc)
    assert near(nl.lv(times, senders), local)
    if shape > 0.5:
        theta = 20.0 / shape
        assert near(nl.lvr(times, senders, 5.0), local * (1.0 + 20.0 / (theta * (2.0 * shape - 1.0))))
    intervals, owner = nl.isi(times, senders)
    assert near(np.bincount(owner, intervals) / np.bincount(owner), 20.0) and len(intervals) == len(times) - 100


def test_regular_trains_have_no_irregularity():
    times, senders = renewal(np.inf, 20)
    for measure in (nl.cv2, nl.lv, nl.lvr, nl.isi_cv):
        assert (measure(times, senders) < 1e-9).all()
    assert (nl.fano_factor(times, senders, 200.0, stop=END) < 1e-9).all()
    np.testing.assert_allclose(nl.isi(times, senders)[0], 20.0)


def test_slow_changes_of_rate_raise_cv_and_leave_lv():
    rng, factor = np.random.default_rng(3), np.repeat([0.3, 3.0], 2000)
    times = np.cumsum(rng.gamma(1.0, 20.0, (50, 4000)) * factor, axis=1)
    senders = np.repeat(np.arange(50), 4000)
    assert near(nl.lv(times.ravel(), senders), 1.0) and near(nl.cv2(times.ravel(), senders), 1.0)
    assert (nl.isi_cv(times.ravel(), senders) > 1.3).all()


@pytest.mark.parametrize("dead", [1.0, 5.0])
def test_refractoriness_is_made_up_for_by_its_constant(dead):
    """Poisson trains with a dead time R, of intervals x + R: with S = x + x', in which x is uniform, the mean of
    S^2 / (S + 2 R)^2 (1 + 4 R / (S + 2 R)), 1 but for the second order in R; Lv lacks the last factor."""
    times = np.cumsum(np.random.default_rng(4).exponential(15.0, (50, 2000)) + dead, axis=1).ravel()
    senders = np.repeat(np.arange(50), 2000)

    def mean(factor):
        def density(S):
            return S * np.exp(-S / 15.0) / 225.0 * (S / (S + 2 * dead)) ** 2 * (1 + factor / (S + 2 * dead))
        return quad(density, 0, 600)[0]

    assert near(nl.lvr(times, senders, dead), mean(4 * dead)) and near(nl.lv(times, senders), mean(0.0))
    assert mean(0.0) < mean(4 * dead) < 1.0


@pytest.mark.parametrize("shape", [1.0, 4.0])
def test_fano_factor_of_gamma_trains(shape):
    """1 / k in long windows, with the term of second order, (1 - 1 / k^2) / (6 count)."""
    factor = nl.fano_factor(*renewal(shape, 200), 400.0, stop=END)
    bias = 1.0 - 400.0 / END                                # of a variance with the mean of the same bins
    assert near(factor / bias, 1.0 / shape + (1.0 - 1.0 / shape**2) / (6.0 * 20.0))


# --- pairs ----------------------------------------------------------------------------------------------------------------

def copies(shared, n=30, rate=50.0, end=END, seed=6):
    """Trains with spikes in common: a correlation of `shared`."""
    rng = np.random.default_rng(seed)
    common = rng.random(rng.poisson(shared * rate * end / 1e3)) * end
    own = [rng.random(rng.poisson((1 - shared) * rate * end / 1e3)) * end for _ in range(n)]
    times = np.concatenate([np.concatenate([common, t]) for t in own])
    return times, np.repeat(np.arange(n), [len(common) + len(t) for t in own])


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_correlation_of_trains_with_spikes_in_common(shared):
    found = [nl.count_correlation(*copies(shared, seed=s), 5.0, stop=END) for s in range(6)]
    assert near(found, shared)


def test_the_matrix_holds_every_pair_and_its_mean_is_the_mean_correlation():
    times, senders = copies(0.2)
    quiet = senders != 3
    matrix = nl.count_correlation_matrix(times[quiet], senders[quiet], 5.0, stop=END)
    counts = np.array([np.histogram(times[quiet & (senders == i)], np.arange(4001) * 5.0)[0] for i in range(30)])
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(matrix, np.corrcoef(counts), atol=1e-9)
    off = matrix[~np.eye(30, dtype=bool)]
    assert np.nanmean(off) == pytest.approx(nl.count_correlation(times[quiet], senders[quiet], 5.0, stop=END))
    assert np.isnan(matrix[3]).all() and matrix[4, 4] == 1.0


def test_few_and_many_spikes_a_bin_give_the_same_matrix():
    times, senders = copies(0.2)
    dense = nl.count_correlation_matrix(times, senders, 500.0, stop=END)
    np.testing.assert_allclose(dense, np.corrcoef([np.histogram(times[senders == i], np.arange(41) * 500.0)[0]
                                                   for i in range(30)]))


@pytest.mark.parametrize("max_lag", [20.0, 900.0])
def test_cross_correlogram_of_independent_trains_is_the_rate(max_lag):
    lags, rate = nl.cross_correlogram(*renewal(1.0, 20), bin=2.0, max_lag=max_lag, norm="rate", stop=END)
    assert lags[0] == -max_lag and lags[-1] == max_lag and len(lags) == max_lag + 1
    np.testing.assert_allclose(rate, rate[::-1])            # all pairs, in both orders
    pairs = 20 * 19 * 50.0 * END / 1e3 * 50.0 * 2e-3
    assert (np.abs(rate / 50.0 - 1.0) < 5 * np.sqrt(2 / pairs) + 0.01).all()


def test_cross_correlogram_shows_who_comes_first():
    times, _ = renewal(1.0, 1)
    both = np.concatenate([times, times[times < END - 30] + 7.0])
    senders = np.repeat([0, 1], [len(times), len(both) - len(times)])
    lags, counts = nl.cross_correlogram(both, senders, first=0, second=1, bin=1.0, max_lag=20.0, stop=END)
    assert lags[counts.argmax()] == 7.0 and counts.max() >= len(times) - 50 and np.median(counts) < 100
    swapped = nl.cross_correlogram(both, senders, first=1, second=0, bin=1.0, max_lag=20.0, stop=END)[1]
    np.testing.assert_array_equal(swapped, counts[::-1])
    apart = nl.cross_correlogram(times, 0, (both[len(times):], 0), bin=1.0, max_lag=20.0, stop=END)[1]
    np.testing.assert_array_equal(apart, counts)


def slow_lags(times, senders, bin, k, own):
    """Lags of all pairs of spikes, one by one."""
    at, out = np.ceil(times / bin).astype(int), np.zeros(2 * k + 1)
    for i in range(len(at)):
        for j in range(len(at)):
            if i != j and abs(at[j] - at[i]) <= k and (senders[i] == senders[j]) == own:
                out[at[j] - at[i] + k] += 1
    return out


@pytest.mark.parametrize("mean", [3.0, 40.0])
@pytest.mark.parametrize("bin, k", [(1.0, 12), (5.0, 3), (1.0, 250)])
def test_correlograms_count_every_pair(mean, bin, k):
    times, senders = renewal(1.0, 4, 200.0, mean)
    options = dict(bin=bin, max_lag=bin * k, stop=200.0, size=4)
    np.testing.assert_array_equal(nl.autocorrelogram(times, senders, **options)[1], slow_lags(times, senders, bin, k, True))
    np.testing.assert_array_equal(nl.cross_correlogram(times, senders, **options)[1], slow_lags(times, senders, bin, k, False))


def test_pairs_and_counts_give_the_same_autocorrelogram(monkeypatch):
    from nestling.recorders import correlograms
    times, senders = renewal(0.2, 50)                       # bursts
    first = nl.autocorrelogram(times, senders, stop=END)[1]
    monkeypatch.setattr(correlograms, "PIECE", 1000)
    np.testing.assert_array_equal(nl.autocorrelogram(times, senders, stop=END)[1], first)
    monkeypatch.setattr(correlograms, "of_pairs", None)     # the other way
    monkeypatch.setattr(correlograms.np, "searchsorted", lambda a, v, side="left", s=np.searchsorted:
                        s(a, v, side) + (10**9 if side == "right" else 0))
    np.testing.assert_array_equal(nl.autocorrelogram(times, senders, stop=END)[1], first)


def test_autocorrelogram_of_gamma_trains_is_their_renewal_density():
    """Shape 2: r (1 - exp(-4 r t)), averaged over the triangle that a difference of bins stands for."""
    lags, rate = nl.autocorrelogram(*renewal(2.0, 400), bin=2.0, max_lag=60.0, norm="rate", stop=END)
    fine = np.linspace(-2.0, 2.0, 4001)
    triangle = np.maximum(1.0 - np.abs(fine) / 2.0, 0.0)
    density = 50.0 * (1.0 - np.exp(-4 * 0.05 * np.abs(lags[:, None] + fine)))
    expected = (density * triangle).sum(axis=1) / triangle.sum()
    pairs = 400 * 50.0 * END / 1e3 * expected * 2e-3
    assert (np.abs(rate - expected) < 4 * expected / np.sqrt(pairs / 2)).all() and rate[30] < 10 < 45 < rate[-1]


def test_autocorrelogram_of_regular_trains_has_its_peaks():
    lags, counts = nl.autocorrelogram(np.arange(1, 501) * 20.0, 0, max_lag=45.0, stop=10_000.0)
    assert {lag: n for lag, n in zip(lags, counts) if n} == {-40.0: 498, -20.0: 499, 20.0: 499, 40.0: 498}


# --- populations ----------------------------------------------------------------------------------------------------------

def renewal_spectrum(shape, f, rate=50.0):
    """Of one train, one-sided: 2 r Re (1 + F) / (1 - F), F the characteristic function of its intervals."""
    with np.errstate(all="ignore"):
        F = (1.0 - 2j * np.pi * f / (rate * shape)) ** -shape
        return 2.0 * rate * np.real((1.0 + F) / (1.0 - F))


@pytest.mark.parametrize("shape", [1.0, 4.0])
def test_power_spectrum_of_gamma_trains(shape):
    n, seeds = 50, 8
    f, _ = nl.power_spectrum(*renewal(shape, n), stop=END)
    power = np.array([nl.power_spectrum(*renewal(shape, n, seed=s), stop=END)[1] for s in range(seeds)])
    some = (f >= 5.0) & (f <= 200.0)
    low = np.sinc(f[some] * 1e-3) ** 2                       # of bins; what they let through of higher frequencies is white
    expected = (renewal_spectrum(shape, f[some]) * low + 2 * 50.0 * (1.0 - low)) / n
    assert f[1] == 1.0 and f[-1] == 500.0
    assert near((power[:, some] / expected).mean(axis=1), 1.0)
    assert np.abs(power.mean(axis=0)[some] / expected - 1.0).max() < 5.0 / np.sqrt(seeds * 20)


def test_power_of_a_rhythm_stands_at_its_frequency():
    f, power = nl.power_spectrum(np.arange(1, 1001) * 25.0, 0, stop=25_000.0)
    assert f[40] == 40.0 and power[40] > 100 * power[60] and power[80] > 100 * power[60]


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_synchrony_is_one_or_the_number_of_neurons(shared):
    found = [nl.synchrony(*copies(shared, 20, seed=s), stop=END) for s in range(8)]
    assert near(np.array(found) * (1 + 3.0 / END), 20.0 if shared else 1.0)


@pytest.mark.parametrize("n", [4, 100])
def test_voltage_synchrony_lies_between_1_and_one_over_root_n(n):
    rng = np.random.default_rng(8)
    V = -65.0 + rng.standard_normal((50_000, n))
    assert nl.voltage_synchrony(V) == pytest.approx(n ** -0.5, rel=0.03)
    assert nl.voltage_synchrony(np.repeat(V[:, :1], n, axis=1)) == pytest.approx(1.0)
    half = np.sqrt(0.5) * (V + V[:, :1])                    # a common part as large as each one's own
    assert nl.voltage_synchrony(half[:, 1:]) ** 2 == pytest.approx(0.5 + 0.5 / (n - 1), rel=0.03)


# --- results --------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def run():
    """A few seconds of noise, recorded from 100 ms on, and potentials."""
    sim = nl.Simulator(seed=4, threads=1)
    cells = sim.create(nl.iaf_psc_delta, 40)
    rec, early, meter = sim.create(nl.spike_recorder, start=100.0), sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(sim.create(nl.poisson_generator, rate=9000.0), cells, weight=0.3)
    sim.connect(cells, rec)
    sim.connect(cells[:20], early)
    sim.connect(meter, cells)
    return SimpleNamespace(res=sim.simulate(1100.0), rec=rec, early=early, meter=meter)


FUNCTIONS = dict(mean_rates={}, instantaneous_rate={}, isi={}, isi_cv={}, cv2={}, lv={}, lvr={}, fano_factor={}, firing_rate={},
                 rate_histogram={}, count_correlation={}, count_correlation_matrix={}, cross_correlogram={}, autocorrelogram={},
                 power_spectrum={}, synchrony={}, psth=dict(triggers=[300.0, 500.0]))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_and_their_arrays_give_the_same(run, name):
    times, senders = run.res.events(run.rec, plain=True)
    of_arrays = {} if name in ("isi", "isi_cv", "cv2", "lv", "lvr") else dict(stop=1100.0)
    function = getattr(nl, name)
    got = function(run.res, run.rec, **FUNCTIONS[name])
    want = function(times, senders, **FUNCTIONS[name], start=100.0, size=40, **of_arrays)
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (got, want))):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    assert np.isfinite(got[-1] if isinstance(got, tuple) else got).any()


def test_the_window_is_where_the_recorder_was_active(run):
    np.testing.assert_allclose(nl.mean_rates(run.res, run.rec), run.res.rates(run.rec))
    assert run.res.active(run.rec) == pytest.approx((100.0, 1100.0)) and run.res.active(run.early) == (0.0, 1100.0)
    assert nl.rate_histogram(run.res, run.rec)[0][0] == 100.0
    times = run.res.events(run.rec, plain=True)[0]
    within = ((times > 200.05) & (times < 300.05)).sum()
    assert nl.mean_rates(run.res, run.rec, start=200.0, stop=300.0).mean() == pytest.approx(within / 40 / 0.1)


def test_a_recorder_that_was_never_active_has_no_rates():
    sim = nl.Simulator(threads=1)
    cells, rec = sim.create(nl.iaf_psc_delta, 3), sim.create(nl.spike_recorder, start=500.0)
    sim.connect(cells, rec)
    res = sim.simulate(100.0)
    assert res.active(rec) == (100.0, 100.0) and np.isnan(nl.mean_rates(res, rec)).all()
    assert nl.power_spectrum(res, rec)[1].size == 0 and np.isnan(nl.synchrony(res, rec))
    assert np.isnan(nl.cross_correlogram(res, rec, norm="rate")[1]).all()


def test_two_recorders_are_correlated_while_both_were_active(run):
    _, got = nl.cross_correlogram(run.res, run.rec, run.early, max_lag=30.0)
    times, senders = run.res.events(run.rec, plain=True)
    few = senders < 20
    _, want = nl.cross_correlogram(times, senders, (times[few], senders[few]), start=100.0, stop=1100.0, max_lag=30.0)
    np.testing.assert_array_equal(got, want)
    assert got[30] >= few.sum()


def test_voltage_synchrony_of_results_is_that_of_the_trace(run):
    V, at = run.res.trace(run.meter, plain=True), run.res.trace_times(run.meter, plain=True)
    assert nl.voltage_synchrony(run.res, run.meter) == nl.voltage_synchrony(V) < 0.4
    late = (at > 200.05) & (at < 900.05)
    assert nl.voltage_synchrony(run.res, run.meter, start=200.0, stop=900.0) == nl.voltage_synchrony(V[late])


# --- nothing there --------------------------------------------------------------------------------------------------------

@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [0, 4])
def test_empty_trains_have_nan_or_nothing(n):
    given = ([], [], )
    nan = {name: getattr(nl, name)(*given, size=n) for name in ("cv2", "lv", "lvr", "isi_cv")}
    nan["fano_factor"] = nl.fano_factor(*given, size=n, stop=1000.0)
    for name, found in nan.items():
        assert found.shape == (n,) and np.isnan(found).all(), name
    options = dict(size=n, stop=1000.0)
    assert nl.mean_rates(*given, **options).tolist() == [0.0] * n
    assert [x.size for x in nl.isi(*given, size=n)] == [0, 0]
    for function, extra in ((nl.rate_histogram, {}), (nl.instantaneous_rate, {}), (nl.power_spectrum, {}), (nl.firing_rate, {}),
                            (nl.psth, dict(triggers=[500.0]))):
        found = function(*given, **extra, **options)[1]
        assert found.size > 0 and (np.all(found == 0.0) if n else np.isnan(found).all()), function.__name__
    assert np.isnan(nl.psth(*given, [], **options)[1]).all()
    assert np.isnan(nl.count_correlation(*given, **options)) and np.isnan(nl.synchrony(*given, **options))
    matrix = nl.count_correlation_matrix(*given, **options)
    assert matrix.shape == (n, n) and np.isnan(matrix).all()
    for function in (nl.cross_correlogram, nl.autocorrelogram):
        assert not function(*given, **options)[1].any() and np.isnan(function(*given, norm="rate", **options)[1]).all()
    assert np.isnan(nl.voltage_synchrony(np.zeros((10, n)))) and np.isnan(nl.voltage_synchrony(np.full((1, n + 1), 3.0)))


@pytest.mark.filterwarnings("error")
def test_too_few_spikes_have_nan_for_their_neuron_only():
    times, senders = [1.0, 2.0, 3.0, 4.0, 6.0, 1.0, 2.0, 5.0, 5.0, 5.0, 5.0, 5.0], [0] * 5 + [1] * 2 + [2] * 5
    for measure in (nl.cv2, nl.lv, nl.lvr, nl.isi_cv):
        assert np.isnan(measure(times, senders)).tolist() == [False, True, True]
    assert np.isnan(nl.fano_factor(times, senders, 2.0, stop=6.0, size=4)).tolist() == [False, False, False, True]


@pytest.mark.parametrize("call, text", [
    (lambda: nl.mean_rates([1.0], [0]), "stop = None.*give stop"),
    (lambda: nl.mean_rates([1.0], [0], stop=0.0), "stop = 0.0: must be more than start"),
    (lambda: nl.mean_rates([1.0, 2.0], [0], stop=9.0), r"times of shape \(2,\), senders of shape \(1,\)"),
    (lambda: nl.mean_rates([-1.0], [0], stop=9.0), "some times are negative.*give start"),
    (lambda: nl.mean_rates([np.nan], [0], stop=9.0), "times: must be finite"),
    (lambda: nl.mean_rates([1.0], [3], stop=9.0, size=3), "senders = 3 to 3: must be 0 to size - 1 = 2"),
    (lambda: nl.mean_rates([1.0], [0.5], stop=9.0), "senders.*array of whole numbers"),
    (lambda: nl.mean_rates("spikes", [0], stop=9.0), "times = 'spikes'"),
    (lambda: nl.mean_rates([[1.0, 2.0], [1.0]], [0], stop=9.0), "times ="),
    (lambda: nl.mean_rates([1.0], [0], stop=9.0, size=-1), "size = -1.*0 or more"),
    (lambda: nl.instantaneous_rate([1.0], 0, 10.0, "box", stop=9.0), "kernel = 'box': must be 'gaussian' or 'alpha'"),
    (lambda: nl.instantaneous_rate([1.0], 0, 10.0, step=20.0, stop=9.0), "step = 20.0.*width = 10"),
    (lambda: nl.instantaneous_rate([1.0], 0, -1.0, stop=9.0), "width = -1.0"),
    (lambda: nl.instantaneous_rate([1.0], 10**6, each=True, stop=9e3), "each = True.*2 GiB"),
    (lambda: nl.count_correlation_matrix([1.0], 0, n=20_000, size=20_000, stop=9e3), "n = 20000.*3.2 GB, at most 2 GiB"),
    (lambda: nl.psth([1.0], 0, [1.0], stop=900.0), "triggers: 1 ms - 50 to .* leave out this trigger"),
    (lambda: nl.psth([1.0], 0, [100.0], bin=7.0, stop=900.0), "bin = 7.0: must divide"),
    (lambda: nl.psth([1.0], 0, [100.0], before=-1.0, stop=900.0), "before = -1.0"),
    (lambda: nl.lvr([1.0], 0, -5.0), "R = -5.0"),
    (lambda: nl.lv([1.0], 0, 2), "min_spikes = 2.*3 or more"),
    (lambda: nl.fano_factor([1.0], 0, 0.0, stop=9.0), "bin = 0.0"),
    (lambda: nl.cross_correlogram([1.0], 0, norm="area", stop=9.0), "norm = 'area': must be 'counts' or 'rate'"),
    (lambda: nl.cross_correlogram([1.0], 0, first=1, stop=9.0), "first = 1: must be senders, 0 to 0"),
    (lambda: nl.cross_correlogram([1.0], 0, [1.0], stop=9.0), "other: must be a pair"),
    (lambda: nl.autocorrelogram([1.0], 0, max_lag=0.0, stop=9.0), "max_lag = 0.0"),
    (lambda: nl.power_spectrum([1.0], 0, segment=20.0, stop=9.0), "segment = 20.0.*at most the window, 9 ms"),
    (lambda: nl.voltage_synchrony(np.zeros(5)), r"shape \(5,\)"),
    (lambda: nl.firing_rate([1.0], 0, dt=-1.0, stop=9.0), "dt = -1.0"),
    (lambda: nl.instantaneous_rate([1.0], 0, each="no", stop=90.0), "each = 'no': must be True or False"),
    (lambda: nl.psth([1.0], 0, "now", stop=90.0), "triggers = 'now': must be an array of numbers"),
])
def test_bad_input_is_named(call, text):
    with pytest.raises(nl.BadRecording, match=text):
        call()


def test_bad_input_of_results_is_named(run):
    for options, text in ((dict(size=3), "size = 3"), (dict(stop=2000.0), "stop = 2000.0.*at most 1100"),
                          (dict(start=300.0, stop=200.0), "stop = 200.0.*more than 300")):
        with pytest.raises(nl.BadRecording, match=text):
            nl.mean_rates(run.res, run.rec, **options)
    with pytest.raises(nl.BadRecording, match="carry units.*plain=True"):
        nl.lv(*run.res.events(run.rec))
    with pytest.raises(nl.BadRecording, match="dt = 0.1: is of plain arrays"):
        nl.firing_rate(run.res, run.rec, dt=0.1)
    with pytest.raises(nl.BadRecording, match="start = 5000"):
        nl.voltage_synchrony(run.res, run.meter, start=5000.0)
    with pytest.raises(nl.BadRecording, match="stop = 200.0: .*more than 300"):
        nl.voltage_synchrony(run.res, run.meter, start=300.0, stop=200.0)
    with pytest.raises(nl.BadRecording, match="recorded no"):
        nl.voltage_synchrony(run.res, run.rec)
