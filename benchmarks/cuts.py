"""Hard cuts against known ones, beside PySceneDetect where it is installed and ffmpeg's scdet.

    python benchmarks/cuts.py [FOLDER ...]

A folder holds NAME.mp4 and NAME.cuts (a line a hard cut: seconds). Without a folder, generated clips are used: plain
cuts, flashes, shake, a changing frame rate. A cut counts when it is at most one frame off. Speed is set against
`ffmpeg -i FILE -f null -`, run just before on the same file; processor time says more than the clock on a busy machine.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cut_scores import Score, frames_at, load_cases, score

from music_cog_online.studio.ffmpeg import Ffmpeg, input_args
from music_cog_online.studio.watch import Watching, watch

Result = TypeVar("Result")
Case = tuple[Path, list[float]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock and of processor time."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


@dataclass(frozen=True, slots=True)
class Row:
    """What one detector did on one file."""

    name: str
    detector: str
    score: Score
    cost: Cost


def timed(work: Callable[[], Result]) -> tuple[Result, Cost]:
    """Runs `work`; its cost includes that of the processes it ran."""
    wall, cpu = time.perf_counter(), _cpu_s()
    result = work()
    return result, Cost(time.perf_counter() - wall, _cpu_s() - cpu)


def _cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def bare(path: Path, ffmpeg: Ffmpeg) -> None:
    """Decodes a file and does nothing with it."""
    command = [ffmpeg.binary, "-hide_banner", "-nostdin", "-loglevel", "error", "-i", str(path), "-f", "null", "-"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def scdet(path: Path, ffmpeg: Ffmpeg) -> list[float]:
    """Cuts by ffmpeg's filter at its default threshold, in seconds on the file's own clock."""
    args = [*input_args(path), "-an", "-vf", "scdet,metadata=mode=print:key=lavfi.scd.time:file=-", "-f", "null", "-"]
    command = [ffmpeg.binary, "-hide_banner", "-nostdin", "-loglevel", "error", *args]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(found) for found in re.findall(r"lavfi\.scd\.time=([\d.]+)", said)]


def scene_detect(path: Path) -> list[float]:
    """Cuts by PySceneDetect's ContentDetector as it comes, in seconds."""
    scenes: Any = importlib.import_module("scenedetect")
    return [float(start.seconds) for start, _ in scenes.detect(str(path), scenes.ContentDetector())][1:]


def measure(case: Case, ffmpeg: Ffmpeg, *, rival: bool) -> list[Row]:
    """Runs every detector on one file."""
    path, true_s = case
    frame_times = ffmpeg.frame_times(path)
    true = frames_at(true_s, frame_times)
    _, decoding = timed(lambda: bare(path, ffmpeg))
    watching, cost = timed(lambda: watch(path, ffmpeg=ffmpeg))
    rows = [Row(path.stem, "ours", score(true, cut_frames(watching)), cost), Row(path.stem, "bare", Score(), decoding)]
    if rival:
        times_s, cost = timed(lambda: scene_detect(path))
        rows.append(Row(path.stem, "PySceneDetect", score(true, frames_at(times_s, frame_times)), cost))
    times_s, cost = timed(lambda: scdet(path, ffmpeg))
    rows.append(Row(path.stem, "scdet", score(true, frames_at(times_s, frame_times)), cost))
    return rows


def cut_frames(watching: Watching) -> list[int]:
    """First frames of the shots that a hard cut opens."""
    return [shot.first_frame for shot in watching.shots if shot.transition_in == "cut"]


def generated(folder: Path) -> list[Case]:
    """Clips made up as the tests' are, for where there is no material."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "studio"))
    clips: Any = importlib.import_module("clips")
    cuts = (1.0, 2.2, 3.1, 4.7)
    wishes: dict[str, dict[str, Any]] = {
        "plain": {},
        "flashes": {"flashes": (0.5, 1.6, 2.7, 3.9, 5.2)},
        "shake": {"shake": 5.0, "motion": 5.0},
        "varying": {"vfr": True},
        "sixty": {"rate": 60},
        "slow": {"dissolves": ((5.2, 5.8),), "fades": ((3.4, 4.2),)},
    }
    made = [clips.make_clip(folder / f"{name}.mp4", cuts_s=cuts, **wish) for name, wish in wishes.items()]
    return [(clip.path, list(clip.cuts_s)) for clip in made]


def table(rows: Sequence[Row]) -> list[str]:
    """A line a file and detector, then all files."""
    lines = [f"{'case':<12}{'detector':<16}{'P':>8}{'R':>8}{'F1':>8}{'x bare, cpu':>13}{'clock':>8}"]
    names = list(dict.fromkeys(row.name for row in rows))
    detectors = [name for name in dict.fromkeys(row.detector for row in rows) if name != "bare"]
    for label, chosen in [(name, [row for row in rows if row.name == name]) for name in names] + [("all", list(rows))]:
        base = sum((row.cost for row in chosen if row.detector == "bare"), Cost())
        for detector in detectors:
            mine = [row for row in chosen if row.detector == detector]
            total = sum((row.score for row in mine), Score())
            cost = sum((row.cost for row in mine), Cost())
            lines.append(
                f"{label:<12}{detector:<16}{total.precision:>8.3f}{total.recall:>8.3f}{total.f1:>8.3f}"
                f"{cost.cpu_s / base.cpu_s:>13.2f}{cost.wall_s / base.wall_s:>8.2f}"
            )
    return lines


def main() -> int:
    """Prints a table; 0 if there was anything to measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    wish = parser.parse_args()
    rival = importlib.util.find_spec("scenedetect") is not None
    if not rival:
        print("PySceneDetect is not installed: no comparison with it.")
    with tempfile.TemporaryDirectory() as scratch:
        cases = [case for folder in wish.folders for case in load_cases(folder)]
        if not cases:
            print("No cases with known cuts: generated ones are used.")
            cases = generated(Path(scratch))
        ffmpeg = Ffmpeg()
        rows = [row for case in cases for row in measure(case, ffmpeg, rival=rival)]
    print("\n".join(table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
