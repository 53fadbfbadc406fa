"""Pictures of recorders that wrote to files are those of recorders in memory; those of start and stop show their time alone."""
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl

SPIKES = [nl.raster, nl.plot_rates, nl.plot_cv, nl.plot_correlations, nl.plot_correlogram, nl.plot_spectrum]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def network(spikes, meter, time=400.0, again=0.0):
    """Two populations in noise with recorders of these parameters: results, recorder and multimeter."""
    sim = nl.Simulator(seed=1)
    a, b = sim.create(nl.iaf_psc_alpha, 8), sim.create(nl.iaf_psc_alpha, 4)
    rec, volt = sim.create(nl.spike_recorder, **spikes), sim.create(nl.multimeter, record_from=["V_m"], **meter)
    sim.connect(sim.create(nl.poisson_generator, rate=9000.0), a + b, weight=50.0)
    sim.connect(a + b, rec)
    sim.connect(volt, b[:2])
    res = sim.simulate(time)
    return (sim.cont(again) if again else res), rec, volt


def drawn(*axes):
    """All numbers that axes show: of lines, bars and texts."""
    lines = [[line.get_xydata() for line in a.lines] for a in axes]
    bars = [[np.concatenate(p.get_data()[:2]) for p in a.patches if hasattr(p, "get_data")] for a in axes]
    return lines + bars, [text.get_text() for a in axes for text in a.texts]


def same(one, other):
    np.testing.assert_equal(one[1], other[1])
    assert sum(map(len, one[0])) > 0
    for a, b in zip(one[0], other[0], strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-6)


@pytest.mark.parametrize("again", [0.0, 300.0])
@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_pictures_of_files_are_those_of_memory(tmp_path, suffix, again):
    memory = network({}, {}, again=again)
    paths = [str(tmp_path / f"{name}.{suffix}") for name in ("spikes", "voltages")]
    files = network(*(dict(record_to=path, **(dict(precision=9) if suffix == "dat" else {})) for path in paths), again=again)
    assert files[0].n_events(files[1]) > 50
    for picture in SPIKES:
        pair = [picture(res, rec) for res, rec, _ in (memory, files)]
        same(*(drawn(*(p if isinstance(p, tuple) else (p,))) for p in pair))
    same(*(drawn(nl.plot_traces(res, volt, spikes=rec)) for res, rec, volt in (memory, files)))
    same(*(drawn(*nl.dashboard(res).values()) for res, _, _ in (memory, files)))


def test_pictures_show_the_time_in_which_a_recorder_was_active():
    res, rec, volt = network(dict(start=100.0, stop=300.0), dict(start=150.0, stop=250.0))
    assert res.active(rec) == (100.0, 300.0)
    top, bottom = nl.raster(res, rec)
    times = np.concatenate([line.get_xdata() for line in top.lines])
    assert times.min() > 100.0 and times.max() <= 300.0 and top.get_xlim() == (0.0, 400.0)
    for stairs, part in zip(bottom.patches, res.populations(rec).values()):
        share, edges, _ = stairs.get_data()
        assert (edges[0], edges[-1]) == (100.0, 300.0)                           # a line where it was active only
        assert share @ np.diff(edges) * len(part) / 1e3 == pytest.approx(np.isin(res.events(rec, plain=True)[1], part).sum())
    (share, edges, _), = [p.get_data() for p in nl.plot_rates(res, [rec]).patches[1::2]]
    np.testing.assert_allclose(share, np.histogram(res.rates(rec), edges)[0] / 12)
    for picture, analysis in ((nl.plot_spectrum, nl.power_spectrum(res, rec, segment=200.0)),
                              (nl.plot_correlogram, nl.cross_correlogram(res, rec, norm="rate"))):
        x, y = picture(res, [rec]).lines[-1].get_data()
        np.testing.assert_allclose(y, analysis[1][np.isin(analysis[0].round(6), x.round(6))])
    x = nl.plot_traces(res, volt, spikes=rec).lines[0].get_xdata()
    assert (x[0], x[-1]) == (151.0, 250.0)
    axes = nl.dashboard(res, start=200.0)
    assert "in 100 ms" in axes["raster"].figure.legends[0].get_title().get_text()


@pytest.mark.filterwarnings("error")
def test_pictures_of_recorders_that_were_never_active_say_so():
    res, rec, volt = network(dict(start=500.0), dict(start=500.0))
    for picture in SPIKES:
        axes = picture(res, rec)
        axes = axes[0] if isinstance(axes, tuple) else axes
        axes.figure.canvas.draw()
        assert axes.texts[0].get_text().startswith("no "), picture
    assert [t.get_text() for t in nl.plot_traces(res, volt).texts] == ["no samples"]
    nl.dashboard(res)["raster"].figure.canvas.draw()


def test_times_in_steps_are_drawn_in_ms():
    res, rec, volt = network(dict(time_in_steps=True), dict(time_in_steps=True))
    plain = network({}, {})
    for picture in SPIKES:
        pair = [picture(r, s) for r, s, _ in ((res, rec, volt), plain)]
        same(*(drawn(*(p if isinstance(p, tuple) else (p,))) for p in pair))
    same(drawn(nl.plot_traces(res, volt, spikes=rec)), drawn(nl.plot_traces(plain[0], plain[2], spikes=plain[1])))


def test_the_users_settings_stay():
    res, rec, volt = network({}, {})
    before = dict(matplotlib.rcParams)
    for picture in SPIKES:
        picture(res, rec)
    nl.plot_traces(res, volt, spikes=rec)
    nl.dashboard(res)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("picture", [nl.raster, nl.plot_rates, nl.plot_cv, nl.plot_correlations, nl.plot_correlogram,
                                     nl.plot_spectrum, nl.plot_traces, nl.dashboard])
def test_pictures_are_of_results_alone(picture):
    """A simulator, or arrays, which analysis takes."""
    for res, rec in ((nl.Simulator(), 0), (np.array([1.0, 2.0]), np.array([0, 0]))):
        with pytest.raises(nl.BadRecording, match="res = .*must be the results of a run"):
            picture(res, rec)
    assert not plt.get_fignums()


def test_a_file_that_is_gone_is_named_and_leaves_no_figure(tmp_path):
    path = tmp_path / "spikes.h5"
    res, rec, volt = network(dict(record_to=str(path)), {})
    path.unlink()
    for draw in (lambda: nl.raster(res, rec), lambda: nl.plot_rates(res, rec), lambda: nl.plot_traces(res, volt, spikes=rec),
                 lambda: nl.dashboard(res)):
        with pytest.raises(nl.BadRecording, match="spikes.h5: what was recorded cannot be read"):
            draw()
    assert not plt.get_fignums()
