"""Fixed point: the scale of every receptor's input ring, and weights in that scale.

A ring holds whole numbers, so that sums do not depend on the order of arrival. The scale of a receptor is the largest power of
two at which the worst case - every synapse of the worst neuron at once - still fits.
"""
from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection

from .draw import largest
from .plan import Block, Drive, Planned, most_emitted

BITS: dict[type, int] = {np.int64: 62, np.int32: 30}      # one for the sign, one to spare for rounding
FINEST = 1000                                             # the exponent where nothing but zeros can come: written as 0


def exponent_for(largest: float, ring: type, name: str) -> int:
    """The exponent s of the scale 2**s at which sums up to `largest` fit into the ring."""
    if not math.isfinite(largest):
        raise BadConnection(f"the input of {name} has no finite bound")
    if largest == 0.0:
        return FINEST
    return int(np.clip(BITS[ring] - math.ceil(math.log2(largest * (1 + 1e-9))), -FINEST, FINEST)) or -1


def to_fixed(weight: float, exponent: int) -> int:
    """`weight` in units of 2**-exponent."""
    return int(math.floor(math.ldexp(weight, exponent) + 0.5))


def scale_receptors(blocks: list[Block], node_of: np.ndarray, n_nodes: int, wired: list[Any], drives: list[Drive],
                    planned: Planned, ring: type, still: np.ndarray | None = None,
                    finest: dict[tuple[int, str], int] | None = None) -> np.ndarray:
    """Choose every receptor's exponent for its worst case; returns the most spikes that each node may emit in a step.

    wired: for each part of a projection in the table its Wire, its Drawing and the in-degrees of its targets; still: the most
    that nodes may have emitted a while ago, in a run that goes on with other parameters: those spikes may be on their way;
    finest: the exponents of receptors in a run that goes on: spikes of other weights, which connections had a while ago, may be
    on their way, and a finer scale may not hold them.
    """
    most = np.ones(n_nodes)
    np.maximum.at(most, planned.nodes, planned.counts)
    for turn in range(40):                       # counts hand counts on: follow them, a few nodes deep
        before = most.copy()
        sums = worst_cases(blocks, node_of, wired, drives, most)
        for block in blocks:
            if block.model.emits == "counts":
                arriving = sum((sums[block.first, name] for name, lane in block.lanes.items() if lane.field.type is int),
                               np.zeros(block.size))
                now = most[block.first:block.first + block.size]
                own = most_emitted(block.model, block.step, block.random)
                stated = hasattr(block.model.source, "bound")
                bound = np.broadcast_to(own, block.size) if stated else np.minimum(arriving + own, 2.0**20)
                if turn >= 16:                   # what grows after so many turns may grow for ever, in a loop
                    bound = np.where((bound > now) | (turn >= 32), 2.0**20, now)
                now[:] = bound
        if (most == before).all():
            break
    if still is not None:
        most = np.maximum(most, still)
    wires = [wire for wire, _, _ in wired] + [drive.wire for drive in drives]
    exponents = exponents_for(blocks, wires, worst_cases(blocks, node_of, wired, drives, most), ring, finest)
    for block in blocks:
        for name, lane in block.lanes.items():
            lane.exponent = exponents[block.first, name]
    check_resolution(wires)
    return np.minimum(most, 2.0**31 - 1).astype(np.int64)


def exponents_for(blocks: list[Block], wires: list[Any], sums: dict[tuple[int, str], np.ndarray], ring: type,
                  finest: dict[tuple[int, str], int] | None = None) -> dict[tuple[int, str], int]:
    """The exponents of all receptors, for worst cases. Raises BadConnection where something cannot be counted."""
    found = {}
    for block in blocks:
        for name, lane in block.lanes.items():
            top = float(sums[block.first, name].max(initial=0.0))
            found[block.first, name] = lane.exponent
            if lane.field.type is not int:
                exponent = exponent_for(top, ring, f"{block.model.name}'s receptor {name}")
                # where the exponent was 0 nothing is on its way
                found[block.first, name] = min(exponent, (finest or {}).get((block.first, name), 0) or exponent)
            elif top >= 2.0**BITS[ring]:
                raise BadConnection(f"{block.model.name} may receive {top:.3g} spikes in one step, and in this precision it "
                                    f"counts to {2**BITS[ring]:,}: use precision='double'")
    differ = True
    while differ:                                   # weights of both signs stand in one table, in one scale
        differ = False
        for wire in wires:
            names = [(wire.block.first, name) for name in wire.names]
            coarsest = min(found[name] for name in names)
            differ |= any(found[name] != coarsest for name in names)
            found |= dict.fromkeys(names, coarsest)
    return {name: 0 if exponent == FINEST else exponent for name, exponent in found.items()}


def check_resolution(wires: list[Any]) -> None:
    """Warn of weights all of which vanish: too small beside the most that their receptor may be given in one step."""
    for wire in wires:
        top, lane = largest(wire.weight) if wire.bound is None else wire.bound, wire.lane
        if lane.exponent and lane.field.type is not int and wire.model.emits != "current" \
                and 0.0 < math.ldexp(top, lane.exponent) < 0.5:
            unit, receptor = math.ldexp(1.0, -lane.exponent), f"{wire.block.model.name}'s receptor {wire.names[0]}"
            warnings.warn(f"connect call {wire.projection.index}: its weights, {top:g} {lane.field.unit} at most, vanish "
                          f"beside what else {receptor} may be given in one step, which counts in units of {unit:.3g}: "
                          f"use another receptor, or precision='double'", stacklevel=2)


@np.errstate(over="ignore")                  # a bound that is not finite is refused by exponent_for
def worst_cases(blocks: list[Block], node_of: np.ndarray, wired: list[Any], drives: list[Drive],
                most: np.ndarray) -> dict[tuple[int, str], np.ndarray]:
    """For every receptor the largest input that each node can receive in one step, given the most that nodes emit."""
    sums = {(b.first, name): np.zeros(b.size) for b in blocks for name in b.lanes}
    for wire, drawing, degree in wired:
        place = wire.places(node_of, drawing.targets)
        bound = largest(wire.weight) if wire.bound is None else wire.bound
        strongest = bound * float(most[node_of[drawing.sources]].max(initial=1.0))
        for name in wire.names:
            np.add.at(sums[wire.block.first, name], place[place >= 0], degree[place >= 0] * strongest)
    for drive in drives:
        block = drive.wire.block
        size = block.bounds[drive.part + 1] - block.bounds[drive.part]
        for name, lane in zip(drive.wire.names, drive.wire.lanes):
            places = drive.lanes.astype(np.int64) - lane.begins[drive.part]
            mine = (places >= 0) & (places < size)
            strength = np.broadcast_to(drive.largest * np.abs(drive.given), len(places))
            np.add.at(sums[block.first, name], places[mine] + block.bounds[drive.part], strength[mine])
    return sums


def scales_of(blocks: list[Block]) -> list[tuple[str, int, list[int]]]:
    """Which receptors are reached, in which scale, and where their lanes begin."""
    return [(name, lane.exponent, lane.begins.tolist()) for b in blocks for name, lane in b.lanes.items()]
