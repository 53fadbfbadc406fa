"""The raster plot: what is drawn, with how much ink, and how fast."""
import os
import time
from types import SimpleNamespace

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.contract import BadRecording
from nestling.recorders.raster import PALETTE, raster

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")


def run(*sizes_and_spikes, end=1000.0, seed=1):
    """Results with recorders 0, 1, ... of (neurons, spikes), at random."""
    rng = np.random.default_rng(seed)
    data = [(np.sort(rng.integers(1, round(end * 10) + 1, spikes)) / 10, rng.integers(0, max(n, 1), spikes))
            for n, spikes in sizes_and_spikes]
    return SimpleNamespace(dt=0.1, window=(0.0, end), events=lambda rec, plain: data[rec],
                           size=lambda rec: sizes_and_spikes[rec][0])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def ink(top):
    """Share of the spikes' axes that is not white, weighed by darkness."""
    top.figure.canvas.draw()
    image = np.asarray(top.figure.canvas.buffer_rgba())[..., :3]
    box = top.get_window_extent()
    height = image.shape[0]
    inner = image[height - int(box.y1) + 2:height - int(box.y0) - 2, int(box.x0) + 2:int(box.x1) - 2]
    return 1.0 - inner.min(axis=2).mean() / 255


def test_draws_every_spike_and_the_rate():
    res = run((20, 300))
    top, bottom = raster(res, 0, bin=10.0, title="Network")
    np.testing.assert_array_equal(top.lines[0].get_xdata(), res.events(0, True)[0])
    np.testing.assert_array_equal(top.lines[0].get_ydata(), res.events(0, True)[1])
    rate, edges, _ = bottom.patches[0].get_data()
    assert rate @ np.diff(edges) * 20 / 1e3 == pytest.approx(300)
    assert top.get_xlim() == bottom.get_xlim() == (0.0, 1000.0) and top.get_ylim() == (-0.5, 19.5)
    assert (top.get_ylabel(), bottom.get_ylabel(), bottom.get_xlabel()) == ("Neuron", "Rate (spikes/s)", "Time (ms)")
    assert top.get_title() == "Network"
    assert top.get_shared_x_axes().joined(top, bottom)


def test_recorders_are_stacked_in_their_own_colours():
    top, bottom = raster(run((8, 100), (2, 50)), [0, 1], labels=["Excitatory", "Inhibitory"])
    assert [line.get_color() for line in top.lines] == list(PALETTE[:2])
    assert top.lines[0].get_ydata().max() <= 7 and top.lines[1].get_ydata().min() >= 8
    assert top.get_ylim() == (-0.5, 9.5) and len(bottom.patches) == 2
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["Inhibitory", "Excitatory"]   # as stacked
    top, _ = raster(run((8, 100), (2, 50)), (0, 1), color=["k", "r"])
    assert [line.get_color() for line in top.lines] == ["k", "r"]
    top, _ = raster(run((8, 100), (2, 50)), (0, 1), color=(0, 0.5, 0))
    assert [line.get_color() for line in top.lines] == [(0, 0.5, 0)] * 2


def test_draws_in_given_axes_and_from_start():
    figure = matplotlib.figure.Figure()
    axes = figure.subplots(2, 1)
    assert raster(run((20, 300)), 0, ax=axes, start=400.0) == tuple(axes)
    assert axes[0].get_xlim() == axes[1].get_xlim() == (400.0, 1000.0)
    assert axes[0].lines[0].get_xdata().min() > 400.0
    assert not plt.get_fignums()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("sizes", [(10,), (1,), (0,), (3, 2)])
def test_no_spikes(sizes):
    recorders = list(range(len(sizes)))
    top, bottom = raster(run(*[(n, 0) for n in sizes]), recorders, labels=[f"group {i}" for i in recorders])
    top.figure.canvas.draw()
    assert [text.get_text() for text in top.texts] == ["no spikes"]
    assert top.get_xlim() == (0.0, 1000.0) and bottom.get_ylim() == (0.0, 1.0)


