"""What the benchmark scripts share: arguments, statistics of spikes, one JSON line a run, and tables of both sides."""
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np


def spike_statistics(times_ms, senders, n, duration_ms, first=100, bin_ms=2.0):
    """Rate, mean CV of intervals (neurons with 5 spikes or more), mean count correlation of the first neurons."""
    order = np.lexsort((times_ms, senders))
    times_ms, senders = np.asarray(times_ms)[order], np.asarray(senders)[order]
    trains = np.split(times_ms, np.flatnonzero(np.diff(senders)) + 1)
    intervals = [np.diff(t) for t in trains if len(t) >= 5]
    edges = np.arange(0.0, duration_ms + bin_ms, bin_ms)
    few = senders < first
    counts = np.histogram2d(senders[few], times_ms[few], bins=[np.arange(min(first, n) + 1), edges])[0]
    counts = counts[counts.std(axis=1) > 0]
    pairs = np.corrcoef(counts)[np.triu_indices(len(counts), 1)] if len(counts) > 1 else np.array([np.nan])
    return dict(rate=len(times_ms) / n / duration_ms * 1e3,
                cv=float(np.mean([i.std() / i.mean() for i in intervals])) if intervals else float("nan"),
                corr=float(pairs.mean()))


def report(seconds, stats):
    """The line that a run prints."""
    print(json.dumps(dict(seconds=seconds, peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, stats=stats)))


def run(script, python=sys.executable, **arguments):
    """Run a script of this folder; returns its report, with the seconds of the whole process under `whole`."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), script)
    command = [python, path] + [str(x) for k, v in arguments.items() for x in (f"--{k}", v)]
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    whole = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    result = json.loads(done.stdout.strip().splitlines()[-1])
    result["seconds"]["whole"] = whole
    return result


def in_turn(sides, repeats, **arguments):
    """Run all sides one after another, `repeats` times; returns the reports of each side."""
    out = {name: [] for name in sides}
    for _ in range(repeats):
        for name, (script, python, extra) in sides.items():
            out[name].append(run(script, python, **{**arguments, **extra}))
    return out


def median(reports, figure):
    return statistics.median(r["peak_mb"] if figure == "peak_mb" else r["seconds"][figure] for r in reports)


def print_table(head, rows):
    text = [[str(c) for c in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    for i, row in enumerate(text):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |")
        if i == 0:
            print("|" + "|".join("-" * (w + 2) for w in widths) + "|")
