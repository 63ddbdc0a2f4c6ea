"""JAX on XLA's CPU backend: the faster, case by case, of jax.nn.dot_product_attention,
where it says all of a case, and of the definition as an expression, both under jit."""

import dataclasses
import time

import jax
import jax.numpy as jnp
import numpy as np
from peers import Prepared, Unsupported
from peers.forms import express

SUMMARY = "the faster of jax.nn.dot_product_attention and an expression under jax.jit; XLA fuses neither on CPUs"
REQUIRES = "jax and jaxlib"
COMPILES = True


def start(threads: int) -> None:
    # XLA takes as many threads as the process may use processors: see harness/client.py.
    pass


def version() -> str:
    return f"JAX {jax.__version__}"


def map_queries(score):
    """Scores by a loop over queries: what they are made of stays in cache."""
    def evaluate(xp, x, q, k):
        rows = jax.lax.map(lambda row: score.evaluate(xp, x, row[..., None, :], k)[..., 0, :], jnp.moveaxis(q, -2, 0))
        return jnp.moveaxis(rows, 0, -2)

    return evaluate


def seconds_of(compiled, arguments) -> float:
    """Of the better of two calls after the first, or of one that is long."""
    jax.block_until_ready(compiled(*arguments))
    times = []
    while len(times) < 2 and sum(times) < 0.5:
        begin = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        times.append(time.perf_counter() - begin)
    return min(times)


def expressions(case, inputs) -> list:
    """The definition, on [B, H, S, D]."""
    x = {name: jax.device_put(array) for name, array in inputs.items()}
    back = lambda found: {name: np.asarray(array) for name, array in found.items()}
    forms = [("expression", case)]
    if case.score:
        # Which is faster XLA does not find out: with all of [Nq, Nkv, d] at once, or not.
        by_query = dataclasses.replace(case.score, evaluate=map_queries(case.score))
        forms.append(("expression, a query at a time", dataclasses.replace(case, score=by_query)))
    return [(variant, jax.jit(lambda x, form=form: express(jnp, form, x)), (x,), back) for variant, form in forms]


def library(case, inputs) -> tuple:
    """jax.nn.dot_product_attention, whose layout is [B, S, H, D]."""
    bhsd = case.layout == "bhsd"
    rows = {name: (inputs[name].transpose(0, 2, 1, 3) if bhsd else inputs[name]) for name in "qkv"}
    arguments = [jax.device_put(np.ascontiguousarray(rows[name])) for name in "qkv"]
    arguments += [jax.device_put(inputs[name]) if name else None for name in (case.bias, case.keep)]

    def back(found):
        found = np.asarray(found)
        return {"context": found.transpose(0, 2, 1, 3) if bhsd else found}

    compiled = jax.jit(lambda q, k, v, bias, keep: jax.nn.dot_product_attention(q, k, v, bias, keep,
                                                                              is_causal=case.causal))
    return "dot_product_attention", compiled, arguments, back


def prepare(case, inputs, threads) -> Prepared:
    jax.clear_caches()
    candidates = expressions(case, inputs) if case.layout == "bhsd" else []
    if (not (case.score or case.modify or case.allowed or case.sinks) and case.outputs == ("context",)
            and case.value_features == case.head_dim):
        candidates.append(library(case, inputs))
    if not candidates:
        raise Unsupported("an expression in another layout is not written yet")
    if case.measure == "compile":
        candidates = candidates[-1:]
    variant, compiled, arguments, back = (candidates[0] if len(candidates) == 1
                                          else min(candidates, key=lambda each: seconds_of(each[1], each[2])))
    held = {}

    def call():
        held["o"] = jax.block_until_ready(compiled(*arguments))

    return Prepared(call, lambda: back(held["o"]), variant)
