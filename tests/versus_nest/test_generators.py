"""Generators against NEST's: currents step by step, planned spikes one by one, random ones by where they are and by law.

Windows and delays are those of NEST 3.10, measured: each device compares its window with another end of the step. All windows
of a device run side by side in one network. NEST's own random numbers come from one seed: a test always passes or never.
"""
import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

LATER = 4.0                     # ms that NEST runs on: it hands samples and spikes over late
CELL = dict(tau_m=10.0, C_m=1.0, E_L=0.0, V_m=0.0, V_reset=0.0, V_th=1e9)
WINDOWS = [dict(), dict(start=1.0), dict(stop=2.0), dict(start=1.0, stop=2.0), dict(start=0.6, stop=1.2, origin=1.0),
           dict(start=0.5, stop=1.0, origin=1.5), dict(start=0.2, stop=0.4), dict(start=0.1, stop=0.2),
           dict(start=2.0, stop=2.0), dict(start=60.0)]


def windows(dt):
    """Those on the grid of dt."""
    return [w for w in WINDOWS if all(abs(t / dt - round(t / dt)) < 1e-9 for t in w.values())]


def counts_here(backend, model, sets, targets=1, delay=0.1, duration=8.0, seed=1):
    """Counts (steps, sets * targets) of parrots that stand behind one generator for each of `sets`, by the generator's step."""
    sim = nl.Simulator(dt=0.1, seed=seed, threads=1, backend=backend)
    parrots, recorder = sim.create(nl.parrot_neuron, len(sets) * targets), sim.create(nl.spike_recorder)
    for i, params in enumerate(sets):
        sim.connect(sim.create(getattr(nl, model), params=params), parrots[i * targets:(i + 1) * targets], delay=delay)
    sim.connect(parrots, recorder)
    return sim.simulate(duration + delay).spikes(recorder)[round(delay / 0.1):].astype(np.int64)


def counts_there(nest, model, sets, targets=1, delay=0.1, duration=8.0, seed=1):
    """The same in NEST."""
    nest.ResetKernel()
    nest.set(resolution=0.1, rng_seed=seed)
    parrots, recorder = nest.Create("parrot_neuron", len(sets) * targets), nest.Create("spike_recorder")
    for i, params in enumerate(sets):
        nest.Connect(nest.Create(model, params=params), parrots[i * targets:(i + 1) * targets], syn_spec=dict(delay=delay))
    nest.Connect(parrots, recorder)
    nest.Simulate(duration + LATER)
    steps = np.rint((recorder.events["times"] - delay) / 0.1).astype(int) - 1
    keep = steps < round(duration / 0.1)
    found = np.zeros((round(duration / 0.1), len(parrots)), np.int64)
    np.add.at(found, (steps[keep], recorder.events["senders"][keep] - parrots[0].global_id), 1)
    return found


def membranes_here(backend, model, sets, dt, delay, duration, targets=1):
    """V_m (steps, sets * targets) of cells that forget little and never spike, behind one generator for each of `sets`."""
    sim = nl.Simulator(dt=dt, threads=1, backend=backend)
    cells = sim.create(nl.iaf_psc_delta, len(sets) * targets, params=CELL)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=dt)
    for i, params in enumerate(sets):
        sim.connect(sim.create(getattr(nl, model), params=params), cells[i * targets:(i + 1) * targets], delay=delay)
    sim.connect(meter, cells)
    return sim.simulate(duration).trace(meter, "V_m", plain=True)


def membranes_there(nest, model, sets, dt, delay, duration, targets=1):
    nest.ResetKernel()
    nest.set(resolution=dt, rng_seed=7)
    cells = nest.Create("iaf_psc_delta", len(sets) * targets, params=CELL)
    meter = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=dt))
    for i, params in enumerate(sets):
        nest.Connect(nest.Create(model, params=params), cells[i * targets:(i + 1) * targets], syn_spec=dict(delay=delay))
    nest.Connect(meter, cells)
    nest.Simulate(duration + LATER)
    order = np.lexsort((meter.events["senders"], meter.events["times"]))
    return meter.events["V_m"][order].reshape(-1, len(cells))[:round(duration / dt)]


