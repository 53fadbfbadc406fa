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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = make_parser().parse_args(argv)
    try:
        code: int = args.run(args)
    except (NotAvailable, OSError) as error:
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
                       help="show: where they are and their size (unless given); clear: remove them, those for GPUs too; they are compiled again when needed")
    cache.set_defaults(run=manage_cache)
    bench = commands.add_parser("bench", help="a short benchmark: Brunel's network, beside NEST where that is installed")
    bench.add_argument("--order", type=whole("order", 1), default=500, help="excitatory neurons: 4 x order (default: 500)")
    bench.add_argument("--time", type=positive, default=1000.0, help="simulated time, ms (default: 1000)")
    bench.add_argument("--threads", type=whole("threads", 1), default=1, help="threads of both (default: 1)")
    bench.add_argument("--backend", choices=["cpu", "cuda"], default="cpu", help="where Nestling runs (default: cpu)")
    bench.add_argument("--without-nest", action="store_true", help="Nestling only")
    bench.set_defaults(run=run_bench)
    return parser


def whole(name: str, least: int) -> type:
    """A type of argument: a whole number."""
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r}: must be a whole number, {least} or more")
        return int(text)
    return read                                 # type: ignore[return-value]


def positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r}: must be a number of ms above 0")
    return value


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
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(found)}"
        print(f"nestling gallery: name = {args.name!r}: {hint}", file=sys.stderr)
        return 2
    return subprocess.run([sys.executable, str(found[name]), *args.arguments]).returncode


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
    from .bench import nest_apart, run_nestling, table

    found = [run_nestling(args.order, args.time, args.threads, args.backend)]
    nest = "" if args.without_nest else nest_apart(args.order, args.time, args.threads)
    if not isinstance(nest, str):
        found.append(nest)
    print(table(args.order, args.time, args.threads, found))
    if isinstance(nest, str) and nest:
        print(nest)
    return 0
