"""One experiment, run here and in NEST."""
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl

LATER = 4.0     # ms that NEST runs on: it hands samples and spikes over a slice late, or two


class Run(NamedTuple):
    """What a neuron did: sampled at `steps` (of dt), V_m in mV; spikes in steps, ascending."""

    steps: np.ndarray
    V_m: np.ndarray
    spikes: np.ndarray


def without(given, *names):
    return {k: v for k, v in given.items() if k not in names}


def connection(given):
    """Weight and delay among the parameters of a generator."""
    return {k: given[k] for k in ("weight", "delay") if k in given}


def to_steps(times, dt):
    return np.rint(np.asarray(times) / dt).astype(np.int64)


def run_here(neuron, currents, trains, dt, duration, **simulator):
    sim = nl.Simulator(dt=dt, **simulator)
    cell = sim.create(nl.iaf_psc_delta, **neuron)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=dt)
    recorder = sim.create(nl.spike_recorder)
    sim.connect(meter, cell)
    sim.connect(cell, recorder)
    for model, generators in ((nl.dc_generator, currents), (nl.spike_generator, trains)):
        for given in generators:
            sim.connect(sim.create(model, **without(given, "weight", "delay")), cell, **connection(given))
    res = sim.simulate(duration)
    return Run(to_steps(res.trace_times(meter, plain=True), dt), res.trace(meter, "V_m", plain=True)[:, 0],
               to_steps(res.events(recorder, plain=True)[0], dt))


def run_nest(nest, neuron, currents, trains, dt, duration):
    nest.ResetKernel()
    nest.resolution = dt
    cell = nest.Create("iaf_psc_delta", params=neuron)
    meter = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=dt))
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, cell)
    nest.Connect(cell, recorder)
    for model, generators in (("dc_generator", currents), ("spike_generator", trains)):
        for given in generators:
            nest.Connect(nest.Create(model, params=without(given, "weight", "delay")), cell, "one_to_one", connection(given))
    nest.Simulate(duration + LATER)
    steps, spikes = to_steps(meter.events["times"], dt), to_steps(recorder.events["times"], dt)
    last = to_steps(duration, dt)
    return Run(steps[steps <= last], meter.events["V_m"][steps <= last], spikes[spikes <= last])


@pytest.fixture
def compare(nest, backend, tolerances):
    """compare(neuron, currents, trains, dt, duration): hold a neuron against NEST's, step by step; returns our Run.

    neuron: parameters; currents, trains: parameters of dc_generators and spike_generators, with weight and delay.
    """
    def compare(neuron=None, currents=(), trains=(), dt=0.1, duration=100.0, precision="double"):
        what = dict(neuron=neuron or {}, currents=currents, trains=trains, dt=dt, duration=duration)
        here, theirs = run_here(**what, backend=backend, precision=precision), run_nest(nest, **what)
        np.testing.assert_array_equal(here.steps, theirs.steps)
        np.testing.assert_array_equal(here.spikes, theirs.spikes)
        tolerance = tolerances.EXACT_MV if precision == "double" else tolerances.SINGLE_MV
        np.testing.assert_allclose(here.V_m, theirs.V_m, rtol=0, atol=tolerance)
        return here
    return compare