# --- what is not random: step by step ---------------------------------------------------------------------------------

CURRENTS = {
    "dc": ("dc_generator", dict(amplitude=1.0)),
    "ac": ("ac_generator", dict(offset=5.0, amplitude=2.0, frequency=77.0, phase=33.0)),
    "fast ac": ("ac_generator", dict(amplitude=-2.0, frequency=-1234.5, phase=-400.0)),
    "steps": ("step_current_generator", dict(amplitude_times=[0.2, 1.0, 1.2, 2.6], amplitude_values=[3.0, -1.0, 7.5, 0.5])),
    "steps off the grid": ("step_current_generator", dict(amplitude_times=[0.33, 1.0, 1.73], amplitude_values=[3.0, -1.0, 4.0],
                                                          allow_offgrid_times=True)),
    "noise without noise": ("noise_generator", dict(mean=3.0)),
}


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.2])
@pytest.mark.parametrize("delay", [1, 3, 10])
@pytest.mark.parametrize("case", CURRENTS)
def test_a_current_is_that_of_nest_in_every_step(nest, backend, tolerances, case, delay, dt):
    model, params = CURRENTS[case]
    sets = [{**params, **w} for w in windows(dt)]
    here = membranes_here(backend, model, sets, dt, delay * dt, 20.0)
    np.testing.assert_allclose(here, membranes_there(nest, model, sets, dt, delay * dt, 20.0), rtol=0,
                               atol=tolerances.EXACT_MV)
    assert (abs(here).max(axis=0) > 0).sum() >= 5                    # some windows close before a device has begun


TIMES = [0.1, 0.2, 0.3, 0.4, 0.5, 1.0, 1.1, 1.5, 1.5, 1.6, 1.9, 2.0, 2.1, 2.5, 2.6, 2.9, 3.0, 3.1]
TRAINS = {
    "injector": ("spike_train_injector", dict(spike_times=TIMES)),
    "multiplicities": ("spike_train_injector", dict(spike_times=TIMES, spike_multiplicities=[1, 0, 3, 1, 2, 5] * 3)),
    "rounded up": ("spike_train_injector", dict(spike_times=[0.14, 1.0, 1.012, 1.999, 2.001], allow_offgrid_times=True)),
}


@pytest.mark.parametrize("delay", [0.1, 0.5])
@pytest.mark.parametrize("case", TRAINS)
def test_a_spike_train_injector_emits_the_spikes_that_nests_emits(nest, backend, case, delay):
    model, params = TRAINS[case]
    sets = [{**params, **w} for w in windows(0.1)]
    here = counts_here(backend, model, sets, delay=delay)
    np.testing.assert_array_equal(here, counts_there(nest, model, sets, delay=delay))
    assert here[:, 0].sum() == sum(params.get("spike_multiplicities", [1] * len(params["spike_times"])))


def test_packets_without_spread_come_in_the_step_that_nest_takes(nest, backend):
    # at every end of a window, on both sides of it, and half a microsecond off it: NEST counts in whole ones
    near = np.array([-0.05, -0.0006, -0.0004, 0.0, 0.0004, 0.0006])
    times = np.append([0.0, 0.0004], np.add.outer(np.arange(1, 40) / 10.0, near))
    for part in range(12):                   # a dozen runs, so that packets are too far apart to overlap
        sets = [dict(activity=3, sdev=0.0, pulse_times=times[part::12].tolist(), **w) for w in windows(0.1)]
        here = counts_here(backend, "pulsepacket_generator", sets)
        np.testing.assert_array_equal(here, counts_there(nest, "pulsepacket_generator", sets), err_msg=str(part))
        assert here[:, 0].sum() == 3 * len(times[part::12])


