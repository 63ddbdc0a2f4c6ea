"""PyTorch's FlexAttention, compiled by torch.compile for the shape at hand."""

import numpy as np
import torch
from peers import Prepared, Unsupported
from peers.torch_sdpa import REQUIRES, start, version  # noqa: F401
from torch.nn.attention.flex_attention import create_block_mask, flex_attention, noop_mask

SUMMARY = "torch.compile(flex_attention, dynamic=False), its block mask made beforehand; needs a C++ compiler"
COMPILES = True


def score_mod_of(case, x, null_key):
    """What changes scores, or None; `null_key` is the index of a sink's key, or None."""
    if not (case.modify or case.bias or case.sinks):
        return None

    def score_mod(score, b, h, i, j):
        if case.modify:
            score = case.modify(torch, x, score, b, h, i, j)
        if case.bias:
            bias = x[case.bias]
            score = score + bias[0, h if bias.shape[1] > 1 else 0, i, j]
        if null_key is not None:
            score = torch.where(j == null_key, x[case.sinks][h], score)
        return score

    return score_mod


def mask_mod_of(case, x):
    if not (case.allowed or case.keep or case.causal):
        return noop_mask

    def mask_mod(b, h, i, j):
        parts = [i >= j] if case.causal else []
        if case.allowed:
            parts.append(case.allowed(torch, x, b, h, i, j))
        if case.keep:
            parts.append(x[case.keep][0, 0, i, j])
        live = parts[0]
        for part in parts[1:]:
            live = live & part
        return live

    return mask_mod


def prepare(case, inputs, threads) -> Prepared:
    if case.score and not case.score.project:
        raise Unsupported("it has no score functions but the dot product")
    if case.outputs != ("context",):
        raise Unsupported("on CPUs it returns nothing but the context")
    torch._dynamo.reset()
    x = {name: torch.from_numpy(array) for name, array in inputs.items()}
    null_key = None
    if case.sinks:
        # A key of zeros, whose score is replaced by the sink's and whose value is zero.
        null_key = case.key_count
        for name in "kv":
            x[name] = torch.from_numpy(np.concatenate([inputs[name], np.zeros_like(inputs[name][:, :, :1])], 2))
    q, k, v = x["q"], x["k"], x["v"]
    # Without any block mask the whole row of scores is one block: slower, and gigabytes at 16384 tokens.
    mask = create_block_mask(mask_mod_of(case, x), case.batch if case.allowed and case.batch > 1 else None, None,
                             case.queries, k.shape[1 if case.layout == "bshd" else 2], device="cpu",
                             _compile=case.queries * case.key_count > 2**24)
    options = {"block_mask": mask, "score_mod": score_mod_of(case, x, null_key), "scale": 1.0 if case.score else None}
    if case.layout == "bshd":
        def attend(q, k, v):
            return flex_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                  **options).transpose(1, 2).contiguous()
    else:
        def attend(q, k, v):
            return flex_attention(q, k, v, **options)
    compiled = torch.compile(attend, dynamic=False)
    held = {}

    def call():
        # Eager: its lowering takes no product for a query.
        queries = case.score.project(torch, x, q) if case.score else q
        held["o"] = compiled(queries, k, v)

    return Prepared(call, lambda: {"context": held["o"].numpy()})
