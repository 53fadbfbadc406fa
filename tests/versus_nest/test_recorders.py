"""Recorders and their files beside live NEST's: what they take, and how it is written."""
import numpy as np
import pytest

from nestling import simulator as nl

CURRENTS = [400.0, 500.0]
LATER = 4.0     # ms that NEST runs on: it hands samples and spikes over a slice late, or two


def nest_pair(nest, spikes=None, states=None):
    """Two neurons under current, as below: the spike recorder and the multimeter of NEST."""
    nest.ResetKernel()
    nest.resolution = 0.1
    cells = nest.Create("iaf_psc_alpha", 2, params=dict(I_e=CURRENTS))
    recorder = nest.Create("spike_recorder", params=spikes or {})
    meter = nest.Create("multimeter", params={"record_from": ["V_m", "I_syn_ex"], **(states or {})})
    nest.Connect(cells, recorder)
    nest.Connect(meter, cells)
    nest.Connect(cells, cells, "one_to_one", dict(weight=150.0, delay=1.3))
    return recorder, meter


def own_pair(spikes=None, states=None):
    sim = nl.Simulator(0.1, threads=1)
    cells = sim.create(nl.iaf_psc_alpha, 2, I_e=CURRENTS)
    recorder = sim.create(nl.spike_recorder, **(spikes or {}))
    meter = sim.create(nl.multimeter, **{"record_from": ["V_m", "I_syn_ex"], **(states or {})})
    sim.connect(cells, recorder)
    sim.connect(meter, cells)
    sim.connect(cells, cells, rule=nl.one_to_one, weight=150.0, delay=1.3)
    return sim, recorder, meter


@pytest.mark.parametrize("given", [
    {}, dict(start=20.0), dict(stop=41.7), dict(start=13.9, stop=60.1), dict(origin=10.0, start=5.0, stop=60.0),
    dict(interval=0.3), dict(interval=0.7, start=10.0), dict(interval=0.7, offset=0.3), dict(offset=2.5),
    dict(interval=2.0, offset=5.0, start=9.0), dict(interval=2.0, offset=0.5, origin=3.0, start=7.5, stop=33.5),
    dict(time_in_steps=True), dict(time_in_steps=True, interval=0.3, offset=0.2)], ids=str)
