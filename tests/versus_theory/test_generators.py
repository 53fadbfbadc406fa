"""Generators against their laws: rates of every step, intervals, packets, noise, correlations; what targets share; no drift.

Rows of counts are steps at the generator: row k holds the spikes stamped (k + 1) dt there, whatever the delay.
"""
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

DT = 0.1


def run(backend, model, params, targets=1, duration=50.0, devices=1, delays=DT, seed=1, until=None, **simulator):
    """Counts (steps, devices * targets) of parrots; device i has those from i * targets on, and the i-th entry of values that
    are arrays. delays: one, or one a target. until: stop then, and go on."""
    sim = nl.Simulator(dt=DT, seed=seed, backend=backend, **simulator)
    parrots, recorder = sim.create(nl.parrot_neuron, devices * targets), sim.create(nl.spike_recorder)
    generators = sim.create(getattr(nl, model), devices, params=params)
    if targets == 1:
        sim.connect(generators, parrots, rule=nl.one_to_one, delay=delays)
    else:
        for i in range(devices):
            sim.connect(generators[i:i + 1], parrots[i * targets:(i + 1) * targets], delay=np.resize(delays, (targets, 1)))
    sim.connect(parrots, recorder)
    end = duration + np.max(delays)
    if until is None:
        res, first = sim.simulate(end), 0
    else:
        sim.simulate(until)
        res, first = sim.cont(end - until), round(until / DT)
    found = res.spikes(recorder).astype(np.int64)
    assert len(found) == round(end / DT) - first
    if first:
        return found
    shifts = np.broadcast_to(np.rint(np.asarray(delays) / DT).astype(int), targets)
    return np.stack([found[shifts[i % targets]:, i][:round(duration / DT)] for i in range(devices * targets)], axis=1)


def times(steps):
    """The time stamps of rows (ms)."""
    return np.arange(1, steps + 1) * DT


def p_of_means(counts, mean, variance=None):
    """p-value of the means of steps, for steps that are independent; `variance` of one count, a Poisson count's if not given.

    Steps in which nothing can happen must be empty, all others must have an approximately normal mean.
    """
    variance = mean if variance is None else variance
    assert (counts[mean == 0] == 0).all()
    z = (counts.mean(axis=1) - mean)[mean > 0] / np.sqrt(variance[mean > 0] / counts.shape[1])
    return stats.chi2.sf((z**2).sum(), len(z)) if len(z) else 1.0


def in_poissons_spread(counts, mean, tolerances):
    """Whether the counts' variance about the mean is the mean, over all steps and targets."""
    m = np.repeat(mean[mean > 0][:, None], counts.shape[1], axis=1)
    squares = (counts[mean > 0] - m)**2 / m
    return abs(squares.mean() - 1.0) < tolerances.STANDARD_ERRORS * math.sqrt((2.0 + 1.0 / m).mean() / m.size)


def correlation(counts, mean):
    """Of pairs of targets, beyond what they share in their mean; and its standard error if there is none."""
    z = (counts - mean[:, None])[mean > 0] / np.sqrt(mean[mean > 0])[:, None]
    pairs = np.triu_indices(counts.shape[1], 1)
    return (z.T @ z)[pairs].mean() / len(z), 1.0 / math.sqrt(len(z) * len(pairs[0]))


# --- rates that change ------------------------------------------------------------------------------------------------

SINE = dict(rate=3e3, amplitude=4e3, frequency=43.0, phase=70.0)             # below 0 for a part of each period


def sine_mean(steps, rate, amplitude, frequency, phase):
    wave = np.sin(2.0 * np.pi * frequency * 1e-3 * times(steps) + np.deg2rad(phase))
    return np.maximum(0.0, rate + amplitude * wave) * DT * 1e-3


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_sinusoidal_rate_holds_in_every_step(backend, tolerances, precision):
    counts, mean = run(backend, "sinusoidal_poisson_generator", SINE, 3000, precision=precision), sine_mean(500, **SINE)
    assert 50 < (mean == 0).sum() < 200
    assert p_of_means(counts, mean) > tolerances.P_VALUE
    assert in_poissons_spread(counts, mean, tolerances)


def test_many_spikes_a_step_have_the_sinusoidal_mean_too(backend, tolerances):
    params = dict(rate=4e5, amplitude=3e5, frequency=43.0, phase=0.0)
    counts, mean = run(backend, "sinusoidal_poisson_generator", params, 150), sine_mean(500, **params)
    assert p_of_means(counts, mean) > tolerances.P_VALUE and in_poissons_spread(counts, mean, tolerances)


