"""Nestling against NEST (and, given an environment for it, Brian2) on Brunel's network: a table of both sides.

python tests/benchmarks/brunel.py --order 2500 --threads 1 2 --repeats 3 [--brian2 /path/to/python]

Sides run in turn, each in a process of its own; figures are medians. `best` compares each side's fastest thread count.
"""
import argparse
import sys

from common import in_turn, median, print_table

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, default=2500)
parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--brian2", default=None, help="a Python with brian2, as another side")
args = parser.parse_args()

sides = {"Nestling": ("brunel_nestling.py", sys.executable, {}), "NEST": ("brunel_nest.py", sys.executable, {})}
if args.brian2:
    sides["Brian2"] = ("brunel_brian2.py", args.brian2, {})
best: dict[str, float] = {}
rows = []
for threads in args.threads:
    # one run of each first, for caches and compiled code
    in_turn(sides, 1, order=args.order, threads=threads, time=10.0, warmup=0.0)
    reports = in_turn(sides, args.repeats, order=args.order, threads=threads, time=args.time, warmup=1.5)
    for name, found in reports.items():
        fast = median(found, "simulate")
        best[name] = min(fast, best.get(name, fast))
        ratio = fast / median(reports["Nestling"], "simulate")
        build = [r["seconds"].get("build") for r in found]
        rates = [sum(r["stats"][p]["rate"] for r in found) / len(found) for p in "EI"]
        rows.append([threads, name, f"{median(found, 'build'):.2f}" if build[0] is not None else "-", f"{fast:.3f}",
                     f"{ratio:.1f}", f"{median(found, 'whole'):.2f}", f"{median(found, 'peak_mb'):.0f}",
                     f"{rates[0]:.2f} / {rates[1]:.2f}"])
print(f"Brunel network, order {args.order}: {5 * args.order} neurons, {args.time:g} ms, medians of {args.repeats}")
print_table(["threads", "side", "build s", "simulate s", "x Nestling", "whole script s", "peak MB", "rates E / I"], rows)
print("best: " + ", ".join(f"{name} {t:.3f} s ({t / best['Nestling']:.1f} x)" for name, t in best.items()))
