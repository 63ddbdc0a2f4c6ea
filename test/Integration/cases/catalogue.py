"""One mask of every kind, as functions (program, scores, rng) -> masked scores.

They take their extents from the scores and pass numbers as arguments, never as
constants of the text, so that one text serves all shapes. Written for two batch
dimensions (batch, heads).
"""

import numpy as np

from program import divisor, iset

from . import program, qkv, shape_label

CAUSAL = iset("i - j >= 0", lambda i, j, **_: i >= j)
# A modifier: the tanh of a score.
TANH = ("%t = math.tanh %x : $T\nattention.yield %t : $T", lambda x, *_: np.tanh(x))


def extents(s):
    return s.data.value.shape


def causal(p, s, rng):
    return p.mask(s, CAUSAL)


def causal_bottom_right(p, s, rng):
    *_, nq, nkv = extents(s)
    o = p.scalar(nkv - nq, "i64")
    return p.mask(s, iset("i + o - j >= 0", lambda i, j, o, **_: i + o >= j, o=o))


def window(p, s, rng):
    left, right = p.scalar(5, "i32"), p.scalar(3, "index")
    return p.mask(s, iset("j - i + l >= 0, i - j + r >= 0",
                          lambda i, j, l, r, **_: (j >= i - l) & (j <= i + r), l=left, r=right))


def prefix_or_causal(p, s, rng):
    n = p.scalar(extents(s)[-1] // 2, "index")
    return p.mask(s, [iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n),
                      iset("i - j >= 0", lambda i, j, **_: i >= j)])


def lengths(p, s, rng):
    batch, _, _, nkv = extents(s)
    n = p.arg([max(nkv - 3 * b, 0) for b in range(batch)], "i32")
    return p.mask(s, iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n))


def blocks(p, s, rng):
    """Blocks of a length that is known at run time only."""
    n = p.scalar(13, "index")
    return p.mask(s, iset("i floordiv n - j floordiv n == 0",
                          lambda i, j, n, **_: i // divisor(n) == j // divisor(n), n=n))


def strided(p, s, rng):
    return p.mask(s, iset("(i - j) mod 5 == 0", lambda i, j, **_: (i - j) % 5 == 0))


def document_ids(p, s, rng):
    *_, nq, nkv = extents(s)
    ids = rng.integers(0, 3, max(nq, nkv))
    table = p.arg(ids, "i32")
    body = f"""%a = tensor.extract {table.name}[%i] : {table.type}
               %b = tensor.extract {table.name}[%j] : {table.type}
               %same = arith.cmpi eq, %a, %b : i32
               attention.yield %same : i1"""
    return p.mask(s, where=(body, lambda b, h, i, j: ids[i] == ids[j]))


def keep(p, s, rng):
    return p.mask(s, keep=p.arg(rng.random(extents(s)) < 0.6, "i1"))


def keep_keys(p, s, rng):
    """One boolean a key and batch element, as a padding mask has."""
    batch, _, _, nkv = extents(s)
    return p.mask(s, keep=p.arg(rng.random((batch, 1, 1, nkv)) < 0.6, "i1", static=(1, 2)))


def bias(p, s, rng):
    _, heads, nq, nkv = extents(s)
    values = np.where(rng.random((1, heads, nq, nkv)) < 0.3, -np.inf,
                      rng.normal(size=(1, heads, nq, nkv)))
    return p.mask(s, bias=p.arg(values, "f16", static=(0,)))


def everything(p, s, rng):
    """All four ways in one operation."""
    *_, nq, nkv = extents(s)
    n = p.scalar(nkv - 1, "i64")
    key = p.arg(rng.random((1, 1, 1, nkv)) < 0.8, "i1", static=(0, 1, 2))
    row = p.arg(rng.normal(size=(1, 1, nq, 1)), "f32", static=(0, 1, 3))
    body = """%s = arith.addi %i, %j : index
              %c = arith.constant 3 : index
              %r = arith.remui %s, %c : index
              %o = arith.constant 1 : index
              %t = arith.cmpi ne, %r, %o : index
              attention.yield %t : i1"""
    return p.mask(s, iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n),
                  keep=key, where=(body, lambda b, h, i, j: (i + j) % 3 != 1), bias=row)


MASKS = {f.__name__.replace("_", " "): f for f in (
    causal, causal_bottom_right, window, prefix_or_causal, lengths, blocks, strided,
    document_ids, keep, keep_keys, bias, everything)}


def global_and_window(p, s, rng):
    """Some see and are seen by all, the others their neighbours."""
    n, w = p.scalar(3, "index"), p.scalar(9, "i64")
    return p.mask(s, [iset("n - 1 - i >= 0", lambda i, n, **_: i < n, n=n),
                      iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n),
                      iset("i - j + w >= 0, j - i + w >= 0", lambda i, j, w, **_: abs(i - j) <= w, w=w)])


def packed_documents(p, s, rng):
    """Documents that follow each other, a table of one a batch element."""
    batch, _, nq, nkv = extents(s)
    ids = np.sort(rng.integers(0, 6, (batch, max(nq, nkv))), -1)
    table = p.arg(ids, "i32")
    body = f"""%x = tensor.extract {table.name}[%b0, %i] : {table.type}
               %y = tensor.extract {table.name}[%b0, %j] : {table.type}
               %same = arith.cmpi eq, %x, %y : i32
               attention.yield %same : i1"""
    return p.mask(s, where=(body, lambda b, h, i, j: ids[b, i] == ids[b, j]))


def keep_blocks(p, s, rng):
    """A boolean tensor for all heads, of blocks."""
    batch, _, nq, nkv = extents(s)
    i, j = np.arange(nq)[:, None], np.arange(nkv)
    kept = (i // 70 + j // 100) % 3 == np.arange(batch)[:, None, None, None] % 3
    return p.mask(s, keep=p.arg(kept, "i1", static=(1,)))


def global_and_window_of_documents(p, s, rng):
    return packed_documents(p, global_and_window(p, s, rng), rng)


def strips_of_kept(p, s, rng):
    """Some of the keys, of all queries and of the later ones."""
    return strided(p, keep_blocks(p, prefix_or_causal(p, s, rng), rng), rng)


# Those that leave out whole blocks of keys, in several ranges or as only data tell.
SPARSE = {f.__name__.replace("_", " "): f for f in (
    global_and_window, packed_documents, keep_blocks, global_and_window_of_documents, strips_of_kept)}


def sparse_calls(rng, known_keys, attend):
    """Calls of `attend(p, q, k, v, change)` under each of SPARSE: of extents that are odd and
    not known, of known ones, and of another type."""
    for name, mask in SPARSE.items():
        for t, dynamic, nq, nkv in (("f32", True, 150, 397), ("f32", False, 33, known_keys), ("f64", True, 33, 131)):
            p = program(t, dynamic)
            q, k, v = qkv(p, rng, t, (2, 3), nq, nkv, 6, 5, kv_batch=(2, 1))
            attend(p, q, k, v, lambda s: mask(p, s, rng))
            yield p.call(f"{name}, {shape_label(t, q, k, v)}")
