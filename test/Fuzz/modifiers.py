"""Random regions on numbers: modifiers of scores, and combine regions."""

import numpy as np


def constant(name: str, value: float) -> str:
    return f"%{name} = arith.constant {value!r} : $T"


def modify(p, rng, s):
    *batch, nq, nkv = s.data.value.shape
    kind = rng.choice(("softcap", "alibi", "temperature", "relative", "table", "negated", "parity",
                       "absolute", "at most", "dropped", "heads", "branch"))
    if kind == "softcap":
        c = float(rng.choice((0.5, 2, 30)))
        return p.modify(s, f"""{constant('c', c)}
            %a = arith.divf %x, %c : $T
            %b = math.tanh %a : $T
            %y = arith.mulf %b, %c : $T
            attention.yield %y : $T""", lambda x, *at: c * np.tanh(x / c))
    if kind == "alibi":
        slope = float(rng.choice((0.0625, 0.5)))
        return p.modify(s, f"""{constant('m', slope)}
            %n = arith.subi %j, %i : index
            %w = arith.index_cast %n : index to i64
            %f = arith.sitofp %w : i64 to $T
            %b = arith.mulf %f, %m : $T
            %y = arith.addf %x, %b : $T
            attention.yield %y : $T""", lambda x, *at: x + slope * (at[-1] - at[-2]))
    if kind in ("temperature", "relative", "table", "heads"):
        if kind == "temperature":
            values, index = rng.choice((0.5, 1, 2, -1), size=nq), "%i"
            read = lambda at: values[at[-2]]
        elif kind == "relative":
            values, index = rng.normal(size=max(nq + nkv - 1, 0)), "%r"
            read = lambda at: values[at[-2] - at[-1] + nkv - 1]
        elif kind == "heads" and batch:
            axis = int(rng.integers(len(batch)))
            values, index = rng.normal(size=batch[axis]), f"%b{axis}"
            read = lambda at: values[at[axis]]
        else:
            values, index = rng.normal(size=(nkv, nq)), "%j, %i"
            read = lambda at: values[at[-1], at[-2]]
        t = p.arg(values, p.compute)
        shift = ""
        if kind == "relative":
            last = p.scalar(nkv - 1, "index")
            shift = f"""%d = arith.subi %i, %j : index
                %r = arith.addi %d, {last.name} : index
                """
        step = "mulf" if kind == "temperature" else "addf"
        apply = np.multiply if kind == "temperature" else np.add
        values = t.data
        return p.modify(s, f"""{shift}%t = tensor.extract {t.name}[{index}] : {t.type}
            %y = arith.{step} %x, %t : $T
            attention.yield %y : $T""", lambda x, *at: apply(x, read(at)),
                        gain=2 if kind == "temperature" else 1)
    if kind == "negated":
        return p.modify(s, "%y = arith.negf %x : $T\nattention.yield %y : $T", lambda x, *at: -x)
    if kind == "absolute":
        return p.modify(s, "%y = math.absf %x : $T\nattention.yield %y : $T", lambda x, *at: np.abs(x))
    if kind == "at most":
        c = float(rng.choice((-1, 0.25, 2)))
        return p.modify(s, f"""{constant('c', c)}
            %y = arith.minimumf %x, %c : $T
            attention.yield %y : $T""", lambda x, *at: np.minimum(x, c))
    m = int(rng.integers(2, 5))
    index, axis = (("%i", -2) if rng.random() < 0.5 else ("%j", -1))
    head = f"""%m = arith.constant {m} : index
               %z = arith.constant 0 : index
               %q = arith.remui {index}, %m : index
               %c = arith.cmpi eq, %q, %z : index
               """
    if kind == "parity":
        return p.modify(s, f"""{head}{constant('h', 0.5)}
            %o = arith.mulf %x, %h : $T
            %y = arith.select %c, %o, %x : $T
            attention.yield %y : $T""", lambda x, *at: np.where(at[axis] % m == 0, x * 0.5, x))
    if kind == "branch":  # has no vector form
        return p.modify(s, f"""{head}%y = scf.if %c -> $T {{
            %o = math.absf %x : $T
            scf.yield %o : $T
            }} else {{
            scf.yield %x : $T
            }}
            attention.yield %y : $T""", lambda x, *at: np.where(at[axis] % m == 0, np.abs(x), x))
    infinity = "0xFFF0000000000000" if p.compute == "f64" else "0xFF800000"
    return p.modify(s, f"""{head}%o = arith.constant {infinity} : $T
        %y = arith.select %c, %o, %x : $T
        attention.yield %y : $T""", lambda x, *at: np.where(at[axis] % m == 0, -np.inf, x))


