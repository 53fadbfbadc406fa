"""Distributions by population: heights are shares of what the results hold, bins fit whole spikes, nothing to draw is said."""
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.drawing import PALETTE

PICTURES = [nl.plot_rates, nl.plot_cv, nl.plot_correlations]


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture
def two(run, poisson):
    return run(poisson(80, 30.0), poisson(20, 12.0, seed=2))


def bars(axes):
    """Heights and edges of the outlines, which are drawn after their areas."""
    return [(p.get_data().values, p.get_data().edges) for p in axes.patches[1::2]]


def test_rates_are_shares_of_neurons_in_bins_of_whole_spikes(two):
    recorders = two.recorders("spikes")
    axes = nl.plot_rates(two, recorders)
    for (share, edges), rec in zip(bars(axes), recorders):
        assert share.sum() == pytest.approx(1.0)
        np.testing.assert_allclose(share, np.histogram(two.rates(rec), edges)[0] / two.size(rec))
        np.testing.assert_allclose((edges - 0.25) % 0.5, 0.0, atol=1e-9)         # 1 spike in 2 s: 0.5 spikes/s
    assert [p.get_edgecolor() for p in axes.patches[1::2]] == [matplotlib.colors.to_rgba(c) for c in PALETTE[:2]]
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["model (population 0)", "model (population 1)"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Rate (spikes/s)", "Share of neurons")


def test_rates_of_few_and_of_very_many_spikes_fall_into_few_bins(run):
    few = run(([5.0], [2], 4))
    (share, edges), = bars(nl.plot_rates(few, few.recorders("spikes")))
    np.testing.assert_allclose(share, [0.75, 0.25])
    np.testing.assert_allclose(edges, [-0.25, 0.25, 0.75])
    many = run((np.arange(1, 20001) / 10, np.zeros(20000), 2))
    (share, edges), = bars(nl.plot_rates(many, many.recorders("spikes")))
    assert len(share) <= 51 and share[0] == share[-1] == 0.5 and share.sum() == 1.0


def test_rates_are_those_of_the_time_in_which_the_recorder_was_active(run):
    res = run(([1500.0, 1600.0, 1700.0], [0, 0, 1], 2), first=10001)             # 1000 ms of 2000
    (share, edges), = bars(nl.plot_rates(res, res.recorders("spikes")))
    np.testing.assert_allclose(share, [0.0, 0.5, 0.5])                          # 0, 1 and 2 spikes/s
    np.testing.assert_allclose(edges, [-0.5, 0.5, 1.5, 2.5])
    late = nl.plot_rates(res, res.recorders("spikes"), start=1550.0)
    np.testing.assert_allclose(bars(late)[0][0], [0.0, 1.0])


def test_cvs_are_those_of_the_analysis(two):
    recorders = two.recorders("spikes")
    axes = nl.plot_cv(two, recorders, min_spikes=25)
    having = 0
    for (share, edges), rec in zip(bars(axes), recorders):
        cv = nl.isi_cv(two, rec, min_spikes=25)
        having += np.isfinite(cv).sum()
        np.testing.assert_allclose(share, np.histogram(cv[np.isfinite(cv)], edges)[0] / np.isfinite(cv).sum())
        assert share.sum() == pytest.approx(1.0)
    assert 80 < having < 100 and [t.get_text() for t in axes.texts] == [f"{having} of 100 neurons"]
    assert not nl.plot_cv(two, recorders[0]).texts


def test_correlations_are_those_of_every_pair(two):
    recorders = two.recorders("spikes")
    axes = nl.plot_correlations(two, recorders, bin=5.0, n=30)
    for (share, edges), rec in zip(bars(axes), recorders):
        times, senders = two.events(rec, plain=True)
        n = min(30, two.size(rec))
        counts = np.histogram2d(senders, times, [np.arange(n + 1) - 0.5, np.arange(0.0, 2000.1, 5.0) + 0.05])[0]
        pairs = np.corrcoef(counts)[np.triu_indices(n, 1)]
        assert abs(share - np.histogram(pairs, edges)[0] / len(pairs)).sum() < 0.01    # one on an edge may be rounded otherwise
        assert pairs.mean() == pytest.approx(nl.count_correlation(two, rec, bin=5.0, n=n))


def test_a_recorder_of_two_populations_is_told_apart(run, poisson):
    times, senders, n = poisson(30, 20.0)
    res = run((times, senders, n), parts=[("a", 10), ("b", 15), ("a", 5)])
    rec, = res.recorders("spikes")
    axes = nl.plot_rates(res, rec)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == ["a", "b"]
    rates = res.rates(rec)
    for (share, edges), part in zip(bars(axes), (np.r_[0:10, 25:30], np.r_[10:25])):
        np.testing.assert_allclose(share, np.histogram(rates[part], edges)[0] / 15)
    assert len(bars(nl.plot_rates(res, [rec]))) == 1
    assert [t.get_text() for t in nl.plot_rates(res, rec, labels=["E", "I"]).get_legend().get_texts()] == ["E", "I"]
    with pytest.raises(nl.BadRecording, match=r"labels = \['E'\]: must be a list of 2, one for each population; \[rec\]"):
        nl.plot_rates(res, rec, labels=["E"])


@pytest.mark.parametrize("picture", PICTURES)
def test_boxes_hold_quartiles(two, picture):
    recorders = two.recorders("spikes")
    axes = picture(two, dict(exc=recorders[0], inh=recorders[1]), kind="box")
    assert [t.get_text() for t in axes.get_yticklabels()] == ["exc", "inh"]
    assert [matplotlib.colors.to_hex(p.get_edgecolor()).upper() for p in axes.patches] == list(PALETTE[:2])
    if picture is nl.plot_rates:
        for box, rec in zip(axes.patches, recorders):
            x = box.get_path().vertices[:, 0]
            np.testing.assert_allclose([x.min(), x.max()], np.quantile(two.rates(rec), [0.25, 0.75]))
    assert len(picture(two, [*recorders, *recorders]).patches) == 4             # boxes for more than three


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["histogram", "box"])
@pytest.mark.parametrize("n, end", [(10, 100.0), (0, 100.0), (10, 0.0)])
@pytest.mark.parametrize("picture", PICTURES)
def test_nothing_to_draw_is_said(run, picture, n, end, kind):
    res = run(([], [], n), end=end)
    axes = picture(res, res.recorders("spikes"), kind=kind)
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.texts][0] in ("no spikes", "no neuron has 5 spikes", "no two active neurons")
    assert axes.get_xlabel() and not axes.patches


