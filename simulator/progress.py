"""The progress bar of a run (tqdm)."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(shown: bool, begin_ms: float, duration_ms: float) -> Iterator[Callable[[float], None]]:
    """A function that is told the time reached (ms); it draws a bar where `shown`."""
    if not shown:
        yield lambda reached: None
        return
    from tqdm.auto import tqdm
    with tqdm(total=duration_ms, unit="ms", desc="simulate") as bar:
        def moved(reached: float) -> None:
            bar.update(round(reached - begin_ms - bar.n, 6))
        yield moved
        moved(begin_ms + duration_ms)
