"""A case in the forms that systems take: as one expression on arrays, or as the dense
bias and mask tensors that a fused operator has inputs for."""

import numpy as np
from peers import Unsupported


def indices(xp, case):
    """b, h, i, j, each an array with one dimension that is not 1."""
    extents = case.batch, case.heads, case.queries, case.key_count
    return [xp.arange(n).reshape([n if d == at else 1 for d in range(4)]) for at, n in enumerate(extents)]


def top_k(weights, count: int) -> tuple:
    """The largest of the last dimension and their positions, by the library of `weights`."""
    if hasattr(weights, "topk"):
        return weights.topk(count)
    from jax import lax
    return lax.top_k(weights, count)


def express(xp, case, x) -> dict:
    """All of a case's results by its definition, on [B, H, S, D] arrays of a library."""
    q, k, v = x["q"], x["k"], x["v"]
    swapped = k.swapaxes(-1, -2)
    scores = case.score.evaluate(xp, x, q, k) if case.score else q @ swapped * (case.head_dim ** -0.5)
    if case.modify or case.allowed or case.causal:
        b, h, i, j = indices(xp, case)
    if case.modify:
        scores = case.modify(xp, x, scores, b, h, i, j)
    if case.bias:
        scores = scores + x[case.bias]
    if case.keep:
        scores = xp.where(x[case.keep], scores, -xp.inf)
    if case.allowed:
        scores = xp.where(case.allowed(xp, x, b, h, i, j), scores, -xp.inf)
    if case.causal:
        scores = xp.where(j <= i, scores, -xp.inf)
    sink = x[case.sinks].reshape(1, -1, 1, 1) if case.sinks else None
    top = xp.amax(scores, -1, keepdims=True)
    if case.sinks:
        top = xp.maximum(top, sink)
    weights = xp.exp(scores - top)
    total = xp.sum(weights, -1, keepdims=True)
    if case.sinks:
        total = total + xp.exp(sink - top)
    results = {}
    if "lse" in case.outputs:
        results["lse"] = (top + xp.log(total))[..., 0]
    if set(case.outputs) <= {"context", "lse"}:
        results["context"] = weights @ v / total
    else:
        weights = weights / total
        results |= {"weights": weights, "context": weights @ v}
    if "top_keys" in case.outputs:
        results["top_weights"], results["top_keys"] = top_k(weights, case.top)
    if "entropy" in case.outputs:
        results["entropy"] = -(weights * xp.log(xp.where(weights == 0, 1.0, weights))).sum(-1)
    if "column_mass" in case.outputs:
        results["column_mass"] = weights.sum(-2)
    return {output: results[output] for output in case.outputs}


def dense(case, inputs, outputs=("context",)) -> dict:
    """q, k, v, and where the case has more: `bias` and `keep` [1 or B, 1 or H, Nq, Nkv] and
    `scale`, as NumPy arrays. What depends on scores otherwise cannot be said so."""
    if case.score and not case.score.project:
        raise Unsupported("its operator has no such score function")
    if case.modify and not case.modify_adds:
        raise Unsupported("its operator has no such change of scores")
    if set(case.outputs) - set(outputs):
        raise Unsupported("its operator returns no " + ", no ".join(sorted(set(case.outputs) - set(outputs))))
    x = {name: inputs[name] for name in "qkv"}
    if case.layout == "bshd" and not case.is_plain:
        raise ValueError("such a case in another layout is not written yet")
    if case.modify:
        b, h, i, j = indices(np, case)
        x["bias"] = np.ascontiguousarray(case.modify(np, inputs, np.float32(0), b, h, i, j), dtype=np.float32)
    if case.bias:
        x["bias"] = inputs[case.bias] + x.get("bias", np.float32(0))
    if case.keep:
        x["keep"] = inputs[case.keep]
    if case.allowed:
        b, _, i, j = indices(np, case)
        allowed = case.allowed(np, inputs, b, np.zeros((1, 1, 1, 1), int), i.astype(np.int32), j.astype(np.int32))
        # A copy: libraries refuse views that repeat elements.
        x["keep"] = np.array(np.broadcast_to(allowed & x.get("keep", True),
                                             (allowed.shape[0], 1, case.queries, case.key_count)))
    if case.sinks:
        # A key of zeros has the score 0, to which a bias adds the sink's; its value is zero.
        if "keep" in x or case.causal:
            raise ValueError("a sink with a mask is not written yet")
        x["k"], x["v"] = (np.concatenate([x[name], np.zeros_like(x[name][:, :, :1])], 2) for name in "kv")
        bias = np.broadcast_to(x.get("bias", np.float32(0)), (1, case.heads, case.queries, case.key_count))
        sink = np.broadcast_to(inputs[case.sinks][None, :, None, None], (1, case.heads, case.queries, 1))
        x["bias"] = np.concatenate([bias, sink], -1).astype(np.float32)
    return x
