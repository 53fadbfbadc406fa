"""Functions compiled for GPUs on a machine that has none, and what is wrong with the code: the helper of tests on CUDA."""
import re

CAPABILITIES = (7, 5), (9, 0)
FLOAT = re.compile(r"\.f(16|32|64)")
ROUNDED = {"add", "sub", "mul", "div", "sqrt", "rcp"}
INEXACT = {"fma", "mad", "lg2", "ex2", "sin", "cos", "tanh", "rsqrt"}     # of floats; mad of integers is exact
OTHERWISE = {"min", "max"}                                               # they treat nan and -0.0 as no CPU does


def compiled(function, signature, monkeypatch, fma=False):
    """The PTX of a kernel for both capabilities; without `fma` no product may be rounded together with a sum.

    Numba's part of the work is done once: the code that it hands to NVVM is the same for both.
    """
    import numba.cuda.dispatcher as dispatcher
    from numba import cuda
    from numba.cuda.cudadrv import nvvm
    found, original = {}, nvvm.compile_ir

    def compile_ir(ir, **options):
        for major, minor in CAPABILITIES:
            arch = f"compute_{major}{minor}"
            found[major, minor] = original(ir, **{**options, "fma": fma, "arch": arch}).decode()
        return found[CAPABILITIES[-1]].encode()

    class Device:
        compute_capability = CAPABILITIES[-1]
    with monkeypatch.context() as patched:
        patched.setattr(dispatcher, "get_current_device", lambda: Device)
        patched.setattr(nvvm, "compile_ir", compile_ir)
        cuda.compile_ptx(function, signature, cc=CAPABILITIES[-1])
    assert all(f".target sm_{a}{b}" in text and ".visible .entry" in text for (a, b), text in found.items())
    return found


def faults(text, nan=True):
    """Instructions of PTX whose result is not that of the same operation on a CPU, calls, and memory that is no register.

    nan: whether numbers may be NaN or -0.0, of which minima and maxima are not the CPU's.
    """
    found = []
    for line in text.splitlines():
        words = line.split("//")[0].split()
        if not words or words[0].startswith("."):
            found += [line.strip()] if words and (".local" in line or "__local_depot" in line) else []
            continue
        operation, *kinds = (words[1] if words[0].startswith("@") and len(words) > 1 else words[0]).rstrip(";").split(".")
        real = any(FLOAT.fullmatch("." + kind) for kind in kinds)
        wrong = (operation == "call" or "__nv_" in line or "local" in kinds or {"approx", "ftz", "full"} & set(kinds)
                 or real and (operation in (INEXACT | OTHERWISE if nan else INEXACT) or operation in ROUNDED and "rn" not in kinds))
        found += [line.strip()] if wrong else []
    return found


def assembled(text, capability, *options):
    """What the assembler says of PTX: registers, bytes of stack, of spilled stores and of spilled loads."""
    from cuda.bindings import nvjitlink
    arguments = [f"-arch=sm_{capability[0]}{capability[1]}", "-verbose", *options]
    handle = nvjitlink.create(len(arguments), arguments)
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, text.encode(), len(text), "kernel")
        nvjitlink.complete(handle)
        log = bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_info_log(handle, log)
    finally:
        nvjitlink.destroy(handle)
    said = log.decode()
    registers = re.search(r"Used (\d+) registers", said)
    memory = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said)
    assert registers and memory, said
    return int(registers[1]), *map(int, memory.groups())
