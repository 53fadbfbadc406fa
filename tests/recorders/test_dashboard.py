"""The dashboard: every part holds what the results hold; empty results say so; a million spikes are drawn in time."""
import os
import time

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.drawing import PALETTE

PARTS = ["raster", "rate", "rates", "cv", "correlations", "spectrum"]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def network():
    """Two populations, all spikes in one recorder, V_m of three neurons of the second: results, recorder, meter."""
    sim = nl.Simulator(seed=1)
    a, b = sim.create(nl.iaf_psc_alpha, 40), sim.create(nl.iaf_psc_alpha, 10)
    noise, rec, meter = sim.create(nl.poisson_generator, rate=9000.0), sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(noise, a + b, weight=45.0)
    sim.connect(a + b, rec)
    sim.connect(meter, b[:3])
    return sim.simulate(1000.0), rec, meter


def head(axes):
    legend = axes["raster"].figure.legends[0]
    return legend.get_title().get_text().splitlines(), [text.get_text() for text in legend.get_texts()]


def test_every_part_holds_the_results(network):
    res, rec, meter = network
    axes = nl.dashboard(res, labels=["E", "I"], title="Network")
    assert sorted(axes) == sorted([*PARTS, "traces"])
    times, senders = res.events(rec, plain=True)
    assert [line.get_color() for line in axes["raster"].lines] == list(PALETTE[:2])
    np.testing.assert_array_equal(np.sort(np.concatenate([line.get_xdata() for line in axes["raster"].lines])), times)
    for i, own in enumerate((senders < 40, senders >= 40)):
        np.testing.assert_array_equal(axes["raster"].lines[i].get_ydata(), senders[own])
    rates, (share, edges, _) = res.rates(rec)[:40], axes["rates"].patches[1].get_data()
    np.testing.assert_allclose(share, np.histogram(rates, edges)[0] / 40)
    assert len(axes["spectrum"].lines) == len(axes["rate"].patches) == 2
    traces = [line.get_ydata() for line in axes["traces"].lines if line.get_gid() == "trace"]
    V = res.trace(meter, "V_m", plain=True)
    for y, own in zip(traces, V.T):
        np.testing.assert_allclose(np.diff(y), np.diff(own), atol=1e-9)
    assert len(traces) == 3 and any(line.get_gid() == "spikes" for line in axes["traces"].lines)
    title, texts = head(axes)
    assert title == ["Network", f"50 neurons, {len(times):,} spikes in 1,000 ms ({res.rate(rec):.3g} spikes/s)"]
    cv = np.nanmean(nl.isi_cv(res, rec)[:40])
    first = [text.split(", ") for text in texts][0]
    assert first[:3] == ["E", f"{rates.mean():.3g} spikes/s", f"CV {cv:.2g}"] and first[3].startswith("correlation ")


def test_every_axis_has_labels_and_time_is_shared(network):
    axes = nl.dashboard(network[0], start=300.0)
    for name in [*PARTS, "traces"]:
        assert axes[name].get_ylabel(), name
        assert axes[name].get_xlabel() or name in ("raster", "rate"), name
        if name in ("raster", "rate", "traces"):
            assert axes[name].get_xlim() == (300.0, 1000.0)
    assert "in 700 ms" in head(axes)[0][0]
    assert not any(label.label1.get_visible() for name in ("raster", "rate") for label in axes[name].xaxis.get_major_ticks())


def test_the_rate_at_the_head_is_that_of_the_time_recorded():
    sim = nl.Simulator()
    cells, early = sim.create(nl.ignore_and_fire, 4, rate=100.0), sim.create(nl.spike_recorder, stop=100.0)
    late = sim.create(nl.spike_recorder, start=200.0)
    sim.connect(cells[:3], early)
    sim.connect(cells[3], late)
    res = sim.simulate(400.0)
    n = res.n_events(early) + res.n_events(late)
    assert n > 40 and head(nl.dashboard(res))[0] == [f"4 neurons, {n} spikes in 400 ms ({n / (3 * 0.1 + 0.2):.3g} spikes/s)"]


