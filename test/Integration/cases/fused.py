"""attention.fused written directly, and blocks by hand: maps, origins, the order of
changes, all results, all types.

Destinations hold NaN: results do not depend on what was there."""

import numpy as np

from fused_program import FusedProgram
from program import iset

from . import TYPES, case, compute_type

NAN = float("nan")


def fused_program(*elements, dynamic=True) -> FusedProgram:
    return FusedProgram(compute_type(*elements), dynamic)


def destination(p, element, *shape):
    return p.arg(np.full(shape, NAN), element)


def causal(p):
    return p.sets(iset("i - j >= 0", lambda i, j, **_: i >= j))


def relative(p):
    """x + 0.25 · (j − i) and whatever else the indices say."""
    return p.modified("""
        %d = arith.subi %j, %i : index
        %n = arith.index_cast %d : index to i64
        %f = arith.sitofp %n : i64 to $T
        %c = arith.constant 0.25 : $T
        %m = arith.mulf %f, %c : $T
        %y = arith.addf %x, %m : $T
        attention.yield %y : $T""", lambda x, *at: x + 0.25 * (at[-1] - at[-2]))


def softcap(p):
    return p.modified("""
        %t = math.tanh %x : $T
        attention.yield %t : $T""", lambda x, *_: np.tanh(x))


def not_diagonal(p):
    return p.where("""
        %t = arith.cmpi ne, %i, %j : index
        attention.yield %t : i1""", lambda *at: at[-1] != at[-2])


def plain(p, rng, element, nq=5, nkv=7, d=4, dv=3, **options):
    """One head, no batch dimensions, context and log-sum-exp."""
    q, k, v = (p.arg(rng.normal(size=s), element) for s in ((nq, d), (nkv, d), (nkv, dv)))
    return p.fused({"query": (q, ["i", "d"]), "key": (k, ["j", "d"]), "value": (v, ["j", "e"])},
                   {"context": (destination(p, element, nq, dv), ["i", "e"]),
                    "lse": (destination(p, p.compute, nq), ["i"])}, **options)


@case("types, extents static and dynamic, zero extents", core=True)
def types(rng):
    for t in TYPES:
        for dynamic in (True, False):
            for nq, nkv, d, dv in ((5, 7, 4, 3), (1, 65, 8, 2), (0, 3, 2, 2), (3, 0, 2, 2), (3, 4, 0, 2), (3, 4, 2, 0)):
                p = fused_program(t, dynamic=dynamic)
                scale = p.scalar(0.5, p.compute)
                p.result(*plain(p, rng, t, nq, nkv, d, dv, scale=scale, changes=[causal(p)]))
                yield p.call(f"{t} {nq} {nkv} {d} {dv}{' static' if not dynamic else ''}")
    for q_type, k_type, v_type, o_type in (("f16", "f32", "bf16", "f32"), ("f32", "f16", "f64", "bf16"),
                                           ("f64", "bf16", "f16", "f16")):
        p = fused_program(q_type, k_type, v_type)
        q, k, v = (p.arg(rng.normal(size=s), t) for s, t in
                   (((5, 4), q_type), ((7, 4), k_type), ((7, 3), v_type)))
        p.result(*p.fused(
            {"query": (q, ["i", "d"]), "key": (k, ["j", "d"]), "value": (v, ["j", "e"])},
            {"context": (destination(p, o_type, 5, 3), ["i", "e"]),
             "weights": (destination(p, p.compute, 5, 7), ["i", "j"])}))
        yield p.call(f"{q_type} {k_type} {v_type} {o_type}")


