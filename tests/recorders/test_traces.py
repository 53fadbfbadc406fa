"""Traces hold the recorded samples, spikes stand where they were fired, and nothing becomes a block."""
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


@pytest.fixture(scope="module")
def network():
    """Six neurons in two populations that fire at different rates: results, spike recorder, multimeter of nodes 1, 4, 5, 2."""
    sim = nl.Simulator(seed=1)
    cells = sim.create(nl.iaf_psc_alpha, 3, I_e=[380.0, 400.0, 450.0])
    cells += sim.create(nl.iaf_psc_alpha, 3, I_e=[0.0, 390.0, 500.0])
    spikes, meter = sim.create(nl.spike_recorder), sim.create(nl.multimeter, record_from=["V_m", "I_syn_ex"])
    sim.connect(cells, spikes)
    sim.connect(meter, cells[[1, 4, 5, 2]])
    return sim.simulate(400.0), spikes, meter


def lines(axes, gid):
    return [line.get_data() for line in axes.lines if line.get_gid() == gid]


def test_one_trace_is_drawn_in_its_unit_with_its_spikes(network):
    res, spikes, meter = network
    axes = nl.plot_traces(res, meter, spikes=spikes, nodes=[2])
    times, V = res.trace_times(meter, plain=True), res.trace(meter, "V_m", plain=True)[:, 2]
    (x, y), = lines(axes, "trace")
    np.testing.assert_array_equal(x, times)
    np.testing.assert_array_equal(y, V)
    fired, who = res.events(spikes, plain=True)
    (x, y), = lines(axes, "spikes")
    fired = fired[who == 5]
    assert len(fired) > 5
    np.testing.assert_array_equal(x[::3], fired)
    np.testing.assert_array_equal(x[1::3], fired)
    np.testing.assert_array_equal(y[::3], np.interp(fired, times, V))                    # it stands on the trace
    assert (y[1::3] > V.max()).all() and np.isnan(x[2::3]).all()
    assert (axes.get_ylabel(), axes.get_xlabel(), axes.get_xlim()) == ("V_m (mV)", "Time (ms)", (0.0, 400.0))


def test_several_traces_stand_above_one_another_on_one_scale(network):
    res, spikes, meter = network
    axes = nl.plot_traces(res, meter, spikes=spikes, color=["k", "r", "b", "g"])
    V = res.trace(meter, "V_m", plain=True)
    drawn = [y for _, y in lines(axes, "trace")]
    base = [np.unique(np.round(y - V[:, k], 9)) for k, y in enumerate(drawn)]
    assert all(len(b) == 1 for b in base)                                     # shifted, not scaled
    peaks = [np.nanmax(y) for _, y in lines(axes, "spikes")]
    assert all(high < low.min() for high, low in zip(peaks, drawn[1:]))       # no lane reaches into the next
    assert [t.get_text() for t in axes.get_yticklabels()] == ["0", "1", "2", "3"]
    assert [line.get_color() for line in axes.lines if line.get_gid() == "trace"] == ["k", "r", "b", "g"]
    (_, bar), = lines(axes, "scale")
    assert axes.texts[-1].get_text() == f"{bar[1] - bar[0]:g} mV"


def test_other_states_nodes_and_times(network):
    res, spikes, meter = network
    axes = matplotlib.figure.Figure().subplots()
    assert nl.plot_traces(res, meter, "I_syn_ex", nodes=[3], start=100.0, stop=150.0, ax=axes) is axes
    (x, _), = lines(axes, "trace")
    assert x[0] == 101.0 and x[-1] == 150.0 and axes.get_xlim() == (100.0, 150.0) and axes.get_ylabel() == "I_syn_ex (pA)"
    assert not lines(axes, "spikes")
    (x, _), = lines(nl.plot_traces(res, meter, spikes=[spikes], nodes=[3], start=100.0, stop=200.0), "spikes")
    fired, who = res.events(spikes, plain=True)
    np.testing.assert_array_equal(x[::3], fired[(who == 2) & (fired > 100.0) & (fired < 200.05)])


def test_five_nodes_are_drawn_unless_told_which(run):
    times = np.arange(1.0, 11.0)
    res = run(end=10.0, traces=(np.arange(8), times, dict(V_m=np.zeros((10, 8)))))
    meter, = res.recorders("states")
    assert len(lines(nl.plot_traces(res, meter), "trace")) == 5


