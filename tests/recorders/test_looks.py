"""How pictures look: names and numbers neither touch nor leave the page, and nothing that is drawn misleads."""
import pickle
from types import SimpleNamespace

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.drawing import PALETTE
from nestling.recorders.statistics import interval_cv

LONG = "pyramidal cells of layer {} with a long name"


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def run(*sizes_and_spikes, begin=0.0, end=1000.0):
    """Results with recorders 0, 1, ... of (neurons, spikes), at random times."""
    rng = np.random.default_rng(1)
    data = [(begin + np.sort(rng.integers(1, round((end - begin) * 10) + 1, spikes)) / 10, rng.integers(0, n, spikes))
            for n, spikes in sizes_and_spikes]
    return SimpleNamespace(dt=0.1, window=(begin, end), events=lambda rec, plain: data[rec],
                           size=lambda rec: sizes_and_spikes[rec][0])


@pytest.fixture(scope="module")
def network():
    """Regular trains of 4 neurons, silence of 3 others: results, recorder, a meter of two of these, one of yet others."""
    sim = nl.Simulator(seed=1)
    drive = sim.create(nl.spike_generator, params=dict(spike_times=np.round(np.arange(5.1, 490.0, 20.3), 1)))
    first, second = sim.create(nl.iaf_psc_delta, 4), sim.create(nl.iaf_psc_delta, 3)
    rec, heard, others = sim.create(nl.spike_recorder), sim.create(nl.voltmeter), sim.create(nl.voltmeter)
    lost = sim.create(nl.iaf_psc_delta, 2)
    sim.connect(drive, first, weight=100.0)
    sim.connect(first + second, rec)
    sim.connect(heard, second[1:])
    sim.connect(others, lost)
    return sim.simulate(500.0), rec, heard, others


def boxes_of_numbers(axes):
    """Where the numbers along x stand."""
    axes.figure.canvas.draw()
    low, high = axes.get_xlim()
    found = [t.label1.get_window_extent() for t in axes.xaxis.get_major_ticks() if low - 1e-9 <= t.get_loc() <= high + 1e-9]
    return sorted(found, key=lambda box: box.x0)


def apart(boxes):
    return all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:]))


def test_numbers_along_time_do_not_touch():
    res = run((20, 200), (20, 200), begin=3_598_000.0, end=3_600_000.0)
    boxes = boxes_of_numbers(nl.raster(res, [0, 1], labels=["a population with quite a long name", "b"])[1])
    assert len(boxes) > 2 and apart(boxes)
    boxes = boxes_of_numbers(nl.raster(res, 0, start=3_598_000.0, stop=3_598_003.0)[1])
    assert len(boxes) > 2 and apart(boxes)
    names = ["a population with quite a long name", "b"]
    assert apart(boxes_of_numbers(nl.plot_correlogram(res, [0, 1], bin=0.1, max_lag=1.0, labels=names)))


def test_numbers_of_a_distribution_do_not_touch_in_large_type():
    with plt.rc_context({"font.size": 16}):
        _, axes = plt.subplots(figsize=(2.6, 2.5), layout="constrained")
        boxes = boxes_of_numbers(nl.plot_rates(run((20, 4000)), 0, ax=axes))
    assert len(boxes) > 1 and apart(boxes)


@pytest.mark.parametrize("draw", [lambda *a, **k: nl.raster(*a, **k)[0], nl.plot_correlogram, nl.plot_spectrum])
def test_a_legend_of_twenty_long_names_stays_on_the_page_and_leaves_room(draw):
    axes = draw(run(*[(5, 100)] * 20), list(range(20)), labels=[LONG.format(i) for i in range(20)])
    axes.figure.canvas.draw()
    page, legend, own = axes.figure.bbox, axes.get_legend().get_window_extent(), axes.get_window_extent()
    assert legend.y0 >= 0 and legend.x1 <= page.x1
    assert own.width > 0.4 * page.width and own.height > 0.5 * page.height
    assert min(t.get_fontsize() for t in axes.get_legend().get_texts()) >= 5.0


def test_groups_beyond_the_palette_have_colours_of_their_own():
    top, _ = nl.raster(run(*[(5, 20)] * 20), list(range(20)))
    colors = [line.get_color() for line in top.lines]
    assert colors[:8] == list(PALETTE) and len(set(colors)) == 20


