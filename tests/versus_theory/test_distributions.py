"""Distributions of initial values, weights and delays against the theory of each."""
import math

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect.distributions import lognormal_sample, normal_sample, uniform_sample
from nestling.connect.exponential import exponential_sample

N = 20_000
SEEDS = pytest.mark.parametrize("seed", [1, 2, 2**63 + 5])
LARGEST = 2**32 - 1

CASES = pytest.mark.parametrize("distribution, theory", [
    (nl.dist.Normal(-60.0, 5.0), stats.norm(-60.0, 5.0)),
    (nl.dist.Normal(-60.0, 5.0, min=-62.0), stats.truncnorm(-0.4, np.inf, -60.0, 5.0)),
    (nl.dist.Normal(-60.0, 5.0, min=-62.0, max=-57.5), stats.truncnorm(-0.4, 0.5, -60.0, 5.0)),
    (nl.dist.LogNormal(1.5, 0.4), stats.lognorm(0.4, scale=math.exp(1.5))),
    (nl.dist.LogNormal(0.0, 1.0), stats.lognorm(1.0)),
    (nl.dist.Uniform(-3.0, 7.0), stats.uniform(-3.0, 10.0)),
    (nl.dist.Uniform(-3.0, 7.0, min=0.0, max=2.0), stats.uniform(0.0, 2.0)),
], ids=lambda x: repr(x) if isinstance(x, (nl.dist.Normal, nl.dist.Uniform, nl.dist.LogNormal)) else "")


def initial_values(distribution, backend, seed=1, n=N):
    """n initial values of V_m, read from neurons that go nowhere."""
    sim = nl.Simulator(seed=seed, backend=backend)
    cells = sim.create(nl.iaf_psc_delta, n, V_m=distribution, tau_m=1e300, V_th=1e6, V_reset=0.0)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(meter, cells)
    return sim.simulate(0.1).trace(meter, "V_m", plain=True)[0]


def weights(distribution, backend, seed=1, n=N):
    """n weights, read from neurons that received one spike each."""
    sim = nl.Simulator(seed=seed, backend=backend)
    cells = sim.create(nl.iaf_psc_delta, n, E_L=0.0, V_m=0.0, tau_m=1e300, V_th=1e6)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(meter, cells)
    sim.connect(sim.create(nl.spike_generator, spike_times=[0.1]), cells, weight=distribution, delay=0.1)
    return sim.simulate(0.2).trace(meter, "V_m", plain=True)[1]


def check_moments(values, theory, errors):
    mean, variance, kurtosis = (float(m) for m in theory.stats("mvk"))
    n = len(values)
    assert abs(values.mean() - mean) < errors * math.sqrt(variance / n)
    assert abs(values.var() / variance - 1.0) < errors * math.sqrt((kurtosis + 2.0) / n)


@SEEDS
@CASES
@pytest.mark.parametrize("drawn", [initial_values, weights])
def test_drawn_values_have_the_distribution(drawn, distribution, theory, seed, backend, tolerances):
    values = drawn(distribution, backend, seed)
    assert stats.kstest(values, theory.cdf).pvalue > tolerances.P_VALUE
    check_moments(values, theory, tolerances.STANDARD_ERRORS)
    assert abs(stats.pearsonr(values[1:], values[:-1]).statistic) < tolerances.STANDARD_ERRORS / math.sqrt(N)


def test_truncation_draws_again_only_what_lies_outside(backend):
    free = initial_values(nl.dist.Normal(0.0, 1.0), backend)
    cut = initial_values(nl.dist.Normal(0.0, 1.0, min=-0.5, max=1.0), backend)
    inside = (free >= -0.5) & (free <= 1.0)
    assert 0.5 < inside.mean() < 0.6
    np.testing.assert_array_equal(cut[inside], free[inside])
    assert cut.min() >= -0.5 and cut.max() <= 1.0 and len(np.unique(cut)) > 0.99 * N


def test_a_rare_range_is_found_by_drawing_often(backend, tolerances):
    values = initial_values(nl.dist.Normal(0.0, 1.0, min=3.0), backend, n=2000)    # one draw in 741 hits
    assert stats.kstest(values, stats.truncnorm(3.0, np.inf).cdf).pvalue > tolerances.P_VALUE