@case("layouts, broadcasts and grouped heads are maps", core=True)
def maps(rng):
    layouts = {
        "heads first": (["b0", "b1", "i", "d"], ["b0", "b1 floordiv 2", "j", "d"], ["b0", "b1", "j", "e"],
                        ["b0", "b1", "i", "e"], ["b0", "b1", "i"], ["b0", "b1", "i", "j"]),
        "sequence first": (["b0", "i", "b1", "d"], ["b0", "j", "b1 floordiv 2", "d"],
                           ["j", "b0", "e", "b1 floordiv 4"], ["i", "b0", "b1", "e"], ["b0", "i", "b1"],
                           ["i", "j", "b1", "b0"]),
        "broadcast": (["b1", "d", "i"], ["0", "d", "j"], ["b0", "j", "0", "e"], ["e", "i", "b1", "b0"],
                      ["i", "b1", "b0"], ["j", "b0", "i", "b1"]),
    }
    extents = {"b0": 3, "b1": 4, "i": 5, "j": 7, "d": 4, "e": 2, "0": 1, "b1 floordiv 2": 2, "b1 floordiv 4": 1}
    for title, results in layouts.items():
        for t, dynamic in (("f32", True), ("f32", False), ("bf16", True)):
            p = fused_program(t, dynamic=dynamic)
            operands = {kind: (p.arg(rng.normal(size=[extents[r] for r in m]), t), m)
                        for kind, m in zip(("query", "key", "value"), results)}
            outs = {kind: (destination(p, t if kind == "context" else p.compute, *(extents[r] for r in m)), m)
                    for kind, m in zip(("context", "lse", "weights"), results[3:])}
            p.result(*p.fused(operands, outs, changes=[causal(p)]))
            yield p.call(f"{title} {t}{'' if dynamic else ' static'}")


@case("changes in any order, each seeing the live pairs before it", core=True)
def orders(rng):
    def steps(p):
        n = p.arg([6, 3], "i32")
        keep = p.arg(rng.random((5, 7)) < 0.7, "i1")
        bias = p.arg(np.where(rng.random((2, 7)) < 0.2, -np.inf, rng.normal(size=(2, 7))), "f16")
        return {"length": p.sets(iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n)), "causal": causal(p),
                "keep": p.keep(keep, ["i", "j"]), "bias": p.bias(bias, ["b0", "j"]), "cap": softcap(p),
                "relative": relative(p), "where": not_diagonal(p)}

    chains = (["causal", "cap"], ["cap", "causal"], ["bias", "cap"], ["cap", "bias", "relative"],
              ["relative", "cap", "where", "bias", "length"], ["where", "keep", "relative", "cap"],
              ["length", "keep", "where", "bias", "cap", "relative"], ["cap", "cap", "bias", "bias", "causal"], [])
    for t in ("f32", "f64"):
        for chain in chains:
            p = fused_program(t)
            q, k, v = (p.arg(rng.normal(size=s), t) for s in ((2, 5, 4), (2, 7, 4), (2, 7, 3)))
            made = steps(p)
            p.result(*p.fused(
                {"query": (q, ["b0", "i", "d"]), "key": (k, ["b0", "j", "d"]), "value": (v, ["b0", "j", "e"])},
                {"context": (destination(p, t, 2, 5, 3), ["b0", "i", "e"]),
                 "lse": (destination(p, p.compute, 2, 5), ["b0", "i"])}, changes=[made[c] for c in chain]))
            yield p.call(f"{t} {', '.join(chain) or 'nothing'}")


