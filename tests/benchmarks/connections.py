"""How long it takes to find the synapses of some sources among 15.6 million, here and in NEST: a table.

python tests/benchmarks/connections.py [--sources 1 100 1000] [--order 2500] [--repeats 3] [--threads 1]

Brunel's network with random weights and delays, built and run for a step. `found`: until the collection is there and its length
is known; `read`: until source, target, weight and delay of all its synapses are arrays, the first included. Sides run in turn,
each in a process of its own; figures are medians, in ms.
"""
import argparse
import sys
import time

from common import in_turn, median, print_table, report

FIELDS = ["source", "target", "weight", "delay"]
NEURON = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--sources", type=int, nargs="+", default=[1, 100, 1000])
parser.add_argument("--order", type=int, default=2500)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--side", choices=["Nestling", "NEST"], help="one side's network, as the table's rows are made of")
args = parser.parse_args()
sizes, indegrees = (4 * args.order, args.order), (4 * args.order // 10, args.order // 10)


def network_here():
    from nestling import simulator as nl
    sim = nl.Simulator(dt=0.1, threads=args.threads)
    cells = [sim.create(nl.iaf_psc_delta, n, params=NEURON) for n in sizes]
    for source, indegree, weight in zip(cells, indegrees, (0.1, -0.5)):
        sim.connect(source, cells[0] + cells[1], rule=nl.fixed_indegree(indegree), delay=nl.dist.Uniform(0.5, 2.5),
                    weight=nl.dist.Normal(weight, 0.1 * abs(weight)))
    sim.simulate(0.1)
    return cells[0], lambda sources: sim.get_connections(source=sources)


def network_in_nest():
    import nest
    nest.verbosity, nest.resolution, nest.local_num_threads = nest.VerbosityLevel.ERROR, 0.1, args.threads
    cells = [nest.Create("iaf_psc_delta", n, NEURON) for n in sizes]
    for source, indegree, weight in zip(cells, indegrees, (0.1, -0.5)):
        nest.Connect(source, cells[0] + cells[1], dict(rule="fixed_indegree", indegree=indegree),
                     dict(weight=nest.random.normal(weight, 0.1 * abs(weight)), delay=nest.random.uniform(0.5, 2.5)))
    nest.Simulate(0.1)
    return cells[0], lambda sources: nest.GetConnections(source=sources)


if args.side:
    cells, get = network_here() if args.side == "Nestling" else network_in_nest()
    get(cells[-2:-1]).get(FIELDS)                           # once, for compiled code
    seconds, lengths = {}, {}
    for n in args.sources:
        t0 = time.perf_counter()
        found = get(cells[:n])
        lengths[str(n)] = len(found)
        t1 = time.perf_counter()
        found.get(FIELDS)
        seconds[f"found {n}"], seconds[f"read {n}"] = t1 - t0, time.perf_counter() - t0
    report(seconds, lengths)
    raise SystemExit
sides = {name: ("connections.py", sys.executable, dict(side=name)) for name in ("Nestling", "NEST")}
rows = []
for n in args.sources:
    reports = in_turn(sides, args.repeats, sources=n, order=args.order, threads=args.threads)
    ours, theirs = reports.values()
    row = [n, f"{ours[0]['stats'][str(n)]:,}", f"{theirs[0]['stats'][str(n)]:,}"]
    for what in ("found", "read"):
        a, b = median(ours, f"{what} {n}"), median(theirs, f"{what} {n}")
        row += [f"{1e3 * a:.2f}", f"{1e3 * b:.1f}", f"{b / a:.0f}"]
    rows.append(row)
print_table(["sources", "synapses", "NEST's", "found ms", "NEST's", "ratio", "read ms", "NEST's", "ratio"], rows)