def test_without_a_layout_engine_legends_and_bars_take_room_of_their_own_axes(network):
    res = run((20, 400), (20, 400))
    figure, axes = plt.subplots(2, 2, figsize=(8.0, 5.0))
    ends = [a.get_window_extent().x1 for a in axes[0]]
    nl.plot_rates(res, [0, 1], labels=["exc", "inh"], ax=axes[0, 0])
    nl.plot_cv(res, [0, 1], labels=["exc", "inh"], ax=axes[0, 1])
    for _ in range(2):                                                        # a second time takes no more
        nl.plot_correlogram(res, [0, 1], labels=["exc", "inh"], ax=axes[1, 0])
    nl.plot_traces(network[0], network[2], ax=axes[1, 1])
    for column, end in zip(axes.T, ends):
        for a in column:
            right = [t.get_window_extent().x1 for t in [*a.texts, *([a.get_legend()] if a.get_legend() else [])]]
            assert max(right) <= end + 0.5 and a.get_window_extent().x1 > 0.6 * end
        assert column[0].get_position().x1 == column[1].get_position().x1
    assert axes[0, 0].get_window_extent().width > 100
    figure.tight_layout()                                                     # may be asked for later, and counts all of it
    nl.plot_correlogram(res, [0, 1], labels=["excitatory", "inhibitory"], ax=axes[0, 1])
    assert all(a.get_legend().get_window_extent().x1 <= figure.bbox.x1 for a in (axes[0, 0], axes[0, 1], axes[1, 0]))
    assert all(a.get_in_layout() for a in figure.axes) and pickle.dumps(figure)


def test_marks_suit_the_axes_that_a_legend_leaves():
    res = run((40, 4000), (10, 1000))
    top = nl.raster(res, [0, 1], labels=[LONG.format(i) for i in range(2)])[0]
    before = top.get_window_extent().width
    top.figure.canvas.draw()
    assert abs(top.get_window_extent().width - before) < 0.1 * before        # it was known before marks were chosen


def test_a_silent_population_has_rate_0_among_active_ones():
    axes = nl.plot_rates(run((10, 400), (5, 0)), [0, 1])
    share, edges, _ = axes.patches[2].get_data()
    assert share[0] == 1.0 and edges[0] < 0.0 < edges[1] and not share[1:].any()
    boxes = nl.plot_rates(run((10, 400), (5, 0)), [0, 1], kind="box").lines
    assert any(set(line.get_xdata()) == {0.0} for line in boxes)


def test_rounding_errors_of_a_regular_train_are_no_irregularity(network):
    res, rec, *_ = network
    assert (nl.isi_cv(res, rec)[:4] == 0.0).all()
    axes = nl.dashboard(res, rec)
    assert axes["cv"].get_xlim()[1] > 0.5
    assert "CV 0, " in axes["raster"].figure.legends[0].get_texts()[0].get_text()
    late = 3.6e6 + np.cumsum(np.tile([20.0, 20.1], 50))                    # one step is more than a rounding error
    assert interval_cv(late, np.zeros(100, int), 1)[0] == pytest.approx(0.05 / 20.05, rel=0.01)


def test_correlations_are_not_drawn_above_1(network):
    res, rec, *_ = network
    share, edges, _ = nl.plot_correlations(res, rec).patches[0].get_data()
    assert edges[-1] == pytest.approx(1.0) and share[-1] == 1.0


def test_one_neuron_has_no_fractions():
    top, _ = nl.raster(run((1, 30)), 0)
    top.figure.canvas.draw()
    low, high = top.get_ylim()
    assert [y for y in top.get_yticks() if low <= y <= high] == [0.0]


def test_a_spectrum_of_a_single_frequency_is_seen():
    line = nl.plot_spectrum(run((20, 40), end=3.0), 0).lines[0]
    assert len(line.get_xdata()) == 1 and line.get_marker() == "o"


