"""Results of a part of a window are those of the whole, cut; and of files no more than the part is read."""
import pickle

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders import files
from nestling.recorders.results import Results
from nestling.recorders.trains import window_of

WHERE = ("memory", "h5", "dat")


@pytest.fixture(scope="module", params=WHERE)
def run(request, tmp_path_factory):
    """Results of two windows of a network whose recorders keep what they record in memory, or in files."""
    folder = tmp_path_factory.mktemp("between")

    def to(name):
        if request.param == "memory":
            return {}
        return dict(record_to=str(folder / f"{name}.{request.param}"), **(dict(precision=9) if request.param == "dat" else {}))
    sim = nl.Simulator(seed=1)
    cells = sim.create(nl.iaf_psc_alpha, 8)
    weights, spikes = sim.create(nl.weight_recorder, **to("weights")), sim.create(nl.spike_recorder, **to("spikes"))
    volts = sim.create(nl.multimeter, record_from=["V_m", "I_syn_ex"], interval=0.3, **to("volts"))
    sim.connect(sim.create(nl.poisson_generator, rate=12_000.0), cells, weight=50.0)
    sim.connect(cells, cells, weight=2.0, weight_recorder=weights)
    sim.connect(cells, spikes)
    sim.connect(volts, cells[:5])
    sim.simulate(100.0)
    return sim.cont(300.0), spikes, volts, weights


@pytest.mark.parametrize("start, stop", [(None, None), (None, 150.0), (217.3, None), (150.1, 150.2), (210.0, 333.3)])
def test_a_part_is_the_whole_cut(run, start, stop):
    res, spikes, volts, weights = run
    part = res.between(start, stop)
    begin, end = start or 100.0, stop or 400.0
    np.testing.assert_allclose(part.window, (begin, end))
    assert part.active(spikes) == pytest.approx((begin, end))
    for rec in (spikes, weights):
        times, senders = res.events(rec, plain=True)
        kept = (times > begin + 0.01) & (times < end + 0.01)
        assert part.n_events(rec) == kept.sum()
        for one, whole in zip(part.events(rec, plain=True), (times, senders)):
            np.testing.assert_array_equal(one, whole[kept])
    for one, whole in ((part.weights(weights), res.weights(weights)), (part.targets(weights), res.targets(weights))):
        np.testing.assert_array_equal(one, whole[kept])
    np.testing.assert_allclose(part.rates(spikes), nl.mean_rates(res, spikes, start=start, stop=stop))
    assert part.spikes(spikes).shape == (round((end - begin) * 10), 8) and part.spikes(spikes).sum() == part.n_events(spikes)
    at = res.trace_times(volts, plain=True)
    kept = (at > begin + 0.01) & (at < end + 0.01)
    np.testing.assert_array_equal(part.trace_times(volts, plain=True), at[kept])
    for name in ("V_m", "I_syn_ex"):
        np.testing.assert_array_equal(part.trace(volts, name, plain=True), res.trace(volts, name, plain=True)[kept])
    assert f"{part.n_events(spikes)} spikes of 8 nodes" in repr(part)
    assert len(part.to_dataframe(spikes)) == part.n_events(spikes)
    assert float(part.to_neo(spikes).spiketrains[0].t_stop) == pytest.approx(end)
    assert part.to_xarray(volts).sizes["time"] == kept.sum()


def test_a_part_of_a_part_and_what_is_pickled(run):
    res, spikes, volts, _ = run
    part = res.between(150.0, 350.0).between(200.0, 300.0)
    again = pickle.loads(pickle.dumps(part))
    (spikes_again,), (volts_again,) = again.recorders("spikes"), again.recorders("states")
    for other, s, v in ((res.between(200.0, 300.0), spikes, volts), (again, spikes_again, volts_again)):
        assert other.window == part.window
        np.testing.assert_array_equal(other.events(s, plain=True), part.events(spikes, plain=True))
        np.testing.assert_array_equal(other.trace(v, plain=True), part.trace(volts, plain=True))
    assert len(pickle.dumps(part)) < len(pickle.dumps(res)) / 2


def test_traces_of_some_nodes(run, monkeypatch):
    res, _, volts, _ = run
    whole = res.trace(volts, "I_syn_ex", plain=True)
    monkeypatch.setattr(files, "PIECE", 8 * 5 * 7)                # seven samples at a time
    np.testing.assert_array_equal(res.trace(volts, "I_syn_ex", plain=True, nodes=[4, 1]), whole[:, [4, 1]])
    np.testing.assert_array_equal(res.trace(volts, "I_syn_ex", nodes=np.array([2])).mantissa, whole[:, [2]])
    for nodes in ([5], [-1], [], 3, "all", [0.5]):
        with pytest.raises(nl.BadRecording, match="nodes = .*: must be positions in the recorded view, 0 to 4"):
            res.trace(volts, "V_m", nodes=nodes)


def test_of_files_only_the_part_is_read(run, monkeypatch):
    res, spikes, volts, _ = run
    if isinstance(res._of(spikes).columns, dict):
        return                                                    # there is no file
    expected = res.between(200.0, 230.0).n_events(spikes)
    read, most = files.RecordingFile.read, []

    def noted(file, begin, end, names=()):
        most.append((end - begin) * (len(file.about.ids) if file.about.states and names != ("stamps",) else 1))
        return read(file, begin, end, names)
    monkeypatch.setattr(files.RecordingFile, "read", noted)
    for rec in (spikes, volts):
        monkeypatch.setattr(type(res._of(rec).columns.file), "_edges", lambda file: list(range(0, file.rows, 5)))
    assert nl.mean_rates(res, spikes, start=200.0, stop=230.0).mean() == pytest.approx(expected / 8 / 0.03)
    assert max(most) == max(expected, 5) and sum(most) < expected + 60
    most.clear()
    nl.plot_traces(res, volts, start=200.0, stop=230.0)
    assert max(most) == 5 * 100 and sum(most) < 1200


def test_bad_parts(run):
    res = run[0]
    for given, text in ((dict(start=50.0), "start = 50.0: must be a plain number of ms, at least 100 and less than 400"),
                        (dict(start=400.0), "start = 400.0"), (dict(stop=401.0), "stop = 401.0.*at most 400"),
                        (dict(start=200.0, stop=200.0), "stop = 200.0.*more than 200"), (dict(start="now"), "start = 'now'"),
                        (dict(stop=250.05), "stop = 250.05 ms: must be a multiple of dt = 0.1 ms")):
        with pytest.raises(nl.BadRecording, match=text):
            res.between(**given)


def test_edges_that_rounding_moved_are_within(run):
    """3 * 0.1 is more than 0.3."""
    whole, spikes, _, _ = run
    res = Results(0.1, 3, 6, [], lambda value, unit: value)
    assert res.window[0] > 0.3 and res.window[1] > 0.6
    assert res.between(0.3, 0.6).window == res.window
    assert window_of(res.window, 0.1, 0.3, 0.6) == (res.window[0], 0.6)
    for given, text in ((dict(start=0.6), "start = 0.6: .* less than 0.6"),
                        (dict(start=0.5, stop=0.50001), "stop = 0.50001: .* more than 0.5")):
        with pytest.raises(nl.BadRecording, match=text):
            res.between(**given)
    with pytest.raises(nl.BadRecording, match="start = .*99.99.*: must be .* less than 400"):
        nl.mean_rates(whole, spikes, start=float(np.nextafter(400.0, 0.0)))
