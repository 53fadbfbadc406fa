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
    assert len(segment.spiketrains) == 11 and not segment.analogsignals and segment.name == "spike_recorder"
    for i, train in enumerate(segment.spiketrains):
        np.testing.assert_array_equal(train.rescale("ms").magnitude, times[senders == i])
        assert (float(train.t_start.rescale("ms")), float(train.t_stop.rescale("ms"))) == pytest.approx((20.0, 90.0))
        assert train.annotations["global_id"] == run.ids[i] and train.annotations["population"] == run.names[i]
        assert train.segment is segment


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
    with pytest.raises(nl.BadRecording, match=r"spike_recorder recorded no states: to_dataframe\(\)"):
        run.res.to_xarray(run.rec)
