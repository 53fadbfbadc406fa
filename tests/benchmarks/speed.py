"""Nestling against NEST (and, given an environment for it, Brian2) on one network: a table of both sides.

python tests/benchmarks/speed.py --network brunel --order 2500 --threads 1 2 --repeats 3 [--brian2 /path/to/python]
python tests/benchmarks/speed.py --network microcircuit --scale 0.1 --threads 1 2

Sides run in turn, each in a process of its own; figures are medians. `best` compares each side's fastest thread count.
"""
import argparse
import sys

import networks
from common import in_turn, median, print_table

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--network", choices=networks.NAMES, default="brunel")
parser.add_argument("--order", type=int, default=2500)
parser.add_argument("--scale", type=float, default=1.0)
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--warmup", type=float, default=1.5)
parser.add_argument("--single", action="store_true", help="Nestling in single precision as another side")
parser.add_argument("--without-nest", action="store_true", help="Nestling and the others only")
parser.add_argument("--brian2", default=None, help="a Python with brian2, as another side")
args = parser.parse_args()

sides = {"Nestling": ("side_nestling.py", sys.executable, {})}
if args.single:
    sides["Nestling, single"] = ("side_nestling.py", sys.executable, dict(precision="single"))
if not args.without_nest:
    sides["NEST"] = ("side_nest.py", sys.executable, {})
if args.brian2 and args.network not in ("brunel_alpha", "microcircuit"):
    sides["Brian2"] = ("side_brian2.py", args.brian2, {})
size = dict(order=args.order) if args.network.startswith("brunel") else dict(scale=args.scale)
best: dict[str, float] = {}
rows = []
for threads in args.threads:
    given = dict(network=args.network, threads=threads, **size)
    in_turn(sides, 1, **given, time=10.0, warmup=args.warmup)       # one run of each first, for caches and compiled code
    reports = in_turn(sides, args.repeats, **given, time=args.time, warmup=args.warmup)
    for name, found in reports.items():
        fast = median(found, "simulate")
        best[name] = min(fast, best.get(name, fast))
        ratio = fast / median(reports["Nestling"], "simulate")
        build = [r["seconds"].get("build") for r in found]
        rates = {p: sum(r["stats"][p]["rate"] for r in found) / len(found) for p in found[0]["stats"]}
        rows.append([threads, name, f"{median(found, 'build'):.2f}" if build[0] is not None else "-", f"{fast:.3f}",
                     f"{ratio:.1f}", f"{median(found, 'whole'):.2f}", f"{median(found, 'peak_mb'):.0f}",
                     " / ".join(f"{rate:.2f}" for rate in rates.values())])
print(f"{args.network}, {', '.join(f'{k} {v:g}' for k, v in size.items())}, {args.time:g} ms, medians of {args.repeats}")
print_table(["threads", "side", "build s", "simulate s", "x Nestling", "whole script s", "peak MB",
             f"rates {' / '.join(rates)}"], rows)
print("best: " + ", ".join(f"{name} {t:.3f} s ({t / best['Nestling']:.1f} x)" for name, t in best.items()))
