"""iaf_psc_delta against NEST's: V_m at every step, and the steps of all spikes."""
import numpy as np
import pytest

# parameters that differ from the defaults in every place
OTHER = dict(tau_m=23.7, C_m=181.0, t_ref=1.3, V_th=-48.2, V_reset=-61.5, E_L=-66.6, I_e=140.0, V_m=-63.0)

DT = pytest.mark.parametrize("dt", [0.1, 0.025])


def random_train(seed, n, duration, dt, **given):
    """A train of n spikes on the grid, several in some steps."""
    rng = np.random.default_rng(seed)
    steps = np.sort(rng.integers(1, round(duration / dt) - 1, n))
    return dict(spike_times=np.round(steps * dt, 6), **given)     # rounded: NEST refuses 0.30000000000000004


@DT
@pytest.mark.parametrize("I_e", [-100.0, 0.0, 300.0, 374.9, 375.1, 500.0, 5000.0])
def test_a_constant_current_moves_the_membrane_as_in_nest(compare, I_e, dt):
    run = compare(dict(I_e=I_e), dt=dt)
    assert (run.spikes.size > 0) == (I_e > 375.0)       # (V_th - E_L) C_m / tau_m


@DT
@pytest.mark.parametrize("delay", [0.1, 1.0, 2.3])
@pytest.mark.parametrize("window", [
    dict(),
    dict(start=3.0),
    dict(start=0.1, stop=0.2),
    dict(stop=0.1),
    dict(start=3.0, stop=40.0),
    dict(start=3.0, stop=40.0, origin=7.5),
    dict(stop=5.0, origin=0.1),
    dict(start=4.0, stop=4.0),
])
def test_a_dc_generator_is_on_when_nests_is(compare, window, delay, dt):
    compare(currents=[dict(amplitude=600.0, delay=delay, **window)], dt=dt, duration=60.0)


def test_the_currents_of_dc_generators_add_up_with_their_weights(compare):
    currents = [dict(amplitude=400.0, start=2.0, weight=0.75), dict(amplitude=300.0, start=10.0, stop=50.0, delay=0.3),
                dict(amplitude=200.0, start=30.0, stop=70.0, weight=-1.5, delay=3.0)]
    assert compare(dict(I_e=120.0), currents).spikes.size > 0


@DT
@pytest.mark.parametrize("weight", [1.5, -1.5, 20.0])
def test_a_spike_moves_the_membrane_by_its_weight_after_its_delay(compare, weight, dt):
    times = [1.0, 2.0, 2.1, 5.0, 17.3]
    for delay in (0.1, 0.2, 0.3, 0.7, 1.0, 1.5, 2.9, 3.0):
        compare(trains=[dict(spike_times=times, weight=weight, delay=delay)], dt=dt, duration=30.0)


def test_several_spikes_of_one_step_add_up(compare):
    run = compare(trains=[dict(spike_times=[1.0, 1.0, 1.0, 4.0], weight=2.0)], duration=10.0)
    assert run.V_m[19] == pytest.approx(-64.0)
    compare(trains=[dict(spike_times=[2.0, 3.0], weight=w, delay=d) for w, d in ((1.0, 2.0), (-3.5, 1.0), (4.0, 2.0))],
            duration=10.0)


def test_multiplicities_are_so_many_spikes(compare):
    run = compare(trains=[dict(spike_times=[1.0, 2.0, 3.0, 4.0], spike_multiplicities=[3, 0, 1, 12], weight=0.7)],
                  duration=10.0)
    assert run.V_m[19] == pytest.approx(-67.9)


def test_spikes_and_currents_arrive_together(compare):
    run = compare(dict(I_e=150.0),
                  currents=[dict(amplitude=150.0, start=5.0, stop=80.0, delay=0.5)],
                  trains=[random_train(1, 100, 100.0, 0.1, weight=2.0, delay=0.4),
                          random_train(2, 100, 100.0, 0.1, weight=-2.0, delay=1.7)])
    assert run.spikes.size > 0


@DT
@pytest.mark.parametrize("t_ref", [0.0, 0.5, 2.0, 7.3])
@pytest.mark.parametrize("keep", [False, True])
def test_input_during_refractoriness_is_kept_or_dropped(compare, keep, t_ref, dt):
    neuron = dict(OTHER, t_ref=t_ref, refractory_input=keep)
    trains = [random_train(3, 300, 100.0, 0.1, weight=3.0, delay=0.6), random_train(4, 200, 100.0, 0.1, weight=-2.0)]
    assert compare(neuron, trains=trains, dt=dt).spikes.size > 5


@pytest.mark.parametrize("dt, t_ref", [(0.1, 0.04), (0.1, 0.15), (0.1, 0.25), (0.1, 1.449), (0.1, 1.1), (0.1, 0.7),
                                       (0.1, 0.5004), (0.1, 0.5006), (0.25, 0.37)])
def test_a_refractory_period_off_the_grid_is_rounded_up(compare, dt, t_ref):
    assert compare(dict(t_ref=t_ref, I_e=2000.0), dt=dt, duration=50.0).spikes.size > 10


