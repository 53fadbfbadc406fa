"""The plan, printed, is a table of what will run."""
import re

import numpy as np
import pytest

from nestling import simulator as nl


@pytest.fixture
def printed(backend, capsys):
    """The printed plan of a network with something of everything, as lines."""
    sim = nl.Simulator(0.1, seed=7, threads=2, backend=backend)
    exc = sim.create(nl.iaf_psc_delta, 40, V_th=nl.init.Normal(-55.0, 1.0), V_initializer=nl.init.Uniform(-70.0, -60.0))
    inh, parrot = sim.create(nl.iaf_psc_delta, 10), sim.create(nl.parrot_neuron, 3)
    noise, dc, rec = sim.create(nl.poisson_generator, rate=8000.0), sim.create(nl.dc_generator), sim.create(nl.spike_recorder)
    sim.connect(noise, exc + inh, weight=0.25)
    sim.connect(exc, exc + inh, rule=nl.fixed_indegree(4), weight=nl.dist.Normal(0.2, 0.1), delay=nl.dist.Uniform(0.5, 2.0),
                seed=5)
    sim.connect(inh, exc, rule=nl.fixed_prob(1.0), weight=np.full((40, 10), -1.0), delay=1.5)
    sim.connect(dc, inh)
    sim.connect(exc[:5] + parrot, rec)
    print(sim.plan())
    return capsys.readouterr().out.splitlines()


def line(printed, *words):
    (found,) = [text for text in printed if all(word in text for word in words)]
    return found


def test_it_begins_with_time_step_seed_precision_and_threads(printed):
    assert re.match(r"Plan: dt 0.1 ms, seed 7, precision double, 2 threads \(as asked\)", printed[0])


def test_it_lists_populations_with_their_receptors(printed):
    assert re.search(r"^ +0 +iaf_psc_delta +40 +spikes \(2\^-\d+ mV\), current \(2\^-?\d+ pA\)", line(printed, "  0  iaf"))
    assert re.search(r"^ +2 +parrot_neuron +3 +none reached", line(printed, "parrot_neuron", "none reached"))
    for text in ("3  poisson_generator", "4  dc_generator", "5  spike_recorder"):
        assert line(printed, text)


def test_it_lists_connections_with_rule_weight_delay_number_and_stream(printed):
    assert re.search(r"all_to_all +spikes +0.25 +1 ms +50 +call 0", line(printed, "1 poisson_generator ->"))
    random = line(printed, "40 iaf_psc_delta -> 40 iaf_psc_delta + 10 iaf_psc_delta")
    assert re.search(r"fixed_indegree\(indegree=4\) +spikes +Normal\(mean=0.2.* 0.5 to 2 ms +200 +seed 5", random)
    assert re.search(r"array\(40, 10\) +1.5 ms +400 +call 2", line(printed, "10 iaf_psc_delta -> 40 iaf_psc_delta"))
    assert re.search(r"all_to_all +current +1 +1 ms +10 ", line(printed, "1 dc_generator ->"))


def test_it_says_what_is_drawn_at_random(printed):
    assert line(printed, "drawn once:") == "drawn once: V_m of iaf_psc_delta 0, V_th of iaf_psc_delta 0"
    assert "poisson_generator" in line(printed, "drawn in every step:")


def test_it_says_what_is_recorded(printed):
    assert line(printed, "recorded by") == "recorded by spike_recorder 5: 5 of population 0 + 3 of population 2"


def test_it_says_how_many_bytes_are_taken_for_what(printed):
    memory = line(printed, "memory:")
    for purpose in ("synapses", "rings", "states", "generators"):
        assert re.search(rf"{purpose} [\d.e-]+ MB", memory)
    assert re.search(r"[\d.]+ bytes a synapse", memory)


def test_it_says_how_it_runs(printed, backend):
    run = line(printed, "run:")
    parts, last = ("2 partitions", "loop") if backend == "cpu" else ("1 partition", "deliver")
    assert f"slices of 5 steps, longest delay 20, {parts}; kernels: " in run
    for kernel in (last, "advance iaf_psc_delta", "advance parrot_neuron", "drive dc_generator", "drive poisson_generator"):
        assert kernel in run


def test_long_rules_and_weights_are_shortened(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_delta, positions=nl.spatial.grid([4, 4]))
    mask = nl.spatial.circular(0.5) - nl.spatial.rectangular([-0.1, -0.1], [0.1, 0.1])
    near = nl.spatial_distributions.gamma(nl.distance, kappa=2.0, theta=0.2)
    sim.connect(a, a, rule=nl.fixed_indegree(3, mask=mask, p=near), weight=near * nl.dist.Normal(1.0, 0.1, max=2.0) + 1.0)
    printed = str(sim.plan()).splitlines()
    found = line(printed, "fixed_indegree(indegree=3, mask=", " ... ")
    assert max(map(len, printed)) < 300 and found.count(" ... ") == 2 and re.search(r" 1 ms +48 ", found)


def test_a_resolution_above_1_is_a_power_of_2_too(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_delta, 1)
    sim.connect(a, a, weight=1e20)
    assert "spikes (2^5 mV)" in str(sim.plan())


def test_planning_twice_gives_the_same_plan_until_the_network_changes(backend):
    sim = nl.Simulator(backend=backend)
    cells = sim.create(nl.iaf_psc_delta, 4)
    assert sim.plan() is sim.plan()
    before = sim.plan()
    sim.connect(cells, cells)
    assert sim.plan() is not before and sim.plan().synapses == {0: 16}


def test_the_simulator_says_what_it_holds(backend):
    sim = nl.Simulator(dt=0.25, backend=backend)
    sim.connect(sim.create(nl.iaf_psc_delta, 4), sim.create(nl.spike_recorder))
    sim.simulate(2.0)
    assert repr(sim) == "<Simulator: dt 0.25 ms, 4 nodes in 1 populations, 0 projections, t = 2 ms>"
