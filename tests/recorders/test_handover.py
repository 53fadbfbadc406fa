"""Results as DataFrames, neo Segments and xarray Datasets hold what `events` and `trace` say, with units and names."""
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nestling import simulator as nl


@pytest.fixture(scope="module")
def run(backend):
    """Two populations, recorded in a mixed order from 20 ms on."""
    sim = nl.Simulator(seed=2, threads=1, backend=backend)
    rec, meter = sim.create(nl.spike_recorder, start=20.0, stop=90.0), sim.create(nl.multimeter, record_from=["V_m", "r"],
                                                                                  interval=0.5, start=20.0)
    a, b = sim.create(nl.iaf_psc_delta, 5), sim.create(nl.iaf_psc_delta, 6)
    silent = sim.create(nl.iaf_psc_delta, 2)
    sim.connect(sim.create(nl.poisson_generator, rate=9000.0), a + b, weight=0.4)
    for view in (b[::-1] + a[:3], silent):
        sim.connect(view, rec)
        sim.connect(meter, view)
    res = sim.simulate(100.0)
    ids = np.concatenate([b.global_id[::-1], a.global_id[:3], silent.global_id])
    return SimpleNamespace(res=res, rec=rec, meter=meter, ids=ids,
                           names=["iaf_psc_delta (population 3)"] * 6 + ["iaf_psc_delta (population 2)"] * 3
                           + ["iaf_psc_delta (population 4)"] * 2)


def test_a_frame_of_spikes_has_a_row_a_spike(run):
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = run.res.to_dataframe(run.rec)
    times, senders = run.res.events(run.rec, plain=True)
    assert len(frame) == len(times) > 30 and list(frame) == ["times", "senders", "global_id", "population"]
    np.testing.assert_array_equal(frame["times"], times)
    np.testing.assert_array_equal(frame["senders"], senders)
    np.testing.assert_array_equal(frame["global_id"], run.res.events(run.rec, global_ids=True)[1])
    assert frame["population"].tolist() == [run.names[s] for s in senders]
    assert frame.attrs["units"] == {"times": "ms"}
    assert set(frame["population"].cat.categories) == set(run.names)        # those without spikes too


def test_a_frame_of_traces_has_a_row_for_each_sample_of_each_node(run):
    pytest.importorskip("pandas", reason="pandas is not installed")
    frame = run.res.to_dataframe(run.meter)
    V, r, at = (run.res.trace(run.meter, "V_m", plain=True), run.res.trace(run.meter, "r", plain=True),
                run.res.trace_times(run.meter, plain=True))
    assert len(frame) == V.size == 160 * 11 and frame.attrs["units"] == {"times": "ms", "V_m": "mV", "r": ""}
    for node in (0, 7, 10):
        one = frame[frame["senders"] == node]
        np.testing.assert_array_equal(one["V_m"], V[:, node])
        np.testing.assert_array_equal(one["r"], r[:, node])
        np.testing.assert_array_equal(one["times"], at)
        assert set(one["global_id"]) == {run.ids[node]} and set(one["population"]) == {run.names[node]}


def test_a_segment_of_spikes_has_a_train_a_node(run):
    pytest.importorskip("neo", reason="neo is not installed")
    segment = run.res.to_neo(run.rec)
    times, senders = run.res.events(run.rec, plain=True)
    assert len(segment.spiketrains) == 11 and not segment.analogsignals and segment.name == "spike_recorder (population 0)"
    for i, train in enumerate(segment.spiketrains):
        np.testing.assert_array_equal(train.rescale("ms").magnitude, times[senders == i])
        assert (float(train.t_start.rescale("ms")), float(train.t_stop.rescale("ms"))) == pytest.approx((20.0, 90.0))
        assert train.annotations["global_id"] == run.ids[i] and train.annotations["population"] == run.names[i]
        assert train.annotations["recorder"] == segment.name
        assert train.segment is segment


@pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity")       # Elephant's own
def test_elephant_takes_the_segment(run):
    statistics = pytest.importorskip("elephant.statistics", reason="Elephant is not installed: pip install elephant")
    segment = run.res.to_neo(run.rec)
    rates = [statistics.mean_firing_rate(t).rescale("Hz").item() for t in segment.spiketrains]
    np.testing.assert_allclose(rates, nl.mean_rates(run.res, run.rec))
    np.testing.assert_allclose([statistics.cv(statistics.isi(t)) for t in segment.spiketrains[:9]],
                               nl.isi_cv(run.res, run.rec, 3)[:9])


def test_a_segment_of_traces_has_a_signal_a_state_with_its_unit(run):
    pytest.importorskip("neo", reason="neo is not installed")
    signals = run.res.to_neo(run.meter).analogsignals
    assert [(s.name, s.units.dimensionality.string) for s in signals] == [("V_m", "mV"), ("r", "dimensionless")]
    for signal in signals:
        np.testing.assert_array_equal(signal.magnitude, run.res.trace(run.meter, signal.name, plain=True))
        np.testing.assert_allclose(signal.times.rescale("ms").magnitude, run.res.trace_times(run.meter, plain=True))
        np.testing.assert_array_equal(signal.array_annotations["global_id"], run.ids)


def test_a_dataset_has_traces_with_units_and_coordinates(run):
    pytest.importorskip("xarray", reason="xarray is not installed")
    data = run.res.to_xarray(run.meter)
    assert dict(data.sizes) == {"time": 160, "node": 11} and set(data) == {"V_m", "r"}
    assert data["V_m"].dims == ("time", "node") and data["V_m"].attrs["units"] == "mV" and data["time"].attrs["units"] == "ms"
    np.testing.assert_array_equal(data["V_m"], run.res.trace(run.meter, plain=True))
    np.testing.assert_array_equal(data["global_id"], run.ids)
    assert data["population"].values.tolist() == run.names
    np.testing.assert_array_equal(data["V_m"].sel(time=slice(30.0, 40.05)).mean("time")[2],
                                  data["V_m"].values[(data.time > 29.99) & (data.time < 40.05)].mean(axis=0)[2])


