"""Python threads for compiled work: kernels release the interpreter lock, so threads run on as many cores."""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

share: int | None = None            # of a process that shares the cores with others, as those of a sweep do


def available_cores() -> int:
    """Cores that this process may use."""
    if share is not None:
        return share
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """function(item) of every item, each in a thread of its own; the first error is raised again here."""
    items = list(items)
    if len(items) == 1:
        return [function(items[0])]
    results: list[Any] = [None] * len(items)
    errors: list[BaseException] = []

    def work(i: int) -> None:
        try:
            results[i] = function(items[i])
        except BaseException as error:
            errors.append(error)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(items))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def in_turns(function: Callable[[Any], Any], items: Sequence[Any], threads: int) -> list[Any]:
    """function(item) of every item, by so many threads, each of which takes the next item when it is done with one."""
    if threads == 1 or len(items) < 2:
        return [function(item) for item in items]
    results: list[Any] = [None] * len(items)
    left = iter(range(len(items)))              # next() of it is one bytecode: no two threads get the same

    def work(_: int) -> None:
        for i in left:
            results[i] = function(items[i])
    in_threads(work, range(min(threads, len(items))))
    return results


def cut(bounds: np.ndarray, parts: int) -> list[tuple[int, int]]:
    """Items cut into so many ranges (first, last + 1) of about the same work, or fewer, none of them empty; bounds: where each
    item's work begins, and where that of the last ends, ascending."""
    edges = np.searchsorted(bounds, bounds[0] + (bounds[-1] - bounds[0]) * np.arange(1, parts) // max(parts, 1))
    edges = np.unique([0, *edges, len(bounds) - 1]).tolist()
    return list(zip(edges, edges[1:]))
