"""Event-driven products against SciPy's: python tests/benchmarks/operators.py

The matrix of the guide "Build an event-driven E/I network": 3200 x 4000, 80 targets each, 1 % of the neurons firing. SciPy
multiplies the transposed CSR matrix with the vector of spikes. Where brainevent is installed (0.2.1 was, on the CPU), it takes
part, compiled by jax. Medians, in microseconds, one thread.
"""
import importlib.util
import time

import numpy as np

from nestling import simulator as nl

PRE, POST, NUMBER, SHARE = 3200, 4000, 80, 0.01


def median(f, repeats=500):
    f()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        taken.append(time.perf_counter() - start)
    return 1e6 * float(np.median(taken))


rng = np.random.default_rng(1)
spikes = rng.permutation(PRE) < SHARE * PRE
vector, post = spikes.astype(float), (rng.permutation(POST) < SHARE * POST).astype(float)
stored = nl.FixedPostNumConn(num_pre=PRE, num_post=POST, conn_num=NUMBER, weight=0.6, seed=1)
varied = nl.FixedPostNumConn(num_pre=PRE, num_post=POST, conn_num=NUMBER, weight=rng.random((PRE, NUMBER)), seed=1)
drawn = nl.JITCScalarR(num_pre=PRE, num_post=POST, prob=NUMBER / POST, weight=0.6, seed=1)
normal = nl.JITCNormalR(num_pre=PRE, num_post=POST, prob=NUMBER / POST, loc=0.6, scale=0.1, seed=1)
csr = varied.tocsr()
csr_t = csr.T.tocsr()
np.testing.assert_allclose(nl.BinaryArray(spikes) @ varied, csr_t @ vector)

rows = [("scipy: csr.T.tocsr() @ vector", lambda: csr_t @ vector), ("scipy: csr.T @ vector", lambda: csr.T @ vector),
        ("BinaryArray @ FixedPostNumConn, one weight", lambda: nl.BinaryArray(spikes) @ stored),
        ("BinaryArray @ FixedPostNumConn, 256,000 weights", lambda: nl.BinaryArray(spikes) @ varied),
        ("BinaryArray @ JITCScalarR, drawn again", lambda: nl.BinaryArray(spikes) @ drawn),
        ("BinaryArray @ JITCNormalR, drawn again", lambda: nl.BinaryArray(spikes) @ normal),
        ("scipy: csr @ vector", lambda: csr @ post),
        ("FixedPostNumConn @ BinaryArray, 256,000 weights", lambda: varied @ nl.BinaryArray(post))]
if importlib.util.find_spec("brainevent"):
    import brainevent
    import jax

    same = brainevent.FixedNumPerPre(0.6, jax.numpy.asarray(stored.indices.reshape(PRE, NUMBER)), shape=(PRE, POST))
    again = brainevent.JITCScalarR(0.6, NUMBER / POST, 1, shape=(PRE, POST))
    given = jax.numpy.asarray(spikes)
    for what, matrix in (("BinaryArray @ FixedNumPerPre", same), ("BinaryArray @ JITCScalarR", again)):
        run = jax.jit(lambda x, m=matrix: brainevent.BinaryArray(x) @ m)
        rows.append((f"brainevent: {what}", lambda run=run: run(given).block_until_ready()))
    np.testing.assert_allclose(rows[-2][1](), nl.BinaryArray(spikes) @ stored, rtol=1e-5, atol=1e-6)
for what, product in rows:
    print(f"{what:50s} {median(product):8.1f}")
