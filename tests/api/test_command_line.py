"""The command `nestling`: what it prints, its exit codes, and that it touches nothing but our own files."""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numba
import pytest

from nestling.simulator import command_line, compile
from nestling.simulator.command_line import main

GALLERY = Path(__file__).parents[2] / "gallery"

COMMAND = [sys.executable, "-m", "nestling.simulator"]


def refused(argv, capsys, code=2):
    """What main says of bad arguments, whether it raises its exit code or returns it."""
    try:
        got = main(argv)
    except SystemExit as stop:
        got = stop.code
    said = capsys.readouterr()
    assert got == code and said.out == ""
    return said.err


@pytest.fixture
def gallery(tmp_path, monkeypatch):
    """A gallery of the test's own: a function that adds a script."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    monkeypatch.setattr(command_line, "GALLERY", folder)
    monkeypatch.chdir(tmp_path)

    def add(name, text):
        (folder / f"{name}.py").write_text(text)
    return add


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """An empty folder for compiled kernels."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_info_names_versions_cores_numba_cuda_and_the_cache(capsys, kernels):
    assert main(["info"]) == 0
    said = capsys.readouterr().out
    rows = {line.split()[0]: line for line in said.splitlines()}
    assert list(rows) == ["nestling", "Python", "cores", "memory", "numba", "CUDA", "kernels"]
    assert re.search(r"^nestling +(\d+\.\d+|\(not installed\))", said)
    assert numba.__version__ in rows["numba"] and f"{len(os.sched_getaffinity(0))} for this process" in rows["cores"]
    assert "0 files, 0 bytes" in rows["kernels"] and str(kernels) in rows["kernels"]
    assert re.search(r"no: .*nestling\[cuda\]|compute capability \d", rows["CUDA"])


