"""Every function on Poisson, gamma and regular trains against the theory of renewal processes (Cox 1962, Renewal Theory).

A mean is compared with its expectation within Z standard errors, taken from independent trains or seeds. Seeds are fixed.
"""
from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import gamma, kstest

from nestling import simulator as nl

Z = 3.29                                    # standard errors, two-sided at 1e-3
MANY = 4.5                                  # of each of a hundred means
RATE, MEAN = 50.0, 20.0                     # spikes/s, ms
R = RATE * 1e-3                             # spikes/ms
N, END, SEEDS = 30, 4000.0, range(20)
FORMS = {"poisson": 1.0, "gamma": 4.0, "regular": np.inf}       # shapes

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(params=FORMS)
def shape(request):
    return FORMS[request.param]


@cache
def trains(shape, seed, n=N, end=END):
    """Times and senders of independent trains in equilibrium, off the grid."""
    rng = np.random.default_rng(seed)
    size = (n, int(1.5 * end / MEAN) + 150)
    intervals = np.full(size, MEAN) if np.isinf(shape) else rng.gamma(shape, MEAN / shape, size)
    at = np.cumsum(intervals, axis=1) - (50.0 + rng.random((n, 1))) * MEAN
    senders, place = np.nonzero((at > 0) & (at <= end))
    assert (at[:, -1] > end).all()
    order = np.argsort(at[senders, place], kind="stable")
    return at[senders, place][order], senders[order]


def copies(shape, seed, kept, n=8):
    """Trains that each hold the spikes of one and the same train with the probability `kept`."""
    rng, (mother, _) = np.random.default_rng(seed + 1000), trains(shape, seed, 1)
    place, senders = np.nonzero(rng.random((len(mother), n)) < kept)
    return mother[place], senders


def renewals(shape, s):
    """Rate (spikes/ms) of the spikes that follow a spike by s ms, for finite shapes."""
    return sum(gamma.pdf(s, k * shape, scale=MEAN / shape) for k in range(1, int(4 * np.max(s) / MEAN) + 30))


@cache
def count_variance(shape, t):
    """Variance of the number of spikes in t ms."""
    if np.isinf(shape):
        part = R * t % 1.0
        return part * (1.0 - part)
    if t > 20 * MEAN:                       # what is left of the memory of single intervals is below 1e-9
        return R * t / shape + (1.0 - shape**-2) / 6.0
    return R * t + 2.0 * R * quad(lambda s: (t - s) * (renewals(shape, s) - R), 0.0, t)[0]


def in_bins(shape, lags, bin):
    """Rate (spikes/s) of the spikes that follow one by each lag, a difference of bins: an average over a triangle."""
    lags = np.abs(lags)
    if np.isinf(shape):
        return np.where((lags > 0) & (lags % MEAN == 0), 1e3 / bin, 0.0)
    fine = np.linspace(-bin, bin, 2001)
    triangle = np.maximum(1.0 - np.abs(fine) / bin, 0.0)
    return 1e3 * (renewals(shape, np.abs(lags[:, None] + fine)) * triangle).sum(axis=1) / triangle.sum()


def near(found, expected, z=Z):
    """Whether the mean over the first axis is the expected one."""
    found = np.asarray(found, float)
    assert len(found) >= 20 and np.isfinite(found).all()
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    return np.all(np.abs(found.mean(axis=0) - expected) <= z * error + 1e-9 * (1.0 + np.abs(expected)))


def test_the_theory_is_right_for_what_is_known():
    assert count_variance(1.0, 30.0) == pytest.approx(1.5) and count_variance(np.inf, 30.0) == pytest.approx(0.25)
    long = R * 400.0 / 4.0 + (1.0 - 4.0**-2) / 6.0
    assert count_variance(4.0, 400.0) == pytest.approx(long, rel=1e-6)
    np.testing.assert_allclose(in_bins(1.0, np.array([10.0, 40.0]), 2.0), RATE)


# --- rates ----------------------------------------------------------------------------------------------------------------

def test_mean_rates(shape):
    rates = np.concatenate([nl.mean_rates(*trains(shape, seed), stop=END) for seed in SEEDS])
    assert rates.shape == (N * len(SEEDS),) and near(rates, RATE)
    assert near(((rates - RATE) * END * 1e-3) ** 2, count_variance(shape, END))


@pytest.mark.parametrize("bin", [5.0, 8.0, 30.0])
def test_rate_histogram(shape, bin):
    rates = [nl.rate_histogram(*trains(shape, seed), bin, stop=END)[1][:int(END / bin)] for seed in SEEDS]
    assert near(np.mean(rates, axis=1), RATE)
    assert near(np.mean((np.array(rates) - RATE) ** 2, axis=1), count_variance(shape, bin) / N / (bin * 1e-3) ** 2)


