"""What training, running and checking share: symbols, files, the call of the
compiled program, the error measure. Needs NumPy only; PyTorch is model.py's.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "release" / "bin" / "attention-runner"

LETTERS = "abcdefghijklmnopqrstuvwxyz"

# Symbol 0 is the word boundary: fed to the decoder before the first phoneme and
# predicted after the last.
PHONEMES = (
    "# AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH "
    "K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"
).split()

# The parameters in the order in which a variant's functions in g2p.mlir take them.
ENCODER = [f"{gru}_{part}" for gru in ("forward", "backward") for part in "xwb"]
DECODER = ["bridge_w", "bridge_b", "decoder_x", "decoder_w", "decoder_b"]
SCORE = {
    "dot": [],
    "bilinear": ["score_w"],
    "additive": ["score_wq", "score_wk", "score_v", "score_b"],
    "plain": [],
}
OUT = ["out_w", "out_b"]
PARAMETERS = {v: ENCODER + DECODER + score + OUT for v, score in SCORE.items()}
VARIANTS = tuple(PARAMETERS)


class Unusable(Exception):
    """Something the user can mend; the message says how."""


def max_steps(letters: int) -> int:
    """The bound on a word's steps; g2p.mlir has the same formula."""
    return 2 * letters + 8


def letter_ids(word: str) -> list[int]:
    return [LETTERS.index(c) for c in word]


def names(phonemes: np.ndarray) -> list[str]:
    """Phonemes by name, without the closing boundary."""
    return [PHONEMES[i] for i in phonemes if i]


def held_out() -> list[tuple[str, list[str]]]:
    """The words no model was trained on, with their phonemes.

    PyTorch's answers are to the first of them.
    """
    lines = (HERE / "held_out.txt").read_text().splitlines()
    return [(word, phonemes) for word, *phonemes in map(str.split, lines)]


def call(
    function: str,
    variant: str,
    inputs: list[Path],
    flags: list[str],
    runner: Path | None = None,
) -> str:
    """What a function of g2p.mlir prints, run on inputs and a variant's parameters."""
    tool = runner or Path(os.environ.get("ATTENTION_RUNNER", BUILT))
    if not tool.is_file():
        raise Unusable(f"{tool} is not there: scripts/build builds it")
    folder = HERE / "params" / variant
    arrays = inputs + [folder / f"{name}.npy" for name in PARAMETERS[variant]]
    command = [str(tool), str(HERE / "g2p.mlir"), f"--function={function}"]
    command += [f"--input=@{array}" for array in arrays] + flags
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"{tool.name} failed on @{function}:\n{done.stderr.strip()}")
    return done.stdout


def predict(
    variant: str, words: list[str], runner: Path | None = None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Phonemes and logits of each word, all from one run of the program."""
    letters = np.array([len(word) for word in words], np.int32)
    padded = np.zeros((len(words), letters.max()), np.int32)
    for row, word in zip(padded, words):
        row[: len(word)] = letter_ids(word)
    with tempfile.TemporaryDirectory() as scratch:
        inputs = [Path(scratch, name) for name in ("words.npy", "letters.npy")]
        np.save(inputs[0], padded)
        np.save(inputs[1], letters)
        outputs = [Path(scratch, f"{n}.npy") for n in ("phonemes", "steps", "logits")]
        flags = [f"--output=@{file}" for file in outputs]
        call(f"{variant}_words", variant, inputs, flags, runner)
        phonemes, steps, logits = map(np.load, outputs)
    return (
        [row[:n] for row, n in zip(phonemes, steps)],
        [rows[:n] for rows, n in zip(logits, steps)],
    )


def edit_distance(a: list[str], b: list[str]) -> int:
    """The fewest insertions, deletions and substitutions that turn a into b."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
            diagonal, row[j] = row[j], cost
    return row[-1]


def error_table(
    pairs: list[tuple[str, list[str]]], answers: dict[str, list[list[str]]]
) -> str:
    """Each variant's phoneme and word error rates, by word length, in Markdown."""
    lengths = {"all": (0, 99), "≤ 6 letters": (0, 6), "7–9": (7, 9), "≥ 10": (10, 99)}
    groups = {
        f"{name} ({len(rows)} words)": rows
        for name, (low, high) in lengths.items()
        if (rows := [i for i, (w, _) in enumerate(pairs) if low <= len(w) <= high])
    }
    table = [["", *groups], ["---"] * (len(groups) + 1)]
    for variant, said in answers.items():
        distances = [edit_distance(a, right) for a, (_, right) in zip(said, pairs)]
        cells = [variant]
        for rows in groups.values():
            phonemes = sum(len(pairs[i][1]) for i in rows)
            phoneme_errors = sum(distances[i] for i in rows) / phonemes
            word_errors = sum(distances[i] > 0 for i in rows) / len(rows)
            cells.append(f"{phoneme_errors:.1%} / {word_errors:.1%}")
        table.append(cells)
    return "\n".join("| " + " | ".join(row) + " |" for row in table)