# --- what is random: in which steps -----------------------------------------------------------------------------------

STRONG = {       # so many spikes in a step that one without any would be a wonder
    "jumps": ("inhomogeneous_poisson_generator", dict(rate_times=[0.1, 1.5, 2.0], rate_values=[2e5, -2e5, 3e5])),
    "jumps off the grid": ("inhomogeneous_poisson_generator", dict(rate_times=[0.33, 1.55], rate_values=[2e5, 0.0],
                                                                   allow_offgrid_times=True)),
    "sine": ("sinusoidal_poisson_generator", dict(rate=2e5)),
    "gamma": ("gamma_sup_generator", dict(rate=2e3, gamma_shape=2, n_proc=2000)),
    "mip": ("mip_generator", dict(rate=2e5)),
    "mip of few": ("mip_generator", dict(rate=4e5, p_copy=0.6)),
}
BY_SLICES = ("mip", "mip of few")     # NEST asks once in a shortest delay whether they are on; ours in every step


@pytest.mark.parametrize("case, delay", [(c, d) for c in STRONG for d in (0.1, 0.5) if c not in BY_SLICES or d == 0.1])
def test_random_spikes_come_in_the_steps_in_which_nests_come(nest, backend, case, delay):
    model, params = STRONG[case]
    sets = [{**params, **w} for w in windows(0.1)]
    here = counts_here(backend, model, sets, delay=delay) > 0
    np.testing.assert_array_equal(here, counts_there(nest, model, sets, delay=delay) > 0)
    assert (here.sum(axis=0) > 0).sum() >= 5


@pytest.mark.parametrize("model, params", [
    ("mip_generator", dict(rate=2e5)), ("pulsepacket_generator", dict(activity=50_000, pulse_times=[2.0], sdev=1.0))])
def test_the_window_of_a_device_does_not_depend_on_delays_as_in_nest(backend, model, params):
    sets = [{**params, **w} for w in windows(0.1)]
    near, far = (counts_here(backend, model, sets, delay=d) for d in (0.1, 1.0))
    np.testing.assert_array_equal(near > 0, far > 0)


# --- what is random: how many spikes ----------------------------------------------------------------------------------

class Law(NamedTuple):
    """A device, and how many of them drive how many targets each; `least`: spikes on both sides for a step to count."""

    model: str
    params: dict
    devices: int
    targets: int
    duration: float = 50.0
    least: int = 20


LAWS = {
    "jumps": Law("inhomogeneous_poisson_generator",
                 dict(rate_times=[1.0, 10.0, 20.0, 30.0, 40.0], rate_values=[2e3, 2e4, 0.0, -5.0, 5e3]), 1, 1500),
    "sine": Law("sinusoidal_poisson_generator", dict(rate=3e3, amplitude=4e3, frequency=43.0, phase=70.0), 1, 3000),
    "gamma": Law("gamma_sup_generator", dict(rate=300.0, gamma_shape=3), 1, 3000),
    "gamma of many": Law("gamma_sup_generator", dict(rate=100.0, gamma_shape=4, n_proc=10), 1, 1500),
    "mip": Law("mip_generator", dict(rate=5e3, p_copy=0.4), 400, 1),
    "packets": Law("pulsepacket_generator", dict(activity=60, pulse_times=[20.0, 25.0, 26.0, 40.1], sdev=2.0), 100, 1),
    "packets cut off": Law("pulsepacket_generator",
                           dict(activity=400, pulse_times=[1.0, 20.0, 30.0], sdev=3.0, start=19.0, stop=24.0), 100, 1),
}


