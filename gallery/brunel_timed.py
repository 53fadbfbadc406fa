"""Brunel's network (2000, J. Comput. Neurosci. 8:183), timed: in Nestling and, where it is installed, in NEST.

The balanced network of brunel_delta.py, both sides in turn in one process, with the same numbers and the spikes of up to 500
neurons recorded. build: declaring and connecting, with tables of synapses; run: the simulation, after 10 ms that prepare it.
Synaptic events are counted as spikes times the inputs of a neuron, as many as a mean neuron reaches. Compiling kernels, at the
first run ever, is not counted. `nestling bench` runs this script; the benchmarks of all networks are in tests/benchmarks.
"""
import argparse
import os
import sys
import time

from nestling import simulator as nl


def whole(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, 1 or more")
    return int(text)


def positive(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number of ms, more than 0")
    return value


parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=whole, default=500, help="excitatory neurons: 4 x order, inhibitory: order")
parser.add_argument("--time", type=positive, default=1000.0, help="simulated time, ms")
parser.add_argument("--threads", type=whole, default=1, help="threads, of both")
parser.add_argument("--backend", choices=["cpu", "cuda"], default="cpu", help="where Nestling runs")
parser.add_argument("--without-nest", action="store_true", help="Nestling only")
args = parser.parse_args()

NE, NI, CE, CI = 4 * args.order, args.order, max(4 * args.order // 10, 1), max(args.order // 10, 1)
J, g, delay, drive, warmup = 0.1, 5.0, 1.5, 20_000.0, 10.0           # mV, 1, ms, spikes/s, ms
neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
shown = min(NE, 500)                                                # neurons whose spikes are recorded


def build():
    sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads, backend=args.backend)
    exc, inh = sim.create(nl.iaf_psc_delta, NE, params=neuron), sim.create(nl.iaf_psc_delta, NI, params=neuron)
    rec = sim.create(nl.spike_recorder)
    sim.connect(sim.create(nl.poisson_generator, rate=drive), exc + inh, weight=J, delay=delay)
    sim.connect(exc, exc + inh, rule=nl.fixed_indegree(CE), weight=J, delay=delay)
    sim.connect(inh, exc + inh, rule=nl.fixed_indegree(CI), weight=-g * J, delay=delay)
    sim.connect(exc[:shown], rec)
    sim.plan()
    return sim, rec


def nestling_side():
    """Seconds to build and to run, and the rate (spikes/s)."""
    build()[0].simulate(warmup, progress=False)                     # compiles kernels, or loads them
    start = time.perf_counter()
    sim, rec = build()
    built = time.perf_counter()
    sim.simulate(warmup, progress=False)
    begun = time.perf_counter()
    res = sim.cont(args.time, progress=False)
    return built - start, time.perf_counter() - begun, res.rate(rec)


def nest_side(nest):
    """The same of NEST."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.local_num_threads, nest.resolution, nest.rng_seed = args.threads, 0.1, 1
    start = time.perf_counter()
    exc, inh = nest.Create("iaf_psc_delta", NE, neuron), nest.Create("iaf_psc_delta", NI, neuron)
    rec = nest.Create("spike_recorder", params=dict(start=warmup))
    for name, weight in (("excitatory", J), ("inhibitory", -g * J)):
        nest.CopyModel("static_synapse", name, dict(weight=weight, delay=delay))
    nest.Connect(nest.Create("poisson_generator", params=dict(rate=drive)), exc + inh, syn_spec="excitatory")
    nest.Connect(exc, exc + inh, dict(rule="fixed_indegree", indegree=CE), "excitatory")
    nest.Connect(inh, exc + inh, dict(rule="fixed_indegree", indegree=CI), "inhibitory")
    nest.Connect(exc[:shown], rec)
    built = time.perf_counter()
    nest.Simulate(warmup)
    begun = time.perf_counter()
    nest.Simulate(args.time)
    return built - start, time.perf_counter() - begun, rec.n_events / shown / args.time * 1e3


def show(name, build, run, rate):
    events = rate * args.time * 1e-3 * (NE + NI) * (CE + CI)
    print(f"  {name:14}{build:8.3f}{run:8.3f}{run / args.time * 1e3:18.3g}{events / run:19.3g}{rate:15.1f}", flush=True)


os.environ.setdefault("PYNEST_QUIET", "1")
print(f"Brunel's network of order {args.order}: {NE + NI:,} neurons, {(NE + NI) * (CE + CI):,} synapses, {args.time:g} ms, "
      f"{args.threads} thread{'s' * (args.threads > 1)}")
print(f"  {'':14} build s   run s  real-time factor  synaptic events/s  rate spikes/s", flush=True)
try:
    ours = nestling_side()
except (nl.NotAvailable, nl.TooLarge) as error:
    sys.exit(str(error))
show("Nestling" if args.backend == "cpu" else "Nestling, GPU", *ours)
if not args.without_nest:
    try:
        import nest
    except ImportError as error:
        absent = "NEST is not installed here: pip install nest-simulator"
        print(absent if error.name == "nest" else f"NEST does not start: {error}")
    else:
        theirs = nest_side(nest)
        show(f"NEST {nest.__version__}", *theirs)
        print(f"Nestling runs {theirs[1] / ours[1]:.1f} times as fast as NEST")
