"""Programs of the fused and block levels: attention.fused written directly, and
pack, online and finish over blocks of keys.

As in program.py every method writes text and asks the oracle. What an operation
reads by a map is gathered into the oracle's layout, [b…, i, d] and so on, with the
map itself; score changes see global indices, the origin added.
"""

from dataclasses import dataclass
from typing import Callable, Optional, Sequence

import numpy as np

import oracle
from oracle import Bounded, Scores
from program import Program, Value


@dataclass
class Change:
    """One step of `changes`: kind, text without names of its own, and what it does
    to the oracle's scores, given the grid of global indices."""

    text: Callable  # (names of the dimensions) -> text
    apply: Callable  # (Scores, grid) -> Scores


class FusedProgram(Program):
    # -- score changes ----------------------------------------------------------

    def sets(self, *sets) -> Change:
        """Each of `sets` is a set or a list of sets, a union."""
        unions = [u if isinstance(u, list) else [u] for u in sets]

        def text(names):
            listed = (" or ".join(self._set(x, ", ".join(names)) for x in u) for u in unions)
            return f"sets({', '.join(listed)})"

        def holds(x, grid):
            batch = list(grid.values())
            symbols = {name: np.asarray(v.data)[tuple(batch[:np.ndim(v.data)])]
                       for name, v in x.symbols.items()}
            return np.asarray(x.holds(**grid, **symbols), dtype=bool)

        def apply(s, grid):
            for union in unions:
                s = oracle.mask(s, np.logical_or.reduce(
                    np.broadcast_arrays(*(holds(x, grid) for x in union))))
            return s

        return Change(text, apply)

    def keep(self, t: Value, results: Sequence[str]) -> Change:
        return Change(lambda names: self._tensor("keep", t, results, ", ".join(names)),
                      lambda s, grid: oracle.mask(s, self._read(t, results, grid)))

    def bias(self, t: Value, results: Sequence[str]) -> Change:
        return Change(lambda names: self._tensor("bias", t, results, ", ".join(names)),
                      lambda s, grid: oracle.add_bias(s, self._read(t, results, grid)))

    def where(self, body: str, region: Callable) -> Change:
        return Change(lambda names: f"where ({self._arguments(names)}) {{{self._body(body)}}}",
                      lambda s, grid: oracle.mask_where(s, self._globally(region, grid)))

    def modified(self, body: str, region: Callable, gain: float = 1.0) -> Change:
        """`body` reads %x, %b0, …, %i, %j and captured values."""
        return Change(lambda names: f"modify (%x: $T, {self._arguments(names)}) {{{self._body(body)}}}",
                      lambda s, grid: oracle.modify(
                          s, lambda x, *at: self._globally(region, grid, x)(*at), gain))

    def _arguments(self, names) -> str:
        return ", ".join(f"%{n}: index" for n in names)

    @staticmethod
    def _globally(region: Callable, grid: dict, *first):
        offsets = [int(g.flat[0]) for g in grid.values()]
        return lambda *at: region(*first, *(a + o for a, o in zip(at, offsets)))

    def _changes(self, changes: Sequence[Change], names) -> str:
        listed = ", ".join(c.text(names) for c in changes)
        return f" changes({listed})".replace("$T", self.compute) if changes else ""

    # -- what both levels compute -------------------------------------------------

    def _scores(self, q, k, scale, combine, parameters) -> Scores:
        if not combine:
            return oracle.dot(q, k, scale.data if scale else None)
        s = oracle.general(q, k, combine[1], [p.data for p in parameters])
        if not scale or q.shape[-1] == 0:  # a sum over no features is 0
            return s
        value = s.value * scale.data
        return Scores(value, s.live, s.error * np.abs(scale.data) + np.abs(value))

    def _combine(self, combine, parameters) -> str:
        if not combine:
            return ""
        arguments = ["%q", "%k"] + [f"%p{n}" for n in range(len(parameters))]
        params = (f" params({', '.join(p.name for p in parameters)} : "
                  f"{', '.join(p.type for p in parameters)})" if parameters else "")
        return (f"{params} combine ({', '.join(f'{a}: $T' for a in arguments)}) "
                f"{{{self._body(combine[0])}}}").replace("$T", self.compute)

    def _attend(self, scores: Scores, v, changes, origin, sinks=None):
        """(weights, log-sum-exp, context), each [b…, i, …]"""
        shape = scores.value.shape
        names = self._indices(len(shape))
        grids = np.ogrid[tuple(slice(o, o + n) for o, n in zip(origin, shape))]
        grid = dict(zip(names, grids))
        for change in changes:
            scores = change.apply(scores, grid)
        weights, lse = oracle.softmax(scores, sinks)
        return weights, lse, oracle.context(weights, v)

    @staticmethod
    def _gather(data, results: Sequence[str], dims: Sequence[str], extents: dict):
        """The array over `dims` that a map with these results reads."""
        grid = dict(zip(dims, np.ogrid[tuple(slice(0, extents[d]) for d in dims)]))
        positions = [eval(r.replace("floordiv", "//"), {}, grid) for r in results]  # pylint: disable=eval-used
        return data[tuple(np.broadcast_arrays(*positions, *grid.values()))[:len(results)]]

    # -- fused ----------------------------------------------------------------------

    def fused(self, operands: dict, outs: dict, *, changes: Sequence[Change] = (),
              scale: Optional[Value] = None, combine: Optional[tuple] = None,
              parameters: Sequence[Value] = (), sinks: Optional[tuple] = None,
              origin: Optional[Sequence[Value]] = None) -> list:
        """`operands` are query, key and value as (Value, results of the map); `outs`
        context and, if wanted and in this order, lse, weights, readings ("top_k 3",
        "keys 3", "entropy") and column_mass likewise, in whose values the results are
        put. `sinks` is (Value, results), `combine` (body, function)."""
        (q, q_map), (k, k_map), (v, v_map) = (operands[n] for n in ("query", "key", "value"))
        batch = [d for d in outs["context"][1] if d.startswith("b")]
        batch.sort()
        extents = {}
        for value, results in [*operands.values(), *outs.values()]:
            for size, result in zip(value.data.shape, results):
                extents.setdefault(result, size)
        dims = batch + ["i", "j", "d", "e"]
        gather = lambda value, results, order: self._gather(value.data, results, order, extents)
        start = [int(o.data) for o in origin] if origin else [0] * (len(batch) + 2)
        scores = self._scores(gather(q, q_map, batch + ["i", "d"]),
                              gather(k, k_map, batch + ["j", "d"]), scale, combine, parameters)
        weights, lse, context = self._attend(
            scores, gather(v, v_map, batch + ["j", "e"]), changes, start,
            gather(*sinks, batch) if sinks else None)

        results = []
        orders = {"context": (context, ["i", "e"]), "lse": (lse, ["i"]), "weights": (weights, ["i", "j"]),
                  "entropy": (oracle.entropy(weights), ["i"]), "column_mass": (oracle.column_mass(weights), ["j"])}
        for kind, (out, results_of_map) in outs.items():
            name, _, count = kind.partition(" ")
            bounded, own = (oracle.top_k(weights, int(count)), ["i", "n"]) if count else orders[kind]
            axes = [(batch + own).index(r) for r in results_of_map + ["n"] * bool(count)]
            data = Bounded(np.transpose(bounded.value, axes), np.transpose(
                np.broadcast_to(bounded.error, bounded.value.shape), axes))
            results.append(self._new(out.element, out.dims, data))
            if name == "keys":
                results[-1].judge = self._judge(weights, bounded.value, axes, start[-1])
        a_map = lambda names, results: f"affine_map<({', '.join(names)}) -> ({', '.join(results)})>"
        parts = [f"{kind}({value.name} : {value.type} by {a_map(dims, m)})"
                 for kind, (value, m) in operands.items()]
        text = f"attention.fused {' '.join(parts)}{self._combine(combine, parameters)}"
        if scale:
            text += f" scale({scale.name} : {scale.type})"
        text += self._changes(changes, batch + ["i", "j"]) + " normaliser(#attention.softmax)"
        if sinks:
            text += f" init({sinks[0].name} : {sinks[0].type} by [{a_map(batch, sinks[1])}])"
        if origin:
            text += f" origin({', '.join(o.name for o in origin)})"
        text += (f" outs({', '.join(o.name for o, _ in outs.values())} : "
                 f"{', '.join(o.type for o, _ in outs.values())} by "
                 f"[{', '.join(a_map(dims, m) for _, m in outs.values())}])"
                 + self._asked(outs))
        self.lines.append(f"{', '.join(r.name for r in results)} = {text}")
        return results

    @staticmethod
    def _judge(weights: Bounded, expected: np.ndarray, axes: Sequence[int], first: int) -> Callable:
        """The true weights of listed keys, which are counted from `first`."""
        def judge(found):
            keys = np.transpose(found, np.argsort(axes))
            local = np.where(keys < 0, keys, np.where(keys < first, -2, keys - first))
            return np.transpose(oracle.weights_of_keys(weights, local, expected), axes)
        return judge

    @staticmethod
    def _asked(outs: dict) -> str:
        """How the results beyond the context are asked for."""
        names = {"entropy": "#attention.entropy"}
        names.update((kind, f"#attention.top_k<{kind.split()[1]}>") for kind in outs if kind.startswith("top_k "))
        readings = ", ".join(names[kind] for kind in outs if kind in names)
        return ("".join(f" {kind}" for kind in ("lse", "weights") if kind in outs)
                + (f" reads([{readings}])" if readings else "") + " column_mass" * ("column_mass" in outs))

    # -- blocks -----------------------------------------------------------------------

    def _merged(self, parts: Sequence, state: Sequence[str], types: Sequence[str], name: Callable, c: str) -> list:
        """The state, brought up to date with those of parts."""
        states, state_types = [], []
        for what, t in enumerate(types):
            extents = t[len("tensor<"):-len(f"x{c}>")].split("x")
            state_types.append(f"tensor<{len(parts)}x{'x'.join(extents)}x{c}>")
            states.append(f"{name('p')}_{what}")
            self.lines.append(f"{states[-1]} = tensor.empty() : {state_types[-1]}")
            for number, part in enumerate(parts):
                at = ", ".join([str(number)] + ["0"] * len(extents))
                sizes, ones = ", ".join(["1", *extents]), ", ".join(["1"] * (1 + len(extents)))
                before, states[-1] = states[-1], f"{name('p')}_{what}_{number}"
                self.lines.append(f"{states[-1]} = tensor.insert_slice {part[what]} into {before}[{at}] "
                                  f"[{sizes}] [{ones}] : {t} into {state_types[-1]}")
        self.lines.append(f"{name('m')}:3 = attention.merge {states[0]} state({states[1]}, {states[2]} : "
                          f"{state_types[1]}, {state_types[2]}) normaliser(#attention.softmax) : {state_types[0]} "
                          f"outs({', '.join(state)} : {', '.join(types)})")
        return [f"{name('m')}#{what}" for what in range(3)]

    def blocks(self, q: Value, k: Value, v: Value, out: Value, lse: Value, *, splits: Sequence[int],
               lanes: int, origin: Sequence[Value], maps: Sequence[str] = ("r, c",) * 4,
               changes: Sequence[Change] = (), scale: Optional[Value] = None,
               combine: Optional[tuple] = None, parameters: Sequence[Value] = (),
               sink: Optional[Value] = None, merged: bool = False) -> list:
        """Matrices, each in the layout of its map from (rows, columns): "r, c" or
        "c, r", for query, key, value and context. `splits` are the keys at which a
        block ends. The scale goes with the queries, or with a combine to each block.
        Each block is brought up to date with the state of those before it, or has, if
        `merged`, a state of its own; these are then merged."""
        plain = lambda x, m: x.data if m == "r, c" else x.data.T
        c, ones = self.compute, (1,) * (len(origin) - 2)
        query, key, value = (plain(x, m)[(None,) * len(ones)] for x, m in zip((q, k, v), maps))
        scores = self._scores(query, key, scale, combine, parameters)
        _, lses, context = self._attend(scores, value, changes, [int(o.data) for o in origin],
                                        sink.data if sink else None)
        n, d, e = query.shape[-2], query.shape[-1], value.shape[-1]

        number = self.count = self.count + 1
        name = lambda what: f"%{what}{number}"
        a_map = lambda m: f"affine_map<(r, c) -> ({m})>"
        tensor = lambda *shape: f"tensor<{'x'.join(map(str, shape))}x{c}>"
        add = self.lines.append
        add(f"{name('zero')} = arith.constant 0.0 : {c}")
        add(f"{name('one')} = arith.constant 1.0 : {c}")
        add(f"{name('inf')} = arith.constant {'0xFF800000' if c == 'f32' else '0xFFF0000000000000'} : {c}")
        add(f"{name('live')} = arith.constant {n} : index")
        add(f"{name('q')} = tensor.empty() : {tensor(d, lanes)}")
        packed = f" scale({scale.name} : {c})" if scale and not combine else ""
        add(f"{name('t')} = attention.pack {q.name} by {a_map(maps[0])}{packed} : {q.type} "
            f"outs({name('q')} : {tensor(d, lanes)})")
        types = [tensor(e, lanes), tensor(lanes), tensor(lanes)]
        state = []
        starts = [name("zero"), sink.name if sink else name("inf"), name("one" if sink else "zero")]
        for part, start, t in zip(("acc", "max", "sum"), starts, types):
            add(f"{name(part)} = tensor.empty() : {t}")
            add(f"{name(part)}_0 = linalg.fill ins({start} : {c}) outs({name(part)} : {t}) -> {t}")
            state.append(f"{name(part)}_0")
        parts = []
        names = self._indices(len(origin))
        scaled = f" scale({scale.name} : {c})" if scale and combine else ""
        for block, (begin, end) in enumerate(zip([0, *splits], [*splits, key.shape[-2]])):
            sliced = []
            for what, x, m, columns in (("k", k, maps[1], d), ("v", v, maps[2], e)):
                offsets, sizes = (begin, 0), (end - begin, columns)
                if m == "c, r":
                    offsets, sizes = offsets[::-1], sizes[::-1]
                t = f"tensor<{sizes[0]}x{sizes[1]}x{x.element}>"
                # The verifier of slices takes none of an extent of 0.
                block_of = x.name
                if splits:
                    block_of = f"{name(what)}_{block}"
                    add(f"{block_of} = tensor.extract_slice {x.name}[{offsets[0]}, {offsets[1]}] "
                        f"[{sizes[0]}, {sizes[1]}] [1, 1] : {x.type} to {t}")
                sliced.append(f"({block_of} : {t} by {a_map(m)})")
            before = state
            if merged:  # the sink is in one of the states that are merged, the first
                before = []
                for part, start, t in zip(("acc", "max", "sum"), ("zero", "inf", "zero"), types):
                    before.append(f"{name(part)}_of_{block}")
                    add(f"{name(part)}_at_{block} = bufferization.alloc_tensor() : {t}")
                    add(f"{before[-1]} = linalg.fill ins({name(start)} : {c}) outs({name(part)}_at_{block} : {t}) -> {t}")
            add(f"{name('at')}_{block} = arith.constant {begin} : index")
            add(f"{name('j')}_{block} = arith.addi {origin[-1].name}, {name('at')}_{block} : index")
            at = ", ".join([*(o.name for o in origin[:-1]), f"{name('j')}_{block}"])
            add(f"{name('s')}_{block}:3 = attention.online query({name('t')} : {tensor(d, lanes)}) "
                f"key{sliced[0]} value{sliced[1]}{self._combine(combine, parameters)}{scaled}"
                f"{self._changes(changes, names)} normaliser(#attention.softmax) origin({at}) "
                f"live({name('live')}) outs({', '.join(before)} : {', '.join(types)})")
            parts.append([f"{name('s')}_{block}#{part}" for part in range(3)])
            if not merged:
                state = parts[-1]
        if merged:
            state = self._merged(parts, state, types, name, c)
        first = (0,) * len(ones)
        value, error = context.value[first], np.broadcast_to(context.error, context.value.shape)[first]
        if maps[3] == "c, r":
            value, error = value.T, error.T
        results = [self._new(out.element, out.dims, Bounded(value, error)),
                   self._new(c, lse.dims, Bounded(
                       lses.value[first], np.broadcast_to(lses.error, lses.value.shape)[first]))]
        add(f"{results[0].name}, {results[1].name} = attention.finish {state[0]} "
            f"state({state[1]}, {state[2]} : {types[1]}, {types[2]}) normaliser(#attention.softmax) "
            f"by {a_map(maps[3])} : {types[0]} outs({out.name}, {lse.name} : {out.type}, {lse.type})")
        return results
