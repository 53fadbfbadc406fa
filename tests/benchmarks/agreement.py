"""Whether networks agree with NEST in distribution: rate, CV and correlation over seeds, both sides.

python tests/benchmarks/agreement.py --order 100 --g 5 --eta 2 --seeds 10

Means may differ by 1 % (rate), 3 % (CV), or three standard errors of the difference where that is wider; correlation by three
standard errors.
"""
import argparse

import numpy as np
from common import print_table, run

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--order", type=int, default=100)
parser.add_argument("--g", type=float, default=5.0)
parser.add_argument("--eta", type=float, default=2.0)
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--warmup", type=float, default=200.0)
args = parser.parse_args()

given = dict(order=args.order, g=args.g, eta=args.eta, time=args.time, warmup=args.warmup)
reports = {side: [run(f"brunel_{side}.py", seed=seed, **given)["stats"] for seed in range(1, args.seeds + 1)]
           for side in ("nestling", "nest")}
rows, agree = [], True
for population in "EI":
    for name, share in (("rate", 0.01), ("cv", 0.03), ("corr", 0.0)):
        ours, theirs = (np.array([r[population][name] for r in reports[side]]) for side in ("nestling", "nest"))
        difference = ours.mean() - theirs.mean()
        error = np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
        allowed = max(3 * error, share * abs(theirs.mean()))
        agree &= abs(difference) <= allowed
        rows.append([population, name, f"{ours.mean():.5g} +- {ours.std(ddof=1):.2g}",
                     f"{theirs.mean():.5g} +- {theirs.std(ddof=1):.2g}", f"{difference:+.2g}", f"{allowed:.2g}",
                     "yes" if abs(difference) <= allowed else "NO"])
print(f"Brunel network, order {args.order}, g {args.g:g}, eta {args.eta:g}, {args.seeds} seeds a side, "
      f"{args.time:g} ms after {args.warmup:g} ms")
print_table(["population", "figure", "Nestling", "NEST", "difference", "allowed", "agree"], rows)
raise SystemExit(0 if agree else 1)