def test_dark_styles_hide_nothing(network):
    with plt.style.context("dark_background"):
        traces = nl.dashboard(network[0], network[1])["traces"].lines
        sheet = nl.Simulator().create(nl.iaf_psc_delta, positions=nl.spatial.grid([6, 5]))
        targets = nl.plot_targets(sheet[8], sheet[10:14], mask=nl.spatial.circular(0.2)).collections[1:]
        profile = nl.plot_distances([0.1, 0.2], [0.1, 0.2, 0.2], p=lambda x: x).lines[1]
    drawn = [matplotlib.colors.to_rgb(line.get_color()) for line in (*traces, profile)]
    drawn += [tuple(c.get_edgecolor()[0][:3]) for c in targets]
    assert len(drawn) > 5 and all(min(c) > 0.5 for c in drawn)


def test_the_head_writes_numbers_out():
    sim = nl.Simulator(dt=1.0)
    cell, rec = sim.create(nl.parrot_neuron, 1), sim.create(nl.spike_recorder)
    sim.connect(sim.create(nl.spike_generator, params=dict(spike_times=[5.0])), cell, delay=1.0)
    sim.connect(cell, rec)
    title = nl.dashboard(sim.simulate(1_200_000.0))["raster"].figure.legends[0].get_title().get_text()
    assert title.startswith("1 neuron, 1 spike in 1,200,000 ms")
    title = nl.dashboard(run((2, 8000)), 0, traces=False)["raster"].figure.legends[0].get_title().get_text()
    assert title == "2 neurons, 8,000 spikes in 1,000 ms (4,000 spikes/s)"


def test_traces_of_a_dashboard_bear_the_raster_s_numbers(network):
    res, rec, heard, others = network
    assert [t.get_text() for t in nl.dashboard(res, rec, traces=heard)["traces"].get_yticklabels()] == ["5", "6"]
    names = [t.get_text() for t in nl.dashboard(res, rec, traces=others)["traces"].get_yticklabels()]
    assert names == [f"id {i}" for i in res.ids(others)]


def test_a_dashboard_s_names_stay_on_the_page_and_apart():
    sim = nl.Simulator(seed=1)
    recorders = {}
    for i in range(20):
        cells, rec = sim.create(nl.parrot_neuron, 2), sim.create(nl.spike_recorder)
        sim.connect(sim.create(nl.poisson_generator, rate=50.0), cells)
        sim.connect(cells, rec)
        recorders[LONG.format(i)] = rec
    res = sim.simulate(100.0)
    figure = nl.dashboard(res, recorders)["raster"].figure
    figure.canvas.draw()
    assert figure.legends[0].get_window_extent().x1 <= figure.bbox.x1
    given = plt.figure(figsize=(12.0, 7.5))
    with plt.rc_context({"font.size": 16}):
        page = nl.dashboard(res, rec)
    page["raster"].figure.canvas.draw()
    names = sorted((page[n].yaxis.label.get_window_extent() for n in ("rates", "cv", "correlations", "spectrum")),
                   key=lambda box: box.y0)
    assert all(a.y1 <= b.y0 for a, b in zip(names, names[1:]))
    nl.dashboard(res, rec, figure=given)
    assert given.get_layout_engine() is not None


def test_numbers_of_connections_are_whole_and_narrow_matrices_fill_their_axes():
    sim = nl.Simulator(seed=1)
    cells = sim.create(nl.iaf_psc_delta, 60)
    sim.connect(cells[:3], cells, rule=nl.fixed_indegree(2))
    axes = nl.plot_connections(sim.get_connections(), what="number")
    bar = axes.figure.axes[-1]
    axes.figure.canvas.draw()
    assert all(float(t.get_text()).is_integer() for t in bar.get_yticklabels())
    assert axes.get_window_extent().width > 0.5 * axes.figure.bbox.width and axes.get_aspect() == "auto"


def test_a_layer_has_a_bar_of_its_values_and_dots_that_suit_small_axes():
    sheet = nl.Simulator().create(nl.iaf_psc_delta, positions=nl.spatial.grid([30, 30]))
    axes = nl.plot_layer(sheet, values=np.arange(900.0))
    assert len(axes.figure.axes) == 2
    _, small = plt.subplots(figsize=(2.0, 2.0))
    nl.plot_layer(sheet, values=np.arange(900.0), ax=small)
    assert len(small.figure.axes) == 1 and small.get_aspect() == 1.0
    assert small.collections[0].get_sizes()[0] < 0.3 * axes.collections[0].get_sizes()[0]
    assert nl.plot_layer(sheet, size=3.0, ax=small).collections[1].get_sizes()[0] == 9.0
