"""The models in PyTorch, and their parameters as g2p.mlir takes them.

All words of a batch have the same length, so that nothing is padded or masked on
the letters' side.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from g2p import LETTERS, PHONEMES, letter_ids, max_steps

ENCODER = 64  # units in each direction: h_j has twice as many
DECODER = {"dot": 128, "bilinear": 160, "additive": 160, "plain": 128}
ADDITIVE = 96  # the space in which the additive score compares


class Dot(nn.Module):
    def forward(self, s: Tensor, h: Tensor) -> Tensor:
        return s @ h.mT


class Bilinear(nn.Module):
    def __init__(self, d_q: int, d_k: int):
        super().__init__()
        self.w = nn.Parameter(torch.randn(d_q, d_k) / d_q**0.5)

    def forward(self, s: Tensor, h: Tensor) -> Tensor:
        return s @ self.w @ h.mT


class Additive(nn.Module):
    def __init__(self, d_q: int, d_k: int):
        super().__init__()
        self.wq = nn.Parameter(torch.randn(ADDITIVE, d_q) / d_q**0.5)
        self.wk = nn.Parameter(torch.randn(ADDITIVE, d_k) / d_k**0.5)
        self.v = nn.Parameter(torch.randn(ADDITIVE) / ADDITIVE**0.5)
        self.b = nn.Parameter(torch.zeros(ADDITIVE))

    def forward(self, s: Tensor, h: Tensor) -> Tensor:
        pairs = (s @ self.wq.T).unsqueeze(-2) + (h @ self.wk.T).unsqueeze(-3)
        return torch.tanh(pairs + self.b) @ self.v


class Model(nn.Module):
    """Letters to phonemes; `variant` says how the decoder scores the letters."""

    def __init__(self, variant: str):
        super().__init__()
        d_k, d_q = 2 * ENCODER, DECODER[variant]
        letters, phonemes = len(LETTERS), len(PHONEMES)
        self.encoder = nn.GRU(letters, ENCODER, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(d_k, d_q)
        self.decoder = nn.GRU(phonemes, d_q, batch_first=True)
        self.score: nn.Module | None = None
        if variant == "dot":
            self.score = Dot()
        elif variant == "bilinear":
            self.score = Bilinear(d_q, d_k)
        elif variant == "additive":
            self.score = Additive(d_q, d_k)
        self.out = nn.Linear((d_k if self.score else 0) + d_q, phonemes)

    def encode(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """The letters' states h; the decoder's first state, from both full readings."""
        h, (left, right) = self.encoder(F.one_hot(letters, len(LETTERS)).float())
        start = torch.tanh(self.bridge(torch.cat([left, right], -1)))
        return h, start.unsqueeze(0)

    def decode(self, fed: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """The states after each of the phonemes fed, and the last of them."""
        return self.decoder(F.one_hot(fed, len(PHONEMES)).float(), s)

    def predict(self, s: Tensor, h: Tensor) -> Tensor:
        if self.score is None:
            return self.out(s)
        o = torch.softmax(self.score(s, h), -1) @ h
        return self.out(torch.cat([o, s], -1))

    def forward(self, letters: Tensor, phonemes: Tensor) -> Tensor:
        """Logits where the right phonemes are fed back: every step runs at once."""
        h, start = self.encode(letters)
        s, _ = self.decode(F.pad(phonemes[:, :-1].clamp(min=0), (1, 0)), start)
        return self.predict(s, h)

    @torch.no_grad()
    def greedy(self, letters: Tensor) -> list[Tensor]:
        """Each word's logits, step by step, where the likeliest phoneme is fed back."""
        words, bound = len(letters), max_steps(letters.shape[1])
        h, s = self.encode(letters)
        fed = torch.zeros(words, 1, dtype=torch.long)
        logits, lengths = [], torch.full((words,), bound)
        for step in range(1, bound + 1):
            state, s = self.decode(fed, s)
            logits.append(self.predict(state, h))
            fed = logits[-1].argmax(-1)
            lengths[(fed[:, 0] == 0) & (lengths > step)] = step
        return [l[:n] for l, n in zip(torch.cat(logits, 1), lengths)]


# What the parameters of g2p.mlir are called in PyTorch.
GRUS = {"forward": "encoder.{}_l0", "backward": "encoder.{}_l0_reverse"}
GRUS["decoder"] = "decoder.{}_l0"
LAYERS = ("bridge", "out")


def export(model: Model) -> dict[str, np.ndarray]:
    """The parameters as g2p.mlir takes them, rounded to f16.

    Matrices stand to the right of row vectors, but for the additive score's. A GRU's
    inputs are one-hot, so its input matrix is a table with a row a symbol; the table
    also takes in every bias but the one that the reset gate multiplies.
    """
    state = model.state_dict()
    result = {n.replace(".", "_"): t for n, t in state.items() if n.startswith("score")}
    for name in LAYERS:
        result[f"{name}_w"] = state[f"{name}.weight"].T
        result[f"{name}_b"] = state[f"{name}.bias"]
    only_reset_and_update = torch.tensor([[1.0], [1.0], [0.0]])
    for name, torch_name in GRUS.items():
        w_x, w, b_x, b = (
            state[torch_name.format(n)].unflatten(0, (3, -1))
            for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        result[f"{name}_x"] = w_x.permute(2, 0, 1) + b_x + b * only_reset_and_update
        result[f"{name}_w"] = w.mT
        result[f"{name}_b"] = b[2]
    return {n: np.ascontiguousarray(t.numpy(), np.float16) for n, t in result.items()}


def restore(variant: str, parameters: dict[str, np.ndarray]) -> Model:
    """The model with those parameters: export's other way round."""
    p = {n: torch.from_numpy(a.astype(np.float32)) for n, a in parameters.items()}
    state = {n.replace("_", "."): t for n, t in p.items() if n.startswith("score")}
    for name in LAYERS:
        state[f"{name}.weight"] = p[f"{name}_w"].T
        state[f"{name}.bias"] = p[f"{name}_b"]
    for name, torch_name in GRUS.items():
        b = p[f"{name}_b"]
        state[torch_name.format("weight_ih")] = p[f"{name}_x"].flatten(1).T
        state[torch_name.format("weight_hh")] = p[f"{name}_w"].mT.flatten(0, 1)
        state[torch_name.format("bias_ih")] = torch.zeros(3 * len(b))
        state[torch_name.format("bias_hh")] = F.pad(b, (2 * len(b), 0))
    model = Model(variant)
    model.load_state_dict(state)
    return model.eval()


def letter_tensor(words: list[str]) -> Tensor:
    return torch.tensor([letter_ids(word) for word in words])


def phoneme_tensor(pronunciations: list[list[str]]) -> Tensor:
    """Filled up with -1 beyond the closing word boundary."""
    ids = [torch.tensor([PHONEMES.index(p) for p in ps] + [0]) for ps in pronunciations]
    return nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-1)
