"""Statistics of trains whose rate, CV and correlation are known."""
import numpy as np
import pytest

from nestling.recorders.contract import BadRecording
from nestling.recorders.statistics import count_correlation, firing_rate, isi_cv, rate_histogram

DT = 0.1


class Run:
    """Results of one recorder, from one array of times for each neuron."""

    dt = DT

    def __init__(self, trains, end, begin=0.0):
        self.trains, self.window = trains, (begin, end)

    def size(self, rec):
        return len(self.trains)

    def events(self, rec, plain):
        assert plain
        times = np.concatenate([np.zeros(0), *self.trains])
        senders = np.repeat(np.arange(len(self.trains)), [len(t) for t in self.trains])
        order = np.argsort(times, kind="stable")
        return times[order], senders[order]


def renewal(shape, n, end, mean=20.0, seed=1):
    """Gamma trains off the grid, so that intervals keep their exact distribution; shape 1 is Poisson."""
    intervals = np.random.default_rng(seed).gamma(shape, mean / shape, (n, int(2 * end / mean) + 50))
    return [t[t <= end] for t in np.cumsum(intervals, axis=1)]


def poisson_on_grid(n, end, p=0.002, seed=1, begin=0.0):
    fired = np.random.default_rng(seed).random((n, round((end - begin) / DT))) < p
    return [(np.flatnonzero(row) + 1 + round(begin / DT)) * DT for row in fired]


SILENT = Run([np.zeros(0)] * 5, 100.0)


@pytest.mark.parametrize("begin", [0.0, 123.4])
@pytest.mark.parametrize("bin", [5.0, 0.3, 7.0, 1e4])
def test_histogram_holds_every_spike(bin, begin):
    run = Run(poisson_on_grid(50, begin + 1000.0, begin=begin), begin + 1000.0, begin)
    edges, rate = rate_histogram(run, 0, bin)
    assert edges[0] == begin and edges[-1] == begin + 1000.0 and len(edges) == len(rate) + 1
    assert np.sum(rate * np.diff(edges)) * 50 / 1e3 == pytest.approx(sum(map(len, run.trains)))


@pytest.mark.parametrize("bin", [0.1, 2.0, 5.0, 30.0])
def test_a_spike_in_every_step_has_the_rate_of_the_grid_in_every_bin(bin):
    run = Run([np.arange(1, 1001) * DT] * 3, 100.0)   # 30 ms leaves a last bin of 10 ms
    np.testing.assert_allclose(rate_histogram(run, 0, bin)[1], 1e3 / DT)
    times, rate = firing_rate(run, 0, bin)
    np.testing.assert_allclose(times, run.trains[0])
    np.testing.assert_allclose(rate, 1e3 / DT)


@pytest.mark.parametrize("width, steps", [(5.0, 51), (0.1, 1), (0.6, 7), (4.95, 49)])
def test_one_spike_becomes_a_boxcar_around_it(width, steps):
    times, rate = firing_rate(Run([np.array([50.0]), np.zeros(0)], 100.0), 0, width)
    covered = times[rate > 0]
    assert len(covered) == steps and covered.mean() == pytest.approx(50.0)
    assert rate.sum() * DT * 2 / 1e3 == pytest.approx(1.0)


def test_smoothed_rate_equals_a_convolution_over_what_it_covers():
    run = Run(poisson_on_grid(20, 200.0), 200.0)
    counts = np.histogram(np.concatenate(run.trains), np.arange(2001) * DT + DT / 2)[0]
    box = np.ones(51)
    want = np.convolve(counts, box, "same") / (np.convolve(np.ones(2000), box, "same") * DT) / 20 * 1e3
    np.testing.assert_allclose(firing_rate(run, 0)[1], want)


def test_regular_trains_have_no_variation():
    cv = isi_cv(Run([np.arange(1, n + 1) * 7.3 for n in (4, 5, 60)], 500.0), 0)
    assert np.isnan(cv[0]) and np.all(cv[1:] < 1e-12)


@pytest.mark.parametrize("shape", [1.0, 2.0, 4.0, 0.5])
def test_cv_of_gamma_intervals(shape):
    cv = isi_cv(Run(renewal(shape, 100, 20_000.0), 20_000.0), 0)   # 1000 intervals each
    assert cv.shape == (100,)
    assert cv.mean() == pytest.approx(shape ** -0.5, rel=0.02)


def test_cv_is_each_neurons_own():
    trains = renewal(1.0, 30, 300.0)
    cv = isi_cv(Run(trains, 300.0), 0, min_spikes=10)
    for got, train in zip(cv, trains):
        want = np.diff(train).std() / np.diff(train).mean() if len(train) >= 10 else np.nan
        assert got == pytest.approx(want, nan_ok=True)


def test_cv_of_many_neurons():
    n, spikes = 70_000, 5   # more than 16 bits of neurons
    intervals = np.random.default_rng(1).random((n, spikes)) + 0.1
    cv = isi_cv(Run(list(np.cumsum(intervals, axis=1)), 10.0), 0)
    np.testing.assert_allclose(cv, intervals[:, 1:].std(axis=1) / intervals[:, 1:].mean(axis=1))