@pytest.mark.parametrize("frequency, depth, phase", [(20.0, 0.5, 30.0), (250.0, 0.9, -100.0), (-100.0, 0.3, 45.0)])
def test_modulation_has_its_depth_and_phase(backend, tolerances, frequency, depth, phase):
    params = dict(rate=2e3, amplitude=depth * 2e3, frequency=frequency, phase=phase)
    counts = run(backend, "sinusoidal_poisson_generator", params, 500, duration=100.0).sum(axis=1)
    n = counts.sum()
    expected = 2e3 * 1e-4 * 500 * 1000                           # whole periods
    assert abs(n - expected) < tolerances.STANDARD_ERRORS * math.sqrt(expected)
    wave = 2.0 * (counts * np.exp(-2j * np.pi * frequency * 1e-3 * times(1000))).sum() / n
    error = math.sqrt(2.0 / n)                                   # of the real and of the imaginary part
    # sin(a) is the real part of -i exp(i a)
    assert abs(wave - depth * np.exp(1j * np.deg2rad(phase)) / 1j) < tolerances.STANDARD_ERRORS * math.sqrt(2.0) * error
    assert error < 0.03 * depth


JUMPS = dict(rate_times=[1.0, 10.0, 20.0, 30.0, 40.0], rate_values=[2e3, 2e4, 0.0, -5.0, 5e3])


def jumps_mean(steps, rate_times, rate_values):
    """The rate of a time holds from the spikes stamped with it on."""
    now = np.searchsorted(np.asarray(rate_times) - 1e-6, times(steps), side="right")
    return np.maximum(np.append(0.0, rate_values)[now], 0.0) * DT * 1e-3


@pytest.mark.parametrize("params, n", [(JUMPS, 1000), (dict(rate_times=[0.2, 25.0], rate_values=[4e5, 1e5]), 200)])
def test_a_rate_that_jumps_holds_in_every_step(backend, tolerances, params, n):
    counts, mean = run(backend, "inhomogeneous_poisson_generator", params, n), jumps_mean(500, **params)
    assert counts[mean == 0].size and p_of_means(counts, mean) > tolerances.P_VALUE
    assert in_poissons_spread(counts, mean, tolerances)


def test_every_device_of_a_population_has_values_of_its_own(backend, tolerances):
    n = 400
    jumps = dict(rate_times=[[1.0], [1.0, 20.0], []], rate_values=[[1e3], [1e3, 2e4], []])
    counts = run(backend, "inhomogeneous_poisson_generator", jumps, n, devices=3)
    for i, (t, v) in enumerate(zip(*jumps.values())):
        assert p_of_means(counts[:, i * n:(i + 1) * n], jumps_mean(500, t, v)) > tolerances.P_VALUE
    sines = dict(rate=np.array([1e3, 4e3, 2e3]), amplitude=np.array([0.0, 3e3, 2e3]), frequency=np.array([0.0, 43.0, 100.0]),
                 phase=np.array([0.0, 0.0, 90.0]), individual_spike_trains=np.array([True, False, True]))
    counts = run(backend, "sinusoidal_poisson_generator", sines, n, devices=3)
    for i in range(3):
        own, one = counts[:, i * n:(i + 1) * n], {k: v[i] for k, v in sines.items() if k != "individual_spike_trains"}
        if sines["individual_spike_trains"][i]:
            assert p_of_means(own, sine_mean(500, **one)) > tolerances.P_VALUE
        else:
            assert (own == own[:, :1]).all() and own.any()


# --- trains of each target's own, and shared ones -----------------------------------------------------------------------

OWN = {
    "jumps": ("inhomogeneous_poisson_generator", dict(rate_times=[0.1, 20.0], rate_values=[2e4, 3e3])),
    "sine": ("sinusoidal_poisson_generator", dict(rate=3e3, amplitude=2e3, frequency=43.0)),
    "gamma": ("gamma_sup_generator", dict(rate=100.0, gamma_shape=3, n_proc=10)),
}
SHARED = {
    "sine": ("sinusoidal_poisson_generator", dict(SINE, individual_spike_trains=False)),
    "mip": ("mip_generator", dict(rate=5e3)),
    "packets": ("pulsepacket_generator", dict(activity=60, pulse_times=[20.0, 25.0], sdev=3.0)),
}


