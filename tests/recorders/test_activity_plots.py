"""Correlograms and spectra of activity: curves equal plain counting, theory holds for Poisson trains, lags have their sign."""
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.drawing import PALETTE


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


def curves(axes, gid):
    return [line.get_data() for line in axes.lines if line.get_gid() == gid]


def counted(one, other, lags, bins, same):
    """Pairs of two neurons that many bins apart, one after the other."""
    dense = []
    for times, senders, n in (one, other):
        dense.append(np.histogram2d(senders, np.ceil(times - 1e-6) - 1, [np.arange(n + 1) - 0.5, np.arange(bins + 1) - 0.5])[0])
    pairs = []
    for lag in lags:
        a, b = (dense[0][:, :bins - lag], dense[1][:, lag:]) if lag >= 0 else (dense[0][:, -lag:], dense[1][:, :bins + lag])
        both = a @ b.T
        pairs.append(both.sum() - np.trace(both) * same)
    return np.array(pairs)


@pytest.mark.parametrize("same", [True, False])
def test_a_correlogram_is_the_rate_around_a_spike(run, poisson, same):
    one, other = poisson(5, 30.0, 300.0), poisson(4, 50.0, 300.0, seed=2)
    other = one if same else other
    res = run(one, other, end=300.0)
    recorders = res.recorders("spikes")
    axes = nl.plot_correlogram(res, recorders[0], *([] if same else recorders[1:]), max_lag=20.0)
    (lags, rate), = curves(axes, "correlogram")
    np.testing.assert_allclose(lags, np.arange(-20, 21))
    seconds = len(one[0]) * (other[2] - same) * (300 - abs(lags)) / 300 * 1e-3
    np.testing.assert_allclose(rate, counted(one, other, np.arange(-20, 21), 300, same) / seconds, atol=1e-9)
    (_, mean), = curves(axes, "mean")
    assert mean[0] == pytest.approx(res.rate(recorders[0 if same else 1]))
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xlim()) == ("Lag (ms)", "Rate (spikes/s)", (-20.0, 20.0))


def test_who_follows_has_a_peak_at_positive_lags(run):
    early = np.arange(50.0, 1900.0, 37.0)
    res = run((early, np.zeros(len(early)), 1), (early + 5.0, np.zeros(len(early)), 1))
    one, other = res.recorders("spikes")
    (lags, rate), = curves(nl.plot_correlogram(res, one, other, max_lag=15.0), "correlogram")
    assert lags[rate.argmax()] == 5.0 and np.count_nonzero(rate) == 1


def test_groups_have_curves_in_their_colours(run, poisson):
    res = run(poisson(50, 30.0), poisson(20, 30.0, seed=2))
    for picture in (nl.plot_correlogram, nl.plot_spectrum):
        axes = matplotlib.figure.Figure().subplots()
        assert picture(res, res.recorders("spikes"), ax=axes, labels=["E", "I"]) is axes
        assert {line.get_color() for line in axes.lines} == set(PALETTE[:2])
        assert [t.get_text() for t in axes.get_legend().get_texts()] == ["E", "I"]


def test_a_spectrum_is_flat_for_poisson_trains_and_has_the_peak_of_a_rhythm(run, poisson):
    n, rate, end = 200, 20.0, 20_000.0
    times, senders, _ = poisson(n, rate, end)
    res = run((times, senders, n), end=end)
    (x, power), = [line.get_data() for line in nl.plot_spectrum(res, res.recorders("spikes")).lines]
    assert x[0] == pytest.approx(5.0) and x[-1] == pytest.approx(495.0)
    assert power.mean() == pytest.approx(2 * rate / n, rel=0.05)            # of both signs of the frequency
    kept = np.random.default_rng(3).random(len(times)) < 0.5 + 0.5 * np.sin(2 * np.pi * 0.08 * times)
    res = run((times[kept], senders[kept], n), end=end)
    axes = nl.plot_spectrum(res, res.recorders("spikes"), segment=500.0)
    x, power = axes.lines[0].get_data()
    assert x[power.argmax()] == pytest.approx(80.0) and x[0] == pytest.approx(2.0)
    assert (axes.get_xlabel(), axes.get_yscale()) == ("Frequency (Hz)", "log")
    low, high = axes.get_ylim()
    assert low <= power.min() and power.max() <= high


