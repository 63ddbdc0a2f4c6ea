"""Masks whose keys are many segments for a block of queries: unions, documents,
strides, and what they intersect in. The lit test runs them in small blocks."""

import numpy as np

from program import attention, iset

from . import case, program, qkv, shape_label


def patterns(p) -> dict:
    """Lists of sets and unions; symbols are one a batch element."""
    n = p.arg([70, 33], "i32")
    g = p.arg([3, 0], "i64")
    causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
    window = iset("i - j >= 0, j - i + 12 >= 0", lambda i, j, **_: (i >= j) & (j >= i - 12))
    length = iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n)
    prefix = iset("n - 20 - j >= 0", lambda j, n, **_: j <= n - 20, n=n)
    tokens = iset("g - 1 - j >= 0", lambda j, g, **_: j < g, g=g)
    queries = iset("g - 1 - i >= 0", lambda i, g, **_: i < g, g=g)
    some = iset("j mod 20 - 14 >= 0", lambda j, **_: j % 20 >= 14)
    documents = lambda size: iset(f"i floordiv {size} - j floordiv {size} == 0",
                                  lambda i, j, **_: i // size == j // size)
    dilated = lambda step: iset(f"(i - j) mod {step} == 0", lambda i, j, **_: (i - j) % step == 0)
    odd = iset("(3 * i + 5 * j) mod 7 - (i + 2 * j) floordiv 11 == 0",
               lambda i, j, **_: (3 * i + 5 * j) % 7 == (i + 2 * j) // 11)
    packed = iset("(i + n) floordiv 9 - (j + n) floordiv 9 == 0",
                  lambda i, j, n, **_: (i + n) // 9 == (j + n) // 9, n=n)
    return {
        "prefix": [[causal, prefix]], "global": [causal, [tokens, queries, window]], "lengths": [length],
        "documents": [documents(16)], "documents of an odd size": [documents(11), length],
        "documents and what is before": [[documents(8), window], causal], "dilated": [dilated(3), causal],
        "far dilated": [dilated(40), causal], "far dilated with a window": [[dilated(40), window], length],
        "strided": [some], "strided with a window": [causal, [some, window]], "shifted documents": [packed, causal],
        "documents, dilated": [documents(32), dilated(5)], "too much": [odd, causal],
        "one of three": [[some, documents(10), tokens], length, [causal, prefix]],
    }


@case("visited, full and partial keys in segments")
def segments(rng):
    for name in patterns(program("f32")):
        for nq, nkv in ((77, 77), (20, 90)):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (2,), nq, nkv)
            sets = patterns(p)[name]
            attention(p, q, k, v, change=lambda s: p.mask(s, *sets))
            yield p.call(f"{name} {shape_label('f32', q, k, v)}")


@case("segments next to masks and changes that are no sets")
def changes(rng):
    for name in ("prefix", "global", "documents", "strided"):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2,), 45, 45)
        sets = patterns(p)[name]
        keep = p.arg(rng.random((2, 1, 45)) < 0.7, "i1", static=(1,))
        bias = p.arg(rng.normal(size=(45, 45)), "f32")
        attention(p, q, k, v, change=lambda s: p.mask(p.mask(s, *sets, keep=keep), bias=bias, bias_map=("i", "j")))
        yield p.call(f"{name} {shape_label('f32', q, k, v)}")