@pytest.mark.parametrize("neurons", [20, 10_000])
def test_crowded_spikes_are_drawn_as_density(neurons):
    res = run((neurons, 200_000), (neurons // 4, 100_000))
    top, _ = raster(res, [0, 1], labels=["E", "I"])
    assert not top.lines and [text.get_text() for text in top.texts] == ["300,000 spikes, shown as density"]
    edge = -0.5
    for rec, image in enumerate(top.images):
        left, right, bottom, high = image.get_extent()
        counts, n = image.get_array(), res.size(rec)
        width, height = (right - left) / counts.shape[1], (high - bottom) / counts.shape[0]
        assert left == 0.0 and right >= 1000.0 and bottom == edge and high >= edge + n
        times, senders = res.events(rec, True)
        column, row = np.ceil(times / width - 1e-6).astype(int) - 1, (senders // height).astype(int)
        expected = np.zeros(counts.shape)
        np.add.at(expected, (row, column), 1)
        np.testing.assert_array_equal(counts, expected)
        assert matplotlib.colors.same_color(image.cmap(1.0), PALETTE[rec])
        edge += n
    assert top.images[0].norm is top.images[1].norm                 # the same shades for all groups
    assert width == pytest.approx(round(width * 10) / 10)           # whole steps


def test_a_long_title_stands_above_the_note_of_a_density():
    for spikes in (300_000, 300):
        top, _ = raster(run((1000, spikes)), 0, title="A title that is about as wide as the axes below it are, or even wider")
        top.figure.canvas.draw()
        title = top.title.get_window_extent()
        above = [text.get_window_extent().y1 for text in top.texts] or [top.get_window_extent().y1]
        assert max(above) <= title.y0 < max(above) + 15


def test_long_runs_have_wider_bins_of_rate_unless_told():
    for end, bin in ((1000.0, 5.0), (2000.0, 5.0), (10_000.0, 50.0), (100_000.0, 500.0)):
        _, bottom = raster(run((10, 500), end=end), 0)
        assert np.diff(bottom.patches[0].get_data().edges)[0] == pytest.approx(bin)
    _, bottom = raster(run((10, 500), end=10_000.0), 0, bin=5.0)
    assert np.diff(bottom.patches[0].get_data().edges)[0] == pytest.approx(5.0)


def test_a_dict_names_recorders():
    top, _ = raster(run((8, 100), (2, 50)), dict(E=0, I=1))
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["I", "E"]


def test_one_recorder_of_two_populations_is_coloured_by_population():
    sim = nl.Simulator()
    a, b = sim.create(nl.iaf_psc_alpha, 3, I_e=400.0), sim.create(nl.iaf_psc_delta, 2, I_e=500.0)
    rec = sim.create(nl.spike_recorder)
    sim.connect(a[:2] + b + a[2:], rec)
    res = sim.simulate(200.0)
    top, bottom = nl.raster(res, rec)
    times, senders = res.events(rec, plain=True)
    for line, part, base, color in zip(top.lines, ([0, 1, 4], [2, 3]), (0, 3), PALETTE):
        own = np.isin(senders, part)
        np.testing.assert_array_equal(line.get_xdata(), times[own])
        np.testing.assert_array_equal(line.get_ydata(), base + np.searchsorted(part, senders[own]))
        assert line.get_color() == color and own.sum() > 3
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["iaf_psc_delta (population 1)",
                                                                          "iaf_psc_alpha (population 0)"]
    assert len(bottom.patches) == 2 and len(nl.raster(res, [rec])[0].lines) == 1


@pytest.mark.parametrize("neurons, spikes", [(50, 100), (500, 100), (1000, 10_000), (10_000, 1_000_000), (20, 1_000_000)])
def test_readable_at_every_count(neurons, spikes):
    assert 0.001 < ink(raster(run((neurons, spikes)), 0)[0]) < 0.95


def test_a_million_spikes_in_two_seconds():
    res = run((10_000, 1_000_000))
    begin = time.process_time()
    top, _ = raster(res, 0)
    top.figure.savefig(os.devnull, format="png")
    assert time.process_time() - begin < 2.0


@pytest.mark.parametrize("arguments, name", [
    (dict(labels=["a"]), "labels = .*list of 2"),
    (dict(labels="ab"), "labels = 'ab'"),
    (dict(color=["k", "r", "b"]), "color = .*list of 2"),
    (dict(bin=-1.0), "bin = -1.0"),
    (dict(start=2000.0), "start = 2000.0"),
    (dict(ax=(1, 2, 3)), "ax = .*list of 2 axes, for spikes and for rates"),
    (dict(color=3), "color = 3: must be a matplotlib colour, or a list of 2"),
    (dict(color=["k", "blurple"]), "'blurple' is no matplotlib colour"),
])
def test_bad_input_is_named_and_leaves_no_figure(arguments, name):
    with pytest.raises(BadRecording, match=name):
        raster(run((8, 100), (2, 50)), [0, 1], **arguments)
    assert not plt.get_fignums()


def test_no_recorder():
    with pytest.raises(BadRecording, match="rec = "):
        raster(run(), [])