def test_long_traces_are_bands_of_extremes_and_means(run):
    n, rng = 50_000, np.random.default_rng(1)
    V = rng.normal(-60.0, 3.0, (n, 1))
    fired = np.arange(1, 1001) * 4.0
    res = run((fired, [0] * 1000, 1), end=n / 10, traces=([0], np.arange(1, n + 1) / 10, dict(V_m=V)))
    meter, = res.recorders("states")
    axes = nl.plot_traces(res, meter, spikes=res.recorders("spikes"))
    (x, mean), = lines(axes, "mean")
    assert len(x) <= 600 and not lines(axes, "trace") and not lines(axes, "spikes")
    chunk = -(-n // 600)
    np.testing.assert_allclose(mean[:-1], V[:n // chunk * chunk, 0].reshape(-1, chunk).mean(axis=1))
    outline = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert outline.min() == V.min() and outline.max() == V.max()
    assert [t.get_text() for t in axes.texts] == [
        "bands: range of every 84 samples, lines: their means; too many spikes to be drawn"]
    assert not nl.plot_traces(res, meter, spikes=res.recorders("spikes"), stop=1000.0).texts


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("nodes", [0, 2])
def test_nothing_to_draw_is_said(run, nodes):
    samples = 0 if nodes else 10
    res = run(end=10.0, traces=(np.arange(nodes), np.arange(samples) + 1.0, dict(V_m=np.zeros((samples, nodes)))))
    axes = nl.plot_traces(res, res.recorders("states")[0])
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.texts] == ["no samples"] and axes.get_ylabel() == "V_m (mV)"


@pytest.mark.filterwarnings("error")
def test_a_constant_trace_and_a_missing_value_are_drawn(run):
    V = np.zeros((10, 2))
    V[3, 0] = np.nan
    res = run(end=10.0, traces=(np.arange(2), np.arange(10) + 1.0, dict(V_m=V)))
    nl.plot_traces(res, res.recorders("states")[0]).figure.canvas.draw()


@pytest.mark.parametrize("arguments, words", [
    (dict(name="w"), "did not record 'w'; it recorded V_m, I_syn_ex"),
    (dict(nodes=[4]), r"nodes = \[4\]: must be positions in the recorded view, 0 to 3"),
    (dict(nodes=[-1]), r"nodes = \[-1\]"),
    (dict(nodes=[]), r"nodes = \[\]"),
    (dict(nodes=2), "nodes = 2"),
    (dict(color=["r"]), "color = .*list of 4"),
    (dict(color="blurple"), "color = 'blurple': must be a matplotlib colour, or a list of 4"),
    (dict(color=["r", "b", "k", "blurple"]), "'blurple' is no matplotlib colour"),
    (dict(start=400.0), "start = 400.0"),
    (dict(stop=500.0), "stop = 500.0: .*more than 0 and at most 400"),
    (dict(start=200.0, stop=100.0), "stop = 100.0"),
    (dict(ax=[]), "ax = "),
])
def test_bad_input_is_named_and_leaves_no_figure(network, arguments, words):
    res, _, meter = network
    with pytest.raises(nl.BadRecording, match=words):
        nl.plot_traces(res, meter, **arguments)
    with pytest.raises(nl.BadRecording, match="nodes = <NodeView.*must be positions in the recorded view"):
        nl.plot_traces(res, meter, nodes=meter)
    assert not plt.get_fignums()


def test_spikes_must_be_those_of_the_nodes(run):
    res = run(([3.0], [0], 2), end=10.0, traces=([1, 2], np.arange(10) + 1.0, dict(V_m=np.zeros((10, 2)))))
    (spikes,), (meter,) = res.recorders("spikes"), res.recorders("states")
    with pytest.raises(nl.BadRecording, match="did not record the spikes of node 1 .*global id 2: connect it, or give nodes"):
        nl.plot_traces(res, meter, spikes=spikes)
    nl.plot_traces(res, meter, spikes=spikes, nodes=[0])
    with pytest.raises(nl.BadRecording, match="recorded no states|did not record"):
        nl.plot_traces(res, spikes)
