"""Simulator: what a script creates nodes with, connects them with, and runs."""
from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from nestling.connect.contract import Rule
from nestling.models.contract import Model, ParameterError
from nestling.models.reading import is_model, read_model, resized
from nestling.recorders.contract import is_recorder, read_recorder
from nestling.recorders.results import Results

from .backends import backend_of
from .connecting import attached, check_comm, check_ends, make_projections, make_recording
from .connections import Connections, find_connections
from .declare import check_parameters, declared, on_grid, recorder_params, whole_number
from .draw import check_rows
from .edits import disconnect
from .errors import BadTime
from .memory import check_memory, check_room
from .network import Population, Projection
from .placing import number_of_nodes, place
from .profile import Profile, profile_run
from .resolve import resolve
from .run_control import RunControl
from .running import Callback, check_free, stretch_of
from .table_reader import Reader, constant_weights
from .units import magnitude
from .views import NodeView, whole_population


class Simulator(RunControl):
    """A network and its simulation.

    Parameters
    ----------
    dt : time step (ms), 0.1 unless given.
    seed : whole number, 0 to 2^64 - 1; every random number follows from it.
    threads : number of threads, or None to let the size of the network decide. It never changes results.
    backend : "cpu", or "cuda": an NVIDIA GPU (pip install "nestling[cuda]"). It never changes spikes.
    precision : "double" (float64 states, 64-bit input rings) or "single" (float32, 32-bit).
    """

    def __init__(self, dt: Any = 0.1, seed: int = 1, threads: int | None = None, backend: str = "cpu",
                 precision: str = "double") -> None:
        super().__init__()
        self.dt = magnitude(dt, "ms", "dt")
        if not (isinstance(self.dt, float) and math.isfinite(self.dt) and self.dt > 0):
            raise BadTime(f"dt = {dt}: must be finite and above 0 ms")
        self.seed = whole_number(seed, "seed", 0, 2**64 - 1)
        self.threads = None if threads is None else whole_number(threads, "threads", 1, 1024)
        if precision not in ("double", "single"):
            raise ValueError(f"precision = {precision!r}: must be 'double' or 'single'")
        self._backend = backend_of(backend, precision)
        self.backend, self.precision = backend, precision
        self._sets = 0                  # calls of set(), which number the random values that they draw

    def create(self, model: Any, size: int | tuple[int, ...] | None = None, *, params: dict[str, Any] | None = None,
               solver: Any = None, positions: Any = None, **given: Any) -> NodeView:
        """Create `size` nodes of a model (1 unless given), or a recorder.

        Parameters are given in `params`, or as keywords, which win. A value is a number, an array with one entry a node, or
        a distribution; the names of states (V_m, ...) set initial values. solver: a solver of differential equations (see
        `solvers`) in place of the one that the model names. positions: spatial.grid(...) or spatial.free(...), which say how
        many nodes there are; drawn ones need `size`.

        Raises
        ------
        UnknownName, DimensionError, ParameterError, BadConnection
        """
        n = number_of_nodes(size, positions)
        if not isinstance(params, dict | None):
            raise TypeError(f"params = {params!r}: must be a dict of parameters by name")
        given = {**(params or {}), **given}
        index, first = len(self.network.populations), sum(p.size for p in self.network.populations)
        if is_recorder(model):
            recorder = read_recorder(model)
            if n != 1:
                raise ParameterError(f"size = {size}: create one {recorder.name} at a time")
            if positions is not None:
                raise ParameterError(f"positions: a {recorder.name} has none")
            population = Population(index, 1, first, recorder=recorder, params=recorder_params(recorder, given, self))
        elif is_model(model) or isinstance(model, type) or hasattr(model, "__file__"):
            described = read_model(model, solver=solver)
            population = replace(self._population(described, n, given, index, first),
                                 layer=place(positions, n, self.seed, index))
        else:
            raise TypeError(f"model = {model!r}: must be a model or a recorder, such as those in nestling.models")
        self._declare(replace(self.network, populations=(*self.network.populations, population)))
        return whole_population(self, population)

    def _population(self, model: Model, n: int, given: dict[str, Any], index: int, first: int) -> Population:
        """A population with its parameters checked."""
        if model.sizes:                 # first how long lists are, then all states have names
            lengths, _ = declared(model, n, {k: v for k, v in given.items() if k in dict(model.sizes)})
            model = resized(model, {**{f.name: f.default for f in model.params}, **lengths})
        params, initial = declared(model, n, given)
        population = Population(index, n, first, model, params=params, initial=initial)
        check_parameters(model, resolve(population, self.seed).params, self.dt)
        return population

    def connect(self, pre: NodeView, post: NodeView, *, rule: Rule | None = None, weight: Any = None, delay: Any = None,
                receptor_type: Any = None, synapse: Any = None, comm: str = "sparse", allow_autapses: bool = True,
                allow_multapses: bool = True, make_symmetric: bool = False, seed: int | None = None,
                weight_recorder: NodeView | None = None) -> Projection | list[Projection] | None:
        """Connect nodes by a rule (all_to_all unless given), or nodes and a recorder.

        weight (1 unless given, in the receptor's unit) and delay (1 ms unless given) are a number, a distribution, or an
        array: one value a synapse in the order in which the rule draws, or a (targets, sources) matrix. Delays are rounded
        to the grid of dt. `seed` names the projection's random stream, so that other calls do not change it. `comm`
        "sparse" and "dense" store the same table of synapses; "procedural" stores none: targets, weights and delays are drawn
        again from the seed whenever the source fires, the same as would be stored, by rules that draw the targets of a source
        (by place: the targets are listed, 4 bytes each, and weights and delays drawn).

        receptor_type: a number or a name, or an array of them, one a synapse, in the same forms as weights.
        make_symmetric: the same edges also from post to pre, with the same weights and delays. synapse: several
        specifications of weight, delay and receptor_type, in dicts (see CollocatedSynapses): each has a synapse at every edge.
        weight_recorder: records the weight of each of these synapses whenever a spike goes through it.

        Returns the projection; a list of them, in the order of specifications, each followed by its other direction, where
        the call makes several; None where it connects a recorder.

        Raises
        ------
        BadConnection, BadRecording, DimensionError, NotAvailable, TooLarge, UnknownName
        """
        options = dict(rule=rule, weight=weight, delay=delay, receptor_type=receptor_type, synapse=synapse, seed=seed)
        by = dict(weight_recorder=weight_recorder)
        check_ends(self, pre, post)
        check_comm(comm)
        if any(s.population.recorder for s in (*pre.segments, *post.segments)):
            switches = dict(allow_autapses=allow_autapses, allow_multapses=allow_multapses, make_symmetric=not make_symmetric)
            given = [k for k, v in (options | by).items() if v is not None] + [k for k, v in switches.items() if v is not True]
            recording = make_recording(pre, post, given)
            self._declare(replace(self.network, recordings=(*self.network.recordings, recording)))
            return None
        made = make_projections(self.network, self.dt, pre, post, allow_autapses, allow_multapses,
                                make_symmetric=make_symmetric, comm=comm, **options)
        network = replace(self.network, projections=(*self.network.projections, *made),
                          recordings=(*self.network.recordings, *attached(self, weight_recorder, made)))
        check_memory(network, self.dt)
        if made[0].rule.drawn_once:
            n = len(made) * check_rows(made[0], self.seed)
            check_room(10.0 * n, f"{n:,} synapses", "connect fewer neurons, or choose fewer partners")
        self._declare(network)
        return made[0] if len(made) == 1 else made

    def get_connections(self, source: NodeView | None = None, target: NodeView | None = None,
                        synapse: Projection | list[Projection] | None = None) -> Connections:
        """The connections from some nodes, to some nodes, of some calls of connect: of all of them where None is given.

        synapse: what connect() returned, or several of them. Connections with recorders are none of synapses: they are not
        among them. Nothing is read before the collection is asked for something.

        Raises
        ------
        TypeError, BadView, NotAvailable
        """
        return find_connections(self, source, target, synapse)

    def _read(self) -> Reader:
        """What reads the connections of the plan of today."""
        plan = self.plan()
        if self._reader is None or self._reader.plan is not plan:
            self._reader = Reader(plan)
        return self._reader

    def _constants(self) -> dict[int, float]:
        """The weights of all projections that have one for all their synapses, by number."""
        return constant_weights(self.network, {} if self._patched is None else self._patched.patched)

    def disconnect(self, pre: Connections | NodeView, post: NodeView | None = None, rule: Rule | None = None) -> None:
        """Remove connections: those of a collection, or those between two views by one_to_one (unless given) or all_to_all.

        Between `cont` calls spikes that are on their way still arrive, except those of generators.

        Raises
        ------
        TypeError, BadView, BadConnection
        """
        disconnect(self, pre, post, rule)

    def reset(self) -> None:
        """Back to t = 0: initial states, empty rings, no spikes on their way."""
        check_free(self, "reset()")
        if self._program is not None:
            self._program.reset()

    def simulate(self, duration: Any, *, progress: bool | None = None, callback: Callback | None = None,
                 every: Any = None) -> Results:
        """A fresh run from t = 0 for `duration` (ms); returns what was recorded.

        progress: show a progress bar; None shows one in interactive sessions. callback: called with the simulator after every
        `every` ms of this run (a multiple of dt); it may read and set values, save(), and return True or call stop() to end the
        run there. Ctrl-C waits until it returns; a second Ctrl-C does not.

        Raises
        ------
        BadTime, TooLarge, Interrupted, Diverged, RecordingFailed; TypeError for callback or every without the other, and where
        callback returns something else than True, False or None; and what callback raises, with what was recorded in `results`
        """
        check_free(self, "simulate()")
        steps = self._steps(duration)
        stretch_of(self, steps, progress, callback, every)
        self._from_start(self._lowered(going_on=False))
        return self._run(steps, progress, callback, every)

    def profile(self, duration: Any, *, progress: bool | None = None) -> Profile:
        """A run like that of `simulate`, with the same results, and where its time goes: `print(sim.profile(1000.0))`.

        Raises
        ------
        BadTime, TooLarge, Interrupted, Diverged
        """
        check_free(self, "profile()")
        steps = self._steps(duration)
        stretch_of(self, steps, progress, None, None)
        return profile_run(self, steps, progress)

    def cont(self, duration: Any, *, progress: bool | None = None, callback: Callback | None = None,
             every: Any = None) -> Results:
        """Go on for `duration` (ms) from where the last run stopped; the results hold this window only. See simulate()."""
        check_free(self, "cont()")
        steps = self._steps(duration)
        self._continued()
        return self._run(steps, progress, callback, every)

    def _steps(self, duration: Any) -> int:
        time = magnitude(duration, "ms", "duration")
        if not isinstance(time, float) or not time >= 0:
            raise BadTime(f"duration = {duration}: must be one time, 0 ms or more")
        return on_grid(time, self.dt, "duration")

    def __repr__(self) -> str:
        net = self.network
        return (f"<Simulator: dt {self.dt:g} ms, {sum(p.size for p in net.populations if p.model)} nodes in "
                f"{sum(p.model is not None for p in net.populations)} populations, {len(net.projections)} projections, "
                f"t = {self.time:g} ms>")
