"""Recorders and their files: what cannot be recorded is refused where it is written, and nothing is left half made."""
from __future__ import annotations

import os
import sys

import h5py
import numpy as np
import pytest

from nestling import simulator as nl


@pytest.fixture
def sim():
    return nl.Simulator(0.1, seed=1, threads=1)


def refused(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert caught.type is error


@pytest.mark.parametrize(("given", "error", "message"), [
    (dict(offset=-1.0), nl.BadRecording, r"offset = -1 ms: must be 0 ms or more"),
    (dict(offset=0.15), nl.BadTime, r"offset = 0.15 ms: must be a multiple"),
    (dict(start=5.0, stop=4.0), nl.BadRecording, r"stop = 4 ms: must be start = 5 ms or later"),
    (dict(origin=float("nan")), nl.BadRecording, r"origin = nan"),
    (dict(time_in_steps=1), nl.BadRecording, r"time_in_steps = 1: must be True or False"),
    (dict(label="a/b"), nl.BadRecording, r"label = 'a/b': must be text without '/'"),
    (dict(label=3), nl.BadRecording, r"label = 3"),
    (dict(n_events=5), nl.ParameterError, r"n_events = 5: must be a whole number, 0 to 0"),
    (dict(precision=2), nl.BadRecording, r"precision = 2: is that of a .dat file, and record_to = 'memory'"),
    (dict(record_to="x.dat", precision=18), nl.ParameterError, r"precision = 18: must be a whole number, 0 to 17"),
    (dict(record_to="x.dat", precision=0), nl.BadRecording, r"do not tell steps of dt = 0.1 ms apart"),
    (dict(record_to="x.csv"), nl.BadRecording, r"record_to = 'x.csv': must be 'memory', or a path that ends in .h5 or .hdf5"),
    (dict(record_to="nowhere/x.h5"), nl.BadRecording, r"record_to = 'nowhere/x.h5': there is no folder nowhere"),
    (dict(record_to=3), nl.BadRecording, r"record_to = 3: must be 'memory', or the path of a file"),
    (dict(to="x.h5"), nl.UnknownName, r"multimeter.*'to'|'to'.*multimeter"),
])
def test_parameters_of_a_recorder(sim, given, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda: sim.create(nl.multimeter, **given), error, message)
    assert sim.populations == [] and os.listdir() == []
    meter = sim.create(nl.multimeter)
    before = meter.get()
    refused(lambda: meter.set({"origin": 1.0, **given}), error, message)
    assert meter.get() == before


def test_states_that_a_model_does_not_have_name_those_that_it_has(sim):
    cells, meter = sim.create(nl.iaf_psc_exp, 3), sim.create(nl.multimeter, record_from=["V_m", "g_ex"])
    refused(lambda: sim.connect(meter, cells), nl.UnknownName, r"iaf_psc_exp has no recordable 'g_ex'.* it has V_m, I_syn_ex")
    meter.set(record_from=["V_m"])
    sim.connect(meter, cells)
    refused(lambda: meter.set(record_from=["I_syn"]), nl.UnknownName, "'I_syn'; did you mean I_syn_")
    assert sim.simulate(2.0).trace(meter, plain=True).shape == (2, 3)


def test_a_path_that_exists_is_refused_unless_it_may_be_overwritten(sim, tmp_path):
    for name in ("there.h5", "there.dat"):
        path = tmp_path / name
        path.write_text("mine")
        refused(lambda path=path: sim.create(nl.spike_recorder, record_to=path), nl.BadRecording,
                rf"{name}'?: is there already: overwrite=True replaces it")
        assert path.read_text() == "mine"
        rec = sim.create(nl.spike_recorder, record_to=path, overwrite=True)
        sim.connect(sim.create(nl.iaf_psc_delta), rec)
        assert path.read_text() == "mine"                           # until a run makes it
        sim.simulate(1.0)
        assert path.stat().st_size > 4
        rec.set(record_to="memory")
    (tmp_path / "folder.h5").mkdir()
    refused(lambda: sim.create(nl.spike_recorder, record_to=tmp_path / "folder.h5", overwrite=True), nl.BadRecording,
            "is there already, and no file")


def test_a_file_that_came_meanwhile_is_kept_and_no_run_begins(sim, tmp_path):
    cells = sim.create(nl.iaf_psc_delta, 2)
    recorders = [sim.create(nl.spike_recorder, record_to=tmp_path / f"{i}.h5") for i in range(2)]
    for rec in recorders:
        sim.connect(cells, rec)
    (tmp_path / "1.h5").write_text("mine")
    for run in (lambda: sim.simulate(1.0), lambda: sim.cont(1.0), sim.prepare, lambda: sim.profile(1.0)):
        refused(run, nl.BadRecording, r"1.h5'?: is there already")
        assert os.listdir(tmp_path) == ["1.h5"] and (tmp_path / "1.h5").read_text() == "mine" and sim.time == 0.0
    (tmp_path / "1.h5").unlink()
    sim.simulate(1.0)
    assert sorted(os.listdir(tmp_path)) == ["0.h5", "1.h5"]


def test_two_recorders_cannot_share_a_file(sim, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = sim.create(nl.iaf_psc_delta, 2)
    for path in ("one.h5", tmp_path / "one.h5"):
        sim.connect(cells, sim.create(nl.spike_recorder, record_to=path))
    refused(lambda: sim.simulate(1.0), nl.BadRecording, "writes to it, too: give each recorder a file of its own")
    assert os.listdir() == []


def test_a_folder_that_cannot_be_written_to(sim, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)             # root may write everywhere
    refused(lambda: sim.create(nl.spike_recorder, record_to=tmp_path / "x.h5"), nl.BadRecording, "cannot be written to")


def test_a_file_that_cannot_be_made_is_said_before_the_run(sim, tmp_path):
    """And what had been made before it is taken away."""
    cells = sim.create(nl.iaf_psc_delta, 2)
    recorders = [sim.create(nl.spike_recorder, record_to=path) for path in (tmp_path / "a.dat", tmp_path / f"{'x' * 300}.dat")]
    for rec in recorders:
        sim.connect(cells, rec)
    refused(lambda: sim.simulate(1.0), nl.BadRecording, "cannot be made: .*name too long")
    assert os.listdir(tmp_path) == [] and sim.time == 0.0


def test_without_h5py(sim, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    refused(lambda: sim.create(nl.spike_recorder, record_to=tmp_path / "x.h5"), nl.BadRecording,
            r'HDF5 needs h5py: install it with pip install "nestling\[h5\]"')
    rec = sim.create(nl.spike_recorder, record_to=tmp_path / "x.dat")       # which needs none
    sim.connect(sim.create(nl.iaf_psc_delta, I_e=500.0), rec)
    assert sim.simulate(20.0).n_events(rec) > 0


def test_repair_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    refused(lambda: nl.repair(tmp_path / "x.h5"), nl.BadRecording, r'x.h5: HDF5 needs h5py: .*"nestling\[h5\]"')


def test_what_cannot_be_repaired(tmp_path):
    for name, text in (("text.h5", "no HDF5"), ("empty.h5", "")):
        (tmp_path / name).write_text(text)
        refused(lambda name=name: nl.repair(tmp_path / name), nl.BadRecording, f"{name}: cannot be repaired")
        assert (tmp_path / name).read_text() == text
    refused(lambda: nl.repair(tmp_path / "none.h5"), nl.BadRecording, "none.h5: cannot be repaired")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["mine"] = np.arange(3)
    refused(lambda: nl.repair(tmp_path / "other.h5"), nl.BadRecording, "other.h5: .*no recorder")
    assert sorted(os.listdir(tmp_path)) == ["empty.h5", "other.h5", "text.h5"]


def test_recorders_are_not_set_while_a_run_goes_on(sim, tmp_path):
    cells, rec = sim.create(nl.iaf_psc_delta, 2), sim.create(nl.spike_recorder)
    sim.connect(cells, rec)

    def change(sim):
        rec.set(record_to=str(tmp_path / "x.h5"))
    refused(lambda: sim.simulate(5.0, callback=change, every=1.0), nl.NotAvailable, "before or after a run, not in a callback")


# --- recorders of weights --------------------------------------------------------------------------------------------------

def test_what_a_recorder_of_weights_is_attached_to(sim):
    a, b = sim.create(nl.iaf_psc_exp, 2), sim.create(nl.iaf_psc_exp, 2)
    wr, sr, noise, dc = (sim.create(m) for m in (nl.weight_recorder, nl.spike_recorder, nl.poisson_generator, nl.dc_generator))
    before = sim.network
    refused(lambda: sim.connect(a, wr), nl.BadRecording, r"records connections: write connect\(pre, post, weight_recorder=")
    refused(lambda: sim.connect(wr, a), nl.BadRecording, r"records connections: write connect")
    refused(lambda: sim.connect(a, sr, weight_recorder=wr), nl.BadRecording, "connecting a recorder takes no weight_recorder")
    refused(lambda: sim.connect(a, b, weight_recorder=sr), nl.BadRecording, "must be one recorder of weights")
    refused(lambda: sim.connect(a, b, weight_recorder=a), nl.BadRecording, "must be one recorder of weights")
    refused(lambda: sim.connect(a, b, weight_recorder="wr"), TypeError, "weight_recorder = 'wr': must be a recorder")
    other = nl.Simulator().create(nl.weight_recorder)
    refused(lambda: sim.connect(a, b, weight_recorder=other), nl.BadView, "weight_recorder belongs to another simulator")
    refused(lambda: sim.connect(noise, b, weight_recorder=wr), nl.BadRecording, "poisson_generator draws a train of its own")
    refused(lambda: sim.connect(dc, b, weight_recorder=wr), nl.BadRecording, "dc_generator emits a current")
    refused(lambda: sim.connect(a, b, rule=nl.fixed_outdegree(1), comm="procedural", weight_recorder=wr), nl.NotAvailable,
            "these weights are stored nowhere: use comm='sparse'")
    assert sim.network is before


def test_whom_a_recorder_of_weights_records(sim):
    a = sim.create(nl.iaf_psc_exp, 2)
    refused(lambda: sim.create(nl.weight_recorder, senders=[1, 2]), TypeError, r"senders = \[1, 2\]: must be nodes")
    refused(lambda: sim.create(nl.weight_recorder, targets=nl.Simulator().create(nl.iaf_psc_exp)), nl.BadView,
            "targets belongs to another simulator")
    refused(lambda: sim.create(nl.spike_recorder, senders=a), nl.UnknownName, "senders")


def test_what_is_not_in_the_results_is_said(sim):
    a = sim.create(nl.iaf_psc_exp, 2, I_e=500.0)
    wr, sr, meter, free = (sim.create(m) for m in (nl.weight_recorder, nl.spike_recorder, nl.voltmeter, nl.weight_recorder))
    sim.connect(a, a, weight_recorder=wr)
    sim.connect(a, sr)
    sim.connect(meter, a)
    res = sim.simulate(30.0)
    assert res.n_events(wr) == 2 * res.n_events(sr) > 0
    for call in (res.weights, res.targets, res.receptors, res.target_ids):
        for rec in (sr, meter, free):
            refused(lambda call=call, rec=rec: call(rec), nl.BadRecording, "recorded no weights")
    for call in (res.rate, res.rates, res.spikes):
        refused(lambda call=call: call(wr), nl.BadRecording, "recorded no spikes")
    for call in (nl.mean_rates, nl.isi_cv, nl.synchrony, nl.cross_correlogram, nl.raster, nl.plot_rates, nl.dashboard):
        refused(lambda call=call: call(res, wr), nl.BadRecording, "records weights, a spike once for each connection")
    refused(lambda: nl.plot_traces(res, meter, spikes=wr), nl.BadRecording, "records weights")
    refused(lambda: res.to_dataframe(), nl.BadRecording,
            r"give res.recorders\('spikes'\), then res.recorders\('states'\), then res.recorders\('weights'\)")
    refused(lambda: res.to_xarray(wr), nl.BadRecording, "recorded no states: to_dataframe.. takes spikes and weights")
    refused(lambda: res.rate(meter), nl.BadRecording, "recorded no spikes: it records states$")
    refused(lambda: res.rate(free), nl.BadRecording, "recorded no spikes: nothing was connected to it$")
    assert len(res.to_neo().spiketrains) == 2
    refused(lambda: res.to_neo(wr), nl.BadRecording, "recorded weights, for which neo has no place")
    refused(lambda: res.trace(wr), nl.BadRecording, "did not record 'V_m'")
    refused(lambda: res.recorders("events"), nl.BadRecording, "must be 'spikes', 'states' or 'weights'")
    assert [r.name for r in res.recorders("spikes")] == ["spike_recorder"] and len(res.recorders("weights")) == 1
