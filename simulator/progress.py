"""The progress bar of a run (tqdm): simulated time, how fast it goes, and how long it will take."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

FORMAT = "{l_bar}{bar}| {n:.10g}/{total:.10g} ms [{elapsed}<{remaining}{postfix}]"


@contextmanager
def progress_bar(shown: bool, begin_ms: float, duration_ms: float) -> Iterator[Callable[[float], None]]:
    """A function that is told the time reached (ms); where `shown` it draws a bar, in a terminal or a notebook.

    The bar says how much of the run is done, the time that was reached, the seconds of computing so far and those still to
    come, and the real-time factor: seconds of computing for a second of biological time (as `profile`).
    """
    if not shown:
        yield lambda reached: None
        return
    from tqdm.auto import tqdm
    began = time.perf_counter()
    with tqdm(total=duration_ms, unit="ms", miniters=0, desc="simulate", bar_format=FORMAT) as bar:
        def moved(reached: float) -> None:
            done = reached - begin_ms
            if done > 0:
                factor = (time.perf_counter() - began) / (done * 1e-3)
                bar.set_postfix_str(f"t = {reached:.10g} ms, real-time factor {factor:.3g}", refresh=False)
            bar.update(round(done - bar.n, 6))
        yield moved
        bar.refresh()


def counted(items: Iterable[Any], total: int, shown: bool) -> Iterator[Any]:
    """The items, with a bar that counts them where `shown`."""
    if not shown:
        yield from items
        return
    from tqdm.auto import tqdm
    yield from tqdm(items, total=total, desc="sweep")
