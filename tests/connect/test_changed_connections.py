"""Weights and delays that are set, and connections that are removed: as if the network had been declared so."""
from __future__ import annotations

import numpy as np
import pytest

from nestling import simulator as nl

RANDOM = dict(weight=nl.dist.Normal(60.0, 20.0), delay=nl.dist.Uniform(0.5, 3.0))
ALIKE = dict(weight=60.0, delay=1.5)


class Net:
    """Two populations that noise drives; `call` connects the first to the second, and is what a test changes."""

    def __init__(self, backend, *, threads=1, call=None, back=None, noise=None, precision="double", edges=None, seed=3):
        self.sim = sim = nl.Simulator(backend=backend, threads=threads, precision=precision, seed=seed)
        self.a, self.b = (sim.create(nl.iaf_psc_exp, n, V_m=nl.dist.Uniform(-70.0, -55.0), tau_syn_in=4.0) for n in (20, 30))
        self.rec = sim.create(nl.spike_recorder)
        self.noise = sim.connect(sim.create(nl.poisson_generator, rate=20_000.0), self.a + self.b,
                                 **{"weight": 95.0, "delay": 1.2, **(noise or {})})
        self.call = sim.connect(self.a, self.b, rule=edges or nl.fixed_indegree(10), **{**ALIKE, **(call or {})})
        sim.connect(self.b, self.a, rule=nl.fixed_indegree(8), **{**RANDOM, **(back or {})})
        sim.connect(self.a + self.b, self.rec)

    @property
    def found(self):
        return self.sim.get_connections(synapse=self.call)

    def spikes(self, results):
        return np.array(results.events(self.rec, plain=True))

    def run(self, duration=60.0):
        return self.spikes(self.sim.simulate(duration))

    def cont(self, duration=60.0):
        return self.spikes(self.sim.cont(duration))


@pytest.fixture(params=[1, 3])
def make(backend, request):
    return lambda **given: Net(backend, **{"threads": request.param, **given})


def listed(net, found=None):
    """What declares just these connections anew."""
    read = (net.found if found is None else found).get(["source", "target", "weight", "delay"])
    return dict(edges=nl.explicit_edges(read["source"] - net.a.global_id[0], read["target"] - net.b.global_id[0]),
                call=dict(weight=read["weight"], delay=read["delay"]))


def assert_same(one, other, least=150):
    assert one.shape[1] > least, "too few spikes to tell anything"
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("value", [55.0, 90.0, -20.0, 0.0, nl.dist.Normal(50.0, 5.0)], ids=str)
@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
def test_weights_of_a_whole_call_are_as_if_declared(make, call, value):
    net = make(call=call)
    found = net.found
    found.weight = value
    if not isinstance(value, float):
        assert abs(found.weight.mean() - 50.0) < 2.0 and len(np.unique(found.weight)) == len(found)
        assert_same(net.run(), make(**listed(net)).run())
        return
    assert (found.weight == value).all() and (net.found.weight == value).all()
    assert_same(net.run(), make(call={**call, "weight": value}).run())


@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
def test_weights_of_some_connections_go_into_the_tables_where_they_are(make, call):
    net = make(call=call)
    tables = net.sim.plan().tables
    before = [(t, t.targets, t.groups, t.first_group) for t in tables]
    found, other = net.found[3::2], net.found[::2]
    kept, new = net.found.weight, np.linspace(5.0, 60.0, len(found))
    found.set(weight=new)
    other.set({"weight": 11.0})
    now = net.sim.plan().tables
    assert now is tables
    assert all(x is y for t, b in zip(now, before) for x, y in zip((t, t.targets, t.groups, t.first_group), b))
    kept[3::2], kept[::2] = new, 11.0
    np.testing.assert_allclose(net.found.weight, kept, rtol=1e-12)
    assert_same(net.run(), make(**listed(net)).run())
    assert net.sim.plan().tables is tables, "the run built its tables anew"


def test_what_was_set_outlives_runs_parameters_and_further_calls(make):
    net = make()
    net.found[::2].weight = np.linspace(5.0, 60.0, len(net.found[::2]))
    weights = net.found.weight
    first = net.run()
    assert_same(net.run(), first)
    net.a.set(tau_m=11.0)
    net.sim.connect(net.b, net.b, weight=1.0)
    lists = listed(net)
    np.testing.assert_allclose(net.found.weight, weights, rtol=1e-12)
    fresh = make(**lists)
    fresh.a.set(tau_m=11.0)
    fresh.sim.connect(fresh.b, fresh.b, weight=1.0)
    assert_same(net.run(), fresh.run())


