"""Generators, parrots and recorders against NEST's: which spikes and samples there are, and when."""
import numpy as np
import pytest

from nestling import simulator as nl

DURATION = 20.0
LATER = 12.0        # ms that NEST runs on: spikes and samples reach its recorders over a slice late
TIMES = [1.0, 2.0, 2.0, 3.5, 7.9, 8.0, 8.1]
WINDOWS = pytest.mark.parametrize("window", [
    dict(),
    dict(start=2.0),
    dict(stop=8.0),
    dict(start=1.9, stop=7.9),
    dict(origin=1.0),
    dict(origin=1.0, start=2.0, stop=3.5),
    dict(origin=0.5, start=2.5, stop=2.5),
    dict(start=30.0),
])


def steps(times, dt=0.1):
    found = np.rint(np.asarray(times) / dt).astype(int)
    return found[found <= round(DURATION / dt)]


def here(backend, generator, delays=(), recorder=None, dt=0.1):
    """Steps of the spikes that a spike_generator's recorder sees through a chain of parrots."""
    sim = nl.Simulator(dt=dt, backend=backend)
    last, rec = sim.create(nl.spike_generator, **generator), sim.create(nl.spike_recorder, **(recorder or {}))
    for delay in delays:
        parrot = sim.create(nl.parrot_neuron)
        sim.connect(last, parrot, delay=delay, weight=0.3)      # parrots take no notice of weights
        last = parrot
    sim.connect(last, rec)
    return steps(sim.simulate(DURATION).events(rec, plain=True)[0], dt)


def theirs(nest, generator, delays=(), recorder=None, dt=0.1):
    nest.ResetKernel()
    nest.resolution = dt
    last, rec = nest.Create("spike_generator", params=generator), nest.Create("spike_recorder", params=recorder or {})
    for delay in delays:
        parrot = nest.Create("parrot_neuron")
        nest.Connect(last, parrot, "one_to_one", dict(delay=delay, weight=0.3))
        last = parrot
    nest.Connect(last, rec)
    nest.Simulate(DURATION + LATER)
    return steps(rec.events["times"], dt)


def sampled_here(backend, multimeter, dt=0.1):
    sim = nl.Simulator(dt=dt, backend=backend)
    cell, meter = sim.create(nl.iaf_psc_delta, I_e=400.0), sim.create(nl.multimeter, record_from=["V_m"], **multimeter)
    sim.connect(meter, cell)
    res = sim.simulate(DURATION)
    return steps(res.trace_times(meter, plain=True), dt), res.trace(meter, "V_m", plain=True)[:, 0]


def sampled_there(nest, multimeter, dt=0.1):
    nest.ResetKernel()
    nest.resolution = dt
    cell, meter = nest.Create("iaf_psc_delta", params=dict(I_e=400.0)), nest.Create("multimeter", params=multimeter)
    meter.record_from = ["V_m"]
    nest.Connect(meter, cell)
    nest.Simulate(DURATION + LATER)
    found = steps(meter.events["times"], dt)
    return found, meter.events["V_m"][:len(found)]


@WINDOWS
@pytest.mark.parametrize("dt", [0.1, 0.05])
def test_a_spike_generator_emits_the_spikes_that_nests_emits(nest, backend, window, dt):
    generator = dict(spike_times=TIMES, **window)
    for delays in ((), (0.3,)):
        np.testing.assert_array_equal(here(backend, generator, delays, dt=dt), theirs(nest, generator, delays, dt=dt))


def test_multiplicities_are_emitted_and_recorded_so_many_times(nest, backend):
    generator = dict(spike_times=TIMES, spike_multiplicities=[1, 2, 1, 0, 5, 1, 3])
    for delays in ((1.0,), (0.1, 0.5)):
        found = here(backend, generator, delays)
        assert found.size == 13
        np.testing.assert_array_equal(found, theirs(nest, generator, delays))


@pytest.mark.parametrize("dt", [0.1, 0.25])
def test_times_off_the_grid_are_refused_or_rounded_up(nest, backend, dt):
    generator = dict(spike_times=[0.04, 1.0, 1.012, 1.999, 2.0, 3.051, 7.333, 7.334], allow_offgrid_times=True)
    np.testing.assert_array_equal(here(backend, generator, (1.0,), dt=dt), theirs(nest, generator, (1.0,), dt=dt))
    generator["allow_offgrid_times"] = False
    with pytest.raises(nest.NESTError, match="not representable"):
        theirs(nest, generator, dt=dt)
    with pytest.raises(nl.ParameterError, match="spike_times: 0.04 ms is no multiple of dt"):
        here(backend, generator, dt=dt)


