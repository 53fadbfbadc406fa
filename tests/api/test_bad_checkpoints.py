"""Files that cannot be loaded, or written, are refused with the reason; and a file is there whole or not at all."""
from __future__ import annotations

import json
import os
import sys
import types
import zipfile
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import mV
from nestling.simulator import archive, network


def small() -> nl.Simulator:
    sim = nl.Simulator(seed=2)
    cells = sim.create(nl.iaf_psc_exp, 10, I_e=500.0)
    sim.connect(cells, cells, rule=nl.fixed_indegree(3), weight=nl.dist.Normal(10.0, 1.0), delay=nl.dist.Uniform(1.0, 2.0))
    sim.connect(cells, sim.create(nl.spike_recorder))
    return sim


@pytest.fixture
def saved(tmp_path):
    sim = small()
    sim.simulate(20.0)
    sim.save(tmp_path / "it.npz")
    return tmp_path / "it.npz"


def changed(path, out, change):
    """A copy of a file with another description, and the right digest of that."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == archive.DESCRIPTION:
                description = json.loads(data)
                change(description)
                data = text = json.dumps(description).encode()
            if name == archive.DIGEST:
                data = archive.hashlib.sha256(text).hexdigest().encode()
            new.writestr(name, data)
    return out


def refused(path, match, **given):
    with pytest.raises(nl.BadCheckpoint, match=match) as found:
        nl.Simulator.load(path, **given)
    assert str(path) in str(found.value) or "definitions" in str(found.value)


def test_foreign_files(tmp_path):
    for name, data in (("text", b"hello"), ("nothing", b""), ("zeros", bytes(1000))):
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, "is no checkpoint of Nestling, or its end is missing")
    np.savez(tmp_path / "arrays.npz", a=np.arange(3))
    refused(tmp_path / "arrays.npz", "is no checkpoint of Nestling: it has no description.json")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as z:
        z.writestr("description.json", '{"kind": "recipe"}')
    refused(tmp_path / "other.zip", "description.json is something else's")
    with pytest.raises(FileNotFoundError):
        nl.Simulator.load(tmp_path / "none")


def test_other_formats(saved, tmp_path):
    newer = changed(saved, tmp_path / "newer", lambda d: d.update(format=archive.FORMAT + 1, nestling="9.9"))
    refused(newer, rf"format {archive.FORMAT + 1}, written by Nestling 9.9; this one reads format {archive.FORMAT}; load it "
                   r"with that version or a later one")
    older = changed(saved, tmp_path / "older", lambda d: d.update(format=0, nestling="0.0.1"))
    refused(older, r"format 0, written by Nestling 0.0.1; .* load it with that version$")


def test_other_versions(saved, tmp_path, monkeypatch):
    other = changed(saved, tmp_path / "other", lambda d: d.update(nestling="9.9"))
    refused(other, r"was written by Nestling 9.9; this is \S+, which may draw other synapses .* load it with that version$")
    monkeypatch.setattr(archive, "own_version", lambda: archive.UNKNOWN)        # a folder that was not installed has none
    assert nl.Simulator.load(other).time == pytest.approx(20.0)
    ours = changed(saved, tmp_path / "ours", lambda d: d["network"]["populations"][0]["model"]["model"]["source"].update(
        digest="0"))
    refused(ours, "the model iaf_psc_exp .* is not what it was when the file was written: its code differs")


def test_the_format_is_raised_with_what_it_describes():
    # whoever changes one of these raises archive.FORMAT, and writes the new names here
    described = {c.__name__: [f.name for f in fields(c)] for c in (network.Population, network.Projection, network.Edited)}
    assert archive.FORMAT == 1 and described == {
        "Population": ["index", "size", "first_id", "model", "recorder", "params", "initial", "layer"],
        "Projection": ["index", "sources", "targets", "rule", "weight", "delay", "receptor", "stream", "named",
                       "allow_autapses", "allow_multapses", "transposed", "specification", "procedural", "which", "edited",
                       "bound"],
        "Edited": ["keys", "weights", "steps"]}
    assert [f.name for f in fields(network.Network)] == ["populations", "projections", "recordings"]


def test_a_file_that_was_cut_off(saved):
    data = saved.read_bytes()
    for n in (1, 10, len(data) // 2, len(data) - 1):
        saved.write_bytes(data[:n])
        refused(saved, "is no checkpoint of Nestling, or its end is missing|is damaged")


def test_a_file_with_a_wrong_byte_is_refused_or_the_same(saved):
    data = saved.read_bytes()
    there = nl.Simulator.load(saved)
    expected = there.cont(5.0).events(there.populations[1], plain=True)
    rng, found = np.random.default_rng(1), 0
    for place in rng.integers(0, len(data), 300):
        wrong = bytearray(data)
        wrong[place] ^= 1 << rng.integers(0, 8)
        saved.write_bytes(wrong)
        try:
            loaded = nl.Simulator.load(saved)
        except nl.BadCheckpoint:
            found += 1
            continue
        for a, b in zip(expected, loaded.cont(5.0).events(loaded.populations[1], plain=True)):      # a time of the archive's
            np.testing.assert_array_equal(a, b)
    assert found > 200


def test_an_array_that_was_exchanged(saved, tmp_path):
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "wrong", "w") as new:
        for name in old.namelist():
            data = bytearray(old.read(name))
            if name == "3.npy":
                data[-1] ^= 1
            new.writestr(name, bytes(data))
    refused(tmp_path / "wrong", "is damaged: its array 3 is not what was written: use another copy")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "text", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"I_e": 500.0', b'"I_e": 501.0'))
    refused(tmp_path / "text", "is damaged: its description is not what was written")


def test_a_file_runs_no_code(saved, tmp_path):
    class Trap:                                     # what it names is called where it is unpickled
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)
    np.savez(tmp_path / "trap.npz", a=np.array([Trap()], object))
    with zipfile.ZipFile(tmp_path / "trap.npz") as z:
        pickled = z.read("a.npy")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(tmp_path / "bad", "w") as new:
        description = json.loads(old.read(archive.DESCRIPTION))
        description["arrays"]["0"] = archive.hashlib.sha256(pickled).hexdigest()
        text = json.dumps(description).encode()
        for name in old.namelist():
            new.writestr(name, {"0.npy": pickled, archive.DESCRIPTION: text,
                                archive.DIGEST: archive.hashlib.sha256(text).hexdigest()}.get(name, old.read(name)))
    refused(tmp_path / "bad", "Object arrays cannot be loaded")
    with pytest.raises(FileExistsError):            # the trap works
        os.mkdir(tmp_path / "sprung")
        np.load(tmp_path / "trap.npz", allow_pickle=True)["a"]
    for name in ("os:system", "nestling.simulator.archive:os", "nestling.simulator.archive:write_archive"):
        def ask(d, name=name):
            d["objects"][0].update(name=name, digest="")
        with pytest.raises(nl.BadCheckpoint):
            nl.Simulator.load(changed(saved, tmp_path / "ask", ask))
    before = set(sys.modules)
    model = changed(saved, tmp_path / "module", lambda d: d["network"]["populations"][0]["model"]["model"]["source"].update(
        name="this"))
    refused(model, "asks for the model this, defined in this: import or define it before load")
    assert "this" not in sys.modules and set(sys.modules) == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    sim, path = small(), tmp_path / "it"
    sim.save(path)
    with pytest.raises(FileExistsError, match="path = .*it' exists: choose another, or overwrite=True"):
        sim.save(path)
    before = path.read_bytes()
    sim.simulate(3.0)

    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        sim.save(path, overwrite=True)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["it"]
    monkeypatch.undo()
    sim.save(path, overwrite=True)
    assert nl.Simulator.load(path).time == pytest.approx(3.0) and os.listdir(tmp_path) == ["it"]
    assert sim.cont(1.0).window[1] == pytest.approx(4.0)


def test_bad_paths(tmp_path):
    sim = small()
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        sim.save(tmp_path / "none" / "it")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        sim.save(tmp_path, overwrite=True)
    with pytest.raises(TypeError, match="path = 3: must be the name of a file"):
        sim.save(3)
    sim.save(tmp_path / "it")
    before = (tmp_path / "it").stat()
    with pytest.raises(TypeError, match="overwrite = 'no': must be True or False"):
        sim.save(tmp_path / "it", overwrite="no")
    assert (tmp_path / "it").stat() == before


def test_a_run_that_cannot_go_on_is_not_saved(tmp_path):
    sim = small()
    sim.simulate(3.0)
    sim.create(nl.iaf_psc_exp)
    with pytest.raises(nl.NotAvailable, match="the network was changed at t = 3 ms.*reset"):
        sim.save(tmp_path / "it")
    assert not os.listdir(tmp_path)
    sim.reset()
    sim.save(tmp_path / "it")
    assert nl.Simulator.load(tmp_path / "it").time == 0.0


# ------------------------------------------------------------------------------------------------------ one's own models

def model(decay=0.9, threshold=10.0):
    """A model as a user writes it; decay: a number in its code; threshold: a default."""
    class Leaky:
        class Params(NamedTuple):
            V_th: mV = threshold

        class State(NamedTuple):
            V_m: mV = 0.0

        class Inputs(NamedTuple):
            spikes: mV = 0.0

        class Step(NamedTuple):
            V_th: mV

        def derive(p, dt):
            return Leaky.Step(p.V_th)

    def slow(s, c, x):
        return Leaky.State(s.V_m * 0.9 + x.spikes + 2.0), s.V_m > c.V_th

    def fast(s, c, x):
        return Leaky.State(s.V_m * 0.8 + x.spikes + 2.0), s.V_m > c.V_th
    Leaky.update = slow if decay == 0.9 else fast
    return Leaky


@pytest.fixture
def of_own(tmp_path):
    """A file with a model that only the test has."""
    sim = nl.Simulator()
    sim.create(model(), 3)
    sim.simulate(1.0)
    sim.save(tmp_path / "own")
    return tmp_path / "own"


def test_a_model_that_is_missing_is_named(of_own):
    refused(of_own, r"asks for the model Leaky, defined in .*: import or define it before load\(\), or give it in definitions")


def test_a_model_is_found_by_its_name_and_told_by_its_code(of_own, monkeypatch):
    assert nl.Simulator.load(of_own, definitions=[model()]).cont(2.0).window[1] == pytest.approx(3.0)
    for other in (model(decay=0.8), model(threshold=11.0)):
        refused(of_own, "the model Leaky .* is not what it was when the file was written: its code differs",
                definitions=[other])
    right = model()
    right.__qualname__ = "Leaky"
    monkeypatch.setattr(sys.modules["__main__"], "Leaky", right, raising=False)         # a script's own
    # its name there is another: the file says model.<locals>.Leaky
    refused(of_own, "asks for the model Leaky")
    module = types.ModuleType("mine")
    module.Leaky, right.__module__ = right, "mine"
    monkeypatch.setitem(sys.modules, "mine", module)
    sim = nl.Simulator()
    sim.create(right)
    sim.save(of_own, overwrite=True)
    assert nl.Simulator.load(of_own).populations[0].get("V_th") == 10.0
    monkeypatch.delitem(sys.modules, "mine")
    assert nl.Simulator.load(of_own).populations[0].get("V_th") == 10.0                   # the script defines it now


def test_what_was_written_by_another_python_is_warned_of(of_own, tmp_path):
    other = changed(of_own, tmp_path / "other", lambda d: d.update(python="3.99"))
    source = changed(other, tmp_path / "source", lambda d: d["network"]["populations"][0]["model"]["model"]["source"].update(
        digest="0"))
    with pytest.warns(UserWarning, match="Python 3.99.*the model Leaky may give other results"):
        nl.Simulator.load(source, definitions=[model()])


def test_definitions_are_things_that_can_be_defined(of_own):
    with pytest.raises(TypeError, match="definitions: 'Leaky' must be a model"):
        nl.Simulator.load(of_own, definitions=["Leaky"])


def test_a_backend_that_is_not_here(saved, tmp_path, monkeypatch):
    def none(*_):
        raise nl.NotAvailable("backend = 'cuda': no GPU")
    monkeypatch.setattr("nestling.simulator.simulator.backend_of", none)
    gpu = changed(saved, tmp_path / "gpu", lambda d: d["simulator"].update(backend="cuda"))
    with pytest.raises(nl.NotAvailable, match="no GPU .*was saved with backend='cuda'; load.path, backend='cpu'"):
        nl.Simulator.load(gpu)
    monkeypatch.undo()
    assert nl.Simulator.load(gpu, backend="cpu").time == pytest.approx(20.0)
