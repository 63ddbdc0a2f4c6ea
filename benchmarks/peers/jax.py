"""JAX on XLA's CPU backend: jax.nn.dot_product_attention where it says all of a case,
the definition as an expression elsewhere, both under jit."""

import jax
import jax.numpy as jnp
import numpy as np
from peers import Prepared, Unsupported
from peers.forms import express

SUMMARY = "jax.jit of jax.nn.dot_product_attention, or of an expression; XLA fuses neither on CPUs"
REQUIRES = "jax and jaxlib"
COMPILES = True


def start(threads: int) -> None:
    # XLA takes as many threads as the process may use processors: see harness/client.py.
    pass


def version() -> str:
    return f"JAX {jax.__version__}"


def prepare(case, inputs, threads) -> Prepared:
    jax.clear_caches()
    held = {}
    if case.score or case.modify or case.allowed or case.sinks or case.outputs != ("context",):
        if case.layout != "bhsd":
            raise Unsupported("an expression in another layout is not written yet")
        x = {name: jax.device_put(array) for name, array in inputs.items()}
        compiled = jax.jit(lambda x: express(jnp, case, x))

        def call():
            held["o"] = jax.block_until_ready(compiled(x))

        return Prepared(call, lambda: {name: np.asarray(array) for name, array in held["o"].items()}, "expression")

    if case.value_features != case.head_dim:
        raise Unsupported("values have to have as many features as keys")
    # Its native layout is [B, S, H, D].
    rows = {name: (inputs[name].transpose(0, 2, 1, 3) if case.layout == "bhsd" else inputs[name]) for name in "qkv"}
    q, k, v = (jax.device_put(np.ascontiguousarray(rows[name])) for name in "qkv")
    bias = jax.device_put(inputs[case.bias]) if case.bias else None
    keep = jax.device_put(inputs[case.keep]) if case.keep else None
    compiled = jax.jit(lambda q, k, v, bias, keep: jax.nn.dot_product_attention(q, k, v, bias, keep,
                                                                              is_causal=case.causal))

    def call():
        held["o"] = compiled(q, k, v, bias, keep).block_until_ready()

    def results():
        found = np.asarray(held["o"])
        return {"context": found.transpose(0, 2, 1, 3) if case.layout == "bhsd" else found}

    return Prepared(call, results)