def test_seeds_populations_and_variables_have_numbers_of_their_own(backend, tolerances):
    normal = nl.dist.Normal(0.0, 1.0)
    drawn = []
    for seed in (1, 2):
        sim = nl.Simulator(seed=seed, backend=backend)
        meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
        for _ in range(2):
            cells = sim.create(nl.iaf_psc_delta, N, V_m=normal, I_e=normal, C_m=0.1, E_L=0.0, tau_m=1e300, V_th=1e6)
            sim.connect(meter, cells)
        first, second = sim.simulate(0.2).trace(meter, "V_m", plain=True)       # V_m + I_e, V_m + 2 I_e
        drawn += [*np.split(2.0 * first - second, 2), *np.split(second - first, 2)]
    assert len(drawn) == 8
    for i, x in enumerate(drawn):
        assert stats.kstest(x, stats.norm.cdf).pvalue > tolerances.P_VALUE
        for y in drawn[:i]:
            assert abs(stats.pearsonr(x, y).statistic) < tolerances.STANDARD_ERRORS / math.sqrt(N)


def test_delays_are_drawn_and_rounded_to_the_nearest_step(backend, tolerances):
    # uniform over 10 steps: each of the inner ones gets a tenth, the first and the last half of that
    sim = nl.Simulator(backend=backend)
    parrots, rec = sim.create(nl.parrot_neuron, N), sim.create(nl.spike_recorder)
    sim.connect(sim.create(nl.spike_generator, spike_times=[1.0]), parrots, delay=nl.dist.Uniform(1.0, 2.0))
    sim.connect(parrots, rec)
    times, senders = sim.simulate(4.0).events(rec, plain=True)
    assert len(times) == len(np.unique(senders)) == N
    found = np.bincount(np.rint(times / 0.1).astype(int) - 20, minlength=11)
    chances = np.array([0.05, *[0.1] * 9, 0.05])
    assert stats.chisquare(found, chances * N).pvalue > tolerances.P_VALUE


def test_the_normal_quantile_function_is_exact_to_the_last_digits(tolerances):
    words = np.unique(np.concatenate([np.geomspace(1, LARGEST, 4000), LARGEST - np.geomspace(1, LARGEST, 4000),
                                      np.linspace(0, LARGEST, 4000), [0, LARGEST]]).astype(np.uint64))
    found = np.array([normal_sample(int(u), 0.0, 1.0) for u in words])
    p = (words.astype(float) + 0.5) * 2.0**-32
    expected = np.where(p < 0.5, stats.norm.ppf(p), -stats.norm.ppf(1.0 - p))
    np.testing.assert_allclose(found, expected, rtol=tolerances.QUANTILE, atol=1e-15)
    assert (np.diff(found) > 0).all()


def some_words():
    rng = np.random.default_rng(1)
    return [*rng.integers(0, LARGEST + 1, 3000).tolist(), *range(100), *range(LARGEST - 99, LARGEST + 1), 2**31 - 1, 2**31]


def test_lognormal_and_exponential_quantiles_are_exact_to_the_last_digits():
    for u in some_words():
        assert lognormal_sample(u, 0.3, 0.7) == pytest.approx(math.exp(normal_sample(u, 0.3, 0.7)), rel=1e-14, abs=0)
        assert exponential_sample(u, 2.0, 0.0) == pytest.approx(-2.0 * math.log1p(-(u + 0.5) * 2.0**-32), rel=1e-15, abs=0)


def test_every_word_gives_a_value_within_the_stated_support():
    for u in (0, 1, LARGEST // 2, LARGEST // 2 + 1, LARGEST - 1, LARGEST):
        for distribution, sample in ((nl.dist.Normal(2.0, 3.0), normal_sample), (nl.dist.Uniform(2.0, 3.0), uniform_sample),
                                     (nl.dist.LogNormal(0.2, 0.3), lognormal_sample)):
            low, high = distribution.support()
            assert low < sample(u, *distribution.parameters()) < high


def test_the_normal_distribution_is_symmetric_about_its_mean():
    for u in (0, 12345, 10**9, LARGEST // 2):
        assert normal_sample(u, 0.0, 1.0) == -normal_sample(LARGEST - u, 0.0, 1.0)
