"""Fits the weights in `music_cog_online/studio/listen/level_weights.py` and says how well they carry over.

    python benchmarks/fit_levels.py FOLDER [FOLDER ...]

Every reading of every annotated piece is described by its figures; a multinomial logistic regression learns which
reading meets the annotation. The printed F-measures are of pieces that the weights have not seen: tenfold, and with
whole kinds of music left out. What follows them is the file's tables. Generated songs are always learnt from, and never
scored, so that plain music stays plain.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from beat_metrics import Piece, f_measure, load, trimmed
from beats import generated
from numpy.typing import NDArray
from scipy.optimize import minimize

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen.files import LISTENING_RATE
from music_cog_online.studio.listen.level_weights import FIGURES
from music_cog_online.studio.listen.levels import PHASES, figures, set_scene
from music_cog_online.studio.listen.levels import weights as in_use
from music_cog_online.studio.listen.readings import readings
from music_cog_online.studio.listen.spectra import analyse

Floats = NDArray[np.float64]
Examples = list[tuple[Floats, Floats]]

_PENALTY = 0.05
_SHARPNESS = 15.0  # how much better a better reading counts


def describe(piece: Piece, ffmpeg: Ffmpeg) -> tuple[Floats, Floats]:
    """(r, k) figures of each reading of a piece, and (r,) its F-measure."""
    samples = piece.samples if piece.path is None else ffmpeg.decode_audio(piece.path, rate=LISTENING_RATE)
    assert samples is not None
    scene = set_scene(analyse(samples, LISTENING_RATE))
    found = readings(scene.activation, scene.pulse)
    met = [f_measure(trimmed(piece.beats_s), trimmed(beats_s)) for beats_s in found]
    return np.array([figures(scene, beats_s) for beats_s in found]), np.array(met)


def fit(examples: Examples, scale: Floats) -> Floats:
    """Weights that make the best readings likeliest."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        value, slope = 0.0, np.zeros_like(weights)
        for rows, met in examples:
            rows = rows / scale
            logits = rows @ weights
            chance = np.exp(logits - logits.max())
            chance /= chance.sum()
            wanted = np.exp((met - met.max()) * _SHARPNESS)
            wanted /= wanted.sum()
            value -= float((wanted * np.log(chance + 1e-12)).sum())
            slope -= rows.T @ (wanted - chance)
        n = len(examples)
        return value / n + _PENALTY * float(weights @ weights), slope / n + 2 * _PENALTY * weights

    return np.asarray(minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B").x) / scale


def held_out(examples: Examples, anchors: Examples, folds: Iterable[NDArray[np.bool_]], scale: Floats) -> float:
    """Mean F-measure of the readings chosen for pieces that the weights have not seen."""
    met: list[float] = []
    for fold in folds:
        weights = fit([e for e, out in zip(examples, fold, strict=True) if not out] + anchors, scale)
        met += [float(f[np.argmax(x @ weights)]) for (x, f), out in zip(examples, fold, strict=True) if out]
    return float(np.mean(met))


def print_tables(weights: Floats) -> None:
    """Prints the weights as the file holds them."""
    short = [float(f"{weight:.2g}") for weight in weights]
    count = len(FIGURES)
    print("FIGURES")
    for name, weight in zip(FIGURES, short[:count], strict=True):
        print(f'    "{name}": {weight},')
    for title, values in (("RHYTHM", short[count : -4 * PHASES]), ("TURN", short[-4 * PHASES :])):
        print(title)
        for row in range(PHASES):
            print(f"    ({', '.join(map(str, values[4 * row : 4 * row + 4]))}),")


def main() -> int:
    """Prints the weights and their held-out F-measures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    pieces = [piece for folder in parser.parse_args().folders for piece in load(folder)]
    ffmpeg = Ffmpeg()
    examples = [describe(piece, ffmpeg) for piece in pieces]
    anchors = [describe(piece, ffmpeg) for piece in generated()]
    scale = np.concatenate([rows for rows, _ in examples]).std(axis=0) + 1e-9
    weights = fit(examples + anchors, scale)
    kinds = np.array([piece.klass for piece in pieces])
    shuffled = np.random.default_rng(0).permutation(len(pieces)) % 10
    now = in_use()
    print(f"{len(pieces)} pieces; best reading of each: F {np.mean([f.max() for _, f in examples]):.4f}")
    print(f"weights in use:     F {np.mean([f[np.argmax(x @ now)] for x, f in examples]):.4f}")
    print(f"weights fitted:     F {np.mean([f[np.argmax(x @ weights)] for x, f in examples]):.4f}")
    print(f"tenfold, held out:  F {held_out(examples, anchors, [shuffled == k for k in range(10)], scale):.4f}")
    print(f"kinds held out:     F {held_out(examples, anchors, [kinds == k for k in sorted(set(kinds))], scale):.4f}")
    print_tables(weights)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