def test_a_rate_that_asks_for_another_scale_keeps_what_was_set(make):
    net = make()
    net.found[::2].weight = 5.0
    weights = net.found.weight
    fresh, tables = make(**listed(net)), net.sim.plan().tables
    for some in (net, fresh):
        nl.NodeView(some.sim, some.noise.sources).set(rate=1_000_000.0)         # and the worst case is many times as large
    assert net.sim.plan().tables is not tables, "the scale is the same"
    np.testing.assert_allclose(net.found.weight, weights, rtol=1e-12)
    assert_same(net.run(20.0), fresh.run(20.0))


@pytest.mark.parametrize("delay", [0.1, 4.0, nl.dist.Uniform(0.2, 5.0), "array"], ids=str)
@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
def test_delays_are_as_if_declared(make, call, delay):
    net = make(call=call)
    weights, found = np.sort(net.found.weight), net.found
    drawn = not isinstance(delay, (str, float))
    found.delay = given = np.arange(len(found)) % 7 * 0.2 + 0.1 if isinstance(delay, str) else delay
    if not drawn:
        np.testing.assert_allclose(found.delay, given, rtol=1e-12)
    assert net.found.delay.min() >= 0.1 and net.sim.plan().min_delay <= round(net.found.delay.min() / 0.1)
    np.testing.assert_array_equal(np.sort(net.found.weight), weights)
    fresh = make(call={**call, "delay": delay}) if isinstance(delay, float) else make(**listed(net))
    assert_same(net.run(), fresh.run())


def test_the_collection_itself_stays_in_step_with_what_it_set(make):
    net = make(call=RANDOM)
    found = net.found[::3]
    read = found.get(["source", "target"])
    delays, weights = np.arange(len(found)) % 9 * 0.1 + 0.1, -np.arange(1.0, len(found) + 1)
    found.set(delay=delays, weight=weights)
    np.testing.assert_allclose(found.delay, delays, rtol=1e-12)
    np.testing.assert_allclose(found.weight, weights, rtol=1e-12)
    for name, values in found.get(["source", "target"]).items():
        np.testing.assert_array_equal(values, read[name])
    again = net.found
    np.testing.assert_allclose(again.weight[again.weight < 0].sum(), weights.sum(), rtol=1e-12)


def test_other_collections_are_told_to_be_asked_for_again(make):
    net = make()
    old = net.sim.get_connections(net.a[:3])
    len(old), old.source
    net.found.delay = 0.7
    with pytest.raises(nl.BadView, match="call get_connections"):
        old.get("weight")


@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
@pytest.mark.parametrize("back", [ALIKE, RANDOM], ids=["back alike", "back random"])
def test_a_weight_that_is_set_where_nothing_is_on_its_way_is_as_if_declared(make, call, back):
    quiet = dict(noise=dict(weight=0.0), call=call, back=back)
    net = make(**quiet)
    assert net.run(30.0).shape[1] == 0
    net.found[1::2].weight = 50.0
    fresh = make(**quiet)
    fresh.found[1::2].weight = 50.0
    assert fresh.run(30.0).shape[1] == 0
    for some in (net, fresh):
        some.sim.get_connections(synapse=some.noise).weight = 95.0
    assert_same(net.cont(), fresh.cont())


@pytest.mark.parametrize("edit", ["weight", "sign", "delay", "remove", "large"])
@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
def test_a_run_goes_on_alike_on_any_number_of_threads(backend, call, edit):
    runs = []
    for threads in (1, 2, 4):
        net = Net(backend, threads=threads, call=call)
        net.run(20.0)
        found = net.found[::2]
        if edit == "remove":
            net.sim.disconnect(found)
        else:
            value = np.arange(1.0, len(found) + 1) % 50
            found.set(**dict(weight=dict(weight=value), sign=dict(weight=-value), delay=dict(delay=value / 10 + 0.1),
                             large=dict(weight=100 * value))[edit])
        runs.append([net.cont(20.0), net.run(20.0)])
    for other in runs[1:]:
        for mine, theirs in zip(runs[0], other):
            assert_same(mine, theirs, 40)