# What attention-rewrite-scores makes contractions of: the body, what it means, and the
# magnitude of the terms that may cancel.
SUMS_OF_PRODUCTS = {
    "weighted squared distance": ("""%a = arith.subf %q, %k : $T
        %b = arith.mulf %a, %a : $T
        %y = arith.mulf %b, %p0 : $T""", lambda q, k, w: w * (q - k)**2,
        lambda q, k, w: np.abs(w) * (np.abs(q) + np.abs(k))**2),
    "squared sum": ("""%a = arith.mulf %q, %p0 : $T
        %b = arith.addf %a, %k : $T
        %y = arith.mulf %b, %b : $T""", lambda q, k, w: (q * w + k)**2,
        lambda q, k, w: (np.abs(q * w) + np.abs(k))**2),
    "shifted product": ("""%o = arith.constant 1.0 : $T
        %t = arith.constant 2.0 : $T
        %a = arith.addf %q, %o : $T
        %b = arith.subf %k, %t : $T
        %c = arith.mulf %a, %b : $T
        %y = arith.mulf %c, %p0 : $T""", lambda q, k, w: w * (q + 1) * (k - 2),
        lambda q, k, w: np.abs(w) * (np.abs(q) + 1) * (np.abs(k) + 2)),
    "product of functions": ("""%a = math.tanh %q : $T
        %b = math.absf %k : $T
        %c = arith.mulf %a, %b : $T
        %d = arith.mulf %k, %k : $T
        %e = arith.mulf %d, %p0 : $T
        %y = arith.subf %c, %e : $T""", lambda q, k, w: np.tanh(q) * np.abs(k) - w * k * k,
        lambda q, k, w: np.abs(k) + np.abs(w) * k * k),
}
TANHS = {
    "tanh of a sum": ("""%a = arith.addf %q, %k : $T
        %b = math.tanh %a : $T
        %y = arith.mulf %b, %p0 : $T""", lambda q, k, w: w * np.tanh(q + k)),
    "tanh of a difference": ("""%a = arith.subf %q, %k : $T
        %b = math.tanh %a : $T
        %y = arith.mulf %p0, %b : $T""", lambda q, k, w: w * np.tanh(q - k)),
    "tanh of multiples": ("""%t = arith.constant 2.0 : $T
        %a = arith.mulf %q, %t : $T
        %b = arith.subf %a, %k : $T
        %c = math.tanh %b : $T
        %d = arith.mulf %c, %p0 : $T
        %y = arith.addf %d, %p0 : $T""", lambda q, k, w: w * np.tanh(2 * q - k) + w),
}


def combine(p, rng, q, k, element: str, static):
    d = q.data.shape[-1]
    kind = rng.choice(("weighted product", "distance", "squared distance", "maximum", "product",
                       "quotient", "two parameters", "branch", *SUMS_OF_PRODUCTS, *TANHS, "sigmoid"))

    def parameter():
        return p.arg(rng.normal(size=d), element, static)

    if kind == "product":
        return p.general(q, k, "%m = arith.mulf %k, %q : $T\nattention.yield %m : $T", lambda q, k: q * k)
    if kind == "branch":  # has no vector form
        return p.general(q, k, """%a = arith.subf %q, %k : $T
            %z = arith.constant 0.0 : $T
            %c = arith.cmpf ogt, %a, %z : $T
            %y = scf.if %c -> $T {
            scf.yield %a : $T
            } else {
            scf.yield %z : $T
            }
            attention.yield %y : $T""", lambda q, k: np.maximum(q - k, 0), magnitude=lambda q, k: np.abs(q) + np.abs(k))
    if kind == "weighted product":
        return p.general(q, k, """%a = arith.mulf %q, %k : $T
            %y = arith.mulf %a, %p0 : $T
            attention.yield %y : $T""", lambda q, k, w: q * k * w, [parameter()])
    if kind == "distance":
        return p.general(q, k, """%a = arith.subf %q, %k : $T
            %b = math.absf %a : $T
            %y = arith.negf %b : $T
            attention.yield %y : $T""", lambda q, k: -np.abs(q - k))
    if kind == "squared distance":
        return p.general(q, k, """%a = arith.subf %q, %k : $T
            %b = arith.mulf %a, %a : $T
            %y = arith.negf %b : $T
            attention.yield %y : $T""", lambda q, k: -(q - k)**2, (), lambda q, k: (np.abs(q) + np.abs(k))**2)
    if kind in SUMS_OF_PRODUCTS:
        body, f, magnitude = SUMS_OF_PRODUCTS[kind]
        return p.general(q, k, f"{body}\nattention.yield %y : $T", f, [parameter()], magnitude)
    if kind in TANHS:
        body, f = TANHS[kind]
        # The error of a tanh is absolute: a few units of the last place of its weight.
        return p.general(q, k, f"{body}\nattention.yield %y : $T", f, [parameter()],
                         lambda q, k, w: np.abs(w) * (np.abs(q) + np.abs(k) + 3))
    if kind == "sigmoid":
        return p.general(q, k, """%o = arith.constant 1.0 : $T
            %a = arith.addf %q, %k : $T
            %b = arith.negf %a : $T
            %c = math.exp %b : $T
            %d = arith.addf %c, %o : $T
            %e = arith.divf %o, %d : $T
            %y = arith.mulf %e, %p0 : $T
            attention.yield %y : $T""", lambda q, k, w: w / (1 + np.exp(-q - k)), [parameter()],
            lambda q, k, w: np.abs(w) * (np.abs(q) + np.abs(k) + 1))
    if kind == "maximum":
        return p.general(q, k, """%a = arith.maximumf %q, %k : $T
            attention.yield %a : $T""", np.maximum)
    if kind == "quotient":
        return p.general(q, k, """%o = arith.constant 1.0 : $T
            %a = math.absf %k : $T
            %b = arith.addf %a, %o : $T
            %y = arith.divf %q, %b : $T
            attention.yield %y : $T""", lambda q, k: q / (1 + np.abs(k)))
    return p.general(q, k, """%a = arith.mulf %q, %p0 : $T
        %b = arith.mulf %k, %p1 : $T
        %y = arith.addf %a, %b : $T
        attention.yield %y : $T""", lambda q, k, w, u: q * w + k * u, [parameter(), parameter()])
