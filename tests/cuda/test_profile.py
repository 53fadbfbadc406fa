"""sim.profile on GPUs: the phases are launches, and spikes and synaptic events are counted there."""
import numpy as np
import pytest

from nestling import simulator as nl

pytestmark = pytest.mark.usefixtures("gpu")


def network(comm="sparse", **given):
    sim = nl.Simulator(threads=1, backend="cuda")
    train = sim.create(nl.spike_generator, spike_times=[1.0, 2.0], spike_multiplicities=[3, 1])
    parrots, cells = sim.create(nl.parrot_neuron, 2), sim.create(nl.iaf_psc_delta, 9)
    sim.connect(train, parrots)
    sim.connect(parrots, cells, rule=nl.fixed_outdegree(5), comm=comm, **given)
    return sim


def test_phases_are_launches_and_make_up_all_of_the_time():
    sim = network(weight=0.1)
    sim.connect(sim.create(nl.poisson_generator, rate=100.0), sim.create(nl.iaf_psc_exp, 7))
    p = sim.profile(20.0)
    assert list(p.phases) == ["build", "compile and bind", "generators", "planned spikes", "neurons", "delivery", "launching",
                              "host", "collecting"]
    assert all(s.shape == (1,) and s[0] >= 0.0 for s in p.phases.values()) and p.threads == 1
    assert sum(p.phases.values())[0] == pytest.approx(p.wall, rel=0.02)
    assert (p.steps, p.slices) == (200, 20)
    assert [(s.phase, s.name, s.nodes) for s in p.shares] == [
        ("generators", "poisson_generator", 7), ("neurons", "parrot_neuron", 2), ("neurons", "iaf_psc_delta", 9),
        ("neurons", "iaf_psc_exp", 7)]
    for phase in ("generators", "neurons"):
        np.testing.assert_allclose(sum(s.seconds for s in p.shares if s.phase == phase), p.phases[phase])
    assert "launching" in str(p) and "thread 0" not in str(p)


@pytest.mark.parametrize("comm", ["sparse", "procedural"])
@pytest.mark.parametrize("varied", [False, True])
def test_spikes_and_synaptic_events_are_counted(comm, varied):
    drawn = dict(weight=nl.dist.Uniform(-0.1, 0.1), delay=nl.dist.Uniform(0.5, 3.0))
    sim = network(comm, **(drawn if varied else dict(weight=0.1)))
    p = sim.profile(10.0)
    assert p.spikes == 4 + 2 * 4
    assert p.events == {"delivery": 4 * 2 + 4 * 2 * 5}
    assert sim.profile(10.0).events == p.events, "every run counts from 0"


def test_a_profiled_run_records_what_a_plain_one_does_and_goes_on():
    found = []
    for profiled in (False, True):
        sim = network(weight=9.0)
        cells = sim.create(nl.iaf_psc_exp, 30, I_e=500.0)
        spikes = sim.create(nl.spike_recorder)
        sim.connect(cells, cells, rule=nl.fixed_indegree(5), weight=30.0)
        sim.connect(cells, spikes)
        results = [sim.profile(30.0).results if profiled else sim.simulate(30.0), sim.cont(20.0)]
        found.append([x for r in results for x in r.events(spikes, plain=True)])
    assert len(found[0][0]) > 20
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)