@pytest.mark.parametrize("case", OWN)
def test_targets_have_trains_of_their_own(backend, tolerances, case):
    model, params = OWN[case]
    counts = run(backend, model, params, 60, duration=200.0)
    found, error = correlation(counts, counts.mean(axis=1))
    # about the sample's mean, pairs of n independent targets are correlated by -1 / (n - 1)
    assert abs(found + 1.0 / 59.0) < tolerances.STANDARD_ERRORS * error


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("case", SHARED)
def test_targets_that_share_a_train_receive_it_whatever_their_delays(backend, case, threads):
    model, params = SHARED[case]
    delays = np.array([0.1, 0.5, 0.5, 3.0, 0.2, 0.1])
    counts = run(backend, model, params, 6, delays=delays, threads=threads)
    assert counts.sum() > 600
    np.testing.assert_array_equal(counts, np.repeat(counts[:, :1], 6, axis=1))


@pytest.mark.parametrize("case", SHARED)
def test_projections_and_recorders_share_a_train_too(backend, case):
    model, params = SHARED[case]
    sim = nl.Simulator(dt=DT, backend=backend)
    device, (near, far) = sim.create(getattr(nl, model), params=params), (sim.create(nl.parrot_neuron) for _ in range(2))
    recorders = [sim.create(nl.spike_recorder) for _ in range(3)]
    sim.connect(device, near, delay=0.1)
    sim.connect(device, far, delay=0.5)
    for source, recorder in zip((device, near, far), recorders):
        sim.connect(source, recorder)
    res = sim.simulate(50.0)
    own, near, far = (res.spikes(r)[:, 0] for r in recorders)
    assert near.sum() > 100
    np.testing.assert_array_equal(near[1:], own[:-1])
    np.testing.assert_array_equal(far[4:], near[:-4])
    assert far[:4].sum() == 0


# --- multiple interaction ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("rate, p_copy", [(5e3, 0.3), (3e4, 0.8), (2e3, 0.5)])
def test_mip_trains_are_poisson_trains_with_correlation_p_copy(backend, tolerances, rate, p_copy):
    steps, n, m = 6000, 10, rate * p_copy * DT * 1e-3
    counts = run(backend, "mip_generator", dict(rate=rate, p_copy=p_copy), n, duration=steps * DT)
    assert counts[0].sum() == 0
    counts = counts[1:]                                          # on one step after its start, as in NEST
    share = 1.0 + (n - 1) * p_copy                               # of the variance of the targets' sum
    assert abs(counts.mean() - m) < tolerances.STANDARD_ERRORS * math.sqrt(m * share / counts.size)
    squares = (counts - m)**2 / m
    error = squares.mean(axis=1).std() / math.sqrt(steps)        # steps are independent, targets are not
    assert abs(squares.mean() - 1.0) < tolerances.STANDARD_ERRORS * error and error < 0.04
    z = (counts - m) / math.sqrt(m)
    products = (z.sum(axis=1)**2 - (z**2).sum(axis=1)) / (n * (n - 1))
    error = products.std() / math.sqrt(steps)
    assert abs(products.mean() - p_copy) < tolerances.STANDARD_ERRORS * error and error < 0.04
    assert abs(np.corrcoef(counts[1:, 0], counts[:-1, 0])[0, 1]) < tolerances.STANDARD_ERRORS / math.sqrt(steps)


@pytest.mark.parametrize("shift", [4, 29])
def test_copies_of_one_spike_arrive_after_each_ones_delay(backend, tolerances, shift):
    steps, p_copy, m = 20_000, 0.5, 0.25
    delays = [0.1, 0.1 + shift * DT]
    counts = run(backend, "mip_generator", dict(rate=5e3, p_copy=p_copy), 2, duration=steps * DT, delays=delays)
    z = (counts[1:] - m) / math.sqrt(m)                          # rows are steps at the generator: the shift is taken out
    for lag in (-shift, -1, 0, 1, shift):
        a, b = z[max(0, lag):len(z) + min(0, lag), 0], z[max(0, -lag):len(z) + min(0, -lag), 1]
        expected = p_copy if lag == 0 else 0.0
        assert abs((a * b).mean() - expected) < tolerances.STANDARD_ERRORS * (a * b).std() / math.sqrt(len(a)), lag


