"""A small network with nodes of every kind, and what is asked of every mistake."""
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from nestling import simulator as nl


def build(backend):
    """A simulator with nodes of every kind, some of them driven, connected and recorded."""
    sim = nl.Simulator(0.1, seed=1, threads=1, backend=backend)
    net = SimpleNamespace(
        sim=sim, n=sim.create(nl.iaf_psc_delta, 10), m=sim.create(nl.iaf_psc_delta, 5),
        noise=sim.create(nl.poisson_generator, rate=20_000.0), dc=sim.create(nl.dc_generator, amplitude=1.0),
        parrot=sim.create(nl.parrot_neuron, 3), times=sim.create(nl.spike_generator, spike_times=[1.0, 2.0]),
        rec=sim.create(nl.spike_recorder), free=sim.create(nl.spike_recorder),
        meter=sim.create(nl.multimeter, record_from=["V_m"]), bare=sim.create(nl.multimeter),
        wrong=sim.create(nl.multimeter, record_from=["V_n"]))
    sim.connect(net.noise, net.n, weight=3.0)
    sim.connect(net.n, net.m, weight=9.0, rule=nl.fixed_indegree(3), delay=0.5)
    sim.connect(net.n + net.m, net.rec)
    return net


def spikes_of(net):
    """Times and senders of 8 ms."""
    times, senders = net.sim.simulate(8.0).events(net.rec, plain=True)
    return times.tolist(), senders.tolist()


@pytest.fixture
def make_net(backend):
    """A function that gives another such network."""
    return lambda: build(backend)


@pytest.fixture(scope="session")
def usual(backend):
    """What the network does when no mistake was made."""
    spikes = spikes_of(build(backend))
    assert len(spikes[0]) > 20
    return spikes


@pytest.fixture
def net(backend, usual):
    """The network; after the test it must do what it does when no mistake was made."""
    net = build(backend)
    yield net
    assert spikes_of(net) == usual


@pytest.fixture(scope="session")
def refused():
    """with refused(net, error, *words): the error is just this one and holds the words, and the network has not changed."""
    @contextmanager
    def refused(net, error, *words):
        before, time = net.sim.network, net.sim.time
        with pytest.raises(error) as caught:
            yield
        assert caught.type is error
        for word in words:
            assert word in str(caught.value)
        assert net.sim.network is before and net.sim.time == time
    return refused
