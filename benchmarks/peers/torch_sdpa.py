"""PyTorch's scaled_dot_product_attention, eager."""

import torch
from peers import Prepared

SUMMARY = "torch.nn.functional.scaled_dot_product_attention, whose CPU flash kernel takes plain and causal f32"
REQUIRES = "torch"
COMPILES = False


def start(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)


def version() -> str:
    return f"PyTorch {torch.__version__}"


def prepare(case, inputs, threads) -> Prepared:
    q, k, v = (torch.from_numpy(inputs[name]) for name in "qkv")
    attention = torch.nn.functional.scaled_dot_product_attention
    held = {}

    if case.layout == "bshd":
        def call():
            held["o"] = attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                  is_causal=case.causal).transpose(1, 2).contiguous()
    else:
        def call():
            held["o"] = attention(q, k, v, is_causal=case.causal)
    return Prepared(call, lambda: held["o"].numpy())
