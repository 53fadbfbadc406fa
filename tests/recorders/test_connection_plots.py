"""The plot of connections holds their weights, delays and numbers at their places."""
import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture
def found():
    sim = nl.Simulator()
    a, b = sim.create(nl.iaf_psc_exp, 6), sim.create(nl.iaf_psc_exp, 4)
    sim.connect(a, b, rule=nl.explicit_edges([0, 5, 5, 2], [0, 3, 3, 1]), weight=[1.0, -2.0, 3.5, 4.0],
                delay=[1.0, 1.0, 2.0, 3.0])
    return sim.get_connections()


@pytest.mark.parametrize("what, values", [("weight", [1.0, 4.0, 1.5]), ("delay", [1.0, 3.0, 1.5]), ("number", [1.0, 1.0, 2.0])])
def test_every_pair_has_its_field(found, what, values):
    axes = nl.plot_connections(found, what=what)
    shown = np.ma.masked_all((4, 6))
    shown[[0, 1, 3], [0, 2, 5]] = values
    array = axes.collections[0].get_array().reshape(4, 6)
    np.testing.assert_array_equal(array.mask, shown.mask)
    np.testing.assert_allclose(array.compressed(), shown.compressed())
    low, high = axes.get_ylim()
    assert (low, high) == (9.5, 5.5) and axes.get_xlim() == (-0.5, 5.5)
    assert nl.plot_connections(found, ax=axes) is axes


def test_large_networks_share_fields(found):
    array = nl.plot_connections(found, bins=2).collections[0].get_array().reshape(2, 2)
    assert array.filled(np.nan)[1, 1] == 1.5 / 6 and array.filled(np.nan)[0, 0] == 5.0 / 6 and array.mask.sum() == 2


def test_what_cannot_be_drawn_is_refused(found):
    for given, words in ((dict(what="age"), "what = 'age'"), (dict(bins=0), "bins = 0"), (dict(bins=2.5), "bins = 2.5")):
        with pytest.raises(nl.BadRecording, match=words):
            nl.plot_connections(found, **given)
    with pytest.raises(nl.BadRecording, match="no connections"):
        nl.plot_connections(found[:0])
