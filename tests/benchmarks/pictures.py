"""Pictures of about 100, 10,000 and 1,000,000 spikes, or connections: seconds to draw each and to write it as PNG.

    python tests/benchmarks/pictures.py [--out FOLDER] [--only raster dashboard ...]

Brunel's network of 25, 500 and 12,500 neurons runs first. Every picture is then drawn in a process of its own, so that each
time is that of a first call, imports (but matplotlib.pyplot's) and fonts among them. FOLDER, made where it is missing, keeps
the pictures, to be looked at.
"""
import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
from common import print_table

from nestling import simulator as nl

SIZES = [(5, 40.0), (100, 210.0), (2500, 2140.0)]          # order, ms: about 100, 10,000 and 1,000,000 spikes
CONNECTIONS = [(20, 5), (500, 20), (10_000, 100)]           # nodes, in-degree


def network(order, time):
    """Results, recorder of spikes, voltmeter, and neurons."""
    sim = nl.Simulator(0.1, seed=1, threads=1)
    neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=10.0, V_th=20.0, V_m=nl.init.Uniform(0.0, 20.0))
    exc, inh = sim.create(nl.iaf_psc_delta, 4 * order, params=neuron), sim.create(nl.iaf_psc_delta, order, params=neuron)
    noise, rec = sim.create(nl.poisson_generator, rate=20_000.0), sim.create(nl.spike_recorder)
    meter = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(noise, exc + inh, weight=0.1, delay=1.5)
    sim.connect(exc, exc + inh, rule=nl.fixed_indegree(2 * order // 5), weight=0.1, delay=1.5)
    sim.connect(inh, exc + inh, rule=nl.fixed_indegree(max(order // 10, 1)), weight=-0.5, delay=1.5)
    sim.connect(exc + inh, rec)
    sim.connect(meter, exc[:5])
    return sim.simulate(time), rec, meter


def connections(n, indegree):
    sim = nl.Simulator(seed=1)
    exc, inh = sim.create(nl.iaf_psc_delta, n - n // 5), sim.create(nl.iaf_psc_delta, n // 5)
    for source, part, weight in ((exc, indegree * 4 // 5, 0.1), (inh, indegree // 5, -0.5)):
        sim.connect(source, exc + inh, rule=nl.fixed_indegree(part), weight=nl.dist.Normal(weight, abs(weight) / 5), delay=1.5)
    return sim.get_connections()


def pictures(res, rec, meter, found):
    """Calls that draw, by name."""
    names = ["excitatory", "inhibitory"]
    return {"raster": lambda: nl.raster(res, rec, labels=names)[0],
            "plot_traces": lambda: nl.plot_traces(res, meter, spikes=rec),
            "plot_rates": lambda: nl.plot_rates(res, rec, labels=names),
            "plot_cv": lambda: nl.plot_cv(res, rec, labels=names),
            "plot_correlations": lambda: nl.plot_correlations(res, rec, labels=names),
            "plot_correlogram": lambda: nl.plot_correlogram(res, rec, labels=names, max_lag=min(100.0, res.window[1] / 2)),
            "plot_spectrum": lambda: nl.plot_spectrum(res, rec, labels=names),
            "plot_connections": lambda: nl.plot_connections(found),
            "dashboard": lambda: nl.dashboard(res, labels=names)["raster"]}


def timed(draw, path, queue):
    begin = time.perf_counter()
    axes = draw()
    drawn = time.perf_counter()
    axes.figure.savefig(path, dpi=150)
    queue.put((drawn - begin, time.perf_counter() - begin))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", default=None, help="folder where the pictures are kept")
    parser.add_argument("--only", nargs="+", default=None, help="names of pictures")
    args = parser.parse_args()
    fork, table, heads = multiprocessing.get_context("fork"), {}, []
    with tempfile.TemporaryDirectory() as folder:
        for size, links in zip(SIZES, CONNECTIONS):
            res, rec, meter = network(*size)
            found = connections(*links)
            heads.append(f"{res.n_events(rec):,} spikes")
            print(f"{heads[-1]}, {len(found):,} connections")
            for name, draw in pictures(res, rec, meter, found).items():
                if args.only and name not in args.only:
                    continue
                queue = fork.Queue()
                path = Path(args.out or folder, f"{name}_{res.n_events(rec)}.png")
                path.parent.mkdir(parents=True, exist_ok=True)
                child = fork.Process(target=timed, args=(draw, path, queue))
                child.start()
                table.setdefault(name, []).append("{:.2f} ({:.2f})".format(*queue.get()[::-1]))
                child.join()
    print("seconds for picture and PNG (of these until the call returns)")
    print_table(["picture", *heads], [[name, *row] for name, row in table.items()])


if __name__ == "__main__":
    assert plt.get_backend() == "agg"
    main()
