"""The benchmark networks give the same spikes on the GPU, once more there, and on the CPU."""
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import gpu as benchmark  # noqa: E402

sys.path.remove(str(BENCHMARKS))


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("given", benchmark.EQUAL, ids=lambda g: " ".join(map(str, g.values())))
def test_a_network_fires_the_same_spikes_on_both_backends(given, precision):
    found = benchmark.same({**given, "precision": precision}, time=50.0)
    assert found["again"] and found["cpu"] and found["spikes"] > 100
