"""Results made by hand, for tests of analysis and pictures."""
import numpy as np
import pytest

from nestling.recorders.results import Recorded, Results


class Recorder:
    """Stands for the population of a recorder."""

    index = 0


@pytest.fixture(scope="session")
def run():
    """A function: results with a spike recorder for each (times, senders, neurons), then a multimeter if there are traces."""
    return results


@pytest.fixture(scope="session")
def poisson():
    """A function: (times, senders, neurons) of independent Poisson trains."""
    return poisson_trains


def results(*trains, end=2000.0, parts=(), first=1, traces=None):
    recorded, base = [], 0
    for times, senders, n in trains:
        order = np.argsort(times, kind="stable")
        columns = dict(stamps=steps(times)[order], senders=np.asarray(senders, np.int64)[order])
        names = list(parts) or [(f"model (population {len(recorded)})", n)]
        recorded.append(Recorded(Recorder(), "spike_recorder", base + np.arange(n), first, np.inf, columns, len(order), None,
                                 parts=names))
        base += n
    if traces is not None:
        ids, times, states = traces
        units = {name: "pA" if name.startswith("I") else "mV" for name in states}
        recorded.append(Recorded(Recorder(), "multimeter", np.asarray(ids), first, np.inf, dict(stamps=steps(times), **states),
                                 len(times), tuple(states), units))
    return Results(0.1, 0, round(end * 10), recorded, lambda value, unit: value)


def steps(times):
    return np.rint(np.asarray(times, float) * 10).astype(np.int64)


def poisson_trains(n, rate, end=2000.0, seed=1):
    rng = np.random.default_rng(seed)
    count = rng.poisson(n * rate * end * 1e-3)
    return rng.integers(1, round(end * 10) + 1, count) / 10, rng.integers(0, n, count), n
