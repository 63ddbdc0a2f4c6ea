"""Regions are evaluated at live pairs only, and at none beyond the last key.

Tables are as long as the live pairs need. In guard mode a read beyond one is a
fault; a table in the middle of whose page something else lies is not needed."""

import numpy as np

from program import attention, iset

from . import TYPES, case, program, qkv, shape_label

LENGTHS = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 77)


@case("one query, a modify region reading a table that ends at the last key", core=True)
def table_of_keys(rng):
    for t in ("f32", "f64"):
        for nkv in LENGTHS:
            p = program(t)
            q, k, v = qkv(p, rng, t, (), 1, nkv)
            table = p.arg(rng.normal(size=nkv), p.compute)
            s = p.modify(p.dot(q, k, scaled=True), f"""
                %t = tensor.extract {table.name}[%j] : {table.type}
                %y = arith.addf %x, %t : $T
                attention.yield %y : $T""", lambda x, i, j: x + table.data[j])
            w, lse = p.softmax(s, lse=True)
            p.result(p.context(w, v), lse)
            yield p.call(shape_label(t, q, k, v))


@case("a table over queries and keys, none larger than the pairs")
def table_of_pairs(rng):
    for t in TYPES:
        for nq, nkv in ((1, 9), (9, 1), (17, 65), (3, 63)):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), nq, nkv)
            table = p.arg(rng.normal(size=(nq + nkv - 1,)), t)  # by relative position
            full = p.arg(rng.normal(size=(nq, nkv)), p.compute)
            extend = f"%e = arith.extf %r : {t} to $T" if t in ("f16", "bf16") else "%e = arith.addf %r, %z : $T"
            s = p.modify(p.dot(q, k, scaled=True), f"""
                %z = arith.constant 0.0 : $T
                %n = tensor.dim {full.name}, %one : {full.type}
                %m = arith.subi %n, %one : index
                %d = arith.subi %i, %j : index
                %o = arith.addi %d, %m : index
                %r = tensor.extract {table.name}[%o] : {table.type}
                {extend}
                %f = tensor.extract {full.name}[%i, %j] : {full.type}
                %s = arith.addf %e, %f : $T
                %y = arith.addf %x, %s : $T
                attention.yield %y : $T""".replace("%z = ", "%one = arith.constant 1 : index\n%z = ", 1),
                lambda x, b, i, j: x + table.data[i - j + nkv - 1] + full.data[i, j])
            w, lse = p.softmax(s, lse=True)
            p.result(p.context(w, v), lse)
            yield p.call(shape_label(t, q, k, v))


@case("a where region reading tables that end at the last live pair", core=True)
def where_tables(rng):
    for t in ("f32", "bf16"):
        for nkv in LENGTHS:
            p = program(t)
            q, k, v = qkv(p, rng, t, (), 1, nkv)
            table = p.arg(rng.random(nkv) < 0.6, "i1")
            body = (f"%t = tensor.extract {table.name}[%j] : {table.type}\nattention.yield %t : i1",
                    lambda i, j: table.data[j])
            attention(p, q, k, v, change=lambda s: p.mask(s, where=body))
            yield p.call(shape_label(t, q, k, v))
            # Shorter than the keys: defined where the set and `keep` hold, only.
            p = program(t)
            live = (nkv + 1) // 2
            q, k, v = qkv(p, rng, t, (), 3, nkv)
            short = p.arg(rng.random(live) < 0.6, "i1")
            n = p.scalar(live, "index")
            keep = p.arg((np.arange(nkv) < live)[None], "i1", static=(0,))
            inside = iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n)
            body = (f"%t = tensor.extract {short.name}[%j] : {short.type}\nattention.yield %t : i1",
                    lambda i, j: short.data[j])
            for kind in ("set", "keep", "before"):
                if kind == "set":
                    attention(p, q, k, v, change=lambda s: p.mask(s, inside, where=body))
                elif kind == "keep":
                    attention(p, q, k, v, change=lambda s: p.mask(s, keep=keep, where=body))
                else:
                    attention(p, q, k, v, change=lambda s: p.mask(p.mask(s, inside), where=body))
            yield p.call(f"{shape_label(t, q, k, v)}, table of {live}")


