"""The same trains in Elephant: the same answers, where it has the measure. Trains are off the grid, away from bins' edges."""
import warnings

import numpy as np
import pytest

from nestling import simulator as nl

REASON = "Elephant is not installed: pip install elephant"
neo = pytest.importorskip("neo", reason=REASON)
pq = pytest.importorskip("quantities", reason=REASON)
statistics = pytest.importorskip("elephant.statistics", reason=REASON)
pytestmark = [pytest.mark.filterwarnings("ignore:The 'copy' argument in Quantity"),        # Elephant's own
              pytest.mark.filterwarnings("ignore:the matrix subclass")]
END = 5000.0
FORMS = {"poisson": 1.0, "gamma": 3.0, "bursts": 0.3, "regular": None}


@pytest.fixture(scope="module", params=FORMS)
def trains(request):
    """Six trains of 100 to 300 spikes."""
    rng, shape = np.random.default_rng(2), FORMS[request.param]
    intervals = np.full((6, 1200), 25.0) if shape is None else rng.gamma(shape, 25.0 / shape, (6, 1200))
    at = np.cumsum(intervals, axis=1) + rng.random((6, 1)) * 10.0 + 0.0123
    return [t[t < END] for t in at]


@pytest.fixture
def arrays(trains):
    times, senders = np.concatenate(trains), np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    order = np.argsort(times, kind="stable")
    return times[order], senders[order]


@pytest.fixture
def spiketrains(trains):
    return [neo.SpikeTrain(t, units="ms", t_stop=END) for t in trains]


@pytest.fixture
def binned(spiketrains):
    from elephant.conversion import BinnedSpikeTrain
    return lambda bin: BinnedSpikeTrain(spiketrains, bin_size=bin * pq.ms)


def test_rates_and_intervals(arrays, spiketrains):
    np.testing.assert_allclose(nl.mean_rates(*arrays, stop=END),
                               [statistics.mean_firing_rate(t).rescale(pq.Hz).item() for t in spiketrains])
    intervals, owner = nl.isi(*arrays)
    for i, train in enumerate(spiketrains):
        np.testing.assert_allclose(intervals[owner == i], statistics.isi(train).magnitude, rtol=1e-9)


@pytest.mark.parametrize("bin", [5.0, 40.0])
def test_rate_histogram(arrays, spiketrains, bin):
    edges, got = nl.rate_histogram(*arrays, bin, stop=END)
    want = statistics.time_histogram(spiketrains, bin * pq.ms, output="rate")
    np.testing.assert_allclose(got, np.ravel(want.rescale(pq.Hz).magnitude), rtol=1e-9)
    np.testing.assert_allclose(edges[:-1], want.times.rescale(pq.ms).magnitude)


@pytest.mark.parametrize("ours, theirs, options", [
    ("isi_cv", "cv", {}), ("cv2", "cv2", {}), ("lv", "lv", {}), ("lvr", "lvr", {}), ("lvr", "lvr", dict(R=2.0))])
def test_irregularity(arrays, spiketrains, ours, theirs, options):
    given = {k: v * pq.ms for k, v in options.items()}
    want = [float(getattr(statistics, theirs)(statistics.isi(t), **given)) for t in spiketrains]
    np.testing.assert_allclose(getattr(nl, ours)(*arrays, **options), want, rtol=1e-9, atol=1e-12)


def test_fano_factor(arrays, trains):
    for train, got in zip(trains, nl.fano_factor(*arrays, 250.0, stop=END)):
        pieces = [neo.SpikeTrain(train[(train > a) & (train <= a + 250.0)], units="ms", t_start=a, t_stop=a + 250.0)
                  for a in np.arange(20) * 250.0]
        assert got == pytest.approx(statistics.fanofactor(pieces), abs=1e-12)


@pytest.mark.parametrize("bin", [2.0, 40.0])
def test_count_correlation(arrays, binned, bin):
    from elephant.spike_train_correlation import correlation_coefficient
    want = correlation_coefficient(binned(bin))
    np.testing.assert_allclose(nl.count_correlation_matrix(*arrays, bin, stop=END), want, atol=1e-9)
    assert nl.count_correlation(*arrays, bin, stop=END) == pytest.approx(want[~np.eye(6, dtype=bool)].mean(), abs=1e-9)


