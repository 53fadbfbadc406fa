"""poisson_generator: counts of every step against Poisson's law, independence, and the window in which it is on."""
import math

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

MEANS = pytest.mark.parametrize("mean", [0.1, 2.0, 50.0])       # spikes in a step


def run(connect, steps, backend, seed=1, dt=0.1):
    """Counts (steps, parrots) of parrots that `connect(sim)` has created and connected, from the first that can arrive."""
    sim = nl.Simulator(dt=dt, seed=seed, backend=backend)
    parrots, recorder = connect(sim), sim.create(nl.spike_recorder)
    sim.connect(parrots, recorder)
    return sim.simulate((steps + 1) * dt).spikes(recorder)[1:].astype(np.int64)


def trains(mean, n, steps, backend, seed=1, dt=0.1, **generator):
    """Counts (steps, n) of n parrots that one generator drives with a delay of one step."""
    def connect(sim):
        noise, parrots = sim.create(nl.poisson_generator, rate=mean / dt * 1e3, **generator), sim.create(nl.parrot_neuron, n)
        sim.connect(noise, parrots, delay=dt)
        return parrots
    return run(connect, steps, backend, seed, dt)


def chi_squared(counts, mean):
    """p-value of counts under Poisson's law; classes with fewer than 5 expected are taken together."""
    least, most = stats.poisson.ppf([5.0 / counts.size, 1.0 - 5.0 / counts.size], mean).astype(int)
    chances = stats.poisson.pmf(np.arange(least + 1, most), mean)
    chances = np.concatenate([[stats.poisson.cdf(least, mean)], chances, [stats.poisson.sf(most - 1, mean)]])
    found = np.bincount(np.clip(counts, least, most).ravel() - least, minlength=len(chances))
    return stats.chisquare(found, chances * counts.size).pvalue


@MEANS
@pytest.mark.parametrize("seed", [1, 2, 2**64 - 1])
def test_counts_have_poissons_law(mean, seed, backend, tolerances):
    counts = trains(mean, 250, 400, backend, seed)
    n = counts.size
    assert abs(counts.mean() - mean) < tolerances.STANDARD_ERRORS * math.sqrt(mean / n)
    spread = math.sqrt((1.0 / mean + 2.0) / n)                   # of the variance, relative
    assert abs(counts.var() / mean - 1.0) < tolerances.STANDARD_ERRORS * spread
    assert chi_squared(counts, mean) > tolerances.P_VALUE


@MEANS
def test_the_tables_of_counts_give_poissons_probabilities(mean):
    # all 2^32 words at once, not a sample: what each cell's words lead to
    from nestling.connect import draws
    chances = draws.poisson_probabilities(mean)
    bits = draws.bits_for(len(chances))
    thresholds, aliases = draws.alias_table(chances, bits)
    words = np.zeros(1 << bits)
    np.add.at(words, np.arange(1 << bits), thresholds.astype(float))
    np.add.at(words, aliases, 2.0 ** (32 - bits) - thresholds)
    expected = stats.poisson.pmf(np.arange(1 << bits), mean)
    assert words.sum() == 2.0**32
    # every cell's threshold is rounded to a word, and a cell is the alias of less than all others
    np.testing.assert_allclose(words / 2.0**32, expected, rtol=0, atol=2.0**-32 * (1 << bits))


@MEANS
def test_targets_have_independent_trains(mean, backend, tolerances):
    steps, n = 2000, 60
    correlation = np.corrcoef(trains(mean, n, steps, backend).T)[np.triu_indices(n, 1)]
    assert abs(correlation.mean()) < tolerances.STANDARD_ERRORS / math.sqrt(steps * correlation.size)
    assert abs(correlation).max() < (tolerances.STANDARD_ERRORS + 1.0) / math.sqrt(steps)       # of 1770 pairs
    assert correlation.std() * math.sqrt(steps) == pytest.approx(1.0, abs=0.1)


@MEANS
def test_steps_are_independent(mean, backend, tolerances):
    counts = trains(mean, 100, 1000, backend) - mean
    for lag in (1, 2, 3, 4, 5, 8, 16, 100):                      # four steps share one draw of words
        products = counts[lag:] * counts[:-lag] / mean
        assert abs(products.mean()) < tolerances.STANDARD_ERRORS / math.sqrt(products.size), lag


def test_generators_connections_and_seeds_have_trains_of_their_own(backend, tolerances):
    mean, n, steps = 2.0, 20, 1000

    def connect(sim):
        parrots = [sim.create(nl.parrot_neuron, n) for _ in range(4)]
        two, one = sim.create(nl.poisson_generator, 2, rate=mean * 1e4), sim.create(nl.poisson_generator, rate=mean * 1e4)
        sim.connect(two[0], parrots[0], delay=0.1)
        sim.connect(two[1], parrots[1], delay=0.1)
        sim.connect(one, parrots[2], delay=0.1)
        sim.connect(one, parrots[3], delay=0.1)
        return sum(parrots)
    counts = np.concatenate([run(connect, steps, backend), trains(mean, n, steps, backend, seed=2)], axis=1)
    correlation = np.corrcoef(counts.T)[np.triu_indices(5 * n, 1)]
    assert abs(correlation).max() < (tolerances.STANDARD_ERRORS + 1.0) / math.sqrt(steps)       # of 4950 pairs