@case("a modify region is not evaluated at masked pairs: tables and divisions", core=True)
def modify_at_live_pairs(rng):
    for t in ("f32", "f64"):
        for nkv in LENGTHS:
            p = program(t)
            live = (nkv + 1) // 2
            q, k, v = qkv(p, rng, t, (), 3, nkv)
            table = p.arg(rng.normal(size=live), p.compute)
            divisors = p.arg(np.where(np.arange(nkv) < live, 1 + np.arange(nkv) % 3, 0), "i64")
            n = p.scalar(live, "i32")
            s = p.mask(p.dot(q, k, scaled=True), iset("n - 1 - j >= 0", lambda j, n, **_: j < n, n=n))
            s = p.modify(s, f"""
                %t = tensor.extract {table.name}[%j] : {table.type}
                %d = tensor.extract {divisors.name}[%j] : {divisors.type}
                %c = arith.constant 12 : i64
                %r = arith.divsi %c, %d : i64
                %f = arith.sitofp %r : i64 to $T
                %a = arith.addf %f, %t : $T
                %y = arith.addf %x, %a : $T
                attention.yield %y : $T""",
                         lambda x, i, j: x + 12 // divisors.data[j] + table.data[j])
            w, lse = p.softmax(s, lse=True)
            p.result(p.context(w, v), lse)
            yield p.call(f"{shape_label(t, q, k, v)}, {live} live keys")
    # Absent by a bias of −inf, not by a mask.
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (), 3, 9)
    bias = np.zeros((1, 9))
    bias[0, 5:] = -np.inf
    bias, table = p.arg(bias, "f32", static=(0,)), p.arg(rng.normal(size=5), "f32")
    s = p.modify(p.mask(p.dot(q, k, scaled=True), bias=bias), f"""
        %t = tensor.extract {table.name}[%j] : {table.type}
        %y = arith.addf %x, %t : $T
        attention.yield %y : $T""", lambda x, i, j: x + table.data[j])
    w, lse = p.softmax(s, lse=True)
    p.result(w, p.context(w, v), lse)
    yield p.call("absent by a bias")