def test_when_recorders_take_what(nest, given, tolerances):
    """An offset of dt is not among them: there NEST 3.10 leaves out the first sample."""
    spikes = {k: v for k, v in given.items() if k not in ("interval", "offset")}
    theirs, meter = nest_pair(nest, spikes, given)
    sim, rec, own_meter = own_pair(spikes, given)
    res = sim.simulate(80.0)
    nest.Simulate(80.0 + LATER)
    last = 800 if given.get("time_in_steps") else 80.0 + 1e-6
    mine = theirs.events["times"] <= last
    times, senders = res.events(rec) if given.get("time_in_steps") else res.events(rec, plain=True)
    assert len(times) > 2
    expected = rows_of([theirs.events["times"][mine], theirs.events["senders"][mine] - 1])     # there by slice and neuron
    np.testing.assert_allclose(times, expected[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(senders, expected[1])
    assert rec.get("n_events") == mine.sum()
    events = {k: v[meter.events["times"] <= last] for k, v in meter.events.items()}
    at = res.trace_times(own_meter) if given.get("time_in_steps") else res.trace_times(own_meter, plain=True)
    assert own_meter.get("n_events") == len(events["times"]) == 2 * len(at) > 20
    if given.get("time_in_steps"):
        assert at.dtype.kind == times.dtype.kind == "i"
    for node in range(2):
        of_node = events["senders"] == node + 1
        np.testing.assert_allclose(at, events["times"][of_node], rtol=0, atol=1e-9)
        for name in ("V_m", "I_syn_ex"):
            np.testing.assert_allclose(res.trace(own_meter, name, plain=True)[:, node], events[name][of_node],
                                       rtol=0, atol=tolerances.EXACT_MV)


def test_n_events_and_clearing_it(nest):
    theirs, meter = nest_pair(nest)
    sim, rec, own = own_pair()
    nest.Simulate(40.0)
    sim.simulate(40.0)
    theirs.n_events, meter.n_events = 0, 0
    rec.set(n_events=0)
    own.set(n_events=0)
    assert theirs.n_events == rec.get("n_events") == 0
    nest.Simulate(40.0)
    res = sim.cont(40.0)
    np.testing.assert_allclose(np.sort(theirs.events["times"]), res.events(rec, plain=True)[0], atol=1e-9)
    assert theirs.n_events == rec.get("n_events") > 0
    assert own.get("n_events") == 80 and 78 <= meter.n_events <= 82         # NEST hands some over a slice later
    with pytest.raises(nest.NESTError):
        theirs.n_events = 3
    with pytest.raises(nl.ParameterError, match="n_events = 3"):
        rec.set(n_events=3)


@pytest.mark.parametrize("given", [{}, dict(precision=7), dict(time_in_steps=True), dict(time_in_steps=True, precision=2)],
                         ids=str)
def test_ascii_files_are_nests(nest, given, tmp_path):
    """Byte for byte, but for global ids, which count from 0 here and from 1 in NEST."""
    theirs = nest_pair(nest, dict(record_to="ascii", label="spikes", **given), dict(record_to="ascii", label="states", **given))
    nest.data_path, nest.overwrite_files = str(tmp_path), True
    nest.Simulate(60.0)
    sim, rec, meter = own_pair(dict(record_to=tmp_path / "s.dat", **given), dict(record_to=tmp_path / "m.dat", **given))
    names = [device.filenames[0] for device in theirs]
    sim.simulate(60.0)
    for name, path in zip(names, ("s.dat", "m.dat")):
        with open(name) as one, open(tmp_path / path) as other:
            expected, lines = one.read().splitlines(), other.read().splitlines()
        head, rows = lines[:3], [f"{int(i) + 1}\t{rest}" for i, rest in (line.split("\t", 1) for line in lines[3:])]
        assert head == expected[:3]
        assert len(expected) > 6
        # the last slice of samples may be missing there
        assert len(expected[3:]) <= len(rows) <= len(expected[3:]) + 4
        assert sorted(rows[:len(expected[3:])], key=time_of) == sorted(expected[3:], key=time_of)


def time_of(row):
    sender, time, *_ = row.split("\t")
    return float(time), int(sender)


# --- weights ---------------------------------------------------------------------------------------------------------------

def edges(rng, n_pre, n_post, n):
    """Sources, targets (some pairs twice), weights and delays."""
    pre, post = rng.integers(0, n_pre, n), rng.integers(0, n_post, n)
    pre[-3:], post[-3:] = pre[:3], post[:3]
    return pre, post, rng.normal(20.0, 15.0, n).round(3), rng.integers(5, 40, n) / 10.0


@pytest.mark.parametrize("given", [{}, dict(start=12.0, stop=33.4, origin=4.0), dict(senders=[0, 2, 5]), dict(targets=[4, 6]),
                                   dict(senders=[1, 2], targets=[0, 3, 4], start=20.0)], ids=str)
def test_a_weight_recorder_takes_what_nests_takes(nest, given):
    rng = np.random.default_rng(7)
    currents = np.linspace(380.0, 620.0, 4)
    recurrent, forward = edges(rng, 4, 4, 14), edges(rng, 4, 3, 11)
    np.abs(forward[2], out=forward[2])
    nest.ResetKernel()
    nest.resolution = 0.1
    a = nest.Create("iaf_psc_alpha", 4, params=dict(I_e=currents))
    b = nest.Create("iaf_psc_exp_multisynapse", 3, params=dict(tau_syn=[1.0, 2.0, 3.0], I_e=500.0))
    times = {k: v for k, v in given.items() if k in ("start", "stop", "origin")}
    wr = nest.Create("weight_recorder", params=times)
    for name in ("senders", "targets"):
        if name in given:
            wr.set({name: nest.NodeCollection([i + 1 for i in given[name] if i < 7])})
    nest.CopyModel("static_synapse", "recorded", dict(weight_recorder=wr))
    for (pre, post, weight, delay), to, receptor in ((recurrent, a, 0), (forward, b, 2)):
        for i in range(len(pre)):
            nest.Connect(a[int(pre[i])], to[int(post[i])], "one_to_one",
                         dict(synapse_model="recorded", weight=weight[i], delay=delay[i], receptor_type=receptor))
    nest.Connect(b, a, "all_to_all", dict(synapse_model="recorded", weight=-8.0, delay=0.9))
    nest.Connect(a, a, "all_to_all", dict(weight=1.0, delay=0.5))           # not recorded
    nest.Simulate(40.0 + LATER)
    sim = nl.Simulator(0.1, threads=1)
    own_a = sim.create(nl.iaf_psc_alpha, 4, I_e=currents)
    own_b = sim.create(nl.iaf_psc_exp_multisynapse, 3, tau_syn=[1.0, 2.0, 3.0], I_e=500.0)
    both = own_a + own_b
    own = sim.create(nl.weight_recorder, **times, **{k: both[given[k]] for k in ("senders", "targets") if k in given})
    for (pre, post, weight, delay), to, receptor in ((recurrent, own_a, 0), (forward, own_b, 2)):
        sim.connect(own_a, to, rule=nl.explicit_edges(pre, post), weight=weight, delay=delay, receptor_type=receptor,
                    weight_recorder=own)
    sim.connect(own_b, own_a, weight=-8.0, delay=0.9, weight_recorder=own)
    sim.connect(own_a, own_a, weight=1.0, delay=0.5)
    res = sim.simulate(40.0)
    events = {k: v[wr.events["times"] < 40.05] for k, v in wr.events.items()}
    mine = [*res.events(own, plain=True, global_ids=True), res.targets(own, global_ids=True), res.weights(own),
            res.receptors(own)]
    theirs = [events["times"], events["senders"] - 1, events["targets"] - 1, events["weights"], events["receptors"]]
    assert own.get("n_events") == len(theirs[0]) > 8
    for x, y in zip(rows_of(mine), rows_of(theirs)):
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-9)


@pytest.mark.parametrize("given", [{}, dict(time_in_steps=True, precision=5)], ids=str)
def test_ascii_files_of_weights_are_nests_but_for_ports(nest, given, tmp_path):
    nest.ResetKernel()
    nest.resolution, nest.data_path, nest.overwrite_files = 0.1, str(tmp_path), True
    cells = nest.Create("iaf_psc_alpha", 3, params=dict(I_e=[500.0, 0.0, 0.0]))
    wr = nest.Create("weight_recorder", params=dict(record_to="ascii", **given))
    nest.CopyModel("static_synapse", "recorded", dict(weight_recorder=wr))
    nest.Connect(cells[0], cells, "all_to_all", dict(synapse_model="recorded", weight=[[2.125], [-3.5], [0.1]], delay=1.0))
    nest.Simulate(60.0)                                             # within its last slice no neuron fires
    sim = nl.Simulator(0.1, threads=1)
    own = sim.create(nl.iaf_psc_alpha, 3, I_e=[500.0, 0.0, 0.0])
    rec = sim.create(nl.weight_recorder, record_to=tmp_path / "w.dat", **given)
    sim.connect(own[:1], own, weight=np.array([[2.125], [-3.5], [0.1]]), delay=1.0, weight_recorder=rec)
    sim.simulate(60.0)
    with open(wr.filenames[0]) as one, open(tmp_path / "w.dat") as other:
        expected, lines = one.read().splitlines(), other.read().splitlines()
    assert [*lines[:2], lines[2] + "\tports"] == expected[:3]
    at = lines[2].split("\t").index("targets")
    rows = [line.split("\t") for line in lines[3:]]
    for row in rows:
        row[0], row[at] = str(int(row[0]) + 1), str(int(row[at]) + 1)
    theirs = [line.split("\t")[:-1] for line in expected[3:]]
    assert len(rows) >= 9 and sorted(rows) == sorted(theirs)


def rows_of(columns):
    """In one order: of time, sender, target, and weight."""
    order = np.lexsort([np.round(c, 6) for c in columns[::-1]])
    return [np.asarray(c)[order] for c in columns]