def test_two_generators_on_one_target_add_up(backend, tolerances):
    def connect(sim):
        parrots, noise = sim.create(nl.parrot_neuron, 200), sim.create(nl.poisson_generator, 2, rate=[7e3, 13e3])
        sim.connect(noise, parrots, delay=0.1)
        return parrots
    assert chi_squared(run(connect, 400, backend), 2.0) > tolerances.P_VALUE


def test_every_generator_of_a_population_has_its_own_rate(backend, tolerances):
    means = np.array([0.0, 0.3, 2.0, 9.0])

    def connect(sim):
        parrots, noise = sim.create(nl.parrot_neuron, 4), sim.create(nl.poisson_generator, 4, rate=means * 1e4)
        sim.connect(noise, parrots, rule=nl.one_to_one, delay=0.1)
        return parrots
    counts = run(connect, 20_000, backend)
    assert counts[:, 0].sum() == 0
    for mean, count in zip(means[1:], counts.T[1:]):
        assert chi_squared(count, mean) > tolerances.P_VALUE


@pytest.mark.parametrize("dt", [0.1, 0.05])
@pytest.mark.parametrize("window, first, last", [
    (dict(), 0.0, 10.0),
    (dict(start=3.0), 3.0, 10.0),
    (dict(stop=4.5), 0.0, 4.5),
    (dict(start=3.0, stop=4.5), 3.0, 4.5),
    (dict(start=3.0, stop=4.5, origin=2.3), 5.3, 6.8),
    (dict(start=3.0, stop=3.1), 3.0, 3.1),
    (dict(start=3.0, stop=3.0), 3.0, 3.0),
    (dict(start=20.0), 20.0, 10.0),
])
def test_spikes_have_times_after_start_and_up_to_stop_and_no_others(window, first, last, dt, backend):
    mean = 40.0                                  # a step without a spike has a chance of e^-40
    counts = trains(mean, 3, round(10.0 / dt), backend, dt=dt, **window)
    stamp = np.arange(1, len(counts) + 1)        # in steps, of the spikes at the generator
    expected = (stamp > round(first / dt)) & (stamp <= round(last / dt))
    np.testing.assert_array_equal(counts > 0, np.repeat(expected[:, None], 3, axis=1))


def test_a_recorded_generator_has_poissons_law_too(backend, tolerances):
    sim = nl.Simulator(backend=backend)
    noise, recorder = sim.create(nl.poisson_generator, 50, rate=50.0 * 1e4), sim.create(nl.spike_recorder)
    sim.connect(noise, recorder)
    assert chi_squared(sim.simulate(100.0).spikes(recorder).astype(np.int64), 50.0) > tolerances.P_VALUE


def test_the_membrane_receives_every_spike_that_a_parrot_repeats(backend, tolerances):
    # one draw, two readers: what the parrots count arrives, with a weight, in neurons that forget nothing
    def connect(sim):
        noise, parrots = sim.create(nl.poisson_generator, rate=2e4), sim.create(nl.parrot_neuron, 30)
        cells = sim.create(nl.iaf_psc_delta, 30, tau_m=1e300, V_th=1e9, E_L=0.0, V_m=0.0)
        meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
        sim.connect(noise, parrots, delay=0.1)
        sim.connect(parrots, cells, rule=nl.one_to_one, weight=0.25, delay=0.3)
        sim.connect(meter, cells)
        return parrots, meter
    sim = nl.Simulator(backend=backend)
    parrots, meter = connect(sim)
    recorder = sim.create(nl.spike_recorder)
    sim.connect(parrots, recorder)
    res = sim.simulate(50.0)
    total = np.cumsum(res.spikes(recorder).astype(float), axis=0)
    np.testing.assert_allclose(res.trace(meter, "V_m", plain=True)[3:], 0.25 * total[:-3], rtol=tolerances.ROUNDING)


def test_a_strong_drive_does_not_overflow_the_input(backend, tolerances):
    # the sum of the worst case sets the scale of the input: it must be the largest count that can be drawn
    for precision in ("double", "single"):
        sim = nl.Simulator(backend=backend, precision=precision)
        noise = sim.create(nl.poisson_generator, rate=50.0 * 1e4)
        cells = sim.create(nl.iaf_psc_delta, 500, tau_m=1e300, V_th=1e9, E_L=0.0, V_m=0.0)
        meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
        sim.connect(noise, cells, weight=1.0, delay=0.1)
        sim.connect(meter, cells)
        V_m = sim.simulate(40.1).trace(meter, "V_m", plain=True)
        counts = np.diff(V_m.astype(np.float64), axis=0)
        assert counts.min() > 5 and chi_squared(np.rint(counts).astype(np.int64), 50.0) > tolerances.P_VALUE


@pytest.mark.parametrize("multiplicities", [[1, 5, 0, 700, 2]])
def test_a_parrot_repeats_multiplicities(multiplicities, backend):
    def connect(sim):
        source = sim.create(nl.spike_generator, spike_times=[1.0, 2.0, 3.0, 4.0, 5.0], spike_multiplicities=multiplicities)
        first, second = sim.create(nl.parrot_neuron), sim.create(nl.parrot_neuron)
        sim.connect(source, first, delay=0.5, weight=-3.0)
        sim.connect(first, second, delay=0.2)
        return first + second
    counts = run(connect, 80, backend)
    for train, delay in zip(counts.T, (5, 7)):
        expected = np.zeros(80, np.int64)
        expected[np.array([10, 20, 30, 40, 50]) + delay - 2] = multiplicities      # the first step was cut off
        np.testing.assert_array_equal(train, expected)
