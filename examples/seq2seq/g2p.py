"""What training, running and checking share: symbols, files, the call of the compiled program, the error measure.

Needs numpy only; PyTorch is train.py's business.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "release" / "bin" / "attention-runner"

LETTERS = "abcdefghijklmnopqrstuvwxyz"

# Symbol 0 is the word boundary: fed to the decoder before the first phoneme, predicted after the last.
PHONEMES = (
    "# AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()

# The parameters of each variant in the order in which its functions in g2p.mlir take them.
ENCODER = "forward_x forward_w forward_b backward_x backward_w backward_b bridge_w bridge_b".split()
DECODER = "decoder_x decoder_w decoder_b".split()
SCORE = {"dot": [], "bilinear": ["score_w"], "additive": ["score_wq", "score_wk", "score_v", "score_b"], "plain": []}
PARAMETERS = {variant: [*ENCODER, *DECODER, *score, "out_w", "out_b"] for variant, score in SCORE.items()}
VARIANTS = tuple(PARAMETERS)


class Unusable(Exception):
    """Something the user can mend; the message says how."""


def max_steps(letters: int) -> int:
    """The decoder's length bound; g2p.mlir has the same formula."""
    return 2 * letters + 8


def letter_ids(word: str) -> list[int]:
    return [LETTERS.index(c) for c in word]


def names(phonemes: np.ndarray) -> list[str]:
    """Phonemes of a word from the program's answer, without the closing boundary."""
    return [PHONEMES[i] for i in phonemes if i]


def held_out() -> list[tuple[str, list[str]]]:
    """The words no model was trained on, with their phonemes; PyTorch's answers are to the first of them."""
    lines = (HERE / "held_out.txt").read_text().splitlines()
    return [(word, phonemes) for word, *phonemes in map(str.split, lines)]


def call(function: str, variant: str, inputs: list[Path], flags: list[str], runner: Path | None = None) -> str:
    """Compiles and runs a function of g2p.mlir on the inputs and the variant's parameters; what it prints."""
    tool = runner or Path(os.environ.get("ATTENTION_RUNNER", BUILT))
    if not tool.is_file():
        raise Unusable(f"{tool} is not there: build it (cmake --preset release && cmake --build --preset release)")
    arrays = [*inputs, *(HERE / "params" / variant / f"{name}.npy" for name in PARAMETERS[variant])]
    command = [str(tool), str(HERE / "g2p.mlir"), f"--function={function}", *(f"--input=@{a}" for a in arrays), *flags]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"{tool.name} failed on @{function}:\n{done.stderr.strip()}")
    return done.stdout


def edit_distance(a: list[str], b: list[str]) -> int:
    """The least number of insertions, deletions and substitutions that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def error_table(pairs: list[tuple[str, list[str]]], answers: dict[str, list[list[str]]]) -> str:
    """Phoneme and word error rates of each variant's answers to the words, all of them and by length, as Markdown."""
    groups = {"all": (0, 99), "≤ 6 letters": (0, 6), "7–9": (7, 9), "≥ 10": (10, 99)}
    chosen = {name: [i for i, (w, _) in enumerate(pairs) if low <= len(w) <= high] for name, (low, high) in groups.items()}
    rows = [
        ["", *(f"{name} ({len(rows)} words)" for name, rows in chosen.items())],
        ["---"] * (len(groups) + 1),
    ]
    for variant, phonemes in answers.items():
        distances = [edit_distance(p, reference) for p, (_, reference) in zip(phonemes, pairs)]
        cells = [variant]
        for group in chosen.values():
            errors = sum(distances[i] for i in group) / sum(len(pairs[i][1]) for i in group)
            wrong = sum(distances[i] > 0 for i in group) / len(group)
            cells.append(f"{errors:.1%} / {wrong:.1%}")
        rows.append(cells)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