def test_nothing_recorded_is_handed_over_as_nothing():
    for module in ("pandas", "neo", "xarray"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    sim = nl.Simulator(threads=1)
    cells, rec, meter, alone = (sim.create(nl.iaf_psc_delta, 3), sim.create(nl.spike_recorder), sim.create(nl.voltmeter),
                                sim.create(nl.voltmeter, start=500.0))
    sim.connect(cells, rec)
    for m in (meter, alone):
        sim.connect(m, cells)
    for time in (0.0, 1.0):
        res = sim.simulate(time)
        assert len(res.to_dataframe(rec)) == 0 and len(res.to_dataframe(meter)) == 3 * time
        assert [len(t) for t in res.to_neo(rec).spiketrains] == [0, 0, 0]
        assert res.to_neo(meter).analogsignals[0].shape == (time, 3)
        assert res.to_neo(alone).analogsignals[0].shape == (0, 3) and res.to_xarray(alone)["V_m"].shape == (0, 3)
        assert res.to_xarray(meter)["V_m"].shape == (time, 3)
    assert float(res.to_neo(meter).analogsignals[0].sampling_period.rescale("ms")) == 1.0


@pytest.mark.parametrize("method, module, extra", [
    ("to_dataframe", "pandas", "pandas"), ("to_neo", "neo", "neo"), ("to_neo", "quantities", "neo"),
    ("to_xarray", "xarray", "xarray")])
def test_a_missing_library_is_named_with_the_command_that_installs_it(run, monkeypatch, method, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf'{extra}, which is not installed: pip install "nestling\[{extra}\]"'):
        getattr(run.res, method)(run.meter)


def test_what_cannot_be_handed_over_is_named(run):
    for method in (run.res.to_dataframe, run.res.to_neo, run.res.to_xarray):
        with pytest.raises(nl.BadRecording, match="is no recorder of this run"):
            method(3)
    pytest.importorskip("xarray", reason="xarray is not installed")
    with pytest.raises(nl.BadRecording, match=r"spike_recorder \(population 0\) recorded no states: to_dataframe\(\)"):
        run.res.to_xarray(run.rec)


def test_what_is_changed_there_does_not_change_the_results(run):
    for module in ("pandas", "neo", "xarray"):
        pytest.importorskip(module, reason=f"{module} is not installed")

    def everything():
        return [np.array(x) for x in (*run.res.events(run.rec, plain=True), run.res.trace(run.meter, plain=True),
                                      run.res.trace(run.meter, "r", plain=True), run.res.ids(run.rec), run.res.ids(run.meter))]
    before = everything()
    for rec in (run.rec, run.meter):
        frame = run.res.to_dataframe(rec)
        for name in frame:
            if name != "population":
                frame.loc[:, name] = 77
    run.res.to_neo(run.rec).spiketrains[0].magnitude[:] = 33.0
    signal, data = run.res.to_neo(run.meter).analogsignals[0], run.res.to_xarray(run.meter)
    signal.magnitude[:] = signal.array_annotations["global_id"][:] = 77
    data["V_m"][:] = data["r"][:] = data["global_id"][:] = 77
    for a, b in zip(before, everything()):
        np.testing.assert_array_equal(a, b)


# --- several recorders ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def several():
    """Two spike recorders, and three multimeters: of the same times, of other states, at other times; one with nothing."""
    sim = nl.Simulator(seed=3, threads=1)
    a, b = sim.create(nl.iaf_psc_delta, 4), sim.create(nl.iaf_psc_exp, 3)
    one, two, empty = (sim.create(nl.spike_recorder) for _ in range(3))
    V, I, fine = (sim.create(nl.multimeter, record_from=names, interval=step)
                  for names, step in ((["V_m"], 1.0), (["V_m", "I_syn_ex"], 1.0), (["V_m"], 0.5)))
    noise = sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, a, weight=0.5)
    sim.connect(noise, b, weight=200.0)
    for node, view in ((a, one), (b[1:] + a[:1], two)):
        sim.connect(node, view)
    for meter, view in ((V, a[::-1]), (I, b), (fine, a)):
        sim.connect(meter, view)
    return SimpleNamespace(res=sim.simulate(40.0), one=one, two=two, empty=empty, V=V, I=I, fine=fine)


def name_of(several, rec):
    return next(line.split(": ")[0].strip() for line in repr(several.res).splitlines()[1:]
                if f"(population {several.res._of(rec).recorder.index})" in line)


def test_a_frame_of_several_recorders_is_theirs_one_after_another(several):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    res, recs = several.res, [several.two, several.one]
    frame, alone = res.to_dataframe(recs), [res.to_dataframe(r) for r in recs]
    assert list(frame) == ["times", "senders", "global_id", "population", "recorder"]
    assert frame.attrs["units"] == {"times": "ms"}
    assert min(map(len, alone)) > 5 and set(frame["population"].cat.categories) == set(frame["population"])
    for rec, want in zip(recs, alone):
        part = frame[frame["recorder"] == name_of(several, rec)].drop(columns="recorder").reset_index(drop=True)
        part["population"], want["population"] = part["population"].astype(str), want["population"].astype(str)
        pd.testing.assert_frame_equal(part, want)
    assert frame["recorder"].tolist() == [name_of(several, r) for r, want in zip(recs, alone) for _ in range(len(want))]
    pd.testing.assert_frame_equal(res.to_dataframe(res.recorders("spikes")), res.to_dataframe([several.one, several.two]))
    only = res.to_dataframe([several.one])
    assert len(only) == len(alone[1]) and set(only["recorder"]) == {name_of(several, several.one)}