def test_what_is_drawn_can_be_chosen(network):
    res, rec, meter = network
    figure = matplotlib.figure.Figure(layout="constrained")
    left, right = figure.subfigures(1, 2)
    axes = nl.dashboard(res, [rec], traces=False, figure=left, color="k")
    assert sorted(axes) == sorted(PARTS) and axes["raster"].figure is left and len(axes["raster"].lines) == 1
    assert nl.dashboard(res, dict(all=rec), traces=meter, figure=right)["traces"].figure is right
    figure.canvas.draw()
    assert not plt.get_fignums()


def test_traces_of_neurons_without_recorded_spikes_have_none():
    sim = nl.Simulator()
    a, b = sim.create(nl.iaf_psc_alpha, 4, I_e=400.0), sim.create(nl.iaf_psc_alpha, 2, I_e=400.0)
    rec, meter = sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(a, rec)
    sim.connect(meter, b)
    axes = nl.dashboard(sim.simulate(100.0))
    assert not any(line.get_gid() == "spikes" for line in axes["traces"].lines)
    assert sum(line.get_gid() == "trace" for line in axes["traces"].lines) == 2


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("trains, end", [(2, 500.0), (5, 500.0), (2, 0.0)])
def test_nothing_to_draw_is_said(run, trains, end):
    res = run(*[([], [], 5)] * trains, end=end)
    axes = nl.dashboard(res)
    axes["raster"].figure.canvas.draw()
    for name in set(PARTS) - {"rate"}:
        assert [text.get_text()[:3] for text in axes[name].texts] == ["no "], name
    assert head(axes)[0][0].startswith(f"{5 * trains} neurons, 0 spikes in {end:g} ms")


def test_many_groups_have_boxes_and_a_short_legend(run, poisson):
    res = run(*[poisson(10, 20.0, 500.0, seed=i) for i in range(6)], end=500.0)
    axes = nl.dashboard(res)
    assert len(axes["rates"].patches) == 6 and head(axes)[1] == [f"model (population {i})" for i in range(6)]


def test_a_million_spikes_in_two_seconds(run):
    rng = np.random.default_rng(1)
    res = run(*[(rng.integers(1, 10_001, s) / 10, rng.integers(0, n, s), n) for s, n in ((800_000, 8000), (200_000, 2000))],
              end=1000.0)
    begin = time.process_time()
    nl.dashboard(res)["raster"].figure.savefig(os.devnull, format="png")
    assert time.process_time() - begin < 2.0


def test_bad_input_is_named_and_leaves_no_figure(network):
    res, rec, meter = network
    for arguments, words in ((dict(figure=3), "figure = 3"), (dict(start=-1.0), "start = -1.0"), (dict(rec=[]), "rec = "),
                             (dict(rec=meter), "recorded no spikes"), (dict(traces=rec), "traces = .*recorded no states"),
                             (dict(labels=["a"]), "labels = .*list of 2, one for each population"),
                             (dict(color=["r"] * 3), "color = .*list of 2")):
        with pytest.raises(nl.BadRecording, match=words):
            nl.dashboard(res, **arguments)
    with pytest.raises(nl.BadRecording, match="no recorder of this run recorded spikes"):
        nl.dashboard(nl.Simulator().simulate(10.0))
    assert not plt.get_fignums()


def test_results_tell_what_was_recorded(network):
    res, rec, meter = network
    assert res.recorders("spikes") == [rec.segments[0].population]
    assert res.recorders("states") == [meter.segments[0].population]
    parts = res.populations(rec)
    assert list(parts) == ["iaf_psc_alpha (population 0)", "iaf_psc_alpha (population 1)"]
    np.testing.assert_array_equal(np.concatenate(list(parts.values())), np.arange(50))
    np.testing.assert_array_equal(res.ids(meter), [40, 41, 42])
    assert res.states(meter) == {"V_m": "mV"} and res.states(rec) == {} and res.active(rec) == (0.0, 1000.0)
    with pytest.raises(nl.BadRecording, match="records = 'all'"):
        res.recorders("all")
