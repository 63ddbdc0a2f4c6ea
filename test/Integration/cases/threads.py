"""Programs whose results are compared bit for bit between runs and numbers of
threads (run.py --threads 1,2,7); against the oracle too, as any case."""

from program import attention, iset

from . import TYPES, case, program, qkv, shape_label
from .catalogue import MASKS


@case("results across thread counts and runs are bit-identical", core=True)
def identical(rng):
    for t in TYPES:
        for nq, nkv in ((1, 1025), (130, 200), (7, 3)):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2, 4), nq, nkv, 9, 5, kv_batch=(2, 2))
            causal = iset("i + 900 - j >= 0", lambda i, j, **_: i + 900 >= j)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(shape_label(t, q, k, v))
    for name, mask in MASKS.items():
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2, 3), 40, 130, 6, 5, kv_batch=(2, 1))
        attention(p, q, k, v, change=lambda s: mask(p, s, rng))
        yield p.call(f"{shape_label('f32', q, k, v)}, {name}")