def test_a_frame_of_several_multimeters_has_nan_where_a_state_was_not_recorded(several):
    pytest.importorskip("pandas", reason="pandas is not installed")
    res = several.res
    frame = res.to_dataframe(res.recorders("states"))
    assert list(frame)[-3:] == ["recorder", "V_m", "I_syn_ex"]
    assert frame.attrs["units"] == {"times": "ms", "V_m": "mV", "I_syn_ex": "pA"}
    for meter in (several.V, several.I, several.fine):
        part = frame[frame["recorder"] == name_of(several, meter)]
        np.testing.assert_array_equal(part["V_m"], res.trace(meter, plain=True).ravel())
        assert part["I_syn_ex"].isna().all() == (meter is not several.I)
    assert len(frame) == 40 * 4 + 40 * 3 + 80 * 4 and frame["times"].max() == pytest.approx(40.0)


def test_without_a_recorder_all_are_meant(several):
    for module in ("pandas", "neo", "xarray"):
        pytest.importorskip(module, reason=f"{module} is not installed")
    with pytest.raises(nl.BadRecording, match=r"recorded spikes and states, .*res.recorders\('spikes'\)"):
        several.res.to_dataframe()
    sim = nl.Simulator(seed=3, threads=1)
    cells, rec, unused = sim.create(nl.iaf_psc_delta, 4), sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(sim.create(nl.poisson_generator, rate=9000.0), cells, weight=0.5)
    sim.connect(cells, rec)
    res = sim.simulate(40.0)
    frame = res.to_dataframe()
    assert len(frame) == res.n_events(rec) > 5 and set(frame["recorder"]) == {"spike_recorder (population 1)"}
    assert frame.drop(columns="recorder").equals(res.to_dataframe(rec))
    assert [len(t) for t in res.to_neo().spiketrains] == np.bincount(res.events(rec)[1], minlength=4).tolist()
    for call in (res.to_xarray, lambda: nl.Simulator(threads=1).simulate(1.0).to_dataframe(),
                 lambda: nl.Simulator(threads=1).simulate(1.0).to_neo(), lambda: res.to_neo([])):
        with pytest.raises(nl.BadRecording, match=r"no recorder recorded (spikes or )?states|rec = \[\]: must hold a recorder"):
            call()
    with pytest.raises(nl.BadRecording, match="is no recorder of this run"):
        res.to_dataframe([rec, cells])
    with pytest.raises(nl.BadRecording, match="recorded no spikes"):
        res.to_neo([rec, unused])


def test_a_segment_of_all_recorders_holds_everything(several):
    pytest.importorskip("neo", reason="neo is not installed")
    res = several.res
    segment = res.to_neo()
    assert len(segment.spiketrains) == 4 + 3 and [s.name for s in segment.analogsignals] == ["V_m", "V_m", "I_syn_ex", "V_m"]
    for rec in (several.one, several.two):
        mine = [t for t in segment.spiketrains if t.annotations["recorder"] == name_of(several, rec)]
        times, senders = res.events(rec, plain=True)
        assert [t.annotations["sender"] for t in mine] == list(range(res.size(rec)))
        assert [t.magnitude.tolist() for t in mine] == [times[senders == i].tolist() for i in range(res.size(rec))]
    assert [s.annotations["recorder"] for s in segment.analogsignals] == [name_of(several, r) for r in (
        several.V, several.I, several.I, several.fine)]
    assert [float(s.sampling_rate.rescale("kHz")) for s in segment.analogsignals] == [1.0, 1.0, 1.0, 2.0]
    assert float(segment.t_start.rescale("ms")) == 0.0 and float(segment.t_stop.rescale("ms")) > 39.0


