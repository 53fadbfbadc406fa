"""How long analysis and handing over take on a million spikes of 10,000 neurons: seconds, the best of 3 and the first.

    python tests/benchmarks/analysis.py [--spikes 1_000_000] [--neurons 10_000] [--time 10_000] [--repeats 3]
"""
import argparse
import resource
import time
from types import SimpleNamespace

import numpy as np

from nestling import simulator as nl
from nestling.recorders.results import Recorded, Results

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("--spikes", type=int, default=1_000_000)
parser.add_argument("--neurons", type=int, default=10_000)
parser.add_argument("--time", type=float, default=10_000.0, help="ms")
parser.add_argument("--repeats", type=int, default=3)
args = parser.parse_args()

rng = np.random.default_rng(1)
stamps = np.sort(rng.integers(1, round(args.time * 10) + 1, args.spikes))
senders = rng.integers(0, args.neurons, args.spikes)
rec, meter = SimpleNamespace(index=0, name="spike_recorder"), SimpleNamespace(index=1, name="multimeter")
V = rng.standard_normal((1000, 1000))
parts = [("excitatory", args.neurons * 4 // 5), ("inhibitory", args.neurons - args.neurons * 4 // 5)]
recorded = [Recorded(rec, "spike_recorder", np.arange(args.neurons), 1, np.inf, dict(stamps=stamps, senders=senders),
                     args.spikes, None, {}, parts),
            Recorded(meter, "multimeter", np.arange(1000), 1, np.inf, dict(stamps=np.arange(1, 1001) * 10, V_m=V), V.size,
                     ("V_m",), {"V_m": "mV"}, [("excitatory", 1000)])]
res = Results(0.1, 0, round(args.time * 10), recorded, lambda values, unit: values)
half = np.arange(args.neurons // 2)
triggers = np.arange(1, 90) * args.time / 100

CALLS = {
    "mean_rates": lambda: nl.mean_rates(res, rec),
    "firing_rate": lambda: nl.firing_rate(res, rec),
    "rate_histogram": lambda: nl.rate_histogram(res, rec),
    "instantaneous_rate": lambda: nl.instantaneous_rate(res, rec),
    "instantaneous_rate(each=True, step=5.0)": lambda: nl.instantaneous_rate(res, rec, each=True, step=5.0),
    "psth": lambda: nl.psth(res, rec, triggers),
    "isi": lambda: nl.isi(res, rec),
    "isi_cv": lambda: nl.isi_cv(res, rec),
    "cv2": lambda: nl.cv2(res, rec),
    "lv": lambda: nl.lv(res, rec),
    "lvr": lambda: nl.lvr(res, rec),
    "fano_factor": lambda: nl.fano_factor(res, rec),
    "count_correlation(n=10_000)": lambda: nl.count_correlation(res, rec, n=10_000),
    "count_correlation_matrix(n=1000)": lambda: nl.count_correlation_matrix(res, rec, n=1000),
    "cross_correlogram": lambda: nl.cross_correlogram(res, rec),
    "cross_correlogram of two halves": lambda: nl.cross_correlogram(res, rec, first=half, second=half + len(half)),
    "cross_correlogram(max_lag=1000.0)": lambda: nl.cross_correlogram(res, rec, max_lag=1000.0),
    "autocorrelogram": lambda: nl.autocorrelogram(res, rec),
    "power_spectrum": lambda: nl.power_spectrum(res, rec),
    "synchrony": lambda: nl.synchrony(res, rec),
    "voltage_synchrony (1000 x 1000)": lambda: nl.voltage_synchrony(res, meter),
    "to_dataframe": lambda: res.to_dataframe(rec),
    "to_neo": lambda: res.to_neo(rec),
    "to_neo of everything": lambda: res.to_neo(),
    "to_dataframe of traces (1000 x 1000)": lambda: res.to_dataframe(meter),
    "to_neo of traces": lambda: res.to_neo(meter),
    "to_xarray of traces": lambda: res.to_xarray(meter),
}

print(f"{args.spikes:,} spikes of {args.neurons:,} neurons in {args.time:g} ms")
for name, call in CALLS.items():
    taken = []
    for _ in range(args.repeats):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    print(f"  {name:40} {min(taken):6.3f} s   first {taken[0]:6.3f} s")
print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