def at_origin(p, rng):
    """A step of each kind on tensors of the whole, [3, 9, 12] pairs."""
    n = p.arg([10, 5, 8], "i64")
    m = p.arg(rng.integers(2, 12, size=(3,)), "index")
    keep = p.arg(rng.random((9, 12)) < 0.8, "i1")
    bias = p.arg(rng.normal(size=(2, 12)), "f16")
    table = p.arg(rng.normal(size=20), p.compute)
    return [
        p.sets(iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n),
               [iset("i - j >= 0", lambda i, j, **_: i >= j), iset("m - j >= 0", lambda j, m, **_: j <= m, m=m)],
               iset("(i + 2 * j) mod 5 - b0 floordiv 2 >= 0", lambda b0, i, j: (i + 2 * j) % 5 >= b0 // 2)),
        p.keep(keep, ["i", "j"]), p.bias(bias, ["b0 floordiv 2", "j"]), not_diagonal(p), softcap(p), relative(p),
        p.modified(f"""
            %s = arith.addi %i, %j : index
            %t = tensor.extract {table.name}[%s] : {table.type}
            %y = arith.addf %x, %t : $T
            attention.yield %y : $T""", lambda x, b0, i, j: x + table.data[i + j])]


@case("an origin moves sets, regions, symbols, masks and biases", core=True)
def origins(rng):
    for t in ("f32", "bf16", "f64"):
        for origin in ((0, 0, 0), (1, 2, 3), (2, 4, 5)):
            p = fused_program(t)
            b, nq, nkv = min(2, 3 - origin[0]), 5, 7
            q, k, v = (p.arg(rng.normal(size=s), t) for s in ((b, nq, 4), (b, nkv, 4), (b, nkv, 3)))
            at = [p.scalar(o, "index") for o in origin]
            p.result(*p.fused(
                {"query": (q, ["b0", "i", "d"]), "key": (k, ["b0", "j", "d"]), "value": (v, ["b0", "j", "e"])},
                {"context": (destination(p, t, b, nq, 3), ["b0", "i", "e"]),
                 "lse": (destination(p, p.compute, b, nq), ["b0", "i"])},
                changes=at_origin(p, rng), origin=at))
            yield p.call(f"{t} {origin}")


@case("sinks by a map, rows without a live pair")
def sinks(rng):
    for t in ("f32", "f64"):
        for results, shape in ((["b1"], (4,)), (["0", "b1 floordiv 2"], (1, 2)), (["b0", "b1"], (2, 4)), ([], ())):
            p = fused_program(t)
            values = np.where(rng.random(shape) < 0.3, -np.inf, rng.normal(size=shape))
            sink = p.arg(values, p.compute)
            q, k, v = (p.arg(rng.normal(size=s), t) for s in ((2, 4, 3, 4), (2, 4, 5, 4), (2, 4, 5, 2)))
            late = p.sets(iset("i - j - 1 >= 0", lambda i, j, **_: i > j))
            p.result(*p.fused(
                {"query": (q, ["b0", "b1", "i", "d"]), "key": (k, ["b0", "b1", "j", "d"]),
                 "value": (v, ["b0", "b1", "j", "e"])},
                {"context": (destination(p, t, 2, 4, 3, 2), ["b0", "b1", "i", "e"]),
                 "lse": (destination(p, p.compute, 2, 4, 3), ["b0", "b1", "i"]),
                 "weights": (destination(p, p.compute, 2, 4, 3, 5), ["b0", "b1", "i", "j"])},
                changes=[late], sinks=(sink, results)))
            yield p.call(f"{t} sinks {results}")


READINGS = ("top_k 3", "keys 3", "entropy", "top_k 9", "keys 9", "column_mass")


@case("readings by maps, with sinks, at an origin", core=True)
def readings(rng):
    layouts = {
        "heads first": (["b0", "b1", "i", "d"], ["b0", "b1 floordiv 2", "j", "d"], ["b0", "b1", "j", "e"],
                        ["b0", "b1", "i", "e"], ["b0", "b1", "i"], ["b0", "b1", "j"]),
        "sequence first": (["b0", "i", "b1", "d"], ["b0", "j", "b1 floordiv 2", "d"],
                           ["j", "b0", "b1", "e"], ["i", "b0", "b1", "e"], ["b1", "i", "b0"], ["j", "b1", "b0"]),
    }
    for title, results in layouts.items():
        for t, dynamic, keys, origin in (("f32", True, 7, None), ("f32", False, 70, None), ("f64", True, 2, (1, 1, 2, 3)),
                                         ("bf16", True, 40, (0, 2, 40, 20)), ("f32", True, 0, None)):
            extents = {"b0": 2, "b1": 4, "i": 37, "j": keys, "d": 4, "e": 2, "b1 floordiv 2": 2}
            p = fused_program(t, dynamic=dynamic)
            operands = {kind: (p.arg(rng.normal(size=[extents[r] for r in m]), t), m)
                        for kind, m in zip(("query", "key", "value"), results)}
            outs = {"context": (destination(p, t, *(extents[r] for r in results[3])), results[3]),
                    "lse": (destination(p, p.compute, *(extents[r] for r in results[4])), results[4])}
            for kind in READINGS:
                name, _, count = kind.partition(" ")
                m = results[5 if name == "column_mass" else 4]
                shape = [extents[r] for r in m] + ([int(count)] if count else [])
                out = (p.arg(np.full(shape, 77), "i32", [-1]) if name == "keys" else
                       p.arg(np.full(shape, NAN), p.compute, [-1] if count else ()))
                outs[kind] = (out, m)
            sink = p.arg(rng.normal(size=(4,)), p.compute) if t == "f64" else None
            at = [p.scalar(o, "index") for o in origin] if origin else None
            p.result(*p.fused(operands, outs, changes=[causal(p)], origin=at,
                              sinks=(sink, ["b1"]) if sink else None))
            yield p.call(f"{title} {t} {keys} keys{'' if dynamic else ' static'} {origin or ''}")


COMBINE = ("""%d = arith.subf %q, %k : $T
              %m = math.absf %d : $T
              %t = arith.mulf %p0, %m : $T
              attention.yield %t : $T""", lambda q, k, w: w * np.abs(q - k))


@case("scores by a combine region, with a scale and without features")
def combines(rng):
    for t in ("f32", "f16"):
        for d, factor in ((4, None), (4, -0.5), (0, 3.0), (0, np.inf), (0, np.nan)):
            p = fused_program(t)
            w = p.arg(rng.random(d), "f16")
            scale = None if factor is None else p.scalar(factor, p.compute)
            p.result(*plain(p, rng, t, d=d, combine=COMBINE, parameters=[w], scale=scale, changes=[causal(p)]))
            yield p.call(f"{t} {d} features, scale {factor}")


def block_arguments(p, rng, t, nq, nkv, d, dv, maps=("r, c",) * 4):
    lay = lambda x, m: x if m == "r, c" else x.T
    q, k, v = (p.arg(lay(rng.normal(size=s), m), t, static=True)
               for s, m in zip(((nq, d), (nkv, d), (nkv, dv)), maps))
    out = p.arg(lay(np.full((nq, dv), NAN), maps[3]), t, static=True)
    return q, k, v, out, p.arg(np.full(nq, NAN), p.compute, static=True)


@case("blocks: pack, online over blocks of keys, finish", core=True)
def blocks(rng):
    for t in TYPES:
        for nq, splits in ((5, [4]), (8, [1, 3]), (1, []), (5, [2, 2, 3]), (0, [3])):
            p = fused_program(t, dynamic=False)
            q, k, v, out, lse = block_arguments(p, rng, t, nq, 7, 4, 3)
            at = [p.scalar(n, "index") for n in (1, 2)]
            p.result(*p.blocks(q, k, v, out, lse, splits=splits, lanes=8, origin=at, changes=[causal(p)],
                               scale=p.scalar(0.5, p.compute)))
            yield p.call(f"{t} {nq} queries, blocks ending at {splits}")


@case("blocks: layouts, all changes at global indices, live lanes only")
def block_changes(rng):
    for t in ("f32", "f64", "bf16"):
        for maps in (("r, c",) * 4, ("c, r",) * 4, ("c, r", "r, c", "c, r", "r, c")):
            for origin in ((0, 0, 0), (2, 4, 5)):
                p = fused_program(t, dynamic=False)
                q, k, v, out, lse = block_arguments(p, rng, t, 5, 7, 4, 3, maps)
                at = [p.scalar(n, "index") for n in origin]
                p.result(*p.blocks(q, k, v, out, lse, splits=[4], lanes=16, origin=at, maps=maps,
                                   changes=at_origin(p, rng)))
                yield p.call(f"{t} {maps} {origin}")


@case("blocks: a sink in the state, a combine region, no features")
def block_scores(rng):
    for t in ("f32", "f16"):
        for d, factor, splits in ((4, None, [3]), (4, -0.5, [3]), (0, np.inf, [])):
            p = fused_program(t, dynamic=False)
            q, k, v, out, lse = block_arguments(p, rng, t, 5, 7, d, 3)
            w = p.arg(rng.random(d), "f32", static=True)
            at = [p.scalar(0, "index"), p.scalar(1, "index")]
            scale = None if factor is None else p.scalar(factor, p.compute)
            p.result(*p.blocks(q, k, v, out, lse, splits=splits, lanes=8, origin=at, changes=[causal(p)], scale=scale,
                               combine=COMBINE, parameters=[w], sink=p.scalar(0.75, p.compute)))
            yield p.call(f"{t} {d} features, scale {factor}")


@case("blocks: NaN and infinity at masked and live keys")
def block_values(rng):
    for t in ("f32", "f64"):
        for what in (np.nan, np.inf, -np.inf):
            p = fused_program(t, dynamic=False)
            keys, values = rng.normal(size=(7, 4)), rng.normal(size=(7, 3))
            keys[5:], values[5:] = what, what  # masked for all but the last rows
            values[1, 2] = what
            q, k, v = p.arg(rng.normal(size=(5, 4)), t), p.arg(keys, t), p.arg(values, t)
            out, lse = p.arg(np.full((5, 3), NAN), t), p.arg(np.full(5, NAN), p.compute)
            at = [p.scalar(0, "index"), p.scalar(0, "index")]
            p.result(*p.blocks(q, k, v, out, lse, splits=[2, 5], lanes=8, origin=at, changes=[causal(p)]))
            yield p.call(f"{t} {what}")


@case("blocks: states of parts of the keys, merged", core=True)
def block_parts(rng):
    for t in TYPES:
        for splits, late in (([4], 0), ([2, 2, 3], 0), ([], 0), ([1, 3], 4)):
            for with_sink in (False, True):
                p = fused_program(t, dynamic=False)
                q, k, v, out, lse = block_arguments(p, rng, t, 5, 7, 4, 3)
                # Rows before `late` are empty in every part, later ones in the last.
                masked = p.sets(iset(f"i - j - {late} >= 0", lambda i, j, **_: i - late >= j))
                at = [p.scalar(n, "index") for n in (0, 0)]
                p.result(*p.blocks(q, k, v, out, lse, splits=splits, lanes=8, origin=at, changes=[masked],
                                   sink=p.scalar(0.75, p.compute) if with_sink else None, merged=True))
                yield p.call(f"{t} parts ending at {splits}{', a sink' if with_sink else ''}, from row {late} on")
    for what in (np.nan, np.inf):
        p = fused_program("f32", dynamic=False)
        keys, values = rng.normal(size=(7, 4)), rng.normal(size=(7, 3))
        keys[5:], values[5:], values[1, 2] = what, what, what
        q, k, v = p.arg(rng.normal(size=(5, 4)), "f32"), p.arg(keys, "f32"), p.arg(values, "f32")
        out, lse = p.arg(np.full((5, 3), NAN), "f32"), p.arg(np.full(5, NAN), "f32")
        at = [p.scalar(n, "index") for n in (1, 0)]
        p.result(*p.blocks(q, k, v, out, lse, splits=[2, 5], lanes=8, origin=at, changes=[causal(p)], merged=True))
        yield p.call(f"f32 {what}")
