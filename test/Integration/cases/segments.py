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


@case("blocks that data masks leave out, keep whole or in part")
def data_masks(rng):
    n, lengths = 77, (5, 1, 20, 16, 24, 11)
    document = np.repeat(np.arange(len(lengths)), lengths)
    ends = np.cumsum(lengths)
    same = """%a = tensor.extract $D[$Q%i] : $T
              %b = tensor.extract $D[$Q%j] : $T
              %y = arith.cmpi eq, %a, %b : i32
              attention.yield %y : i1"""
    for kind in ("documents", "a batch", "documents in any order", "offsets", "window by a table", "keep"):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2, 2), n, n)
        sets = [iset("i - j >= 0", lambda i, j, **_: i >= j)] if kind in ("documents", "keep") else []
        keep = where = None
        if kind == "documents":
            ids = p.arg(document, "i32")
            where = (same.replace("$D", ids.name).replace("$T", ids.type).replace("$Q", ""),
                     lambda b, h, i, j: document[i] == document[j])
        elif kind in ("a batch", "documents in any order"):
            data = np.stack([document, document[::-1]]) if kind == "a batch" else rng.permutation(document)[None].repeat(2, 0)
            ids = p.arg(data, "i32")
            where = (same.replace("$D", ids.name).replace("$T", ids.type).replace("$Q", "%b0, "),
                     lambda b, h, i, j, data=data: data[b, i] == data[b, j])
        elif kind == "offsets":
            first = p.arg((ends - lengths)[document], "index")
            end = p.arg(ends[document], "index")
            where = (f"""%f = tensor.extract {first.name}[%i] : {first.type}
                         %e = tensor.extract {end.name}[%i] : {end.type}
                         %c = arith.cmpi sle, %f, %j : index
                         %d = arith.cmpi slt, %j, %e : index
                         %y = arith.andi %c, %d : i1
                         attention.yield %y : i1""",
                     lambda b, h, i, j: ((ends - lengths)[document][i] <= j) & (j < ends[document][i]))
        elif kind == "window by a table":
            width = p.arg([12, 40], "i64")
            where = (f"""%w = tensor.extract {width.name}[%b1] : {width.type}
                         %n = arith.index_cast %w : i64 to index
                         %t = arith.addi %j, %n : index
                         %c = arith.cmpi sge, %t, %i : index
                         %o = arith.cmpi ule, %j, %i : index
                         %true = arith.constant true
                         %f = arith.xori %c, %true : i1
                         %g = arith.ori %f, %f : i1
                         %x = arith.xori %g, %true : i1
                         %y = arith.andi %x, %o : i1
                         attention.yield %y : i1""",
                     lambda b, h, i, j: (j + np.array([12, 40])[h] >= i) & (j <= i))
        else:
            keep = p.arg((document[:, None] == document) & (rng.random((2, 1, n, n)) < 0.98), "i1", static=(1,))
        attention(p, q, k, v, change=lambda s: p.mask(s, *sets, keep=keep, where=where))
        yield p.call(f"{kind} {shape_label('f32', q, k, v)}")