def test_what_is_set_in_steps_of_a_run_that_is_cut_into_pieces_is_no_matter(make):
    """Setting the weights that there are, again and again, changes nothing."""
    whole, pieces = make(call=RANDOM), make(call=RANDOM)
    one = np.concatenate([whole.run(20.0), whole.cont(20.0)], axis=1)
    found = [pieces.run(20.0)]
    for turn in range(4):
        every = pieces.found
        every.set(weight=every.weight)
        if turn == 2:
            every.set(delay=every.delay)
        found.append(pieces.cont(5.0))
    assert_same(np.concatenate(found, axis=1), one, 80)


@pytest.mark.parametrize("weight", [30.0, "array", "both signs", nl.dist.Uniform(50.0, 90.0)], ids=str)
def test_weights_of_generators_are_as_if_declared(make, weight):
    net = make()
    found = net.sim.get_connections(synapse=net.noise)
    value = np.linspace(40.0 if weight == "array" else -30.0, 100.0, len(found)) if isinstance(weight, str) else weight
    found.weight = value
    assert found.weight.tolist() == np.broadcast_to(value, len(found)).tolist() if weight == 30.0 else True
    assert (found.get("receptor_name") == np.where(found.weight < 0, "inh", "ex")).all()
    declared = found.weight[:, None] if not isinstance(weight, float) else weight
    assert_same(net.run(), make(noise=dict(weight=declared)).run(), 40)


def test_delays_of_generators_are_as_if_declared_and_stand_in_a_run(make):
    net = make()
    found = net.sim.get_connections(synapse=net.noise)
    delays = 0.1 + np.arange(len(found)) % 5 * 0.3
    found.delay = delays
    np.testing.assert_allclose(net.sim.get_connections(synapse=net.noise).delay, delays, rtol=1e-12)
    assert_same(net.run(), make(noise=dict(delay=delays[:, None])).run())
    with pytest.raises(nl.NotAvailable, match="set them before simulate"):
        net.sim.get_connections(synapse=net.noise).delay = 0.1
    np.testing.assert_allclose(net.sim.get_connections(synapse=net.noise).delay, delays, rtol=1e-12)


def test_trains_of_generators_that_remain_are_what_they_were(make):
    """Without the neurons between them: who loses nothing sees the same input as before."""
    net, whole = (make(call=dict(weight=0.0), back=dict(weight=0.0)) for _ in range(2))
    net.sim.disconnect(net.sim.get_connections(synapse=net.noise, target=net.b[:10]))
    lost = np.isin(whole_run := whole.run()[1], net.b[:10].global_id)
    times = whole.run()[:, ~lost]
    assert 0 < lost.sum() < len(whole_run)
    assert_same(net.run(), times)
    assert len(net.sim.get_connections(synapse=net.noise)) == 40


@pytest.mark.parametrize("call", [ALIKE, RANDOM], ids=["alike", "random"])
def test_what_was_removed_was_never_connected(make, call):
    net = make(call=call)
    gone = net.found[::3]
    keep = np.ones(len(net.found), bool)
    keep[::3] = False
    lists = listed(net, net.found[keep])
    net.sim.disconnect(gone)
    assert len(net.found) == keep.sum()
    with pytest.raises(nl.BadView, match="call get_connections"):
        len(gone[:1])
    assert_same(net.run(), make(**lists).run())
    net.sim.disconnect(net.found)
    assert len(net.found) == 0
    assert_same(net.run(), make(call=dict(weight=0.0)).run(), 40)


def test_pairs_are_disconnected_by_rule(backend):
    sim = nl.Simulator(backend=backend)
    a, b = sim.create(nl.iaf_psc_exp, 4), sim.create(nl.iaf_psc_exp, 4)
    sim.connect(a, b)
    sim.disconnect(a, b[::-1], rule=nl.one_to_one)
    np.testing.assert_array_equal(sim.get_connections().to_scipy(a, b).toarray(), 1.0 - np.eye(4)[::-1])
    sim.disconnect(a[:2], b[:2], nl.all_to_all)
    assert len(sim.get_connections(a[:2], b[:2])) == 0 and len(sim.get_connections()) == 8
    with pytest.raises(nl.BadConnection, match="node 0 is not connected to node 4"):
        sim.disconnect(a[:1], b[:1])
    with pytest.raises(nl.BadConnection, match="4 and 3"):
        sim.disconnect(a, b[:3])
    with pytest.raises(nl.BadConnection, match="one_to_one or all_to_all"):
        sim.disconnect(a, b, nl.fixed_indegree(1))
    assert len(sim.get_connections()) == 8


