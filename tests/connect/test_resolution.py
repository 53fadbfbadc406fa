"""Input is summed in fixed point, in a scale that the largest weights ask for: a warning tells of weights that vanish in it."""
from __future__ import annotations

import pytest

from nestling import simulator as nl


def network(backend: str, small: object, large: float, precision: str, generator: bool = False) -> nl.Simulator:
    sim = nl.Simulator(precision=precision, backend=backend)
    a, b = sim.create(nl.iaf_psc_delta, 10), sim.create(nl.iaf_psc_delta, 10)
    sim.connect(a, b, weight=large)
    sim.connect(sim.create(nl.poisson_generator, rate=10.0) if generator else a, b, weight=small)
    return sim


@pytest.mark.parametrize("generator", [False, True])
@pytest.mark.parametrize("precision, ratio", [("double", 1e20), ("single", 1e11)])
@pytest.mark.parametrize("small", [0.1, nl.dist.Uniform(-0.1, 0.05)], ids=["constant", "drawn"])
def test_a_warning_tells_of_weights_that_vanish(backend, small, precision, ratio, generator):
    with pytest.warns(UserWarning, match="call 1: its weights, 0.1 mV at most, vanish beside .* receptor spikes"):
        network(backend, small, ratio, precision, generator).plan()


@pytest.mark.parametrize("small, large", [(0.0, 1e20), (0.1, 1e12), (1e5, 1e20)])
def test_of_others_it_does_not(backend, small, large, recwarn):
    network(backend, small, large, "double").plan()
    assert not recwarn.list


def test_counts_take_no_notice_of_weights(backend, recwarn):
    sim = nl.Simulator(backend=backend)
    a, relay = sim.create(nl.iaf_psc_delta, 2), sim.create(nl.parrot_neuron, 2)
    sim.connect(a, relay, weight=1e-30)
    sim.connect(sim.create(nl.dc_generator, amplitude=1e-20), a, weight=1e-30)
    sim.plan()
    assert not recwarn.list


@pytest.mark.parametrize("precision", ["double", "single"])
def test_the_weights_of_a_generator_that_is_silent_may_be_larger_than_the_scale_allows(precision):
    sim = nl.Simulator(precision=precision)
    a, silent = sim.create(nl.iaf_psc_delta, 2), sim.create(nl.poisson_generator, rate=0.0)
    meter = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(sim.create(nl.spike_generator, spike_times=[1.0]), a, weight=0.1)
    sim.connect(silent, a, weight=-1e20)
    sim.connect(meter, a)
    assert sim.simulate(2.5).trace(meter, plain=True).max() == pytest.approx(-69.9, abs=1e-6)
    with pytest.warns(UserWarning, match="vanish"):
        silent.set(rate=1e6)
        res = sim.cont(2.0)
    assert res.trace(meter, plain=True).min() < -1e20
