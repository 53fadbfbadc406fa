"""What a slice costs beside the kernels' own work: 1000 neurons, a delay of one step against slices of 32 steps.

python tests/benchmarks/slices.py

The same network, silent and driven, once with slices of one step and once with slices of 32: what a step costs more in
slices of one step is the loop, the spike lists and the barrier.
"""
import statistics
import time

from common import print_table

from nestling import simulator as nl

STEPS, REPEATS = 200_000, 5


def seconds_a_step(delay_steps, threads, driven):
    sim = nl.Simulator(dt=0.1, seed=1, threads=threads)
    neurons = sim.create(nl.iaf_psc_delta, 1000, params=dict(C_m=1.0, tau_m=20.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0))
    if driven:
        noise = sim.create(nl.poisson_generator, rate=20_000.0)
        sim.connect(noise, neurons, weight=0.1, delay=0.1)
    sim.connect(neurons, neurons, rule=nl.fixed_indegree(100), weight=-0.01, delay=0.1 * delay_steps, seed=1)
    sim.simulate(10.0)
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        sim.cont(0.1 * STEPS)
        times.append((time.perf_counter() - begin) / STEPS)
    return statistics.median(times)


rows = []
for driven in (False, True):
    for threads in (1, 2):
        short, long = seconds_a_step(1, threads, driven), seconds_a_step(32, threads, driven)
        rows.append(["Poisson-driven" if driven else "silent", threads, f"{short * 1e6:.2f}", f"{long * 1e6:.2f}",
                     f"{(short - long) * 32 / 31 * 1e6:.2f}"])
print_table(["network", "threads", "us a step, slices of 1", "us a step, slices of 32", "us a slice beside the kernels"], rows)
