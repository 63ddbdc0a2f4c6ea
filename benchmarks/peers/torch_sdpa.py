"""PyTorch's scaled_dot_product_attention, eager."""

import torch
from peers import Prepared
from peers.forms import dense

SUMMARY = "torch.nn.functional.scaled_dot_product_attention, whose CPU flash kernel takes f32 with a mask or without"
REQUIRES = "torch"
COMPILES = False


def start(threads: int) -> None:
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)


def version() -> str:
    return f"PyTorch {torch.__version__}"


def prepare(case, inputs, threads) -> Prepared:
    x = {name: torch.from_numpy(array) for name, array in dense(case, inputs, ("context", "lse")).items()}
    q, k, v = x["q"], x["k"], x["v"]
    extra = {name: torch.from_numpy(array) for name, array in inputs.items()}
    mask = x.get("bias", x.get("keep"))
    if "bias" in x and "keep" in x:
        mask = torch.where(x["keep"], x["bias"], -torch.inf)
    attention = torch.nn.functional.scaled_dot_product_attention
    held = {}

    if case.layout == "bshd":
        def call():
            held["context"] = attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2),
                                        is_causal=case.causal).transpose(1, 2).contiguous()
    elif case.score:
        def call():
            held["context"] = attention(case.score.project(torch, extra, q), k, v, attn_mask=mask,
                                        is_causal=case.causal, scale=1.0)
    elif "lse" in case.outputs:
        def call():
            held["context"], held["lse"] = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
                q, k, v, 0.0, case.causal, attn_mask=mask)
    else:
        def call():
            held["context"] = attention(q, k, v, attn_mask=mask, is_causal=case.causal)
    return Prepared(call, lambda: {name: tensor.numpy() for name, tensor in held.items()})
