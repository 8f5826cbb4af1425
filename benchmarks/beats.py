"""Beats, bars and drops against annotated songs, beside librosa where it is installed.

    python benchmarks/beats.py [FOLDER ...]

A folder holds NAME.EXT, NAME.beats (seconds and beat in bar, a line a beat) and NAME.json. Without a folder, generated
songs are used. Beat F is mir_eval's (70 ms, the first five seconds left out); mir_eval itself computes it where it is
installed. The processor time of librosa leaves out its first call, in which it compiles.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from beat_metrics import Piece, Times, errors_s, f_measure, load, octave_ratio, trimmed
from numpy.typing import NDArray

from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.listen import LISTENING_RATE, Listening, listen

Samples = NDArray[np.float32]
Rival = Callable[[Samples], Times]


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured on one piece; times in seconds of processor time."""

    piece: Piece
    seconds: float
    heard: Listening
    ours: float
    bars: float
    late_s: Times
    octave: float
    cpu_s: float
    rival: float | None
    rival_late_s: Times
    rival_cpu_s: float


def rival_tracker() -> Rival | None:
    """The beat tracker of librosa, warmed up; None where it is not installed."""
    if importlib.util.find_spec("librosa") is None:
        return None
    librosa: Any = importlib.import_module("librosa")

    def track(samples: Samples) -> Times:
        _, beats = librosa.beat.beat_track(y=samples, sr=LISTENING_RATE, units="time")
        return np.asarray(beats, np.float64)

    track(np.random.default_rng(0).standard_normal(LISTENING_RATE * 8).astype(np.float32))
    return track


def beat_f(truth_s: Times, found_s: Times) -> float:
    """Beat F-measure after the first five seconds, by mir_eval where it is installed."""
    truth_s, found_s = trimmed(truth_s), trimmed(found_s)
    if importlib.util.find_spec("mir_eval") is None or len(truth_s) == 0 or len(found_s) == 0:
        return f_measure(truth_s, found_s)
    mir_eval: Any = importlib.import_module("mir_eval")
    return float(mir_eval.beat.f_measure(truth_s, found_s))


