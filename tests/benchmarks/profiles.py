"""Where the time of a benchmark network goes, and what it costs to measure that: a profile, and runs with and without one.

python tests/benchmarks/profiles.py --network brunel --order 2500        # brunel_alpha
python tests/benchmarks/profiles.py --network coba --threads 2           # cuba, hh_coba
python tests/benchmarks/profiles.py --network microcircuit --scale 0.1 --precision single

(Not profile.py: Python has a module of that name, which scripts in this folder would then no longer find.)
"""
import statistics
import time

import networks
from building import build

from nestling import simulator as nl

REPEATS = 7

args = networks.arguments()
sim, nodes, spikes = build(nl, args, networks.describe(args))
begin = time.perf_counter()
sim.plan()
print(f"{args.network}: {sum(len(n) for n in nodes.values()):,} neurons, planned in {time.perf_counter() - begin:.3f} s")
sim.profile(1.0)                        # compiles the loop that counts
print(sim.profile(args.time))
plain, profiled = [], []
for _ in range(REPEATS):                # in turn
    begin = time.perf_counter()
    sim.simulate(args.time)
    plain.append(time.perf_counter() - begin)
    profiled.append(sim.profile(args.time).wall)
more = [b / a - 1.0 for a, b in zip(plain, profiled)]
print(f"simulate {statistics.median(plain):.4f} s, profile {statistics.median(profiled):.4f} s, medians of {REPEATS}: "
      f"{100.0 * statistics.median(more):+.1f} %")
