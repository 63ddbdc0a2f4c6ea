"""Makes a program that fails smaller as long as it fails in the same way.

Greedy: specs and ways that are simpler in one respect are tried in turn, round after
round, and taken where they still fail, until none of a round does.
"""

import dataclasses
import re
import time

# A change of scores has no more parts than these: sets of a union, constraints.
PARTS = 24


def smaller(spec):
    """Specs that are simpler in one way."""

    def but(**changes):
        return dataclasses.replace(spec, **changes)

    for position in range(len(spec.changes)):
        yield but(changes=spec.changes[:position] + spec.changes[position + 1:])
    for name in spec.layouts:
        yield but(layouts={n: l for n, l in spec.layouts.items() if n != name})
    for name in ("sinks", "weights", "lse", "scores_used"):
        if getattr(spec, name):
            yield but(**{name: False})
    for position in range(len(spec.readings)):
        yield but(readings=spec.readings[:position] + spec.readings[position + 1:])
    for name in ("values_of", "scores_of"):
        if getattr(spec, name) != "normal":
            yield but(**{name: "normal"})
    if spec.normaliser != "softmax":
        yield but(normaliser="softmax")
    for position in range(len(spec.batch)):
        yield but(batch=spec.batch[:position] + spec.batch[position + 1:],
                  kv_batch=spec.kv_batch[:position] + spec.kv_batch[position + 1:])
        for n in (1, 2):
            if spec.batch[position] > n:
                kv = list(spec.kv_batch)
                kv[position] = min(kv[position], n) if n % max(kv[position], 1) == 0 or kv[position] > n else 1
                yield but(batch=spec.batch[:position] + (n,) + spec.batch[position + 1:], kv_batch=tuple(kv))
    if spec.kv_batch != spec.batch:
        yield but(kv_batch=spec.batch)
    if spec.elements != ("f32",) * 4:
        yield but(elements=("f32",) * 4)
        yield but(elements=spec.elements[:3] + (spec.elements[2],))
    scores = ("dot", "scaled")  # the simplest first
    for score in scores[:scores.index(spec.score) if spec.score in scores else None]:
        yield but(score=score)
    if spec.dynamic != "none":
        yield but(dynamic="none")
    for position, (kind, seed, dropped) in enumerate(spec.changes):
        for part in range(PARTS if kind == "set" else 0):
            if part not in dropped:
                change = (kind, seed, (*dropped, part))
                yield but(changes=spec.changes[:position] + [change] + spec.changes[position + 1:])
    for name in ("nq", "nkv", "d", "dv"):
        n = getattr(spec, name)
        for value in sorted({1, 2, n // 2, n - 1}):
            if 0 < value < n:
                yield but(**{name: value})


def simpler(way):
    """Ways that are less unusual in one respect."""
    plain = type(way)(256, 16)
    for names in (("options",), ("opt_level", "verify_each"), ("vector_bits", "registers"), ("lane_operations",),
                  ("threads",)):
        change = {name: getattr(plain, name) for name in names}
        if any(getattr(way, name) != value for name, value in change.items()):
            yield dataclasses.replace(way, **change)
    for option in way.options.split():
        yield dataclasses.replace(way, options=" ".join(o for o in way.options.split() if o != option))


def kind_of(problem: str) -> str:
    """What a smaller program's problem has in common with the first one's: the part
    before a colon; of a message, what is neither a number nor quoted."""
    kind, _, rest = problem.partition(": ")
    if kind != "does not run":
        return kind
    line = rest.splitlines()[0] if rest else ""
    return kind + ": " + re.sub(r"'[^']*'|\"[^\"]*\"|/\S+|[%@#]\w+|0x[0-9a-f]+|\d+", "…", line)[:100]


def shrink(spec, way, problem: str, check, build, seconds: float):
    """`check` says what is wrong with the program of a spec that `build` made."""
    kind, end = kind_of(problem), time.time() + seconds
    # After one that is taken comes what stands at its position then.
    text, position, failed = build(spec).text, 0, 0
    while time.time() < end:
        candidates = [(s, way) for s in smaller(spec)] + [(spec, w) for w in simpler(way)]
        if failed >= len(candidates):
            break
        candidate, other = candidates[position % len(candidates)]
        failed += 1
        try:
            call = build(candidate)
        except (ValueError, IndexError, ZeroDivisionError):  # not a program
            position += 1
            continue
        is_same = other == way and call.text == text and candidate.changes != spec.changes  # no such part
        found = "" if is_same else check(call, other)
        if kind_of(found) == kind:
            spec, way, problem, text, failed = candidate, other, found, call.text, 0
        else:
            position += 1
    return spec, way, problem
