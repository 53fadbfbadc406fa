"""Neurons that spike by chance against NEST's: the mean rate, and the CV of intervals, of 500 neurons each."""
import numpy as np
import pytest

from nestling import simulator as nl

N, TIME, LATER = 500, 1000.0, 4.0        # neurons, ms, and ms that NEST runs on, since it hands spikes over late
SFA = dict(tau_sfa=[5.0, 50.0], q_sfa=[1.0, 2.0])
GIF = dict(V_T_star=-47.0, lambda_0=3.0, Delta_V=2.0, I_e=110.0)
CASES = {
    "gif_psc_exp": (GIF, dict(GIF, **SFA, tau_stc=[3.0, 30.0], q_stc=[7.0, 5.0])),
    "gif_cond_exp": (GIF, dict(GIF, **SFA, tau_stc=[3.0, 30.0], q_stc=[7.0, 5.0])),
    "pp_psc_delta": (dict(c_2=20.0, I_e=100.0),
                     dict(c_2=20.0, I_e=100.0, c_1=5.0, with_reset=False, tau_sfa=[30.0], q_sfa=[2.0]),
                     dict(c_2=100.0, dead_time=5.0, dead_time_random=True, dead_time_shape=4)),
}


def by_neuron(times, senders):
    """Rate (spikes/s) and CV of intervals of every neuron."""
    trains = [np.sort(times[senders == i]) for i in range(N)]
    cv = [np.std(np.diff(t)) / np.mean(np.diff(t)) for t in trains if len(t) > 4]
    return np.array([len(t) / TIME * 1e3 for t in trains]), np.array(cv)


def here(model, given, backend):
    sim = nl.Simulator(dt=0.1, seed=1, threads=1, backend=backend)
    cells, recorder = sim.create(getattr(nl, model), N, params=given), sim.create(nl.spike_recorder)
    sim.connect(cells, recorder)
    return by_neuron(*sim.simulate(TIME).events(recorder, plain=True))


def there(nest, model, given):
    nest.ResetKernel()
    nest.resolution, nest.rng_seed = 0.1, 7
    cells, recorder = nest.Create(model, N, params=given), nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(TIME + LATER)
    times, senders = recorder.events["times"], recorder.events["senders"] - 1
    return by_neuron(times[times <= TIME], senders[times <= TIME])


@pytest.mark.parametrize("model, given", [(m, g) for m, sets in CASES.items() for g in sets])
def test_rate_and_cv_agree_with_nest(nest, backend, tolerances, model, given):
    for ours, theirs in zip(here(model, given, backend), there(nest, model, given)):
        assert min(len(ours), len(theirs)) > 0.9 * N
        error = np.sqrt(np.var(ours) / len(ours) + np.var(theirs) / len(theirs))
        assert abs(np.mean(ours) - np.mean(theirs)) < tolerances.NETWORK_STANDARD_ERRORS * error