def generated() -> list[Piece]:
    """Songs made up as the tests' are, for where there is no material."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "studio"))
    songs: Any = importlib.import_module("songs")
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("steady", {"tempo_bpm": 124.0, "bars": 24, "drop_bar": 8}),
        ("slow", {"tempo_bpm": 76.0, "bars": 16}),
        ("3/4", {"tempo_bpm": 150.0, "meter": 3, "bars": 24}),
        ("change", {"tempo_bpm": [110.0] * 8 + [140.0] * 12, "bars": 20}),
        ("no drums", {"tempo_bpm": 96.0, "drums": False, "bars": 16}),
        ("swing", {"tempo_bpm": 132.0, "swing": 2 / 3, "bars": 16}),
        ("late start", {"tempo_bpm": 104.0, "start_s": 4.0, "bars": 16}),
    ]
    pieces = []
    for name, wish in wishes:
        song = songs.make_song(rate=LISTENING_RATE, **wish)
        meter = int(wish.get("meter", 4))
        pieces.append(Piece(name, "made", None, song.beats_s, song.beat_in_bar, meter, song.drop_s, song.samples))
    return pieces


def measure(piece: Piece, ffmpeg: Ffmpeg, rival: Rival | None) -> Row:
    """Listens to one piece."""
    samples = piece.samples
    if samples is None:
        assert piece.path is not None
        samples = ffmpeg.decode_audio(piece.path, rate=LISTENING_RATE)
    start = time.process_time()
    heard = listen(samples, LISTENING_RATE)
    cpu_s = time.process_time() - start
    start = time.process_time()
    other = rival(samples) if rival else None
    rival_cpu_s = time.process_time() - start
    return Row(
        piece=piece,
        seconds=len(samples) / LISTENING_RATE,
        heard=heard,
        ours=beat_f(piece.beats_s, heard.beats_s),
        bars=beat_f(piece.downbeats_s, heard.downbeats_s),
        late_s=errors_s(piece.beats_s, heard.beats_s),
        octave=octave_ratio(piece.beats_s, heard.beats_s),
        cpu_s=cpu_s,
        rival=None if other is None else beat_f(piece.beats_s, other),
        rival_late_s=np.zeros(0) if other is None else errors_s(piece.beats_s, other),
        rival_cpu_s=rival_cpu_s,
    )


def right_octave(row: Row) -> bool:
    """The tempo found is within a tenth of the true one."""
    return 0.9 < row.octave < 1.1


def mean(values: Sequence[float]) -> float:
    """Mean, 0 of nothing."""
    return float(np.mean(values)) if len(values) else 0.0


def table(rows: Sequence[Row]) -> list[str]:
    """A line a class, then all."""
    lines = [f"{'class':<18}{'n':>3}{'beat F':>9}{'librosa':>9}{'downbeat F':>12}{'error ms':>10}{'octave %':>10}"]
    kinds = sorted({row.piece.klass for row in rows})
    for label, chosen in [(k, [r for r in rows if r.piece.klass == k]) for k in kinds] + [("all", list(rows))]:
        rivals = [r.rival for r in chosen if r.rival is not None]
        late = np.concatenate([r.late_s for r in chosen])
        error = f"{1000 * float(np.median(np.abs(late))):.1f}" if len(late) else "-"
        lines.append(
            f"{label:<18}{len(chosen):>3}{mean([r.ours for r in chosen]):>9.3f}"
            f"{(f'{mean(rivals):.3f}' if rivals else '-'):>9}{mean([r.bars for r in chosen]):>12.3f}"
            f"{error:>10}{100 * mean([right_octave(r) for r in chosen]):>10.0f}"
        )
    return lines


def summary(rows: Sequence[Row]) -> list[str]:
    """What the table does not say: lateness, metre, drops, speed."""
    late = np.concatenate([row.late_s for row in rows])
    spread = [float(np.median(np.abs(row.late_s))) for row in rows if len(row.late_s)]
    metres = [row.heard.meter == row.piece.meter for row in rows]
    drops = [row for row in rows if row.piece.drop_s is not None]
    first = [bool(row.heard.drops) and abs(row.heard.drops[0].time_s - (row.piece.drop_s or 0)) < 0.1 for row in drops]
    some = [any(abs(d.time_s - (row.piece.drop_s or 0)) < 0.1 for d in row.heard.drops) for row in drops]
    minutes = sum(row.seconds for row in rows) / 60
    lines = [
        f"median error {1000 * float(np.median(np.abs(late))):.1f} ms over all beats, "
        f"{1000 * float(np.median(spread)):.1f} ms over songs; median lateness {1000 * float(np.median(late)):+.1f} ms"
        if len(late)
        else "no beat met",
        f"metre right {100 * mean(metres):.0f} %; a beat found in {sum(r.heard.has_beat for r in rows)} of {len(rows)}",
        f"annotated drop is the strongest one found in {sum(first)} of {len(drops)}, among those found in {sum(some)}",
        f"processor time {sum(row.cpu_s for row in rows) / minutes:.2f} s a minute of music, without decoding",
    ]
    rivals = [row for row in rows if row.rival is not None]
    if rivals:
        other = np.concatenate([row.rival_late_s for row in rivals])
        lines.append(
            f"librosa: F {mean([row.rival or 0.0 for row in rivals]):.3f}, median lateness "
            f"{1000 * float(np.median(other)):+.1f} ms, {sum(r.rival_cpu_s for r in rivals) / minutes:.2f} s a minute"
        )
    return lines


def main() -> int:
    """Prints a table; 0 if there was anything to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--songs", action="store_true", help="print a line for every song, too")
    wish = parser.parse_args()
    pieces = [piece for folder in wish.folders for piece in load(folder)]
    if not pieces:
        print("No annotated songs: generated ones are used.")
        pieces = generated()
    rival = rival_tracker()
    if rival is None:
        print("librosa is not installed: no comparison.")
    if importlib.util.find_spec("mir_eval") is None:
        print("mir_eval is not installed: its F-measure is computed here.")
    ffmpeg = Ffmpeg()
    rows = [measure(piece, ffmpeg, rival) for piece in pieces]
    if wish.songs:
        for row in rows:
            other = "" if row.rival is None else f"  librosa {row.rival:.3f}"
            print(f"{row.piece.name:<26}F {row.ours:.3f}{other}  downbeat F {row.bars:.3f}  octave {row.octave:.2f}")
    print("\n".join([*table(rows), "", *summary(rows)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