def test_firing_rate(shape):
    """Of a boxcar of 51 steps."""
    rates = [nl.firing_rate(*trains(shape, seed), 5.0, stop=END)[1][50:-50] for seed in SEEDS]
    assert near(np.mean(rates, axis=1), RATE)
    assert near(np.mean((np.array(rates) - RATE) ** 2, axis=1), count_variance(shape, 5.1) / N / 5.1e-3**2)


@pytest.mark.parametrize("kernel, width", [("gaussian", 3.0), ("alpha", 2.0)])
def test_instantaneous_rate(shape, kernel, width):
    """The variance is the spectrum's, as the kernel lets it through."""
    def passed(f):
        x = 2.0 * np.pi * f * width * 1e-3
        return np.exp(-x * x) if kernel == "gaussian" else (1.0 + x * x) ** -2

    rates = [nl.instantaneous_rate(*trains(shape, seed), width, kernel, step=0.25, stop=END)[1] for seed in SEEDS]
    rates = np.array(rates)[:, 400:-400]
    if np.isinf(shape):
        variance = sum(2.0 * RATE**2 * passed(m * RATE) for m in range(1, 100))
    else:
        def density(f):
            return 2.0 * passed(f) * spectrum(shape, f) / 2.0
        variance = quad(density, 1e-6, 400.0, limit=200)[0] + quad(density, 400.0, 20_000.0, limit=200)[0]
    assert near(rates.mean(axis=1), RATE) and near(((rates - RATE) ** 2).mean(axis=1), variance / N)


def test_psth_around_a_train_s_own_spikes_is_its_renewal_density(shape):
    """The spike that is the trigger lies in the last bin before it."""
    found = []
    for seed in SEEDS:
        times, senders = trains(shape, seed)
        own = times[senders == 0]
        edges, rate = nl.psth(own, 0, own[(own > 60.0) & (own <= END - 60.0)], 60.0, 60.0, 2.0, stop=END)
        found.append(rate)
    late = edges[1:] > 1e-9
    if np.isinf(shape):
        want = np.where(np.rint(edges[1:]) % MEAN == 0, 500.0, 0.0)
    else:
        fine = np.linspace(0.0, 2.0, 2001)[1:] - 5e-4
        want = 1e3 * renewals(shape, np.abs(edges[:-1, None] + fine)).mean(axis=1)
        want[edges[1:].round(9) == 0.0] += 500.0
    assert late.sum() == 30 and near(found, want, MANY)


def test_psth_around_other_times_is_the_rate(shape):
    triggers = np.random.default_rng(9).uniform(50.0, END - 100.0, 40)
    assert near([nl.psth(*trains(shape, seed), triggers, stop=END)[1].mean() for seed in SEEDS], RATE)


# --- irregularity ---------------------------------------------------------------------------------------------------------

def test_isi(shape):
    intervals, owner = nl.isi(*trains(shape, 0, 40, 20_000.0))
    assert near(np.bincount(owner, intervals) / np.bincount(owner), MEAN)
    if np.isfinite(shape):
        assert kstest(intervals, gamma(shape, scale=MEAN / shape).cdf).pvalue > 1e-3
    else:
        np.testing.assert_allclose(intervals, MEAN)


@pytest.mark.parametrize("measure, expected", [
    (nl.isi_cv, lambda k: k**-0.5), (nl.lv, lambda k: 3.0 / (2.0 * k + 1.0)),
    # I / (I + I') is a Beta variable, whose mean distance from one half this is; 35 / 128 for k = 4
    (nl.cv2, lambda k: {1.0: 1.0, 4.0: 4.0 * 35.0 / 256.0}.get(k, 0.0))])
def test_variation_of_intervals(shape, measure, expected):
    assert near(measure(*trains(shape, 0, 40, 20_000.0)), expected(shape) if np.isfinite(shape) else 0.0)


def test_lvr_adds_the_mean_of_4_R_over_two_intervals(shape):
    """Independent of the ratio of both in gamma trains; of Poisson trains the mean of 1 / (I + I') is 1 / 20 ms."""
    sums = {1.0: 1.0 / MEAN, 4.0: 4.0 / MEAN / 7.0}.get(shape, 0.5 / MEAN)
    expected = 0.0 if np.isinf(shape) else 3.0 / (2.0 * shape + 1.0)
    assert near(nl.lvr(*trains(shape, 0, 40, 20_000.0), 5.0), expected * (1.0 + 20.0 * sums))


