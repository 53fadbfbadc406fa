"""Plots of layers hold what they are given: nodes, targets and masks at their places, and shares of pairs by distance."""
import matplotlib

matplotlib.use("agg")
import brainunit as u
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nestling import simulator as nl

S = nl.spatial


@pytest.fixture(autouse=True)
def no_figures_left():
    yield
    plt.close("all")


@pytest.fixture
def sheet():
    return nl.Simulator().create(nl.iaf_psc_delta, positions=S.grid([6, 5]))


def test_a_layer_has_a_dot_at_every_node(sheet):
    axes = nl.plot_layer(sheet)
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), sheet.positions)
    coloured = nl.plot_layer(sheet, values=np.arange(30), ax=axes)
    assert coloured is axes
    np.testing.assert_array_equal(axes.collections[1].get_array(), np.arange(30))


def test_a_layer_in_three_dimensions():
    cube = nl.Simulator().create(nl.iaf_psc_delta, positions=S.grid([2, 3, 4]))
    axes = nl.plot_layer(cube)
    np.testing.assert_allclose(np.transpose(axes.collections[0]._offsets3d), cube.positions)
    with pytest.raises(nl.BadRecording, match="ax has two axes"):
        nl.plot_layer(cube, ax=plt.subplots()[1])


def test_targets_their_source_and_its_mask(sheet):
    axes = nl.plot_targets(sheet[8], sheet[10:14], mask=S.circular(0.2, anchor=[0.1, 0.0]))
    np.testing.assert_array_equal(axes.collections[0].get_offsets(), sheet.positions[10:14])
    np.testing.assert_array_equal(axes.collections[1].get_offsets(), sheet.positions[8:9])
    outline = np.concatenate([p.vertices for p in axes.collections[2].get_paths()])
    far = np.linalg.norm(outline - sheet.positions[8] - [0.1, 0.0], axis=1)
    assert abs(far - 0.2).max() < 0.005 and len(outline) > 50
    nl.plot_targets(sheet[8], sheet[:0])
    with pytest.raises(nl.BadRecording, match="source = .*must be one node"):
        nl.plot_targets(sheet[:2], sheet)


def test_distances_as_counts_and_as_shares_of_pairs():
    possible = np.repeat([0.15, 0.35, 0.7], [10, 20, 40])
    axes = nl.plot_distances([[0.15, 0.0]] * 5 + [[0.0, 0.7]] * 10, bins=7)
    np.testing.assert_array_equal(axes.patches[0].get_data().values, [0, 5, 0, 0, 0, 0, 10])
    axes = nl.plot_distances(np.repeat([0.15, 0.7], [5, 10]), possible, p=lambda x: 1.0 - x, bins=7)
    np.testing.assert_allclose(axes.lines[0].get_ydata()[[1, 3, 6]], [0.5, 0.0, 0.25])
    assert np.isnan(axes.lines[0].get_ydata()[[0, 2, 4, 5]]).all()
    np.testing.assert_allclose(axes.lines[1].get_ydata(), 1.0 - axes.lines[1].get_xdata())
    assert axes.get_ylim()[0] == 0.0 and axes.get_ylim()[1] > 1.0


@pytest.mark.parametrize("given, message", [
    (dict(found=np.zeros((3, 4))), r"found has shape \(3, 4\)"), (dict(found=[0.1], possible=0.5), r"possible has shape \(\)"),
    (dict(found=[0.1, np.nan]), "found: must be finite"), (dict(found=[0.1], ax=3), "ax = 3: must be one matplotlib axes"),
    (dict(found=[0.1], bins=0), "bins = 0"), (dict(found=[0.1], p=lambda x: x), "p is the share"),
    (dict(found="far"), "found = 'far': must be an array of numbers"), (dict(found=[0.1], color="gray1"), "color = 'gray1'"),
    (dict(found=[0.1], possible=[0.1], p=3), "p = 3: must be a function")])
def test_bad_distances(given, message):
    with pytest.raises(nl.BadRecording, match=message):
        nl.plot_distances(**given)


def test_values_must_be_one_a_node(sheet):
    with pytest.raises(nl.BadRecording, match=r"values has shape \(3,\): must have one entry for each of 30 nodes"):
        nl.plot_layer(sheet, values=[1.0, 2.0, 3.0])
    with pytest.raises(nl.BadRecording, match="values: carry units"):
        nl.plot_layer(sheet, values=np.ones(30) * u.mV)


@pytest.mark.parametrize("given, message", [
    (dict(nodes=3), "nodes = 3: must be nodes"), (dict(values="high"), "values = 'high': must be an array of numbers"),
    (dict(color="none such"), "color = 'none such': must be a matplotlib colour"),
    (dict(size="big"), "size = 'big': must be a number of points, more than 0"), (dict(size=0), "size = 0"),
    (dict(ax=3), "ax = 3: must be one matplotlib axes")])
def test_bad_layers(sheet, given, message):
    with pytest.raises(nl.BadRecording, match=message):
        nl.plot_layer(**(dict(nodes=sheet) | given))
    assert not plt.get_fignums()


@pytest.mark.parametrize("given, message", [
    (dict(source=3), "source = 3: must be nodes"), (dict(targets=[1, 2]), r"targets = \[1, 2\]: must be nodes"),
    (dict(mask=0.3), r"mask = 0\.3: must be a mask, such as spatial\.circular"), (dict(color=3), "color = 3")])
def test_bad_targets(sheet, given, message):
    with pytest.raises(nl.BadRecording, match=message):
        nl.plot_targets(**(dict(source=sheet[0], targets=sheet) | given))
    assert not plt.get_fignums()


def test_nodes_without_positions_are_refused():
    cells = nl.Simulator().create(nl.iaf_psc_delta, 2)
    for draw in (lambda: nl.plot_layer(cells), lambda: nl.plot_targets(cells[0], cells)):
        with pytest.raises(nl.BadView, match="has no positions: create nodes with positions="):
            draw()
