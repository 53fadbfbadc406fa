"""start and stop: every picture of a part of a run is that of a run that was no longer."""
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl

PICTURES = [nl.raster, nl.plot_rates, nl.plot_cv, nl.plot_correlations, nl.plot_correlogram, nl.plot_spectrum, nl.dashboard]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(axes):
    """All numbers of a picture: lines, edges and heights of histograms, limits of axes."""
    found = []
    for a in axes.values() if isinstance(axes, dict) else np.ravel(axes):
        found += [line.get_xydata() for line in a.lines] + [patch.get_path().vertices for patch in a.patches]
        found += [np.array([a.get_xlim(), a.get_ylim()])]
    return found


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.__name__)
def test_what_comes_after_stop_changes_nothing(run, poisson, picture):
    trains = poisson(20, 40.0), poisson(10, 60.0, seed=2)
    res = run(*trains, end=2000.0)
    early = [(np.asarray(times)[times <= 1200.0], np.asarray(senders)[times <= 1200.0], n) for times, senders, n in trains]
    short = run(*early, end=1200.0)
    whole = drawn(picture(res, res.recorders("spikes"), start=200.0, stop=1200.0))
    part = drawn(picture(short, short.recorders("spikes"), start=200.0))
    assert len(whole) == len(part) and sum(a.size for a in part) > 10
    for a, b in zip(whole, part):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
    with pytest.raises(nl.BadRecording, match="stop = 2100.0"):
        picture(res, res.recorders("spikes"), stop=2100.0)


@pytest.mark.parametrize("picture", ["raster", "dashboard", "traces"])
def test_a_second_of_a_long_run_has_whole_numbers_at_its_axis(run, poisson, picture):
    """Of an hour matplotlib would write 3.5980 to 3.5990 and, in a corner, 1e6."""
    begin, end = 3_598_000.0, 3_600_000.0
    times, senders, n = poisson(5, 40.0)
    at = begin + np.arange(1.0, 2000.0)
    res = run((times + begin, senders, n), end=end, traces=(np.arange(5), at, {"V_m": np.zeros((len(at), 5))}))
    (spikes,), (meter,) = res.recorders("spikes"), res.recorders("states")
    if picture == "traces":
        axes = nl.plot_traces(res, meter, start=begin)
    elif picture == "raster":
        axes = nl.raster(res, spikes, start=begin)[1]
    else:
        axes = nl.dashboard(res, start=begin)["traces"]
    axes.figure.canvas.draw()
    shown = [(tick.get_position()[0], tick.get_text()) for tick in axes.get_xticklabels()]
    assert len(shown) > 3 and all(float(text) == x for x, text in shown)
    assert axes.xaxis.get_offset_text().get_text() == ""
