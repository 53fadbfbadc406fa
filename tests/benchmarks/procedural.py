"""The COBA network of a million neurons without a table of synapses, and the same spikes as with one: a table.

python tests/benchmarks/procedural.py [--neurons 1000000] [--both 40000] [--time 1000] [--threads 1 2]

Brette et al. (2007), benchmark 1 (see networks.py), every neuron with 80 random targets, so that in-degrees are 80 on average.
At --both neurons the network is run stored and procedural on every number of threads, and all spikes must be the same; at
--neurons it is procedural only. Each run is a process of its own.
"""
import argparse
import hashlib
import time

import networks
from common import print_table, report, run

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--neurons", type=int, default=1_000_000)
parser.add_argument("--both", type=int, default=40_000)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--precision", default="double", choices=["double", "single"])
parser.add_argument("--comm", choices=["sparse", "procedural"], help="one run, as the table's rows are made of")
args = parser.parse_args()


def one_run():
    from nestling import simulator as nl
    model, neuron, *weights, (_, low, high), _ = networks.SELF_SUSTAINED["coba"]
    t0 = time.perf_counter()
    sim = nl.Simulator(dt=0.1, seed=1, threads=args.threads[0], precision=args.precision)
    sizes = args.neurons * 4 // 5, args.neurons - args.neurons * 4 // 5
    cells = [sim.create(getattr(nl, model), n, params=dict(neuron, V_m=nl.init.Uniform(low, high))) for n in sizes]
    spikes = sim.create(nl.spike_recorder)
    for source, weight in zip(cells, weights):
        sim.connect(source, cells[0] + cells[1], rule=nl.fixed_outdegree(80), weight=weight, delay=0.1, comm=args.comm)
    sim.connect(cells[0] + cells[1], spikes)
    plan = sim.plan()
    t1 = time.perf_counter()
    res = sim.simulate(args.time)
    t2 = time.perf_counter()
    digest = hashlib.sha256(b"".join(x.tobytes() for x in res.events(spikes, plain=True))).hexdigest()
    report(dict(build=t1 - t0, simulate=t2 - t1), dict(rate=res.rate(spikes), spikes=res.n_events(spikes), digest=digest,
                                                       synapses=plan.nbytes["synapses"] / (80 * args.neurons)))


if args.comm:
    one_run()
    raise SystemExit
rows, digests = [], set()
cases = [(args.both, comm, threads) for comm in ("sparse", "procedural") for threads in args.threads]
for neurons, comm, threads in [*cases, *((args.neurons, "procedural", threads) for threads in args.threads)]:
    given = dict(comm=comm, threads=threads, precision=args.precision)
    run("procedural.py", neurons=1000, time=10.0, **given)                      # first, for compiled code
    r = run("procedural.py", neurons=neurons, time=args.time, **given)
    found, seconds = r["stats"], r["seconds"]
    if neurons == args.both:
        digests.add(found["digest"])
    rows.append([f"{neurons:,}", comm, threads, f"{seconds['build']:.2f}", f"{seconds['simulate'] / args.time * 1e3:.2f}",
                 f"{found['synapses']:.2f}", f"{r['peak_mb']:.0f}", f"{found['rate']:.2f}", f"{found['spikes']:,}",
                 found["digest"][:8]])
print_table(["neurons", "synapses", "threads", "build s", "s a biological second", "bytes a synapse", "peak MB", "rate",
             "spikes", "their hash"], rows)
print(f"stored and procedural, {args.both:,} neurons: {'the same spikes' if len(digests) == 1 else 'SPIKES DIFFER'}")
raise SystemExit(0 if len(digests) == 1 else 1)
