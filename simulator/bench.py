"""A short benchmark: Brunel's network (2000, J. Comput. Neurosci. 8:183), in Nestling and, where it is installed, in NEST.

One of the two files of this folder that name models: it is a script that comes along. The full benchmarks are in
tests/benchmarks.
"""
from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any, NamedTuple

from .plan_text import rows_of

NEURON = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
J, G, DELAY, DRIVE = 0.1, 5.0, 1.5, 20_000.0          # mV, relative inhibition, ms, spikes/s


class Figures(NamedTuple):
    """What a side measures. build, run: seconds; events: synaptic events."""

    name: str
    build: float
    run: float
    spikes: int
    events: int


def sizes(order: int) -> tuple[int, int, int, int]:
    """Excitatory and inhibitory neurons, and a neuron's inputs from both."""
    return 4 * order, order, max(4 * order // 10, 1), max(order // 10, 1)


def run_nestling(order: int, duration: float, threads: int, backend: str = "cpu") -> Figures:
    """The network in Nestling; kernels are compiled, or loaded, before time is taken."""
    from nestling import simulator as nl

    def build() -> Any:
        n_ex, n_in, from_ex, from_in = sizes(order)
        sim = nl.Simulator(dt=0.1, seed=1, threads=threads, backend=backend)
        ex, inh = (sim.create(nl.iaf_psc_delta, n, params=NEURON) for n in (n_ex, n_in))
        sim.connect(sim.create(nl.poisson_generator, rate=DRIVE), ex + inh, weight=J, delay=DELAY)
        sim.connect(ex, ex + inh, rule=nl.fixed_indegree(from_ex), weight=J, delay=DELAY)
        sim.connect(inh, ex + inh, rule=nl.fixed_indegree(from_in), weight=-G * J, delay=DELAY)
        sim.plan()
        return sim

    build().profile(10.0, progress=False)
    start = time.perf_counter()
    sim = build()
    built = time.perf_counter()
    profile = sim.profile(duration, progress=False)
    name = "Nestling" if backend == "cpu" else "Nestling, GPU"
    return Figures(name, built - start, profile.running, profile.spikes, sum(profile.events.values()))


def run_nest(order: int, duration: float, threads: int) -> Figures:
    """The network in NEST."""
    import nest

    nest.set_verbosity("M_ERROR")
    nest.local_num_threads, nest.resolution, nest.rng_seed = threads, 0.1, 1
    n_ex, n_in, from_ex, from_in = sizes(order)
    start = time.perf_counter()
    ex, inh = (nest.Create("iaf_psc_delta", n, NEURON) for n in (n_ex, n_in))
    for name, weight in (("excitatory", J), ("inhibitory", -G * J)):
        nest.CopyModel("static_synapse", name, dict(weight=weight, delay=DELAY))
    nest.Connect(nest.Create("poisson_generator", params=dict(rate=DRIVE)), ex + inh, syn_spec="excitatory")
    nest.Connect(ex, ex + inh, {"rule": "fixed_indegree", "indegree": from_ex}, "excitatory")
    nest.Connect(inh, ex + inh, {"rule": "fixed_indegree", "indegree": from_in}, "inhibitory")
    built = time.perf_counter()
    nest.Simulate(10.0)                                # NEST's preparation is no part of the run
    begun = time.perf_counter()
    nest.Simulate(duration)
    done = time.perf_counter()
    spikes = int(nest.local_spike_counter)
    # a mean neuron reaches as many as it hears
    return Figures(f"NEST {nest.__version__}", built - start, done - begun, spikes, spikes * (from_ex + from_in))


def nest_apart(order: int, duration: float, threads: int) -> Figures | str:
    """run_nest in a process of its own, or why there is no such run."""
    command = [sys.executable, "-m", __spec__.name, str(order), str(duration), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return Figures(*json.loads(done.stdout.strip().splitlines()[-1]))
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    if "No module named 'nest'" in last:
        return "NEST is not installed here (pip install nest-simulator)"
    return f"NEST did not run: {last}"


def table(order: int, duration: float, threads: int, found: list[Figures]) -> str:
    """The figures of all sides, to be printed."""
    n_ex, n_in, from_ex, from_in = sizes(order)
    n = n_ex + n_in
    lines = [f"Brunel's network of order {order}: {n:,} neurons, {n * (from_ex + from_in):,} synapses, {duration:g} ms, "
             f"{threads} thread{'s' * (threads != 1)}"]
    rows = [[f.name, f"{f.build:.3f}", f"{f.run:.3f}", f"{f.run / duration * 1e3:.3g}", f"{f.events / f.run:.3g}",
             f"{f.spikes / n / duration * 1e3:.1f}"] for f in found]
    lines += rows_of(["", "build s", "run s", "real-time factor", "synaptic events/s", "rate spikes/s"], rows)
    if len(found) == 2:
        lines.append(f"{found[0].name} runs {found[1].run / found[0].run:.1f} times as fast as {found[1].name}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(run_nest(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
