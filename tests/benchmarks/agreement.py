"""Whether networks agree with NEST in distribution: rate, CV and correlation over seeds, both sides.

python tests/benchmarks/agreement.py --network brunel --order 100 --g 5 --eta 2 --seeds 10
python tests/benchmarks/agreement.py --network coba --seeds 10
python tests/benchmarks/agreement.py --network microcircuit --scale 0.1 --seeds 10

Means may differ by 1 % (Brunel's rate), 2 % (others' rates; the microcircuit's 3 %), 3 % (CV), or three standard errors of the
difference where that is wider; correlation by three standard errors. A network that sustains itself is compared while it is
active: runs in which it fell silent (below 0.1 spikes/s) are counted and left out.
"""
import argparse

import networks
import numpy as np
from common import print_table, run

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--network", choices=networks.NAMES, default="brunel")
parser.add_argument("--order", type=int, default=100)
parser.add_argument("--scale", type=float, default=1.0)
parser.add_argument("--g", type=float, default=5.0)
parser.add_argument("--eta", type=float, default=2.0)
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--time", type=float, default=1000.0)
parser.add_argument("--warmup", type=float, default=200.0)
args = parser.parse_args()

given = dict(network=args.network, order=args.order, scale=args.scale, g=args.g, eta=args.eta, time=args.time,
             warmup=args.warmup)
reports = {side: [run(f"side_{side}.py", seed=seed, **given)["stats"] for seed in range(1, args.seeds + 1)]
           for side in ("nestling", "nest")}
active = {side: [r for r in found if max(p["rate"] for p in r.values()) >= 0.1] for side, found in reports.items()}
silent = {side: len(found) - len(active[side]) for side, found in reports.items()}
rows, agree = [], True
for population in reports["nest"][0]:
    for name, share in (("rate", dict(brunel=0.01, microcircuit=0.03).get(args.network, 0.02)), ("cv", 0.03), ("corr", 0.0)):
        ours, theirs = (np.array([r[population][name] for r in active[side]]) for side in ("nestling", "nest"))
        difference = ours.mean() - theirs.mean()
        error = np.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))
        allowed = max(3 * error, share * abs(theirs.mean()))
        agree &= abs(difference) <= allowed
        rows.append([population, name, f"{ours.mean():.5g} +- {ours.std(ddof=1):.2g}",
                     f"{theirs.mean():.5g} +- {theirs.std(ddof=1):.2g}", f"{difference:+.2g}", f"{allowed:.2g}",
                     "yes" if abs(difference) <= allowed else "NO"])
print(", ".join(f"{k} {v:g}" if isinstance(v, (int, float)) else v for k, v in given.items())
      + f"; {args.seeds} seeds a side, fell silent: " + ", ".join(f"{side} {n}" for side, n in silent.items()))
print_table(["population", "figure", "Nestling", "NEST", "difference", "allowed", "agree"], rows)
raise SystemExit(0 if agree else 1)