@pytest.mark.parametrize("keep", [False, True])
def test_a_single_spike_before_in_every_step_of_and_after_refractoriness(compare, keep):
    for arrival in np.arange(19, 44) / 10:
        run = compare(dict(refractory_input=keep), duration=8.0,
                      trains=[dict(spike_times=[1.0], weight=20.0), dict(spike_times=[arrival - 1.0], weight=6.0)])
        assert list(run.spikes) == [20]                       # so the neuron is refractory in steps 21 to 40
        assert (run.V_m[-1] > -69.0) == (arrival > (2.05 if keep else 4.05))


def test_v_min_cuts_the_membrane_off_from_below(compare):
    trains = [random_train(5, 200, 100.0, 0.1, weight=-4.0), random_train(6, 200, 100.0, 0.1, weight=4.0)]
    run = compare(dict(V_min=-75.0, I_e=100.0), trains=trains)
    assert run.V_m.min() == pytest.approx(-75.0) and (run.V_m > -74.9).any()
    compare(dict(V_min=-75.0, V_m=-90.0), duration=5.0)     # below from the start


def test_a_membrane_exactly_at_threshold_fires(compare):
    neuron = dict(E_L=0.0, V_m=0.0, V_reset=-5.0, V_th=10.0)        # no rounding on either side
    run = compare(neuron, trains=[dict(spike_times=[1.0], weight=10.0)], duration=5.0)
    assert list(run.spikes) == [20]


@DT
@pytest.mark.parametrize("neuron", [
    OTHER,
    dict(OTHER, V_reset=-52.0, E_L=-70.0, I_e=200.0),             # reset above rest
    dict(OTHER, V_reset=-90.0, t_ref=0.0),                        # reset below rest
    dict(OTHER, E_L=-40.0, I_e=0.0),                              # rest above threshold: fires by itself
    dict(E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0, C_m=1.0, tau_m=20.0, I_e=1.2),
    dict(V_m=-20.0),                                              # above threshold from the start
    dict(V_m=-55.0),                                              # at threshold
])
def test_other_parameters_and_random_input(compare, neuron, dt):
    trains = [random_train(7, 150, 100.0, 0.1, weight=1.9, delay=1.1), random_train(8, 150, 100.0, 0.1, weight=-1.7)]
    run = compare(neuron, trains=trains, dt=dt)
    assert neuron.get("I_e", 0.0) == 0.0 or run.spikes.size > 0


@pytest.mark.parametrize("seed", range(6))
def test_random_trains_of_hundreds_of_spikes_give_the_same_spikes(compare, seed):
    run = compare(trains=[random_train(10 + seed, 600, 300.0, 0.1, weight=2.3, delay=1.5),
                          random_train(20 + seed, 200, 300.0, 0.1, weight=-2.9, delay=0.1 * (1 + seed))],
                  duration=300.0)
    assert run.spikes.size > 5


@pytest.mark.parametrize("seed", range(40))
def test_neurons_and_input_made_up_at_random_do_as_in_nest(compare, seed):
    rng = np.random.default_rng(seed)
    dt = float(rng.choice([0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0]))

    def time(low, high):
        return max(dt, float(np.round(np.round(rng.uniform(low, high) / dt) * dt, 6)))

    E_L = rng.uniform(-80.0, -50.0)
    V_th = E_L + rng.uniform(-3.0, 25.0)
    V_reset = V_th - rng.uniform(0.01, 30.0)
    neuron = dict(E_L=E_L, V_th=V_th, V_reset=V_reset, V_min=V_reset - rng.uniform(-5.0, 10.0),
                  V_m=E_L + rng.uniform(-10.0, 20.0), tau_m=rng.uniform(0.5, 50.0), C_m=rng.uniform(50.0, 500.0),
                  t_ref=rng.uniform(0.0, 5.0), I_e=rng.uniform(-100.0, 500.0), refractory_input=bool(rng.random() < 0.5))
    currents = [dict(amplitude=rng.uniform(-300.0, 500.0), weight=rng.uniform(-2.0, 2.0), delay=time(0.0, 5.0),
                     start=time(0.0, 20.0), stop=time(20.0, 70.0), origin=time(0.0, 10.0)) for _ in range(rng.integers(3))]
    trains = []
    for _ in range(rng.integers(4)):
        train = random_train(rng.integers(2**32), rng.integers(120), 50.0, dt, weight=rng.normal(0.0, 5.0))
        trains.append(dict(train, delay=time(0.0, 6.0), start=time(0.0, 10.0), stop=time(30.0, 70.0), origin=time(0.0, 9.0),
                           spike_multiplicities=rng.integers(0, 4, len(train["spike_times"]))))
    compare(neuron, currents, trains, dt, duration=60.0)


def test_single_precision_follows_to_its_own_tolerance(compare):
    run = compare(OTHER, currents=[dict(amplitude=130.0, start=5.0, delay=0.5)],
                  trains=[random_train(30, 200, 200.0, 0.1, weight=1.5), random_train(31, 200, 200.0, 0.1, weight=-1.3)],
                  duration=200.0, precision="single")
    assert run.spikes.size > 0
    assert run.V_m.dtype == np.float32