@pytest.mark.parametrize("picture", PICTURES)
def test_given_axes_are_used(two, picture):
    axes = matplotlib.figure.Figure().subplots()
    assert picture(two, two.recorders("spikes"), ax=axes) is axes and axes.patches
    assert not plt.get_fignums()


@pytest.mark.parametrize("picture, arguments, words", [
    (nl.plot_rates, dict(kind="pie"), "kind = 'pie': must be 'histogram' or 'box'"),
    (nl.plot_rates, dict(start=-5.0), "start = -5.0"),
    (nl.plot_rates, dict(color=["r"]), "color = .*list of 2"),
    (nl.plot_rates, dict(ax=(1, 2)), "ax = .*one matplotlib axes"),
    (nl.plot_cv, dict(min_spikes=2), "min_spikes = 2"),
    (nl.plot_correlations, dict(bin=0.01), "bin = 0.01"),
    (nl.plot_correlations, dict(n=1), "n = 1"),
])
def test_bad_input_is_named_and_leaves_no_figure(two, picture, arguments, words):
    with pytest.raises(nl.BadRecording, match=words):
        picture(two, two.recorders("spikes"), **arguments)
    with pytest.raises(nl.BadRecording, match="labels = .*keys of rec"):
        picture(two, dict(a=two.recorders("spikes")[0]), labels=["b"])
    assert not plt.get_fignums()
