"""The command `nestling` (or `python -m nestling.simulator`): what is installed, the gallery, compiled kernels, a benchmark."""
from __future__ import annotations

import argparse
import ast
import difflib
import math
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .errors import NotAvailable
from .kept_kernels import cache_folders, clear, kept_files, size_of
from .memory import available_memory
from .threads import available_cores

HERE = Path(__file__).resolve().parent
GALLERY = HERE.parent / "gallery"           # beside this package, in a checkout and where it is installed
BENCH = "brunel_timed"                      # the script of `nestling bench`


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = make_parser()
    args, rest = parser.parse_known_args(argv)
    if args.command == "bench":
        args.arguments = rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:                     # who reads it, as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, RuntimeError) as error:            # NotAvailable, and numba's where no folder can keep kernels
        print(f"nestling {args.command}: {error}", file=sys.stderr)
        return 1
    return code


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nestling",
                                     description="Spiking neural networks in NEST's terms, on CPU cores and GPUs.")
    commands = parser.add_subparsers(dest="command", required=True)
    info = commands.add_parser("info", help="what is installed: versions, cores, memory, GPU, compiled kernels")
    info.set_defaults(run=print_info)
    gallery = commands.add_parser("gallery", help="list the scripts of the gallery, or run one")
    gallery.add_argument("name", nargs="?", help="the script; without it, all are listed")
    gallery.add_argument("arguments", nargs=argparse.REMAINDER, help="of the script; --help tells which it has")
    gallery.set_defaults(run=run_gallery)
    cache = commands.add_parser("cache", help="compiled kernels that are kept on disk")
    cache.add_argument("action", nargs="?", choices=["show", "clear"], default="show",
                       help="show (unless given): where they are and what they take; clear: remove them, those for GPUs too; "
                            "they are compiled again when needed")
    cache.set_defaults(run=manage_cache)
    bench = commands.add_parser("bench", add_help=False, help="Brunel's network timed, beside NEST where that is installed "
                                                              "(--help after it: with which options)")
    bench.set_defaults(run=run_bench)
    return parser


def print_info(args: argparse.Namespace) -> int:
    import llvmlite
    import numba
    import numpy
    import scipy

    try:
        ours = version("nestling")
    except PackageNotFoundError:
        ours = "(not installed)"
    free, total = available_memory(), total_memory()
    files = kept_files()
    rows = {
        "nestling": f"{ours} in {HERE.parent}",
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}, NumPy {numpy.__version__}, "
                  f"SciPy {scipy.__version__}",
        "cores": f"{available_cores()} for this process, {os.cpu_count()} in the machine",
        "memory": f"{gigabytes(free)} free of {gigabytes(total)}",
        "numba": f"{numba.__version__}, llvmlite {llvmlite.__version__}",
        "CUDA": gpu(),
        "kernels": f"{len(files)} files, {size_of(files):,} bytes, in {' and '.join(map(str, cache_folders()))}",
    }
    for name, text in rows.items():
        print(f"{name:9} {text}")
    return 0


def gigabytes(nbytes: float) -> str:
    return f"{nbytes / 1e9:.1f} GB" if math.isfinite(nbytes) else "an unknown amount"


def total_memory() -> float:
    """Bytes of memory of this machine; infinite where it cannot be told."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def gpu() -> str:
    """The GPU, or why there is none to be used."""
    from .backends import backend_of
    try:
        device = backend_of("cuda", "double").open_device("double")
    except NotAvailable as error:
        return "no: " + str(error).removeprefix("backend = 'cuda': ")
    return f"{device.name}, compute capability {device.capability[0]}.{device.capability[1]}"


def scripts() -> dict[str, Path]:
    """The gallery's scripts by name. Raises NotAvailable where they are not installed."""
    found = {path.stem: path for path in sorted(GALLERY.glob("*.py")) if path.stem != "__init__"}
    if not found:
        raise NotAvailable(f"the gallery is not here: {GALLERY} has no scripts. It is the folder gallery/ of the sources; "
                           f"pip install of a checkout installs it")
    return found


def run_gallery(args: argparse.Namespace) -> int:
    found = scripts()
    if args.name is None:
        for name, path in found.items():
            caption = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
            print(f"{name:16} {caption}")
        print(f"\nnestling gallery NAME runs one (--help after it: with which options); they are in {GALLERY}")
        return 0
    name = args.name.removesuffix(".py")
    if name not in found:
        near = difflib.get_close_matches(name, found, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        print(f"nestling gallery: name = {args.name!r}: {hint}there are {', '.join(found)}", file=sys.stderr)
        return 2
    return run_script(found[name], args.arguments)


def run_script(path: Path, arguments: Sequence[str]) -> int:
    """Run a script in a process of its own, in the working folder; returns its exit code."""
    with subprocess.Popen([sys.executable, str(path), *arguments]) as process:
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:               # the script gets it, too, and may have something to finish
                continue
            return code if code >= 0 else 128 - code


def manage_cache(args: argparse.Namespace) -> int:
    folders = " and ".join(map(str, cache_folders()))
    if args.action == "clear":
        number, nbytes = clear()
        print(f"removed {number} files of compiled kernels, {nbytes:,} bytes, from {folders}")
    else:
        files = kept_files()
        print(f"{len(files)} files of compiled kernels, {size_of(files):,} bytes, in {folders}")
    return 0


def run_bench(args: argparse.Namespace) -> int:
    return run_script(scripts()[BENCH], args.arguments)
