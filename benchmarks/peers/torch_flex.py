"""PyTorch's FlexAttention, compiled by torch.compile for the shape at hand."""

import torch
from peers import Prepared
from peers.torch_sdpa import REQUIRES, start, version  # noqa: F401
from torch.nn.attention.flex_attention import create_block_mask, flex_attention, noop_mask

SUMMARY = "torch.compile(flex_attention, dynamic=False), its block mask made beforehand; needs a C++ compiler"
COMPILES = True


def prepare(case, inputs, threads) -> Prepared:
    torch._dynamo.reset()
    q, k, v = (torch.from_numpy(inputs[name]) for name in "qkv")
    # Without any block mask the whole row of scores is one block: slower, and gigabytes at 16384 tokens.
    allowed = (lambda b, h, i, j: i >= j) if case.causal else noop_mask
    mask = create_block_mask(allowed, None, None, case.queries, case.key_count, device="cpu")
    if case.layout == "bshd":
        def attend(q, k, v):
            return flex_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                  block_mask=mask).transpose(1, 2).contiguous()
    else:
        def attend(q, k, v):
            return flex_attention(q, k, v, block_mask=mask)
    compiled = torch.compile(attend, dynamic=False)
    held = {}

    def call():
        held["o"] = compiled(q, k, v)

    return Prepared(call, lambda: held["o"].numpy())
