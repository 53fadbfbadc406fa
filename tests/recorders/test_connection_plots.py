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


def test_axes_and_colours_are_named_with_units(found):
    axes = nl.plot_connections(found)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Source (global id)", "Target (global id)")
    assert [a.get_ylabel() for a in axes.figure.axes] == ["Target (global id)", "Weight (pA)"]
    for what, bins, label in (("weight", 2, "Mean weight of a pair (pA)"), ("delay", 2, "Delay (ms)"),
                              ("number", None, "Connections")):
        assert nl.plot_connections(found, what=what, bins=bins).figure.axes[1].get_ylabel() == label
    for ticks in (axes.get_xticks(), axes.get_yticks()):
        np.testing.assert_array_equal(ticks, np.round(ticks))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weights", [[1.0, -2.0, 3.5, 4.0], [-1.0, -2.0, -3.5, -4.0], [1.0, 2.0, 3.5, 4.0], [2.0] * 4,
                                     [0.0] * 4, [1e-9, -1.0, 2.0, -1e-9]])
def test_every_weight_can_be_told_from_the_ground(weights):
    sim = nl.Simulator()
    n = sim.create(nl.iaf_psc_exp, 4)
    sim.connect(n, n, rule=nl.explicit_edges([0, 1, 2, 3], [0, 1, 2, 3]), weight=weights)
    axes = nl.plot_connections(sim.get_connections())
    axes.figure.canvas.draw()
    mesh = axes.collections[0]
    assert mesh.norm.vmin <= min(weights) and mesh.norm.vmax >= max(weights)
    colors = mesh.to_rgba(np.array(weights))[:, :3]
    assert (colors.min(axis=1) < 0.9).all()
    for color, weight in zip(colors, weights):
        if min(weights) < 0:
            assert (color[0] > color[2]) == (weight > 0)                        # red excites, blue inhibits


def test_both_sides_of_a_signed_scale_have_ticks():
    sim = nl.Simulator()
    n = sim.create(nl.iaf_psc_exp, 2)
    sim.connect(n, n, rule=nl.explicit_edges([0, 1], [0, 1]), weight=[0.19, -7.3])
    bar = nl.plot_connections(sim.get_connections()).figure.axes[1]
    np.testing.assert_allclose(bar.get_yticks(), [-6.0, -4.0, -2.0, 0.0, 0.05, 0.1, 0.15])


def test_weights_of_different_units_have_none():
    sim = nl.Simulator()
    a, b = sim.create(nl.iaf_psc_exp, 2), sim.create(nl.iaf_cond_exp, 2)
    sim.connect(a, a)
    sim.connect(a, b)
    every = sim.get_connections()
    assert [sim.get_connections(target=t).weight_unit for t in (a, b)] == ["pA", "nS"]
    assert every.weight_unit == every[:0].weight_unit == ""
    assert nl.plot_connections(every).figure.axes[1].get_ylabel() == "Weight"


def test_what_cannot_be_drawn_is_refused(found):
    for given, words in ((dict(what="age"), "what = 'age'"), (dict(bins=0), "bins = 0"), (dict(bins=2.5), "bins = 2.5"),
                         (dict(ax=3), "ax = 3: must be one matplotlib axes")):
        with pytest.raises(nl.BadRecording, match=words):
            nl.plot_connections(found, **given)
    with pytest.raises(nl.BadRecording, match="must be what get_connections"):
        nl.plot_connections(nl.Simulator())
    assert nl.plot_connections(found, bins=np.int64(3)).collections
    plt.close("all")
    with pytest.raises(nl.BadRecording, match="no connections"):
        nl.plot_connections(found[:0])
    assert not plt.get_fignums()
