"""A weight recorder has a row for every synapse that a spike goes through, with the weight that it had then."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import collect, stretches, traversed

COLUMNS = ["times", "global_id", "target_global_id", "weights", "receptors"]


def build(backend: str = "cpu", threads: int = 1, record_to: Any = "memory", **given: Any) -> SimpleNamespace:
    """12 cells that fire on their own, connected by three calls: with multapses, drawn weights, several delays."""
    sim = nl.Simulator(0.1, seed=2, threads=threads, backend=backend)
    a = sim.create(nl.iaf_psc_exp, 7, I_e=np.linspace(400.0, 700.0, 7))
    b = sim.create(nl.iaf_psc_exp_multisynapse, 5, tau_syn=[1.0, 2.0, 3.0], I_e=np.linspace(450.0, 650.0, 5))
    wr, spikes = sim.create(nl.weight_recorder, record_to=record_to, **given), sim.create(nl.spike_recorder)
    normal, lags = nl.dist.Normal(3.0, 2.0), nl.dist.Uniform(0.5, 4.0)
    calls = [sim.connect(a, a[::-1], rule=nl.fixed_indegree(4), weight=normal, delay=lags, weight_recorder=wr),
             sim.connect(a, a, weight=-2.0, delay=1.0),
             sim.connect(a[2:], b, rule=nl.fixed_total_number(15), weight=nl.dist.Uniform(1.0, 9.0), receptor_type=2,
                         weight_recorder=wr),
             sim.connect(b[[4, 0]], a, weight=7.5, delay=2.5, weight_recorder=wr)]
    sim.connect(a + b, spikes)
    return SimpleNamespace(sim=sim, a=a, b=b, wr=wr, spikes=spikes, calls=calls, recorded=[calls[i] for i in (0, 2, 3)])


def sorted_rows(columns: list[np.ndarray]) -> list[np.ndarray]:
    order = np.lexsort(columns[::-1])
    return [np.asarray(c)[order] for c in columns]


def expected(net: SimpleNamespace, res: nl.Results, start: float = 0.0, stop: float = np.inf) -> list[np.ndarray]:
    """The same, from the spikes and get_connections()."""
    times, senders = res.events(net.spikes, plain=True, global_ids=True)
    known = net.sim.get_connections(synapse=net.recorded).get()
    rows = [(t, s, *(known[name][i] for name in ("target", "weight", "receptor"))) for t, s in zip(times, senders)
            for i in np.flatnonzero(known["source"] == s) if start < t <= stop]
    return sorted_rows([np.array(c) for c in zip(*rows)])


def found(net: SimpleNamespace, *results: nl.Results) -> list[np.ndarray]:
    parts = []
    for res in results:
        (times, senders), to = res.events(net.wr, plain=True, global_ids=True), res.targets(net.wr, global_ids=True)
        assert (np.diff(times) >= 0).all()
        parts.append([times, senders, to, res.weights(net.wr), res.receptors(net.wr)])
    return sorted_rows([np.concatenate(c) for c in zip(*parts)])


def assert_same(one: list[np.ndarray], other: list[np.ndarray], atol: float = 0.0) -> None:
    assert len(one[0]) > 50
    for x, y in zip(one, other, strict=True):
        np.testing.assert_allclose(x, y, rtol=0, atol=atol)


@pytest.mark.parametrize("threads", [1, 2])
def test_every_synapse_of_a_spike_has_a_row(backend, threads):
    net = build(backend, threads)
    res = net.sim.simulate(40.0)
    assert_same(found(net, res), expected(net, res))
    assert res.n_events(net.wr) == net.wr.get("n_events") == len(res.weights(net.wr))
    assert set(res.receptors(net.wr)) == {0, 2}


@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_files_hold_what_memory_holds(suffix, tmp_path, monkeypatch):
    """In the same order, too; in stretches and pieces of a few rows."""
    net, memory = (build(record_to=to) for to in (tmp_path / f"x.{suffix}", "memory"))
    if suffix == "dat":
        net.wr.set(precision=9)
    whole = memory.sim.simulate(60.0)
    monkeypatch.setattr(stretches, "SLICES", 1)
    monkeypatch.setattr(traversed, "ROWS", 10)
    monkeypatch.setattr(collect, "WAITING_BYTES", 2000)
    res = net.sim.simulate(60.0)
    for take in (lambda r, n: r.events(n.wr, plain=True)[0], lambda r, n: r.events(n.wr)[1], lambda r, n: r.targets(n.wr),
                 lambda r, n: r.weights(n.wr), lambda r, n: r.receptors(n.wr)):
        x, y = take(res, net), take(whole, memory)
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-9 if suffix == "dat" else 0)
    assert_same(found(net, res, net.sim.cont(30.0)), found(memory, whole, memory.sim.cont(30.0)), 1e-9)


def test_weights_are_those_of_their_time(tmp_path):
    """Set between runs, in a callback, and such that tables must be made anew."""
    net = build()
    parts, wanted = [net.sim.simulate(20.0)], []
    wanted.append(expected(net, parts[-1]))
    for i in (0, 3):                                                        # drawn ones, and one of all: into the tables
        net.sim.get_connections(synapse=net.calls[i])[::2].set(weight=0.25)
    parts.append(net.sim.cont(20.0))
    wanted.append(expected(net, parts[-1]))
    net.sim.get_connections(synapse=net.calls[3]).set(weight=-1e4, delay=0.7)
    parts.append(net.sim.cont(20.0))
    wanted.append(expected(net, parts[-1]))
    net.sim.disconnect(net.sim.get_connections(synapse=net.calls[2])[3:])
    parts.append(net.sim.cont(20.0))
    wanted.append(expected(net, parts[-1]))
    assert_same(found(net, *parts), sorted_rows([np.concatenate(c) for c in zip(*wanted)]))
    assert {0.25, -1e4} <= set(found(net, *parts)[3])
    called = build(record_to=tmp_path / "x.h5")

    def change(sim):
        if round(sim.time) == 20:
            for i in (0, 3):
                sim.get_connections(synapse=called.calls[i])[::2].set(weight=0.25)
    res = called.sim.simulate(40.0, callback=change, every=10.0)
    assert_same(found(called, res), found(net, *parts[:2]))


def test_senders_targets_start_stop_and_origin():
    net = build(start=5.0, stop=25.0, origin=10.0)
    net.wr.set(senders=net.a[[1, 3]] + net.b, targets=net.a)
    res = net.sim.simulate(50.0)
    rows = expected(net, res, 15.0, 35.0)
    mine = np.isin(rows[1], (net.a[[1, 3]] + net.b).global_id) & np.isin(rows[2], net.a.global_id)
    assert 0 < mine.sum() < len(mine)
    for x, y in zip(found(net, res), rows):
        np.testing.assert_array_equal(x, y[mine])
    assert res.ids(net.wr).tolist() == [1, 3, 11, 7] and set(res.target_ids(net.wr)) == set(range(7))
    assert net.wr.get("targets") == [tuple(range(7))]
    net.wr.set(senders=[], targets=[], start=0.0, stop=np.inf)
    again = net.sim.simulate(50.0)
    assert_same(found(net, again), expected(net, again, 10.0))


def test_positions_are_those_among_the_nodes_in_the_order_of_connecting():
    net = build()
    res = net.sim.simulate(30.0)
    assert res.ids(net.wr).tolist() == [*range(7), 11, 7]
    assert res.target_ids(net.wr).tolist() == [*range(6, -1, -1), *range(7, 12)]
    np.testing.assert_array_equal(res.target_ids(net.wr)[res.targets(net.wr)], res.targets(net.wr, global_ids=True))
    assert {name.split()[0]: p.tolist() for name, p in res.populations(net.wr).items()} == {
        "iaf_psc_exp": list(range(7)), "iaf_psc_exp_multisynapse": [7, 8]}


def test_it_becomes_a_table():
    pytest.importorskip("pandas", reason="no pandas here (pip install pandas)")
    net = build()
    res = net.sim.simulate(30.0)
    frame = res.to_dataframe(net.wr)
    for x, y in zip(sorted_rows([frame[name].to_numpy() for name in COLUMNS]), found(net, res)):
        np.testing.assert_array_equal(x, y)
    assert list(frame) == ["times", "senders", "global_id", "population", "targets", "weights", "receptors", "target_global_id"]
    assert f"weight_recorder (population 2): {len(frame)} weights of 9 nodes" in repr(res)
    assert "recorded by weight_recorder 2: connection 3 from 2 of population 1" in str(net.sim.plan())


def test_nodes_that_count_spikes_and_given_times_go_through_as_often_as_they_come():
    sim = nl.Simulator(0.1, threads=1)
    times, parrots, cells = sim.create(nl.spike_generator, spike_times=[1.0, 1.0, 3.0]), sim.create(nl.parrot_neuron), \
        sim.create(nl.iaf_psc_delta, 2)
    wr = sim.create(nl.weight_recorder)
    sim.connect(times, parrots, delay=1.0, weight_recorder=wr)
    sim.connect(parrots, cells, weight=nl.dist.Uniform(1.0, 2.0), delay=0.5, weight_recorder=wr)
    res = sim.simulate(6.0)
    assert res.events(wr, plain=True)[0].tolist() == [1.0, 1.0, *[2.0] * 4, 3.0, 4.0, 4.0]
    assert res.targets(wr, global_ids=True).tolist() == [1, 1, 2, 3, 2, 3, 1, 2, 3]


def test_several_recorders_and_both_directions():
    sim = nl.Simulator(0.1, threads=1)
    a, b = (sim.create(nl.iaf_psc_exp, 3, I_e=500.0) for _ in range(2))
    one, two = sim.create(nl.weight_recorder), sim.create(nl.weight_recorder)
    sim.connect(a, b, rule=nl.one_to_one, weight=2.0, make_symmetric=True, weight_recorder=one)
    sim.connect(a, b, synapse=[dict(weight=3.0), dict(weight=-4.0)], weight_recorder=two)
    spikes = sim.create(nl.spike_recorder)
    sim.connect(a + b, spikes)
    res = sim.simulate(30.0)
    senders = res.events(spikes)[1]
    assert res.n_events(one) == len(senders) and res.ids(one).tolist() == list(range(6))
    n = int((senders < 3).sum())
    assert sorted(res.weights(two)) == [-4.0] * 3 * n + [3.0] * 3 * n and n > 0


def test_a_recorder_that_is_attached_to_nothing_has_nothing(tmp_path):
    sim = nl.Simulator(0.1, threads=1)
    free, quiet = sim.create(nl.weight_recorder, record_to=tmp_path / "x.h5"), sim.create(nl.weight_recorder)
    cells = sim.create(nl.iaf_psc_exp, 2)
    sim.connect(cells, cells, weight_recorder=quiet)
    res = sim.simulate(5.0)
    assert res.n_events(quiet) == 0 and res.weights(quiet).shape == res.targets(quiet, global_ids=True).shape == (0,)
    assert not (tmp_path / "x.h5").exists() and res.records(free) == "" and res.records(quiet) == "weights"


def test_it_goes_on_from_a_checkpoint(tmp_path):
    net = build(senders=[])
    net.wr.set(senders=net.a, label="of a")
    first = net.sim.simulate(20.0)
    net.sim.get_connections(synapse=net.calls[0])[::2].set(weight=0.25)
    net.sim.save(tmp_path / "saved")
    loaded = nl.Simulator.load(tmp_path / "saved")
    wr = loaded.populations[2]
    assert wr.get("n_events") == first.n_events(net.wr) and wr.get("senders") == [tuple(range(7))]
    res = loaded.cont(30.0)
    assert_same(found(SimpleNamespace(wr=wr), res), found(net, net.sim.cont(30.0)))
    assert wr.get("n_events") == net.wr.get("n_events")