def reference_correlation(trains, n, bin, end):
    edges = np.arange(int(end / bin) + 1) * bin + DT / 2       # whole bins (edge, next edge]
    counts = np.array([np.histogram(t, edges)[0] for t in trains[:n]])
    matrix = np.corrcoef(counts[counts.std(axis=1) > 0])
    return matrix[~np.eye(len(matrix), dtype=bool)].mean()


@pytest.mark.parametrize("n, bin, end", [(100, 2.0, 1000.0), (7, 3.0, 1000.0), (1000, 10.0, 205.0)])
def test_correlation_equals_numpys(n, bin, end):
    trains = poisson_on_grid(120, end)
    trains[3] = np.zeros(0)
    trains[5] = trains[0]
    trains[6] = np.append(trains[0], end)   # a spike at the very end counts
    assert count_correlation(Run(trains, end), 0, bin, n) == pytest.approx(reference_correlation(trains, n, bin, end),
                                                                           rel=1e-9, abs=1e-12)


def test_correlation_of_independent_and_of_shared_trains():
    assert abs(count_correlation(Run(poisson_on_grid(100, 20_000.0), 20_000.0), 0)) < 2e-3
    one = poisson_on_grid(1, 1000.0)
    assert count_correlation(Run(one * 10, 1000.0), 0) == pytest.approx(1.0)
    # Each neuron copies each spike of a common train with probability c: a correlation of c.
    rng, mother = np.random.default_rng(2), poisson_on_grid(1, 50_000.0, p=0.01)[0]
    copies = [mother[rng.random(len(mother)) < 0.3] for _ in range(50)]
    assert count_correlation(Run(copies, 50_000.0), 0) == pytest.approx(0.3, abs=0.02)


def test_constant_counts_have_no_correlation():
    clock = np.arange(1, 100) * 2.0 - 1.0   # one spike in every bin
    assert np.isnan(count_correlation(Run([clock, clock, clock[:30]], 198.0), 0))


def test_start_leaves_out_what_comes_before():
    early, late = poisson_on_grid(20, 500.0), poisson_on_grid(20, 1000.0, begin=500.0, seed=2)
    both = Run([np.concatenate(pair) for pair in zip(early, late)], 1000.0)
    only = Run(late, 1000.0, begin=500.0)
    np.testing.assert_array_equal(isi_cv(both, 0, start=500.0), isi_cv(only, 0))
    assert count_correlation(both, 0, start=500.0) == count_correlation(only, 0)
    for function in (firing_rate, rate_histogram):
        for got, want in zip(function(both, 0, start=500.0), function(only, 0)):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("start", [0.05, 0.3, 0.7])
def test_start_need_not_lie_on_the_grid(start):
    run = Run([np.arange(1, 101) * DT], 10.0)   # 0.3 is stamped 0.30000000000000004
    first = firing_rate(run, 0, start=start)[0][0]
    assert start + 1e-9 < first <= start + DT + 1e-9
    edges, rate = rate_histogram(run, 0, 1.0, start=start)
    assert np.sum(rate * np.diff(edges)) / 1e3 == pytest.approx(np.sum(run.trains[0] > start + 1e-9))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("run", [SILENT, Run([], 100.0)], ids=["silent", "no neurons"])
def test_nothing_recorded(run):
    n = run.size(0)
    for function in (firing_rate, rate_histogram):
        rate = function(run, 0)[1]
        assert np.all(rate == 0) if n else np.all(np.isnan(rate))
    assert isi_cv(run, 0).shape == (n,) and np.all(np.isnan(isi_cv(run, 0)))
    assert np.isnan(count_correlation(run, 0))


@pytest.mark.filterwarnings("error")
def test_spikes_at_one_time_have_no_cv():
    assert np.isnan(isi_cv(Run([np.full(6, 3.0)], 10.0), 0)).all()


@pytest.mark.parametrize("call, name", [
    (lambda: firing_rate(SILENT, 0, 0.0), "width = 0.0"),
    (lambda: firing_rate(SILENT, 0, "5 ms"), "width = '5 ms'"),
    (lambda: rate_histogram(SILENT, 0, 0.05), "bin = 0.05.*step of 0.1 ms"),
    (lambda: count_correlation(SILENT, 0, float("inf")), "bin = inf"),
    (lambda: count_correlation(SILENT, 0, n=1), "n = 1.*2 or more"),
    (lambda: isi_cv(SILENT, 0, 2), "min_spikes = 2.*3 or more"),
    (lambda: isi_cv(SILENT, 0, 5.5), "min_spikes = 5.5"),
    (lambda: firing_rate(SILENT, 0, start=100.0), "start = 100.0.*at least 0 and less than 100"),
    (lambda: isi_cv(SILENT, 0, start=-1), "start = -1"),
])
def test_bad_input_is_named(call, name):
    with pytest.raises(BadRecording, match=name):
        call()
