"""Every mask at lengths around and off the sizes of blocks and vectors.

In guard mode a read or write past the last row or key is a fault."""

from program import attention

from . import case, program, qkv, shape_label
from .catalogue import MASKS

LENGTHS = (1, 63, 64, 65, 77, 127, 1025)
# Each length as the number of queries and of keys, with an odd one on the other
# side, and both.
SHAPES = [(n, 5) for n in LENGTHS] + [(3, n) for n in LENGTHS] + [(65, 77), (127, 64), (1, 1)]


def register(name, mask):
    @case(f"tails: Nq, Nkv of 1, 63, 64, 65, 77, 127, 1025 with mask: {name}")
    def tails(rng):
        for t, shapes in (("f32", SHAPES), ("bf16", [(65, 77), (3, 63)]),
                          ("f16", [(63, 65), (1, 127)]), ("f64", [(77, 65), (1, 63)])):
            for nq, nkv in shapes:
                p = program(t)
                q, k, v = qkv(p, rng, t, (2, 2), nq, nkv, 5, 3, kv_batch=(2, 1))
                attention(p, q, k, v, change=lambda s: mask(p, s, rng))
                yield p.call(shape_label(t, q, k, v))


for name, mask in MASKS.items():
    register(name, mask)


@case("tails: 1025 queries and keys, causal and windowed", core=True)
def long(rng):
    for name in ("causal bottom right", "window"):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (1, 1), 1025, 1025, 4, 4)
        attention(p, q, k, v, change=lambda s: MASKS[name](p, s, rng))
        yield p.call(f"{shape_label('f32', q, k, v)}, {name}")
