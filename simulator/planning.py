"""What of a simulator makes plans and programs of its network, anew or from those that there are."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from nestling.recorders.files import RecordingFile

from .backends import Program
from .collect import make_collectors
from .edits import written_down
from .errors import NotAvailable
from .lower import lower
from .network import Network, Projection
from .plan import Plan
from .retuning import retune
from .running import check_free
from .stretches import check_files
from .table_reader import Reader


class Planning:
    """The part of Simulator that is described in this file's first line."""

    dt: float
    seed: int
    threads: int | None
    precision: str
    _backend: Any

    def __init__(self) -> None:
        self.network = Network()
        self._plan: Plan | None = None
        self._tuned: set[int] | None = None     # populations in whose parameters alone the program's plan is out of date
        self._program: Program | None = None
        self._reader: Reader | None = None
        self._as_stored: tuple[Network, Reader] | None = None      # what reads procedural synapses, and of which network
        self._remade = 0                        # how often connections were removed or put into another order
        self._patched: Plan | None = None       # the plan in whose tables weights were set
        self._files: dict[int, RecordingFile] = {}      # that recorders write to, by number of the recorder
        self._ran: Network | None = None        # of the run that there is, with what was set since

    @property
    def time(self) -> float:
        """Simulated time reached (ms)."""
        return self._program.step * self.dt if self._program else 0.0

    def _declare(self, network: Network) -> None:
        check_free(self, "create() and connect()")
        if self._patched is not None:
            replaced = self._write_down().projections
            network = replace(network, projections=(*replaced, *network.projections[len(replaced):]))
        self.network = network
        self._out_of_date()

    def _replace(self, projections: dict[int, Projection]) -> None:
        """Put projections in the places of others, in a run that can go on."""
        network = replace(self.network, projections=tuple(projections.get(p.index, p) for p in self.network.projections))
        self._ran = network if self._runs_on else None
        self.network = network
        self._out_of_date()

    def _out_of_date(self, population: int | None = None) -> None:
        """The plan has to be made anew; population: or to take over the parameters of this one."""
        if self._plan is not None:
            self._tuned = set() if self._program is not None and self._program.plan is self._plan else None
        if population is None:
            self._tuned = None
        elif self._tuned is not None:
            self._tuned.add(population)
        self._plan = None

    def _write_down(self) -> Network:
        """Declare the weights that were set in the tables, so that new tables have them."""
        assert self._patched is not None
        self._replace(written_down(self, self._patched))
        self._patched = None
        return self.network

    def plan(self) -> Plan:
        """The plan of the network: its arrays, sizes and streams; `print(sim.plan())` is a table of them."""
        return self._lowered(going_on=self.time > 0)

    @property
    def _runs_on(self) -> bool:
        """Whether there is a run of this network, perhaps with other parameters, weights and delays than it has now."""
        return self._program is not None and (self._program.plan.network is self.network or self._ran is self.network)

    def _lowered(self, going_on: bool) -> Plan:
        """The plan; going_on: for a run that goes on, in scales that fit what is on its way, too."""
        going_on = going_on and self._runs_on
        if self._plan is None and going_on and self._tuned and retune(self._program, self._tuned):
            self._plan = self._program.plan         # type: ignore[union-attr]
        self._tuned = None
        if self._plan is None or self._plan.going_on and not going_on:
            program = self._program
            before = self._patched if self._patched is not None else program.plan if program is not None else None
            carried = program.plan if program is not None and going_on else None
            self._plan = lower(self.network, self.dt, self.seed, self.threads, self.precision, before, carried,
                               self._write_down, self._backend.ONE_PARTITION)
            self._patched = self._plan if self._plan.patched else None
        return self._plan

    def _from_start(self, plan: Plan) -> Program:
        """The plan's program at t = 0."""
        check_files(make_collectors(plan))
        if self._program is None or self._program.plan is not plan or self._program.roomy:
            self._program = None                        # its memory is free before another program's is taken
            self._program = self._backend.make_program(plan)
        else:
            self._program.reset()
        return self._program

    def _continued(self) -> Program:
        """The program of the run that goes on, with what was set meanwhile."""
        if self._program is not None and not self._runs_on:
            raise NotAvailable(f"the network was changed at t = {self.time:g} ms; a changed network starts afresh: "
                               f"call simulate()")
        if self._program is None or self._program.plan is not self.plan():       # there, parameters were set
            self._program = self._backend.make_program(self.plan(), self._program if self.time > 0 else None)
        assert self._program is not None
        return self._program
