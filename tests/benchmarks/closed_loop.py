"""What a loop costs that runs a network a little and sets something, over and over, here and in NEST: a table.

python tests/benchmarks/closed_loop.py [--order 20 2500] [--slices 200] [--repeats 3]

Brunel's network with 100 + 25 synapses a neuron, one thread. A loop of slices of 1.5 ms: `run` by themselves; `set rate` of the
generator, and `set V_m` of all neurons, after each of them. Ours go on in a callback, NEST's by Run. Sides run in turn, each in
a process of its own; figures are medians, in ms a slice.
"""
import argparse
import sys
import time

from common import in_turn, median, print_table, report

NEURON = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
KINDS = ("run", "set rate", "set V_m")

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, nargs="+", default=[20, 2500])
parser.add_argument("--slices", type=int, default=200)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--side", choices=["Nestling", "NEST"], help="one side's loops, as the table's rows are made of")
args = parser.parse_args()


def changes(noise, cells):
    """What is done after a slice, by name."""
    count = iter(range(1 << 30))

    def set_rate():
        noise.set(rate=20_000.0 + next(count))
    return {"run": lambda: None, "set rate": set_rate, "set V_m": lambda: cells.set(V_m=1.0)}


def here(order):
    from nestling import simulator as nl
    sim = nl.Simulator(0.1, threads=1)
    exc, inh = (sim.create(nl.iaf_psc_delta, n, params=NEURON) for n in (4 * order, order))
    noise, both, rec = sim.create(nl.poisson_generator, rate=20_000.0), exc + inh, sim.create(nl.spike_recorder)
    sim.connect(noise, both, weight=0.1, delay=1.5)
    sim.connect(exc, both, rule=nl.fixed_indegree(min(100, 4 * order)), weight=0.1, delay=1.5)
    sim.connect(inh, both, rule=nl.fixed_indegree(min(25, order)), weight=-0.5, delay=1.5)
    sim.connect(both, rec)
    sim.simulate(30.0)

    def loop(change, n):
        sim.cont(1.5 * n, callback=lambda _: change(), every=1.5)
    return loop, changes(noise, both)


def in_nest(order):
    import nest
    nest.verbosity, nest.resolution, nest.local_num_threads = nest.VerbosityLevel.ERROR, 0.1, 1
    exc, inh = (nest.Create("iaf_psc_delta", n, NEURON) for n in (4 * order, order))
    noise, both, rec = nest.Create("poisson_generator", params=dict(rate=20_000.0)), exc + inh, nest.Create("spike_recorder")
    nest.Connect(noise, both, syn_spec=dict(weight=0.1, delay=1.5))
    nest.Connect(exc, both, dict(rule="fixed_indegree", indegree=min(100, 4 * order)), dict(weight=0.1, delay=1.5))
    nest.Connect(inh, both, dict(rule="fixed_indegree", indegree=min(25, order)), dict(weight=-0.5, delay=1.5))
    nest.Connect(both, rec)
    nest.Simulate(30.0)

    def loop(change, n):
        nest.Prepare()
        for _ in range(n):
            nest.Run(1.5)
            change()
        nest.Cleanup()
    return loop, changes(noise, both)


if args.side:
    loop, by_name = (here if args.side == "Nestling" else in_nest)(args.order[0])
    seconds = {}
    for name, change in by_name.items():
        loop(change, 5)                                     # once, for compiled code
        began = time.perf_counter()
        loop(change, args.slices)
        seconds[name] = (time.perf_counter() - began) / args.slices
    report(seconds, {})
    sys.exit()

rows = []
for order in args.order:
    sides = {side: ("closed_loop.py", sys.executable, dict(side=side)) for side in ("Nestling", "NEST")}
    reports = in_turn(sides, args.repeats, order=order, slices=args.slices)
    for kind in KINDS:
        ours, theirs = (1e3 * median(reports[side], kind) for side in sides)
        rows.append([f"{5 * order:,}", kind, f"{ours:.3f}", f"{theirs:.3f}", f"{theirs / ours:.1f} x"])
print_table(["neurons", "each slice", "Nestling, ms", "NEST, ms", ""], rows)