BAD = [
    ("unknown", dict(weigth=1.0), nl.UnknownName, "'weigth'"), ("receptor", dict(receptor=1), nl.UnknownName, "weight, delay"),
    ("none", dict(weight=None), nl.DimensionError, "weight = None"),
    ("text", dict(weight="strong"), nl.DimensionError, "weight = 'strong'"),
    ("NaN", dict(weight=np.nan), nl.BadConnection, "must be finite"),
    ("too few", dict(weight=[1.0, 2.0]), nl.BadConnection, "weight has shape (2,)"),
    ("delay too short", dict(delay=0.01), nl.BadConnection, "delay = 0.01 ms: must be dt = 0.1 ms or more"),
    ("delay too long", dict(delay=1e300), nl.BadConnection, "must be at most"),
    ("random delay too short", dict(delay=nl.dist.Uniform(0.0, 1.0)), nl.BadConnection, "can give 0 ms"),
    ("good weight, bad delay", dict(weight=1.0, delay=-1.0), nl.BadConnection, "delay = -1 ms"),
    ("endless weight", dict(weight=nl.dist.Exponential(1.0) * np.inf), nl.BadConnection, ""),
    ("huge weight", dict(weight=1e308), nl.BadConnection, ""),
]


@pytest.mark.parametrize("name, given, error, words", BAD, ids=[b[0] for b in BAD])
@pytest.mark.parametrize("time", [0.0, 20.0])
def test_a_mistake_changes_nothing(make, name, given, error, words, time):
    net, same = make(), make()
    net.found[::2].weight = same.found[::2].weight = 11.0
    for some in (net, same):
        some.run(time)
    before = net.sim.network, net.sim.plan(), net.found.weight, net.found.delay
    with pytest.raises(error) as caught:
        net.sim.get_connections().set(**given)
    assert words in str(caught.value)
    assert net.sim.network is before[0] and net.sim.plan() is before[1]
    for values, name in zip(before[2:], ("weight", "delay")):
        np.testing.assert_array_equal(net.found.get(name), values)
    assert_same(net.cont(20.0), same.cont(20.0), 40)


def test_the_wrong_entry_is_named(make):
    net = make()
    values = np.ones(len(net.found))
    values[17] = np.inf
    with pytest.raises(nl.BadConnection, match=r"weight = inf \(entry 17\)"):
        net.found.weight = values
    values[17] = 0.02
    with pytest.raises(nl.BadConnection, match=r"delay = 0.02 ms \(entry 17\)"):
        net.found.delay = values
    values[17] = 1.23
    with pytest.warns(UserWarning, match=r"delay = 1.23 ms \(entry 17\) is no multiple"):
        net.found.delay = values
    assert np.isclose(net.found.delay, 1.2).sum() == 1
    with pytest.raises(nl.BadView, match="stands twice"):
        (net.found + net.found[:1]).weight = 1.0
    with pytest.raises(nl.BadView, match="stands twice"):
        net.sim.disconnect(net.found + net.found[:1])
    with pytest.raises(TypeError, match="must be a collection"):
        net.sim.disconnect(3)


def test_weights_have_units_and_those_that_count_for_nothing_are_refused(backend):
    import brainunit as u
    sim = nl.Simulator(backend=backend)
    a, b = sim.create(nl.iaf_psc_exp, 3), sim.create(nl.iaf_cond_exp, 3)
    parrots = sim.create(nl.parrot_neuron, 2)
    sim.connect(a, a)
    sim.connect(a, b)
    sim.connect(a, parrots)
    found = sim.get_connections(a, a)
    found.set(weight=0.25 * u.nA, delay=500.0 * u.us)
    assert (found.weight == 250.0).all() and (found.delay == 0.5).all()
    with pytest.raises(nl.DimensionError, match="quantity in pA"):
        found.weight = 1.0 * u.mV
    with pytest.raises(nl.BadConnection, match="weights are in nS and in pA"):
        sim.get_connections(a, a + b).weight = 1.0
    with pytest.raises(nl.BadConnection, match="parrot_neuron counts spikes"):
        sim.get_connections(target=parrots).weight = 1.0
    sim.get_connections(target=parrots).delay = 0.3
    assert (sim.get_connections(target=parrots).delay == 0.3).all()