@pytest.mark.parametrize("bin, k", [(1.0, 50), (5.0, 200)])
def test_cross_correlogram(arrays, spiketrains, bin, k):
    from elephant.conversion import BinnedSpikeTrain
    from elephant.spike_train_correlation import cross_correlation_histogram
    one, two = (BinnedSpikeTrain(spiketrains[i], bin_size=bin * pq.ms) for i in (1, 4))
    want, at = cross_correlation_histogram(one, two, window=[-k, k])
    lags, counts = nl.cross_correlogram(*arrays, first=1, second=4, bin=bin, max_lag=k * bin, stop=END)
    np.testing.assert_array_equal(counts, np.ravel(want.magnitude))
    np.testing.assert_allclose(lags, at * bin)
    alone, _ = cross_correlation_histogram(one, one, window=[-k, k])
    _, own = nl.autocorrelogram(*arrays, 1, bin=bin, max_lag=k * bin, stop=END)
    own[k] += len(spiketrains[1])                       # Elephant counts the pair of a spike with itself
    np.testing.assert_array_equal(own, np.ravel(alone.magnitude))


@pytest.mark.parametrize("kernel, width, sigma", [("gaussian", 20.0, 20.0), ("alpha", 10.0, 10.0 * np.sqrt(2.0))])
def test_instantaneous_rate(trains, kernel, width, sigma):
    """Away from the ends, where Elephant corrects nothing. Its bins begin where ours are centred: half a step earlier."""
    from elephant.kernels import AlphaKernel, GaussianKernel
    form = dict(gaussian=GaussianKernel, alpha=AlphaKernel)[kernel](sigma=sigma * pq.ms)
    senders = np.repeat(np.arange(len(trains)), [len(t) for t in trains])
    at, got = nl.instantaneous_rate(np.concatenate(trains), senders, width, kernel, step=0.5, each=True, stop=END)
    shifted = [neo.SpikeTrain(t + 0.25, units="ms", t_stop=END + 1.0) for t in trains]
    cutoff = (150.0 - 1e-9) / sigma                     # of whole steps: else Elephant's kernel is stretched a little
    want = statistics.instantaneous_rate(shifted, 0.5 * pq.ms, form, cutoff=cutoff, center_kernel=False)
    inner = (at > 400.0) & (at < END - 400.0)
    index = np.rint(at[inner] / 0.5).astype(int)
    np.testing.assert_allclose(got[inner], want.magnitude[index], rtol=2e-3, atol=1e-3)


def test_power_spectrum(arrays, trains):
    from elephant.spectral import welch_psd
    rate = np.histogram(np.concatenate(trains), np.arange(int(END) + 1))[0] / 6 * 1e3
    signal = neo.AnalogSignal(rate[:, None], units="Hz", sampling_rate=1000.0 * pq.Hz)
    f, want = welch_psd(signal, len_segment=500, overlap=0.5)
    at, got = nl.power_spectrum(*arrays, segment=500.0, stop=END)
    np.testing.assert_allclose(at, f.rescale(pq.Hz).magnitude)
    np.testing.assert_allclose(got, np.ravel(want.magnitude), rtol=1e-9, atol=1e-9)


def test_psth(arrays, spiketrains):
    """Elephant's time histogram of the pieces around triggers."""
    triggers = 300.0 + 400.0 * np.arange(10) + 0.005
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pieces = [t.time_slice((a - 100.0) * pq.ms, (a + 200.0) * pq.ms).time_shift((100.0 - a) * pq.ms)
                  for t in spiketrains for a in triggers]
        want = statistics.time_histogram(pieces, 10.0 * pq.ms, t_start=0 * pq.ms, t_stop=300 * pq.ms, output="rate")
    _, got = nl.psth(*arrays, triggers, 100.0, 200.0, 10.0, stop=END)
    np.testing.assert_allclose(got, np.ravel(want.rescale(pq.Hz).magnitude), rtol=1e-9)