def test_as_a_process_of_its_own(tmp_path):
    done = subprocess.run([*COMMAND, "info"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("nestling ") and done.stderr == ""
    done = subprocess.run([*COMMAND, "gallery", "brunell"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 2 and "did you mean brunel_delta?" in done.stderr
    with subprocess.Popen([*COMMAND, "gallery"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        process.stdout.close()                                      # `head` has read enough
        assert process.stderr.read() == b"" and process.wait(60) == 0


@pytest.mark.parametrize("argv, text", [
    ([], "required: command"), (["run"], "invalid choice: 'run' .*info.*gallery.*cache.*bench"),
    (["cache", "empty"], "invalid choice: 'empty' .*show.*clear"), (["info", "--all"], "unrecognized arguments: --all"),
    (["cache", "clear", "now"], "unrecognized arguments: now"),
    (["gallery", "brunel"], r"name = 'brunel': did you mean brunel_\w+\? there are adaptation, .*user_model"),
    (["gallery", "zzz"], "name = 'zzz': there are adaptation, .*brunel_delta.*user_model")])
def test_bad_arguments_are_told_what_there_is(argv, text, capsys):
    assert re.search(text, refused(argv, capsys))


# --- gallery --------------------------------------------------------------------------------------------------------------

def test_the_gallery_lists_every_script_with_its_caption(capsys):
    assert main(["gallery"]) == 0
    said = capsys.readouterr().out
    scripts = {path.stem for path in GALLERY.glob("*.py")}
    captions = dict(line.split(maxsplit=1) for line in said.partition("\n\n")[0].splitlines())
    assert set(captions) == scripts and all(len(text) > 20 for text in captions.values())
    assert str(GALLERY) in said


def test_a_script_of_the_gallery_writes_its_picture_to_the_working_folder(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(["gallery", "brunel_delta", "--order", "10", "--time", "20"]) == 0
    assert "40 iaf_psc_delta" in capfd.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["brunel_delta.png"]


def test_a_script_gets_its_arguments_and_its_exit_code_is_the_command_s(gallery, capfd):
    gallery("one", '"""A caption."""\nimport sys\nprint("given", sys.argv[1:])\nsys.exit(7)')
    assert main(["gallery", "one.py", "--help", "-x", "2"]) == 7
    assert "given ['--help', '-x', '2']" in capfd.readouterr().out
    gallery("killed", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert main(["gallery", "killed"]) == 128 + 9


def test_a_missing_gallery_is_said(gallery, capsys):
    assert "has no scripts" in refused(["gallery"], capsys, 1) and "has no scripts" in refused(["bench"], capsys, 1)


def test_ctrl_c_waits_for_the_script_to_finish(gallery, tmp_path):
    gallery("slow", """
import time
print("begun", flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    print("finished")
    raise SystemExit(5)
""")
    code = ("import sys, pathlib; from nestling.simulator import command_line as c; c.GALLERY = pathlib.Path('gallery'); "
            "sys.exit(c.main(['gallery', 'slow']))")
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)                       # as a terminal does
        assert process.stdout.read() == "finished\n" and process.wait(20) == 5


# --- cache ----------------------------------------------------------------------------------------------------------------

def test_cache_clear_removes_all_compiled_kernels_and_nothing_else(kernels, capsys):
    def plus(x):
        return x + 41
    plus.__code__ = plus.__code__.replace(co_filename=compile.__file__)      # kernels are kept by the folder of their file
    compiled = compile.kernel(plus)
    assert compiled(1) == 42
    found = [path for path in kernels.rglob("*") if path.is_file()]
    assert {path.suffix for path in found} == {".nbi", ".nbc"}
    ours = found[0].parent
    (ours / "cuda-advance-0123-1.ptx").write_text("12345")          # as the other backend keeps them
    others = [ours / "notes.txt", ours / "module.cpython-311.pyc", kernels / "theirs_1a2b" / "kernel.nbi"]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_text("not ours")
    nbytes = sum(path.stat().st_size for path in found) + 5
    assert main(["cache"]) == 0
    assert f"{len(found) + 1} files of compiled kernels, {nbytes:,} bytes, in {ours}" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert f"removed {len(found) + 1} files of compiled kernels, {nbytes:,} bytes" in capsys.readouterr().out
    assert sorted(path for path in kernels.rglob("*") if path.is_file()) == sorted(others)
    assert compiled(2) == 43                                        # what is in memory runs on
    assert main(["cache", "clear"]) == 0 and "removed 0 files" in capsys.readouterr().out


def test_a_folder_that_may_not_be_changed_is_said(kernels, monkeypatch, capsys):
    def refuse():
        raise PermissionError(13, "Permission denied", "kernel.nbi")
    monkeypatch.setattr(command_line, "clear", refuse)
    assert "nestling cache: [Errno 13] Permission denied: 'kernel.nbi'" in refused(["cache", "clear"], capsys, 1)


# --- bench ----------------------------------------------------------------------------------------------------------------

def rows(text):
    """The measured figures of each side."""
    return {m[1]: [float(x) for x in m[2].split()] for m in re.finditer(r"^  (\w+)[ .\d]*?((?: +[\d.e+-]+){5})$", text, re.M)}


def test_bench_prints_both_sides(capfd):
    pytest.importorskip("nest", reason="NEST is not installed: pip install nest-simulator")
    assert main(["bench", "--order", "50", "--time", "200"]) == 0
    said = capfd.readouterr().out
    assert "order 50: 250 neurons, 6,250 synapses, 200 ms, 1 thread\n" in said
    ours, theirs = rows(said)["Nestling"], rows(said)["NEST"]
    assert ours[4] == pytest.approx(theirs[4], rel=0.15) and 20 < ours[4] < 100         # the rates of the same network
    assert re.search(r"Nestling runs [\d.]+ times as fast as NEST", said)


def test_bench_says_that_nest_is_not_there(tmp_path, monkeypatch, capfd):
    (tmp_path / "nest.py").write_text("raise ModuleNotFoundError(\"No module named 'nest'\", name='nest')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert main(["bench", "--order", "10", "--time", "50"]) == 0
    said = capfd.readouterr().out
    assert set(rows(said)) == {"Nestling"} and "NEST is not installed here: pip install nest-simulator" in said
    assert main(["bench", "--order", "10", "--time", "50", "--without-nest"]) == 0
    said = capfd.readouterr().out
    assert set(rows(said)) == {"Nestling"} and "NEST" not in said.partition("\n")[2].upper().replace("NESTLING", "")


@pytest.mark.parametrize("options, text", [
    (["--order", "2.5"], "'2.5': must be a whole number, 1 or more"),
    (["--time=nan"], "'nan': must be a number of ms, more than 0"),
    (["--size", "3"], "unrecognized arguments: --size 3")])
def test_bench_refuses_bad_options(options, text, capfd):
    assert main(["bench", *options]) == 2
    assert text in capfd.readouterr().err
