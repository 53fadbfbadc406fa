"""comm="procedural": synapses drawn again at every spike make the same network as stored ones, bit for bit."""
from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import memory


@nl.rule(longest=6, by="source")
def steps_ahead(index, n, draw, out, reach=3):
    for i in range(reach):
        out[i] = (index + 1 + i + int(nl.uniform(draw, i) * 2)) % n
    return reach


RULES = [nl.fixed_outdegree(20), nl.fixed_outdegree(0), nl.pairwise_bernoulli(0.05, by="source"), steps_ahead]
VALUES: list[dict[str, Any]] = [
    dict(weight=1.5, delay=1.5), dict(weight=nl.dist.Normal(1.0, 0.5), delay=nl.dist.Uniform(0.3, 3.0)),
    dict(weight=nl.dist.Normal(0.0, 1.0), delay=1.0),                                     # of both signs: two receptors
    dict(weight=2.0 * nl.dist.Uniform(0.0, 1.0) + nl.dist.Exponential(0.1).clip(0.0, 2.0), delay=0.7)]


def spikes(rule: Any, comm: str, threads: int, backend: str, precision: str = "double", other: str = "procedural", **values: Any
           ) -> list[np.ndarray]:
    """Times and senders of a small network, most of whose input comes from its own synapses."""
    sim = nl.Simulator(seed=3, threads=threads, precision=precision, backend=backend)
    given = dict(V_m=nl.dist.Uniform(-70.0, -55.0), I_e=450.0)
    a, b = sim.create(nl.iaf_cond_exp, 150, params=given), sim.create(nl.iaf_cond_exp, 50, params=given)
    recorder = sim.create(nl.spike_recorder)
    sim.connect(a + b, recorder)
    sim.connect(a, a + b, rule=rule, comm=comm, **values)
    sim.connect(b, a + b, rule=nl.fixed_outdegree(15), weight=-6.0, delay=1.3, comm=other if comm == "procedural" else comm)
    windows = sim.simulate(40.0), sim.cont(30.0)
    return [np.concatenate(x) for x in zip(*(w.events(recorder, plain=True) for w in windows))]