@pytest.mark.parametrize("case", LAWS)
def test_counts_have_the_law_of_nests(nest, backend, tolerances, case):
    law = LAWS[case]
    here, there = (run(side, law.model, [law.params] * law.devices, law.targets, duration=law.duration)
                   for run, side in ((counts_here, backend), (counts_there, nest)))
    n = here.shape[1]
    # in every step: the means, by the spread that both have among targets
    enough = here.sum(axis=1) + there.sum(axis=1) >= law.least
    assert enough.sum() > 40
    difference = (here.mean(axis=1) - there.mean(axis=1))[enough]
    spread = ((here.var(axis=1) + there.var(axis=1)) / n)[enough]
    assert stats.chi2.sf((difference**2 / spread).sum(), enough.sum()) > tolerances.P_VALUE
    # of all steps: totals of targets, and their spread
    totals = here.sum(axis=0), there.sum(axis=0)
    assert stats.ks_2samp(*totals).pvalue > tolerances.P_VALUE
    if totals[0].var() == 0:                     # whole packets; NEST loses a spike in a million, further out than it looks
        assert (totals[0] == totals[1]).mean() > 0.95
    else:
        ratio, error = totals[0].var() / totals[1].var(), 2.0 / math.sqrt(n)
        assert abs(math.log(ratio)) < tolerances.STANDARD_ERRORS * error


@pytest.mark.parametrize("rate, p_copy", [(5e3, 0.3), (3e4, 0.8)])
def test_targets_of_a_mip_generator_are_correlated_as_nests(nest, backend, tolerances, rate, p_copy):
    found = []
    for run, side in ((counts_here, backend), (counts_there, nest)):
        counts = run(side, "mip_generator", [dict(rate=rate, p_copy=p_copy)] * 6, 5, duration=400.0)[2:]
        found.append([np.corrcoef(counts[:, i:i + 5].T)[np.triu_indices(5, 1)].mean() for i in range(0, 30, 5)])
    here, there = np.array(found)
    error = math.sqrt((here.var(ddof=1) + there.var(ddof=1)) / 6)
    assert abs(here.mean() - there.mean()) < tolerances.STANDARD_ERRORS * error and error < 0.01


# --- noise ------------------------------------------------------------------------------------------------------------

NOISES = {
    "plain": (dict(mean=3.0, std=2.0), 0.1),
    "modulated": (dict(mean=1.0, std=2.0, std_mod=2.0, frequency=100.0, phase=30.0, dt=0.1, start=3.0), 0.1),
    "slowly drawn": (dict(std=2.0, std_mod=1.5, frequency=60.0, phase=-40.0, dt=0.3, start=1.0, stop=15.0, origin=0.5), 0.5),
    "cut off": (dict(std=2.0, dt=0.4, start=1.0, stop=3.0), 0.3),
}


@pytest.mark.parametrize("case", NOISES)
def test_noise_changes_when_nests_does_and_has_its_variance(nest, backend, tolerances, case):
    params, delay = NOISES[case]
    n = 2000
    here, there = (currents(run(side, "noise_generator", [params], 0.1, delay, 20.0, n))
                   for run, side in ((membranes_here, backend), (membranes_there, nest)))
    changes = [abs(np.diff(I, axis=0)).max(axis=1) > 1e-6 for I in (here, there)]
    np.testing.assert_array_equal(*changes)
    distinct = np.append(True, changes[0])               # one row of each draw
    a, b = here[distinct], there[distinct]
    on = (a.var(axis=1) > 0.01) & (b.var(axis=1) > 0.01)
    np.testing.assert_array_equal(a.var(axis=1) > 1e-12, b.var(axis=1) > 1e-12)
    a, b = a[on], b[on]
    z = np.log(a.var(axis=1) / b.var(axis=1)) / (2.0 / math.sqrt(n))
    assert len(z) >= 4 and stats.chi2.sf((z**2).sum(), len(z)) > tolerances.P_VALUE
    z = (a.mean(axis=1) - b.mean(axis=1)) / np.sqrt((a.var(axis=1) + b.var(axis=1)) / n)
    assert stats.chi2.sf((z**2).sum(), len(z)) > tolerances.P_VALUE
    assert stats.ks_2samp(a[3], b[3]).pvalue > tolerances.P_VALUE


