"""Attention as an expression in PyTorch, eager."""

import torch
from peers import Prepared, Unsupported
from peers.forms import express
from peers.torch_sdpa import REQUIRES, start, version  # noqa: F401

SUMMARY = "matmul, what the case does to scores, softmax, matmul: one kernel after another"
COMPILES = False


def prepare(case, inputs, threads, wrap=lambda function: function) -> Prepared:
    if case.layout != "bhsd":
        raise Unsupported("an expression in another layout is not written yet")
    x = {name: torch.from_numpy(array) for name, array in inputs.items()}
    attend = wrap(lambda x: express(torch, case, x))
    held = {}

    def call():
        held["results"] = attend(x)

    return Prepared(call, lambda: {name: tensor.numpy() for name, tensor in held["results"].items()})