def test_a_mip_generator_with_p_copy_0_is_silent_and_devices_have_mothers_of_their_own(backend, tolerances):
    counts = run(backend, "mip_generator", dict(rate=np.array([5e3, 5e3, 5e3]), p_copy=np.array([1.0, 0.0, 1.0])), 2,
                 duration=1000.0, devices=3)[1:]
    assert counts[:, 2:4].sum() == 0
    np.testing.assert_array_equal(counts[:, [0, 4]], counts[:, [1, 5]])
    assert abs(np.corrcoef(counts[:, 0], counts[:, 4])[0, 1]) < tolerances.STANDARD_ERRORS / math.sqrt(len(counts))
    assert abs(counts[:, [0, 4]].mean() - 0.5) < tolerances.STANDARD_ERRORS * math.sqrt(0.25 / len(counts))


# --- gamma processes --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("shape, rate", [(1, 500.0), (3, 300.0), (12, 300.0)])
def test_intervals_of_one_gamma_process_have_their_law(backend, tolerances, shape, rate):
    # the waiting time of a process that leaves a stage in a step with probability q: negative binomial
    n, q, wanted = 1200, rate * shape * DT * 1e-3, 6
    counts = run(backend, "gamma_sup_generator", dict(rate=rate, gamma_shape=shape), n, duration=5e3 * wanted / rate)
    assert counts.max() == 1 and counts.sum(axis=0).min() > wanted
    stamps = np.stack([np.flatnonzero(train)[:wanted + 1] for train in counts.T])
    first, intervals = stamps[:, 0], np.diff(stamps, axis=1).ravel()
    p = stats.nbinom.pmf(np.arange(2000), shape, q)
    found, expected = np.bincount(intervals - shape, minlength=2000), p * intervals.size
    few = expected < 8.0
    found, expected = (np.append(x[~few], x[few].sum()) for x in (found, expected))
    assert stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue > tolerances.P_VALUE
    mean, cv = 1e3 / (rate * DT), math.sqrt((1.0 - q) / shape)
    assert abs(intervals.mean() - mean) < tolerances.STANDARD_ERRORS * mean * cv / math.sqrt(intervals.size)
    part = (intervals / mean - 1.0) / cv                           # of each interval in the error of the CV, to first order
    error = cv * (part**2 / 2.0 - cv * part).std() / math.sqrt(intervals.size)
    assert abs(intervals.std() / intervals.mean() - cv) < tolerances.STANDARD_ERRORS * error and error < 0.015
    # the first spike: one process starts in the last stage, on one step after the device's start
    assert first.min() >= 1
    assert abs(first.mean() - 1.0 / q) < tolerances.STANDARD_ERRORS * math.sqrt((1.0 - q) / q**2 / n)