def currents(V_m):
    """What flowed in every step (steps, cells), by the solution of the membrane equation."""
    kept = math.exp(-0.1 / CELL["tau_m"])
    return (V_m - kept * np.vstack([np.zeros(V_m.shape[1]), V_m[:-1]])) / ((1.0 - kept) * CELL["tau_m"] / CELL["C_m"])


# --- what neither takes -----------------------------------------------------------------------------------------------

DEVICES = ("ac_generator", "step_current_generator", "noise_generator", "inhomogeneous_poisson_generator", "mip_generator",
           "sinusoidal_poisson_generator", "gamma_sup_generator", "pulsepacket_generator", "spike_train_injector")


@pytest.mark.parametrize("name", ["start", "stop", "origin"])
@pytest.mark.parametrize("model", DEVICES)
def test_windows_off_the_grid_are_refused_as_in_nest(nest, backend, model, name):
    nest.ResetKernel()
    with pytest.raises(nest.NESTError, match=f"{name} must be a multiple"):
        nest.Create(model, params={name: 7.25})
    with pytest.raises(nl.ParameterError, match=f"{name} = 7.25.*must be a multiple of dt"):
        nl.Simulator(backend=backend).create(getattr(nl, model), params={name: 7.25})


@pytest.mark.parametrize("model, params", [
    ("step_current_generator", dict(amplitude_times=[0.0, 1.0], amplitude_values=[1.0, 2.0])),
    ("step_current_generator", dict(amplitude_times=[2.0, 1.0], amplitude_values=[1.0, 2.0])),
    ("step_current_generator", dict(amplitude_times=[1.0, 1.0], amplitude_values=[1.0, 2.0])),
    ("step_current_generator", dict(amplitude_times=[1.05], amplitude_values=[1.0])),
    ("step_current_generator", dict(amplitude_times=[1.02, 1.05], amplitude_values=[1.0, 2.0], allow_offgrid_times=True)),
    ("step_current_generator", dict(amplitude_times=[1.0, 2.0], amplitude_values=[1.0])),
    ("inhomogeneous_poisson_generator", dict(rate_times=[2.0, 1.0], rate_values=[1.0, 2.0])),
    ("inhomogeneous_poisson_generator", dict(rate_times=[1.05], rate_values=[1.0])),
    ("inhomogeneous_poisson_generator", dict(rate_times=[1.0], rate_values=[1.0, 2.0])),
    ("noise_generator", dict(std=-1.0)),
    ("noise_generator", dict(std=1.0, std_mod=2.0)),
    ("noise_generator", dict(dt=0.15)),
    ("gamma_sup_generator", dict(gamma_shape=0)),
    ("gamma_sup_generator", dict(n_proc=0)),
    ("gamma_sup_generator", dict(rate=-1.0)),
    ("pulsepacket_generator", dict(activity=-1)),
    ("pulsepacket_generator", dict(sdev=-1.0)),
    ("mip_generator", dict(p_copy=1.1)),
    ("mip_generator", dict(p_copy=-0.1)),
    ("mip_generator", dict(rate=-1.0)),
    ("spike_train_injector", dict(spike_times=[2.0, 1.0])),
    ("spike_train_injector", dict(spike_times=[0.0])),
    ("spike_train_injector", dict(spike_times=[1.05])),
    ("spike_train_injector", dict(spike_times=[1.0], spike_multiplicities=[1, 2])),
])
def test_what_nest_refuses_is_refused(nest, backend, model, params):
    nest.ResetKernel()
    with pytest.raises(nest.NESTError):
        nest.Create(model, params=params)
    with pytest.raises(nl.ParameterError):
        nl.Simulator(backend=backend).create(getattr(nl, model), params=params)