@pytest.mark.parametrize("segment", [2.0, 77.0, 200.0, 999.0, 1000.0])
def test_a_spectrum_is_that_of_scipy(run, poisson, segment):
    from scipy.signal import welch

    res = run(poisson(20, 40.0, 1000.0), end=1000.0)
    rec, = res.recorders("spikes")
    counts = np.histogram(res.events(rec, plain=True)[0], np.arange(1001) + 0.05)[0]
    x, power = welch(counts * 50.0, fs=1000.0, nperseg=round(segment))
    found = nl.power_spectrum(res, rec, segment=segment)
    np.testing.assert_allclose(found, (x, power), rtol=1e-9, atol=1e-9 * power.max())
    line, = nl.plot_spectrum(res, rec, segment=segment).lines
    inner = slice(1, -1 if segment in (200.0, 1000.0) else None)
    np.testing.assert_allclose(line.get_data(), (x[inner], power[inner]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("picture", [nl.plot_correlogram, nl.plot_spectrum])
@pytest.mark.parametrize("times, n, end", [([], 10, 500.0), ([], 0, 500.0), ([], 10, 0.0), ([3.0], 1, 500.0)])
def test_nothing_to_draw_is_said(run, picture, times, n, end):
    res = run((times, [0] * len(times), n), end=end)
    axes = picture(res, res.recorders("spikes"))
    axes.figure.canvas.draw()
    if times and picture is nl.plot_spectrum:
        assert len(axes.lines) == 1
    else:
        assert [t.get_text() for t in axes.texts][0] in ("no spikes", "no pairs of spikes") and axes.get_ylim() == (0.0, 1.0)


def test_a_constant_rate_has_no_spectrum(run):
    res = run((np.arange(1.0, 501.0), [0] * 500, 1), end=500.0)
    assert [t.get_text() for t in nl.plot_spectrum(res, res.recorders("spikes")).texts] == ["constant rate"]


@pytest.mark.parametrize("picture, arguments, words", [
    (nl.plot_correlogram, dict(bin=0.05), "bin = 0.05"),
    (nl.plot_correlogram, dict(max_lag=0.5), "max_lag = 0.5"),
    (nl.plot_correlogram, dict(max_lag=500.0), "max_lag = 500.0: must be shorter than the window of 500 ms"),
    (nl.plot_correlogram, dict(labels=["a", "b"]), "labels = .*list of 1"),
    (nl.plot_spectrum, dict(bin=0.0), "bin = 0.0"),
    (nl.plot_spectrum, dict(segment=1.0), "segment = 1.0: must be 2 bins"),
    (nl.plot_spectrum, dict(segment=600.0), "segment = 600.0: .*at most the window, 500 ms"),
    (nl.plot_spectrum, dict(start=600.0), "start = 600.0"),
])
def test_bad_input_is_named_and_leaves_no_figure(run, poisson, picture, arguments, words):
    res = run(poisson(5, 20.0, 500.0), end=500.0)
    with pytest.raises(nl.BadRecording, match=words):
        picture(res, res.recorders("spikes"), **arguments)
    assert not plt.get_fignums()


def test_a_correlogram_of_two_recorders_is_of_the_time_in_which_both_were_active():
    sim = nl.Simulator(seed=1)
    n, one, other = sim.create(nl.parrot_neuron, 4), sim.create(nl.spike_recorder), sim.create(nl.spike_recorder, start=150.0)
    sim.connect(sim.create(nl.poisson_generator, rate=100.0), n)
    sim.connect(n[:2], one)
    sim.connect(n[2:], other)
    res = sim.simulate(300.0)
    axes = nl.plot_correlogram(res, one, other, max_lag=10.0)
    (x, y), = curves(axes, "correlogram")
    lags, rate = nl.cross_correlogram(res, one, other, max_lag=10.0, norm="rate", start=150.0)
    np.testing.assert_allclose((x, y), (lags, rate))
    assert curves(axes, "mean")[0][1][0] == pytest.approx(res.rate(other)) and res.rate(other) > 0