@pytest.mark.parametrize("values", VALUES, ids=lambda v: str(v["weight"])[:20])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_procedural_synapses_are_the_stored_ones(backend, rule, values):
    stored = spikes(rule, "sparse", 1, backend, **values)
    assert len(stored[0]) > 300
    if backend == "cuda" and values is VALUES[3]:
        with pytest.raises(nl.NotAvailable, match="connect call 0, .*: weight is an expression.*comm='sparse'"):
            spikes(rule, "procedural", 1, backend, **values)
        return
    # on a GPU threads only help to build
    for threads, other in itertools.product((1, 2, 4) if backend == "cpu" else (1,), ("procedural", "sparse")):
        for a, b in zip(stored, spikes(rule, "procedural", threads, backend, other=other, **values), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("values", VALUES[:3], ids=lambda v: str(v["weight"])[:20])
def test_in_single_precision_too(backend, values):
    for a, b in zip(spikes(RULES[0], "sparse", 1, backend, "single", **values),
                    spikes(RULES[0], "procedural", 2, backend, "single", **values), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_synapses_count(backend):
    # that two networks are equal says nothing where synapses do nothing
    with_, without = (spikes(nl.fixed_outdegree(n), "procedural", 1, backend, weight=1.5, delay=1.5) for n in (20, 0))
    assert len(with_[0]) != len(without[0])


def test_no_table_is_stored(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_exp, 1000)
    projection = sim.connect(a, a, rule=nl.fixed_outdegree(500), comm="procedural")
    plan = sim.plan()
    assert sum(len(t.targets) for t in plan.tables) == 0 and plan.synapses[projection.index] == 500_000
    assert sum(plan.nbytes.values()) < 250_000
    assert "procedural" in str(plan)


def test_targets_that_a_mask_alone_decides_are_not_listed(backend):
    sim = nl.Simulator(backend=backend, threads=2)
    a = sim.create(nl.iaf_psc_exp, positions=nl.spatial.grid([20, 20]))
    sim.connect(a, a, rule=nl.fixed_outdegree(200, mask=nl.spatial.circular(0.5)), comm="procedural")
    used = sim.plan().nbytes["procedures"]
    assert used < 400 * 200 / 2 and memory.table_bytes(sim.network.projections[0]) < 400 * 200 / 2


def test_targets_chosen_by_place_are_listed_and_counted_as_memory(backend, monkeypatch):
    sim = nl.Simulator(backend=backend, threads=2)
    a = sim.create(nl.iaf_psc_exp, positions=nl.spatial.grid([20, 20]))
    rule = nl.fixed_outdegree(200, mask=nl.spatial.circular(0.5), p=nl.spatial_distributions.gaussian(nl.distance, std=0.3))
    sim.connect(a, a, rule=rule, weight=nl.dist.Normal(), comm="procedural")
    used = sim.plan().nbytes["procedures"]
    assert 4 * 400 * 200 < used < 5 * 400 * 200
    estimated = memory.table_bytes(sim.network.projections[0])
    assert 0.8 < estimated / used < 1.2
    monkeypatch.setattr(memory, "available_memory", lambda: 1e5)
    with pytest.raises(nl.TooLarge, match="the synapses"):
        sim.connect(a, a, rule=rule, comm="procedural")


@pytest.mark.parametrize("precision", ["double", "single"])
def test_sums_fit_into_the_ring_as_those_of_stored_synapses_do(backend, precision):
    # scales follow from in-degrees, which are counted for both alike
    exponents = []
    for comm in ("sparse", "procedural"):
        sim = nl.Simulator(precision=precision, backend=backend)
        a = sim.create(nl.iaf_psc_delta, 50)
        sim.connect(a, a, rule=nl.fixed_outdegree(40), weight=nl.dist.Uniform(0.0, 8.0), comm=comm)
        exponents.append([lane.exponent for block in sim.plan().blocks for lane in block.lanes.values()])
    assert exponents[0] == exponents[1]


@pytest.mark.parametrize("rule", [nl.fixed_indegree(3), nl.fixed_total_number(30), nl.fixed_prob(0.1), nl.all_to_all,
                                  nl.one_to_one], ids=str)
def test_rules_that_draw_the_sources_of_a_target_are_refused(backend, rule):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_exp, 10)
    with pytest.raises(nl.NotAvailable, match="draws the sources of each target.*by='source'"):
        sim.connect(a, a, rule=rule, comm="procedural")
    assert not sim.network.projections


def test_both_directions_are_refused(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_exp, 10)
    with pytest.raises(nl.NotAvailable, match="make_symmetric=True takes fixed_outdegree.* the other way"):
        sim.connect(a, a, rule=nl.fixed_outdegree(3), comm="procedural", make_symmetric=True)
    assert not sim.network.projections


def test_generators_of_which_every_connection_runs_a_copy_are_refused(backend):
    sim = nl.Simulator(backend=backend)
    a, noise = sim.create(nl.iaf_psc_exp, 10), sim.create(nl.poisson_generator, rate=1.0)
    with pytest.raises(nl.NotAvailable, match="poisson_generator has a state of its own"):
        sim.connect(noise, a, rule=nl.fixed_outdegree(3), comm="procedural")
    assert not sim.network.projections


@pytest.mark.parametrize("by", ["pre", 1, None])
def test_by_is_target_or_source(by):
    with pytest.raises(nl.BadConnection, match="by = .*must be 'target' or 'source'"):
        nl.pairwise_bernoulli(0.1, by=by)


def network_of(backend: str, comm: str) -> tuple[nl.Simulator, nl.NodeView, Any, Any]:
    """Two calls from one population, the first of them procedural or stored."""
    sim = nl.Simulator(seed=4, backend=backend)
    a, b = sim.create(nl.iaf_psc_exp, 30), sim.create(nl.iaf_psc_exp, 20)
    first = sim.connect(a, a + b, rule=nl.fixed_outdegree(7), weight=nl.dist.Normal(0.0, 1.0), delay=nl.dist.Uniform(1.0, 3.0),
                        comm=comm)
    return sim, a, first, sim.connect(a, b, weight=2.0)


@pytest.mark.parametrize("by_call", [True, False])
def test_procedural_connections_are_read_like_stored_ones(backend, by_call):
    found = []
    for comm in ("sparse", "procedural"):
        sim, a, first, _ = network_of(backend, comm)
        connections = sim.get_connections(source=a[3:9], synapse=first if by_call else None)
        assert len(connections) == 6 * 7 + (0 if by_call else 6 * 20)
        found.append(connections.get(["source", "target", "weight", "delay", "receptor", "synapse"]))
        assert (connections[2:5].weight == connections.weight[2:5]).all()
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name], err_msg=name)


def test_procedural_connections_are_not_changed_and_stored_ones_beside_them_are(backend):
    sim, a, first, second = network_of(backend, "procedural")
    for change in (lambda c: c.set(weight=1.0), lambda c: c.set(delay=2.0), sim.disconnect):
        for connections in (sim.get_connections(synapse=first), sim.get_connections()):
            with pytest.raises(nl.NotAvailable, match="drawn again whenever a source fires, and cannot be changed"):
                change(connections)
    with pytest.raises(nl.BadView, match="holds procedural synapses"):
        sim.get_connections(synapse=first) + sim.get_connections(synapse=second)
    before = sim.get_connections(synapse=first).get(["source", "target", "weight", "delay"])
    sim.get_connections(source=a[2], synapse=second).set(weight=5.0)
    every = sim.get_connections()
    mine = every.get("synapse") == second.index
    np.testing.assert_array_equal(every.weight[mine], np.where(every.source[mine] == 2, 5.0, 2.0))
    for name, values in sim.get_connections(synapse=first).get(["source", "target", "weight", "delay"]).items():
        np.testing.assert_allclose(values, before[name], rtol=0, atol=1e-9 if name == "weight" else 0)
    sim.simulate(10.0)


def test_weights_that_are_set_leave_room_for_synapses_that_are_drawn():
    """Stored ones alone would still fit into the scale that there is: 250 of 256, beside 100 of those that are not stored."""
    sim = nl.Simulator(seed=1, threads=1)
    sources, targets = sim.create(nl.iaf_psc_delta, 100), sim.create(nl.iaf_psc_delta, 10)
    stored = sim.connect(sources, targets, weight=1.0)
    sim.connect(sources, targets, rule=nl.pairwise_bernoulli(1.0, by="source"), weight=1.0, comm="procedural")

    def scale():
        return sim.plan().blocks[0].lanes["spikes"].exponent
    assert scale() == 62 - 8
    sim.get_connections(synapse=stored).set(weight=2.5)
    assert scale() == 62 - 9