def processes(shape, n_proc, q, steps, targets, seed):
    """Counts (steps, targets) of so many processes, each followed by itself."""
    rng = np.random.default_rng(seed)
    stage = np.repeat(np.arange(shape), [n_proc // shape] * (shape - 1) + [n_proc - (shape - 1) * (n_proc // shape)])
    stage, counts = np.repeat(stage[None], targets, axis=0), np.zeros((steps, targets), np.int64)
    for k in range(1, steps):
        leaves = rng.random(stage.shape) < q
        counts[k] = (leaves & (stage == shape - 1)).sum(axis=1)
        stage = (stage + leaves) % shape
    return counts


@pytest.mark.parametrize("shape, n_proc, rate", [(3, 10, 100.0), (1, 50, 100.0), (12, 40, 60.0), (3, 800, 400.0)])
def test_superposed_gamma_processes_spike_as_they_do_one_by_one(backend, tolerances, shape, n_proc, rate):
    steps, targets, q = 200, 200, rate * shape * DT * 1e-3
    params = dict(rate=rate, gamma_shape=shape, n_proc=n_proc)
    counts = run(backend, "gamma_sup_generator", params, targets, duration=steps * DT)
    theirs = processes(shape, n_proc, q, steps, targets, 3)
    for part in (slice(None), slice(20)):                        # all of them, and while the stages are filled as at first
        a, b = counts[part].sum(axis=0), theirs[part].sum(axis=0)
        assert stats.ks_2samp(a, b).pvalue > tolerances.P_VALUE
        assert abs(math.log(a.var() / b.var())) < tolerances.STANDARD_ERRORS * 2.0 / math.sqrt(targets)
    # how many are in each stage follows from a difference equation; nearly all variance is that of single steps
    held, mean = np.bincount(np.arange(shape), np.full(shape, n_proc // shape)), np.zeros(steps)
    held[-1] += n_proc % shape
    for k in range(1, steps):
        mean[k] = q * held[-1]
        held = held - q * held + q * np.roll(held, 1)
    assert p_of_means(counts, mean, mean * (1.0 - mean / n_proc)) > tolerances.P_VALUE


@pytest.mark.parametrize("n_proc", [7, 4001])
def test_the_first_step_of_gamma_processes_is_binomial(backend, tolerances, n_proc):
    q, n = 0.12, 4000
    counts = run(backend, "gamma_sup_generator", dict(rate=400.0, gamma_shape=3, n_proc=n_proc), n, duration=0.2)
    last = n_proc - 2 * (n_proc // 3)
    assert (counts[0] == 0).all()
    low, high = stats.binom.ppf([10.0 / n, 1.0 - 10.0 / n], last, q).astype(int)
    p = stats.binom.pmf(np.arange(low + 1, high), last, q)
    p = np.concatenate([[stats.binom.cdf(low, last, q)], p, [stats.binom.sf(high - 1, last, q)]])
    found = np.bincount(np.clip(counts[1], low, high) - low, minlength=len(p))
    assert stats.chisquare(found, p * n).pvalue > tolerances.P_VALUE


# --- packets ----------------------------------------------------------------------------------------------------------

TICK = 1e-3                     # ms: NEST rounds times to whole ones


def packet(steps, centre, sdev):
    """The probability that a spike of a packet comes in a step: it is stamped one step after the end of the step it lies in."""
    ends = times(steps) - DT + TICK / 2.0
    return stats.norm.cdf(ends, centre, sdev) - stats.norm.cdf(ends - DT, centre, sdev)


def test_a_packet_has_its_number_of_spikes_its_centre_and_its_width(backend, tolerances):
    devices, activity, sdev = 800, 80, 2.0
    counts = run(backend, "pulsepacket_generator", dict(activity=activity, pulse_times=[20.03], sdev=sdev), devices=devices)
    assert (counts.sum(axis=0) == activity).all()
    p = packet(500, 20.03, sdev)
    seen = p * activity * devices > 20.0
    z = (counts.sum(axis=1) - p * activity * devices)[seen] / np.sqrt(p * (1.0 - p) * activity * devices)[seen]
    assert stats.chi2.sf((z**2).sum(), seen.sum() - 1) > tolerances.P_VALUE
    stamps, n = np.repeat(times(500), counts.sum(axis=1)), activity * devices
    width = math.sqrt(sdev**2 + DT**2 / 12.0)
    assert abs(stamps.mean() - (20.03 + 1.5 * DT - TICK / 2.0)) < tolerances.STANDARD_ERRORS * width / math.sqrt(n)
    assert abs(stamps.std() - width) < tolerances.STANDARD_ERRORS * width / math.sqrt(2.0 * n)


def test_the_spikes_of_a_packet_are_independent_of_each_other(backend, tolerances):
    # what comes before some time is binomially distributed: with less spread than a Poisson count, and the rest makes up for it
    devices, activity = 400, 100
    counts = run(backend, "pulsepacket_generator", dict(activity=activity, pulse_times=[20.0], sdev=1.0), devices=devices)
    share = packet(500, 20.0, 1.0).cumsum()
    for k in (190, 196, 201, 206, 212):
        early, p = counts[:k].sum(axis=0), share[k - 1]
        variance = activity * p * (1.0 - p)
        assert 0.05 < p < 0.95
        assert abs(early.mean() - activity * p) < tolerances.STANDARD_ERRORS * math.sqrt(variance / devices)
        assert abs(early.var() / variance - 1.0) < tolerances.STANDARD_ERRORS * math.sqrt(2.0 / devices)


def test_packets_may_overlap_and_fall_together(backend, tolerances):
    devices, centres = 150, [20.0, 20.0, 21.5, 25.0, 47.0]
    params = dict(activity=50, pulse_times=centres[::-1], sdev=2.0)                         # in any order
    counts = run(backend, "pulsepacket_generator", params, devices=devices, duration=65.0)
    assert (counts.sum(axis=0) == 250).all()
    p = np.array([packet(650, c, 2.0) for c in centres])
    seen = p.sum(axis=0) * 50 * devices > 20.0
    z = (counts.sum(axis=1) - 50 * devices * p.sum(axis=0))[seen] / np.sqrt(50 * devices * (p * (1.0 - p)).sum(axis=0))[seen]
    assert stats.chi2.sf((z**2).sum(), seen.sum()) > tolerances.P_VALUE


def test_packets_of_every_device_are_its_own(backend):
    params = dict(pulse_times=[[10.0], [10.0, 40.0], [], [0.0]], activity=np.array([5, 6, 7, 800]),
                  sdev=np.array([0.0, 1.0, 2.0, 1.0]))
    counts = run(backend, "pulsepacket_generator", params, devices=4)
    np.testing.assert_array_equal(counts.sum(axis=0)[:3], [5, 12, 0])
    assert counts[100, 0] == 5                                   # stamped 10.1: a step later than its time
    assert 320 < counts[:, 3].sum() < 480                        # what lies before the beginning is lost
    two = run(backend, "pulsepacket_generator", dict(activity=100, pulse_times=[10.0], sdev=2.0), devices=2)
    assert (two[:, 0] != two[:, 1]).any()


# --- noise ------------------------------------------------------------------------------------------------------------

CELL = dict(tau_m=10.0, C_m=1.0, E_L=0.0, V_m=0.0, V_reset=0.0, V_th=1e9)


def noise(backend, params, n=1, duration=20.0, delay=DT, until=0.0, **simulator):
    """Currents (steps, n) of the targets of one noise_generator, from the first step in which one flows; with `until` only
    those after it."""
    sim = nl.Simulator(dt=DT, seed=5, backend=backend, **simulator)
    cells, meter = sim.create(nl.iaf_psc_delta, n, params=CELL), sim.create(nl.multimeter, record_from=["V_m"], interval=DT)
    sim.connect(sim.create(nl.noise_generator, params=params), cells, delay=delay)
    sim.connect(meter, cells)
    if until:
        sim.simulate(until)
    V = (sim.cont if until else sim.simulate)(duration - until).trace(meter, "V_m", plain=True).astype(float)
    kept = math.exp(-DT / 10.0)
    I = (V[1:] - kept * V[:-1]) / (1.0 - kept) / 10.0
    return I[np.flatnonzero(abs(I).max(axis=1) > 1e-6)[0]:]


def test_noise_is_normal_constant_between_draws_and_independent(backend, tolerances):
    n = 1500
    I = noise(backend, dict(mean=3.0, std=2.0, dt=0.5), n)
    draws, rest = I[:len(I) // 5 * 5].reshape(-1, 5, n), tolerances.EXACT_MV * 100.0
    np.testing.assert_allclose(draws, np.repeat(draws[:, :1], 5, axis=1), rtol=0, atol=rest)
    draws = draws[:, 0]
    assert len(draws) > 35 and (abs(np.diff(draws, axis=0)).min(axis=1) > rest).any()
    assert abs(draws.mean() - 3.0) < tolerances.STANDARD_ERRORS * 2.0 / math.sqrt(draws.size)
    assert abs(draws.std() - 2.0) < tolerances.STANDARD_ERRORS * 2.0 / math.sqrt(2.0 * draws.size)
    z = (draws - 3.0) / 2.0
    edges = np.linspace(-3.5, 3.5, 29)                           # the tails, too: 14 draws are expected beyond each end
    expected = np.diff(np.concatenate([[0.0], stats.norm.cdf(edges), [1.0]])) * z.size
    assert stats.chisquare(np.bincount(np.searchsorted(edges, z.ravel()), minlength=30), expected).pvalue > tolerances.P_VALUE
    together = (z.sum(axis=1)**2 / n).sum()                      # of targets that share nothing: chi-squared
    assert tolerances.P_VALUE < stats.chi2.sf(together, len(z)) < 1.0 - tolerances.P_VALUE
    assert abs((z[1:] * z[:-1]).mean()) < tolerances.STANDARD_ERRORS / math.sqrt(z[1:].size)


@pytest.mark.parametrize("interval", [0.1, 0.3])
def test_the_variance_of_noise_is_modulated_from_its_start_on(backend, tolerances, interval):
    n = 3000
    params = dict(mean=1.0, std=2.0, std_mod=1.9, frequency=100.0, phase=30.0, dt=interval, start=3.3, origin=1.0)
    I = noise(backend, params, n)[::round(interval / DT)]
    t = DT + interval * np.arange(len(I))                        # as in NEST, from the step before the device is on
    variance = 2.0**2 + 1.9**2 * np.sin(2.0 * np.pi * 0.1 * t + np.deg2rad(30.0))
    z = (I.var(axis=1) / variance - 1.0) / math.sqrt(2.0 / n)
    assert len(z) > 45 and stats.chi2.sf((z**2).sum(), len(z)) > tolerances.P_VALUE
    z = (I.mean(axis=1) - 1.0) / np.sqrt(variance / n)
    assert stats.chi2.sf((z**2).sum(), len(z)) > tolerances.P_VALUE


# --- promises ---------------------------------------------------------------------------------------------------------

EVERY = {**OWN, "shared sine": SHARED["sine"], "packets": SHARED["packets"],
         "many jumps": ("inhomogeneous_poisson_generator", JUMPS),
         "mip": ("mip_generator", dict(rate=5e3, p_copy=0.4)),
         "injector": ("spike_train_injector", dict(spike_times=[1.0, 13.2, 13.3, 13.4, 40.0]))}


@pytest.mark.parametrize("case", EVERY)
def test_threads_pieces_and_single_precision_give_the_same_spikes(backend, case):
    model, params = EVERY[case]
    whole = run(backend, model, params, 30, threads=1)
    assert whole.sum() > 100
    np.testing.assert_array_equal(whole, run(backend, model, params, 30, threads=2))
    for until in (0.1, 13.3, 20.2):                              # with an end where a value changes, and in a packet
        rest = run(backend, model, params, 30, until=until, threads=1)
        np.testing.assert_array_equal(rest[1:], whole[len(whole) - len(rest) + 1:])
    np.testing.assert_array_equal(whole, run(backend, model, params, 30, precision="single"))


def test_threads_and_pieces_give_the_same_noise(backend):
    params = dict(mean=3.0, std=2.0, std_mod=1.0, frequency=40.0, dt=0.7, start=1.0)
    whole = noise(backend, params, 30, threads=1)
    np.testing.assert_array_equal(whole, noise(backend, params, 30, threads=2))
    for until in (5.0, 10.3):
        rest = noise(backend, params, 30, until=until, threads=1)
        np.testing.assert_array_equal(rest, whole[-len(rest):])


# --- sines ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("frequency", [0.001, 3.7, 77.3, 1000.0, -13.0, 4999.9])
def test_a_sine_is_as_exact_as_its_frequency_after_a_thousand_million_steps(frequency):
    model, phase = nl.ac_generator, 33.0
    c = model.derive(model.Params(amplitude=1.0, offset=0.0, frequency=frequency, phase=phase), DT)
    for k in (1, 2, 99, 10**5, 10**7 - 3, 10**9):
        turns = Fraction(repr(frequency)) * Fraction(repr(DT)) / 1000 * k + Fraction(repr(phase)) / 360
        exact = math.sin(2.0 * math.pi * float(turns - round(turns)))
        _, I = model.update(model.State(), c, model.Inputs(step=k - 1))
        assert abs(I - exact) < 1e-15 + 2.0 * math.pi * float(abs(turns)) * 4.0 * np.finfo(float).eps


def test_the_compiled_sine_is_the_one_of_plain_python(backend, tolerances):
    model, params = nl.ac_generator, dict(amplitude=2.0, offset=0.5, frequency=173.0, phase=-50.0, start=1.0)
    sim = nl.Simulator(dt=DT, backend=backend)
    cell, meter = sim.create(nl.iaf_psc_delta, params=CELL), sim.create(nl.multimeter, record_from=["V_m"], interval=DT)
    sim.connect(sim.create(model, params=params), cell, delay=0.3)
    sim.connect(meter, cell)
    V = sim.simulate(50.0).trace(meter, "V_m", plain=True)[:, 0]
    c, V_m, kept, expected = model.derive(model.Params(**params), DT), 0.0, math.exp(-DT / 10.0), []
    for k in range(500):
        I = model.update(model.State(), c, model.Inputs(step=k - 4))[1] if k >= 4 else 0.0
        V_m = kept * V_m + 10.0 * (1.0 - kept) * I
        expected.append(V_m)
    np.testing.assert_allclose(V, expected, rtol=0, atol=tolerances.EXACT_MV)