@pytest.mark.parametrize("delays", [(0.1,), (1.0,), (0.1, 0.1), (1.5, 0.3, 2.0), (0.7, 0.1, 3.0, 1.1)])
def test_a_chain_of_parrots_passes_spikes_on_after_the_sum_of_its_delays(nest, backend, delays):
    generator = dict(spike_times=TIMES)
    found = here(backend, generator, delays)
    np.testing.assert_array_equal(found, steps(np.array(TIMES) + sum(delays)))
    np.testing.assert_array_equal(found, theirs(nest, generator, delays))


@pytest.mark.filterwarnings("ignore:delay = .* is rounded")
@pytest.mark.parametrize("delay", [0.14, 0.149, 0.15, 0.151, 0.25, 0.34, 0.35, 1.05, 1.15, 1.25, 2.45])
def test_delays_off_the_grid_are_rounded_as_in_nest(nest, backend, delay):
    generator = dict(spike_times=TIMES)
    np.testing.assert_array_equal(here(backend, generator, (delay,)), theirs(nest, generator, (delay,)))


@pytest.mark.parametrize("name", ["start", "stop", "origin"])
@pytest.mark.parametrize("model", ["dc_generator", "poisson_generator", "spike_generator"])
def test_windows_off_the_grid_are_refused_as_in_nest(nest, backend, model, name):
    nest.ResetKernel()
    with pytest.raises(nest.NESTError, match=f"{name} must be a multiple"):
        nest.Create(model, params={name: 7.25})
    with pytest.raises(nl.ParameterError, match=f"{name} = 7.25.*must be a multiple of dt"):
        nl.Simulator(backend=backend).create(getattr(nl, model), params={name: 7.25})


@WINDOWS
@pytest.mark.parametrize("delays", [(), (1.0,)])
def test_a_spike_recorder_records_when_nests_does(nest, backend, window, delays):
    generator = dict(spike_times=TIMES)
    np.testing.assert_array_equal(here(backend, generator, delays, window), theirs(nest, generator, delays, window))


@pytest.mark.parametrize("multimeter", [
    dict(),
    dict(interval=0.1),
    dict(interval=0.7),
    dict(interval=3.0),
    dict(interval=40.0),
    dict(interval=2.0, start=4.0),
    dict(interval=2.0, start=4.1, stop=9.0),
    dict(interval=3.0, start=4.0, stop=12.0),
    dict(interval=3.0, origin=3.0, start=3.0, stop=10.0),
    dict(interval=0.3, start=5.0, stop=5.0),
    dict(interval=0.3, start=5.0, stop=5.2),
])
def test_a_multimeter_samples_when_nests_does(nest, backend, tolerances, multimeter):
    (when, V_m), (nest_when, nest_V_m) = sampled_here(backend, multimeter), sampled_there(nest, multimeter)
    np.testing.assert_array_equal(when, nest_when)
    np.testing.assert_allclose(V_m, nest_V_m, rtol=0, atol=tolerances.EXACT_MV)


def test_a_poisson_generator_is_on_one_step_earlier_than_nests(nest, backend):
    # NEST documents start < t <= stop for the times t of spikes, and holds to it in spike_generator; its poisson_generator
    # compares the begin of the step instead of its end, and so is one step late. We do as NEST says.
    window, mean = dict(start=2.0, stop=3.0, origin=0.5), 20.0      # so many spikes a step: a step without any is rare
    sim = nl.Simulator(backend=backend)
    noise, rec = sim.create(nl.poisson_generator, rate=mean * 1e4, **window), sim.create(nl.spike_recorder)
    sim.connect(noise, rec)
    found = np.unique(steps(sim.simulate(DURATION).events(rec, plain=True)[0]))
    np.testing.assert_array_equal(found, np.arange(26, 36))
    nest.ResetKernel()
    noise, rec = nest.Create("poisson_generator", params=dict(rate=mean * 1e4, **window)), nest.Create("spike_recorder")
    nest.Connect(noise, rec)
    nest.Simulate(DURATION)
    np.testing.assert_array_equal(np.unique(steps(rec.events["times"])), found + 1)
