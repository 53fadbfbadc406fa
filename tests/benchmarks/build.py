"""How long a network of 15.6 million synapses takes to build, for each rule, here and in NEST: a table.

python tests/benchmarks/build.py [--rules fixed_indegree ...] [--threads 1 2] [--order 2500] [--repeats 3]

Brunel's network without its drive: 4 x order excitatory and order inhibitory neurons, each with inputs from a tenth of both
populations; weights and delays constant, or normal (10 %) and uniform (0.5 to 2.5 ms). Sides run in turn, each in a process of
its own; figures are medians. `tables` ends here when the tables of synapses are sorted (`plan()`), in NEST when Connect
returns; `ready` when the first step could be taken: here after `simulate(0)`, in NEST after Prepare(), which makes the tables
that the sources of synapses need. Both include creating the nodes. Bytes a synapse: growth of the process while it builds, and
in brackets what our tables hold.
"""
import argparse
import os
import sys
import time

from common import in_turn, median, print_table, report

ARGUMENT = dict(fixed_indegree="indegree", fixed_outdegree="outdegree", fixed_total_number="N", pairwise_bernoulli="p")
NEURON = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--rules", nargs="+", choices=list(ARGUMENT), default=list(ARGUMENT))
parser.add_argument("--values", nargs="+", choices=["constant", "random"], default=["constant", "random"])
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--order", type=int, default=2500)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--side", choices=["Nestling", "NEST"], help="one build on one side, as the table's rows are made of")
args = parser.parse_args()


def projections(rule):
    """Sources (0 excitatory, 1 inhibitory), the rule's number, and the weight."""
    n = 5 * args.order
    for source, size, weight in ((0, 4 * args.order, 0.1), (1, args.order, -0.5)):
        yield source, dict(fixed_indegree=size // 10, fixed_outdegree=n // 10, fixed_total_number=n * size // 10,
                           pairwise_bernoulli=0.1)[rule], weight


def resident():
    """Bytes that the process holds in memory."""
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def build_here(rule, varied, threads):
    from nestling import simulator as nl
    before, t0 = resident(), time.perf_counter()
    sim = nl.Simulator(dt=0.1, threads=threads)
    cells = [sim.create(nl.iaf_psc_delta, n, params=NEURON) for n in (4 * args.order, args.order)]
    for source, number, weight in projections(rule):
        values = dict(weight=nl.dist.Normal(weight, 0.1 * abs(weight)), delay=nl.dist.Uniform(0.5, 2.5)) if varied else \
            dict(weight=weight, delay=1.5)
        sim.connect(cells[source], cells[0] + cells[1], rule=getattr(nl, rule)(number), **values)
    plan = sim.plan()
    t1 = time.perf_counter()
    grown, n = resident() - before, sum(plan.synapses.values())
    t2 = time.perf_counter()
    sim.simulate(0.0)
    report(dict(tables=t1 - t0, ready=t1 - t0 + time.perf_counter() - t2),
           dict(synapses=n, bytes=grown / n, table=plan.nbytes["synapses"] / n))


def build_in_nest(rule, varied, threads):
    import nest
    nest.verbosity, nest.resolution, nest.local_num_threads = nest.VerbosityLevel.ERROR, 0.1, threads
    before, t0 = resident(), time.perf_counter()
    cells = [nest.Create("iaf_psc_delta", n, NEURON) for n in (4 * args.order, args.order)]
    for source, number, weight in projections(rule):
        values = dict(weight=nest.random.normal(weight, 0.1 * abs(weight)), delay=nest.random.uniform(0.5, 2.5))
        nest.CopyModel("static_synapse", f"from_{source}", dict(weight=weight, delay=1.5))
        nest.Connect(cells[source], cells[0] + cells[1], {"rule": rule, ARGUMENT[rule]: number},
                     values if varied else f"from_{source}")
    t1 = time.perf_counter()
    grown, n = resident() - before, nest.num_connections
    t2 = time.perf_counter()
    nest.Prepare()
    report(dict(tables=t1 - t0, ready=t1 - t0 + time.perf_counter() - t2), dict(synapses=n, bytes=grown / n))


if args.side:
    if args.threads == [1] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    build = build_here if args.side == "Nestling" else build_in_nest
    build(args.rules[0], args.values[0] == "random", args.threads[0])
    raise SystemExit
rows = []
sides = {name: ("build.py", sys.executable, dict(side=name)) for name in ("Nestling", "NEST")}
for rule in args.rules:
    for values in args.values:
        for threads in args.threads:
            given = dict(rules=rule, values=values, threads=threads)
            in_turn(sides, 1, **given, order=100)           # one run of each first, for caches and compiled code
            reports = in_turn(sides, args.repeats, **given, order=args.order)
            (tables, ready), (theirs, prepared) = ([median(r, f) for f in ("tables", "ready")] for r in reports.values())
            ours, nests = (r[0]["stats"] for r in reports.values())
            rows.append([rule, values, threads, f"{tables:.2f}", f"{theirs:.2f}", f"{theirs / tables:.1f}", f"{ready:.2f}",
                         f"{prepared:.2f}", f"{prepared / ready:.1f}", f"{ours['bytes']:.1f} ({ours['table']:.1f})",
                         f"{nests['bytes']:.1f}", *(f"{median(r, 'peak_mb'):.0f}" for r in reports.values())])
            print(*rows[-1], file=sys.stderr)
print_table(["rule", "values", "threads", "tables s", "NEST s", "ratio", "ready s", "NEST s", "ratio", "bytes a synapse",
             "NEST's", "peak MB", "NEST's"], rows)
