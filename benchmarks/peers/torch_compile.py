"""Attention as an expression in PyTorch under torch.compile."""

import torch
from peers import Prepared, torch_eager
from peers.torch_eager import REQUIRES, start, version  # noqa: F401

SUMMARY = "the expression of torch-eager under torch.compile(dynamic=False); needs a C++ compiler"
COMPILES = True


def prepare(case, inputs, threads) -> Prepared:
    torch._dynamo.reset()
    return torch_eager.prepare(case, inputs, threads, lambda function: torch.compile(function, dynamic=False))