def test_a_dataset_of_several_multimeters_has_their_nodes_one_after_another(several):
    pytest.importorskip("xarray", reason="xarray is not installed")
    res = several.res
    data = res.to_xarray([several.I, several.V])
    assert dict(data.sizes) == {"time": 40, "node": 7} and set(data) == {"V_m", "I_syn_ex"}
    np.testing.assert_array_equal(data["V_m"], np.hstack([res.trace(m, plain=True) for m in (several.I, several.V)]))
    assert np.isnan(data["I_syn_ex"][:, 3:]).all() and not np.isnan(data["I_syn_ex"][:, :3]).any()
    assert data["global_id"].values.tolist() == [*res.ids(several.I), *res.ids(several.V)]
    assert data["recorder"].values.tolist() == [name_of(several, several.I)] * 3 + [name_of(several, several.V)] * 4
    assert [p.split()[0] for p in data["population"].values] == ["iaf_psc_exp"] * 3 + ["iaf_psc_delta"] * 4
    with pytest.raises(nl.BadRecording, match="recorded at different times"):
        res.to_xarray()
    with pytest.raises(nl.BadRecording, match="recorded no states"):
        res.to_xarray([several.V, several.one])


def test_a_state_of_two_units_is_refused_and_an_unknown_unit_is_kept():
    pytest.importorskip("neo", reason="neo is not installed")
    pytest.importorskip("pandas", reason="pandas is not installed")
    from nestling.recorders.results import Recorded, Results

    def meter(index, unit):
        return Recorded(SimpleNamespace(index=index, params=dict(interval=0.1)), "multimeter", np.arange(2), 1, np.inf,
                        dict(stamps=np.arange(1, 4), w=np.ones((3, 2))), 6, ("w",), dict(w=unit), [("cells", 2)])
    res = Results(0.1, 0, 3, [meter(0, "pA"), meter(1, "quux")], lambda values, unit: values)
    for method in (res.to_dataframe, res.to_xarray):
        with pytest.raises(nl.BadRecording, match="recorded 'w' in pA and in quux: give one recorder at a time"):
            method()
    for _ in range(2):                                              # neo's registry knows it from then on
        assert [s.units.dimensionality.string for s in res.to_neo().analogsignals] == ["pA", "quux"]


@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_what_was_written_to_files_is_handed_over_and_times_are_in_ms(tmp_path, suffix):
    for module in ("pandas", "neo", "xarray", "h5py"):
        pytest.importorskip(module, reason=f"{module} is not installed")

    def run(**where):
        sim = nl.Simulator(seed=3, threads=1)
        cells = sim.create(nl.iaf_psc_delta, 4)
        rec, meter = (sim.create(model, **options, **where.get(kind, {})) for kind, model, options in (
            ("spikes", nl.spike_recorder, {}), ("states", nl.multimeter, dict(record_from=["V_m", "r"], interval=0.5))))
        sim.connect(sim.create(nl.poisson_generator, rate=9000.0), cells, weight=0.5)
        sim.connect(cells, rec)
        sim.connect(meter, cells)
        return sim.simulate(30.0), rec, meter

    decimals = dict(precision=15) if suffix == "dat" else {}
    plain, filed = run(), run(**{kind: dict(record_to=str(tmp_path / f"{kind}.{suffix}"), time_in_steps=True, **decimals)
                                 for kind in ("spikes", "states")})
    (want, *of_want), (got, *of_got) = plain, filed
    assert want.n_events(of_want[0]) > 5 and (tmp_path / f"spikes.{suffix}").exists()
    for a, b in zip(of_want, of_got):
        first, second = want.to_dataframe(a), got.to_dataframe(b)
        assert list(first) == list(second) and first["times"].max() > 20.0
        for name in first:
            assert first[name].tolist() == pytest.approx(second[name].tolist(), rel=1e-12) if name != "population" else (
                first[name].tolist() == second[name].tolist())
    for first, second in zip(want.to_neo(of_want[0]).spiketrains, got.to_neo(of_got[0]).spiketrains):
        np.testing.assert_array_equal(first.magnitude, second.magnitude)
    np.testing.assert_allclose(want.to_xarray()["V_m"], got.to_xarray()["V_m"], rtol=1e-12)
    np.testing.assert_array_equal(want.to_xarray()["time"], got.to_xarray()["time"])
