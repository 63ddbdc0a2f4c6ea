"""JAX: jax.nn.dot_product_attention under jit, on XLA's CPU backend."""

import jax
import numpy as np
from peers import Prepared, Unsupported

SUMMARY = "jax.jit(jax.nn.dot_product_attention), which XLA does not fuse on CPUs"
REQUIRES = "jax and jaxlib"
COMPILES = True


def start(threads: int) -> None:
    # XLA takes as many threads as the process may use processors: see harness/client.py.
    pass


def version() -> str:
    return f"JAX {jax.__version__}"


def prepare(case, inputs, threads) -> Prepared:
    if case.value_features != case.head_dim:
        raise Unsupported("values have to have as many features as keys")
    jax.clear_caches()
    # Its native layout is [B, S, H, D].
    rows = {name: (x.transpose(0, 2, 1, 3) if case.layout == "bhsd" else x) for name, x in inputs.items()}
    q, k, v = (jax.device_put(np.ascontiguousarray(rows[name])) for name in "qkv")
    compiled = jax.jit(lambda q, k, v: jax.nn.dot_product_attention(q, k, v, is_causal=case.causal))
    held = {}

    def call():
        held["o"] = compiled(q, k, v).block_until_ready()

    def result():
        found = np.asarray(held["o"])
        return found.transpose(0, 2, 1, 3) if case.layout == "bhsd" else found

    return Prepared(call, result)
