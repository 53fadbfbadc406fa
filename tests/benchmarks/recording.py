"""What recording costs: all spikes of Brunel's network to memory and to files, and V_m of 1000 neurons at every step.

    python tests/benchmarks/recording.py [--order 2500] [--time 1000] [--repeats 5] [--threads 1]
    python tests/benchmarks/recording.py --voltages 10000      # ms; peak memory above that of the network
    python tests/benchmarks/recording.py --minutes 60          # of a small network: an hour, and a look at its last second

Spikes: one network without a recorder and one with a recorder each run in turn; medians of seconds of the processor and of the
clock. Voltages: a process each with a recorder that writes to HDF5, and without one. Minutes: all spikes of 1000 neurons.
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from common import print_table

from nestling import simulator as nl

KINDS = ("none", "memory", "h5", "dat")


def brunel(order, threads, record_to):
    sim = nl.Simulator(0.1, threads=threads)
    neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
    exc, inh = sim.create(nl.iaf_psc_delta, 4 * order, params=neuron), sim.create(nl.iaf_psc_delta, order, params=neuron)
    noise, both = sim.create(nl.poisson_generator, rate=20_000.0), exc + inh
    sim.connect(noise, both, weight=0.1, delay=1.5)
    sim.connect(exc, both, rule=nl.fixed_indegree(max(order * 2 // 5, 1)), weight=0.1, delay=1.5)
    sim.connect(inh, both, rule=nl.fixed_indegree(max(order // 10, 1)), weight=-0.5, delay=1.5)
    rec = None
    if record_to != "none":
        rec = sim.create(nl.spike_recorder, record_to=record_to)
        sim.connect(both, rec)
    sim.simulate(100.0)
    return sim, rec


def spikes(args):
    with tempfile.TemporaryDirectory() as folder:
        nets = {k: brunel(args.order, args.threads, k if k in ("none", "memory") else os.path.join(folder, f"spikes.{k}"))
                for k in args.kinds}
        taken, counts = {k: [] for k in nets}, {}
        for _ in range(args.repeats):
            for kind, (sim, rec) in nets.items():
                cpu, wall = time.process_time(), time.perf_counter()
                res = sim.cont(args.time)
                taken[kind].append((time.process_time() - cpu, time.perf_counter() - wall))
                counts[kind] = res.n_events(rec) if rec else 0
    rows = []
    for kind, pairs in taken.items():
        cpu, wall = (statistics.median(x) for x in zip(*pairs))
        extra = [statistics.median(a[i] / b[i] - 1 for a, b in zip(pairs, taken["none"])) for i in (0, 1)]
        rows.append([kind, counts[kind], f"{cpu:.3f}", f"{100 * extra[0]:+.1f} %", f"{wall:.3f}", f"{100 * extra[1]:+.1f} %"])
    print_table(["recorded to", "spikes", "processor, s", "beside none", "clock, s", "beside none"], rows)


def minutes(number):
    """All spikes of 1000 neurons to HDF5 for so many minutes, and a raster of the last second."""
    import matplotlib

    matplotlib.use("agg")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spikes.h5")
        sim, rec = brunel(200, 1, path)
        rec.set(overwrite=True)
        nl.raster(sim.simulate(10.0), rec)
        before, began = peak(), time.perf_counter()
        res = sim.simulate(number * 60_000.0)
        ran, size, after, began = time.perf_counter() - began, os.path.getsize(path), peak(), time.perf_counter()
        nl.raster(res, rec, start=res.window[1] - 1000.0)
        drawn = time.perf_counter() - began
        print(f"{number:g} minutes, {res.n_events(rec):,} spikes: {ran:.1f} s, file {size / 1e6:.0f} MB, peak {before:.0f} MB "
              f"before and {after:.0f} MB after; raster of the last second in {drawn:.2f} s, {peak():.0f} MB")


def peak():
    """MB of memory that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def voltages(duration, path):
    """One process: prints its peak memory before and after."""
    sim = nl.Simulator(0.1, threads=1)
    cells, noise = sim.create(nl.iaf_psc_delta, 1000), sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, cells, weight=0.3)
    if path != "none":
        meter = sim.create(nl.voltmeter, interval=0.1, record_to=path, overwrite=True)
        sim.connect(meter, cells)
    sim.simulate(1.0)
    before, began = peak(), time.perf_counter()
    sim.simulate(duration)
    after, size = peak(), os.path.getsize(path) if path != "none" else 0
    print(f"recorded to {os.path.basename(path)}: peak {before:.0f} MB before, {after:.0f} MB after, "
          f"{time.perf_counter() - began:.2f} s, file {size / 1e6:.0f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--order", type=int, default=2500)
    parser.add_argument("--time", type=float, default=1000.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--voltages", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--path")
    args = parser.parse_args()
    if args.path:
        voltages(args.voltages, args.path)
    elif args.voltages:
        with tempfile.TemporaryDirectory() as folder:
            for path in ("none", os.path.join(folder, "V_m.h5")):
                subprocess.run([sys.executable, __file__, "--voltages", str(args.voltages), "--path", path], check=True)
    elif args.minutes:
        minutes(args.minutes)
    else:
        spikes(args)


if __name__ == "__main__":
    main()
