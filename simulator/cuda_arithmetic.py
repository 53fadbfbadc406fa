"""What CUDA's compiler would compute in another way than the CPU's: `min` and `max` of floating-point numbers.

In Python, and in what numba compiles for CPUs, min(a, b) is b where b < a and a elsewhere, so that min(nan, b) is nan and
min(0.0, -0.0) is 0.0. numba-cuda takes the GPU's own instruction, which gives b and -0.0: a neuron whose potential is nan
would go on as if it were well. Importing this file makes it the same as on the CPU, in all that is compiled from then on.
"""
from __future__ import annotations

from typing import Any

from numba.core import types
from numba.cuda.cudaimpl import registry


def make_choice(relation: str) -> Any:
    """Code for the second argument where it stands in this relation to the first, which is left elsewhere."""
    def choice(context, builder, sig, args):
        a, b = (context.cast(builder, x, kind, sig.return_type) for x, kind in zip(args, sig.args))
        return builder.select(builder.fcmp_ordered(relation, b, a), b, a)
    return choice


for function, relation in ((min, "<"), (max, ">")):
    for first in (types.float32, types.float64):
        for second in (types.float32, types.float64):
            registry.lower(function, first, second)(make_choice(relation))