@case("a where region dividing by what is zero at masked pairs", core=True)
def where_division(rng):
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (2,), 6, 9)
    i_less = iset("j - i - 1 >= 0", lambda i, j, **_: j > i)
    body = ("""%d = arith.subi %j, %i : index
               %c = arith.constant 12 : index
               %r = arith.divsi %c, %d : index
               %t = arith.constant 3 : index
               %y = arith.cmpi sgt, %r, %t : index
               attention.yield %y : i1""", lambda b, i, j: 12 // (j - i) > 3)
    attention(p, q, k, v, change=lambda s: p.mask(s, i_less, where=body))
    yield p.call(shape_label("f32", q, k, v))
    p = program("f32")  # the same, masked in an op before
    q, k, v = qkv(p, rng, "f32", (2,), 6, 9)
    attention(p, q, k, v, change=lambda s: p.mask(p.mask(s, i_less), where=body))
    yield p.call(f"{shape_label('f32', q, k, v)}, masked before")


@case("regions read batch, query and key indices and captured scalars", core=True)
def indices(rng):
    for batch in ((), (3,), (2, 3), (2, 2, 3)):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", batch, 5, 7)
        c = p.scalar(0.01, "f32")
        start = p.scalar(2, "index")
        names = [f"b{n}" for n in range(len(batch))] + ["i", "j"]
        body = ["%one = arith.constant 1 : index", "%t0 = arith.muli %i, %one : index"]
        factors = [11, 7, 5, 3, 2][: len(names)]
        for n, (name, f) in enumerate(zip(names, factors)):
            body += [f"%f{n} = arith.constant {f} : index", f"%p{n} = arith.muli %{name}, %f{n} : index",
                     f"%t{n + 1} = arith.addi %t{n}, %p{n} : index"]
        body += [f"%u = arith.index_cast %t{len(names)} : index to i64", "%g = arith.sitofp %u : i64 to $T",
                 f"%h = arith.mulf %g, {c.name} : $T", "%y = arith.addf %x, %h : $T", "attention.yield %y : $T"]

        def linear(*index):
            return index[-2] + sum(f * n for f, n in zip(factors, index))

        s = p.modify(p.dot(q, k, scaled=True), "\n".join(body), lambda x, *n: x + linear(*n) * c.data)
        region = (f"%s = arith.addi %i, {start.name} : index\n%t = arith.cmpi ule, %j, %s : index\n"
                  "attention.yield %t : i1", lambda *n: n[-1] <= n[-2] + 2)
        w, lse = p.softmax(p.mask(s, where=region), lse=True)
        p.result(p.context(w, v), lse)
        yield p.call(shape_label("f32", q, k, v))


@case("regions and sets after each other, each seeing the live pairs before it")
def chains(rng):
    for t in ("f64", "f32", "f16"):
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 9, 12)
        odd = ("%c = arith.constant 3 : index\n%s = arith.addi %i, %j : index\n%r = arith.remui %s, %c : index\n"
               "%o = arith.constant 0 : index\n%t = arith.cmpi ne, %r, %o : index\nattention.yield %t : i1",
               lambda b, i, j: (i + j) % 3 != 0)
        # 6 divided by (i + j) mod 3, which is 0 where `odd` masks.
        divide = ("%c = arith.constant 3 : index\n%n = arith.constant 6 : index\n%s = arith.addi %i, %j : index\n"
                  "%r = arith.remui %s, %c : index\n%m = arith.divui %n, %r : index\n"
                  "%u = arith.index_cast %m : index to i64\n%f = arith.uitofp %u : i64 to $T\n"
                  "%y = arith.addf %x, %f : $T\nattention.yield %y : $T",
                  lambda x, b, i, j: x + 6 // ((i + j) % 3))
        some = ("%c = arith.constant 3 : index\n%n = arith.constant 5 : index\n%s = arith.addi %i, %j : index\n"
                "%r = arith.remui %s, %c : index\n%m = arith.remui %n, %r : index\n"
                "%o = arith.constant 0 : index\n%t = arith.cmpi eq, %m, %o : index\nattention.yield %t : i1",
                lambda b, i, j: 5 % ((i + j) % 3) == 0)
        s = p.mask(p.dot(q, k, scaled=True), where=odd)
        s = p.modify(s, *divide)
        s = p.mask(s, iset("i + 4 - j >= 0", lambda i, j, **_: i + 4 >= j))
        w, lse = p.softmax(p.mask(s, where=some), lse=True)
        p.result(w, p.context(w, v), lse)
        yield p.call(shape_label(t, q, k, v))


@case("a table of 16-bit elements, of queries and of keys")
def narrow_tables(rng):
    for t in ("f16", "bf16"):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (), 9, 17)
        tables = [p.arg(rng.normal(size=n), t) for n in (9, 17)]
        s = p.modify(p.dot(q, k, scaled=True), f"""
            %a = tensor.extract {tables[0].name}[%i] : {tables[0].type}
            %b = tensor.extract {tables[1].name}[%j] : {tables[1].type}
            %e = arith.extf %a : {t} to $T
            %f = arith.extf %b : {t} to $T
            %s = arith.addf %x, %e : $T
            %y = arith.addf %s, %f : $T
            attention.yield %y : $T""", lambda x, i, j: x + tables[0].data[i] + tables[1].data[j])
        w, lse = p.softmax(s, lse=True)
        p.result(p.context(w, v), lse)
        yield p.call(shape_label(t, q, k, v))


@case("comparisons of positions with numbers at the ends of 64 bits")
def far_comparisons(rng):
    for predicate, holds in (("slt", np.less), ("sge", np.greater_equal), ("eq", np.equal)):
        for number in (-2**63, -2**63 + 3, -5, 4, 2**63 - 1):
            p = program("f32")
            q, k, v = qkv(p, rng, "f32", (), 9, 17)
            bound = p.scalar(number, "index")
            s = p.modify(p.dot(q, k, scaled=True), f"""
                %c = arith.cmpi {predicate}, %i, {bound.name} : index
                %z = arith.negf %x : $T
                %y = arith.select %c, %x, %z : $T
                attention.yield %y : $T""",
                         lambda x, i, j: np.where(holds(i.astype(np.int64), np.int64(number)), x, -x))
            w, lse = p.softmax(s, lse=True)
            p.result(p.context(w, v), lse)
            yield p.call(f"{predicate} {number}, {shape_label('f32', q, k, v)}")