@pytest.mark.parametrize("bin", [5.0, 30.0, 100.0])
def test_fano_factor(shape, bin):
    """Counts vary around the mean of their own window, which takes a little off."""
    bins = int(END / bin)
    variance = count_variance(shape, bin) - count_variance(shape, bins * bin) / bins**2
    found = np.concatenate([nl.fano_factor(*trains(shape, seed), bin, stop=END) for seed in SEEDS])
    assert near(found, variance / (R * bin))


# --- pairs and populations ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("bin", [5.0, 30.0])
@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
def test_count_correlation(shape, bin, kept):
    """Of copies of a train: the variance that they share, over that and what dropping spikes adds. 0: independent trains."""
    fano = count_variance(shape, bin) / (R * bin)
    expected = kept * fano / (kept * fano + 1.0 - kept)
    data = [copies(shape, seed, kept) if kept else trains(shape, seed) for seed in SEEDS]
    found = [nl.count_correlation(*d, bin, stop=END) for d in data]
    assert near(found, expected)
    matrices = [nl.count_correlation_matrix(*d, bin, stop=END) for d in data]
    np.testing.assert_allclose([m[~np.eye(len(m), dtype=bool)].mean() for m in matrices], found, atol=1e-9)


def test_cross_correlogram(shape):
    options = dict(bin=2.0, max_lag=60.0, norm="rate", stop=END)
    for kept in (0.5, 1.0):
        found = [nl.cross_correlogram(*copies(shape, seed, kept), **options) for seed in SEEDS]
        lags, rates = found[0][0], np.array([rate for _, rate in found])
        expected = kept * (in_bins(shape, lags, 2.0) + 500.0 * (lags == 0))
        if shape == 4.0:                    # two spikes of it in one bin are so rare that all seeds together may have none
            assert abs(rates[:, 30].mean() - expected[30]) < 2.0
            rates[:, 30] = expected[30]
        assert near(rates, expected, MANY)
    assert near([nl.cross_correlogram(*trains(shape, seed), **options)[1].mean() for seed in SEEDS], RATE)


def test_autocorrelogram(shape):
    found = [nl.autocorrelogram(*trains(shape, seed), bin=2.0, max_lag=60.0, norm="rate", stop=END) for seed in SEEDS]
    lags = found[0][0]
    if np.isfinite(shape):                  # two spikes of one bin; fewer than at a lag that may have both signs
        fine = np.linspace(0.0, 2.0, 2001)[1:]
        at_zero = 1e3 * (renewals(shape, fine) * (2.0 - fine)).sum() / (2.0 - fine).sum()
        np.testing.assert_allclose(in_bins(shape, np.array([0.0]), 2.0), at_zero, rtol=2e-3)
    assert near([rate for _, rate in found], in_bins(shape, lags, 2.0), MANY)


def spectrum(shape, f):
    """Power density, one-sided, of one train of finite shape: by the characteristic function F of its intervals."""
    F = (1.0 - 2j * np.pi * f / (RATE * shape)) ** -shape
    return 2.0 * RATE * np.real((1.0 + F) / (1.0 - F))


def test_power_spectrum(shape):
    if np.isinf(shape):                     # the line at the rate; what bins take off it, they fold back from higher ones
        f, power = nl.power_spectrum(*trains(shape, 0, 1), stop=END)
        assert power[np.abs(f - RATE) < 5.0].sum() * f[1] == pytest.approx(2.0 * RATE**2, rel=1e-3)
        assert power[np.abs(f - RATE * 1.5) < 5.0].sum() < 1e-6 * RATE**2
        return
    f, _ = nl.power_spectrum(*trains(shape, 0), stop=END)
    some = (f >= 5.0) & (f <= 200.0)
    low = np.sinc(f[some] * 1e-3) ** 2                       # of bins; what they fold back from higher ones is white
    expected = (spectrum(shape, f[some]) * low + 2.0 * RATE * (1.0 - low)) / N
    ratios = np.array([nl.power_spectrum(*trains(shape, seed), stop=END)[1][some] / expected for seed in SEEDS])
    assert near(ratios.mean(axis=1), 1.0) and near(ratios.reshape(len(SEEDS), 28, 7).mean(axis=2), 1.0, MANY)


@pytest.mark.parametrize("bin", [5.0, 32.0])
def test_synchrony(shape, bin):
    bins = int(END / bin)
    expected = (count_variance(shape, bin) - count_variance(shape, bins * bin) / bins**2) / (R * bin)
    assert near([nl.synchrony(*trains(shape, seed), bin, stop=END) for seed in SEEDS], expected)
    together = [nl.synchrony(*copies(shape, seed, 1.0), bin, stop=END) for seed in SEEDS]
    assert near(together, 8.0 * expected)
