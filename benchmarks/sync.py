"""Cuts on the beat: the planner against laying the song from zero and against the best global shift.

    python benchmarks/sync.py [FOLDER] [--all] [--true-input] [--keep-picture] [--render] [--json]

FOLDER holds `cases/NAME.mp4|.cuts|.json` and `music/NAME.EXT|.beats|.json`; without it a few clips and songs are made
up. Whatever the plan was made from, it is judged by the annotated cuts and beats: a cut counts when an annotated beat
lies within one frame of it. `best shift` is told those annotations: no tool that only moves a song can do better.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from music_cog_online.studio.ffmpeg import Ffmpeg  # noqa: E402 (the repository's own package, installed or not)
from music_cog_online.studio.listen import Drop, Listening, listen_file  # noqa: E402
from music_cog_online.studio.plan import PictureSource, SongSource, SyncPlan, Wish, plan  # noqa: E402
from music_cog_online.studio.timebase import frame_start_s  # noqa: E402
from music_cog_online.studio.watch import Shot, Watching, watch  # noqa: E402

Floats = NDArray[np.float64]

SOUNDS = (".mp3", ".m4a", ".ogg", ".flac", ".wav", ".aac", ".opus")


@dataclass(frozen=True)
class Case:
    """An edited video and the truth about it."""

    name: str
    path: Path
    cuts_s: Floats
    speech: tuple[tuple[float, float], ...]
    songs: tuple[str, ...]


@dataclass(frozen=True)
class Song:
    """A song and the truth about it."""

    name: str
    path: Path
    beats_s: Floats
    bar: NDArray[np.int64]
    drop_s: float | None


@dataclass(frozen=True)
class Score:
    """Cuts within one frame of an annotated beat, and how far all of them are."""

    hit: NDArray[np.bool_]
    distance_ms: Floats

    @property
    def median_ms(self) -> float:
        """Median distance; 0 without cuts."""
        return float(np.median(self.distance_ms)) if len(self.hit) else 0.0


def read_cases(folder: Path) -> list[Case]:
    """The cases of a folder in the layout above."""
    cases: list[Case] = []
    for path in sorted(folder.glob("*.mp4")):
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        cuts = np.loadtxt(path.with_suffix(".cuts"), ndmin=1)
        speech = tuple((float(a), float(b)) for a, b in told.get("speech", []))
        cases.append(Case(path.stem, path, cuts, speech, tuple(told.get("music", []))))
    return cases


def read_songs(folder: Path) -> list[Song]:
    """The songs of a folder in the layout above."""
    songs: list[Song] = []
    for path in sorted(one for one in folder.iterdir() if one.suffix in SOUNDS):
        rows = np.loadtxt(path.with_suffix(".beats"), ndmin=2)
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        drop = told.get("drop")
        songs.append(
            Song(path.stem, path, rows[:, 0], rows[:, 1].astype(np.int64), None if drop is None else float(drop))
        )
    return songs


def true_listening(song: Song, heard: Listening) -> Listening:
    """What perfect ears would hear: the annotated beats and drop, with the loudness and likeness that were heard."""
    if len(heard.beats_s):
        nearest = np.abs(song.beats_s[:, None] - heard.beats_s[None, :]).argmin(1)
        energy, features = heard.beat_energy[nearest], heard.beat_features[nearest]
    else:
        energy = np.full(len(song.beats_s), 0.5, np.float32)
        features = np.zeros((len(song.beats_s), 1), np.float32)
    return replace(
        heard,
        has_beat=True,
        beats_s=song.beats_s,
        beat_in_bar=song.bar,
        beat_certainty=np.ones(len(song.beats_s), np.float32),
        beat_energy=energy,
        beat_features=features,
        drops=() if song.drop_s is None else (Drop(song.drop_s, 12.0, 1.0),),
    )


def true_watching(case: Case, seen: Watching) -> Watching:
    """What perfect eyes would see: the annotated cuts."""
    first = [0, *(int(np.abs(seen.times_s - cut).argmin()) for cut in case.cuts_s)]
    known = {shot.first_frame: shot for shot in seen.shots}
    ends = [*first[1:], len(seen.times_s)]
    times = [*seen.times_s.tolist(), seen.duration_s]
    shots = []
    for index, (start, end) in enumerate(zip(first, ends, strict=True)):
        strength = known[start].strength if start in known else 0.7
        shots.append(
            Shot(start, end, times[start], times[end], "cut" if index else "start", strength, None, confidence=1.0)
        )
    return replace(seen, shots=tuple(shots))


def cut_outs(made: SyncPlan, cuts_s: Floats) -> Floats:
    """Output times of the annotated cuts."""
    frame_s = frame_start_s(1, made.rate)
    outs: list[float] = []
    for cut_s in cuts_s:
        near = [shot for shot in made.shots if abs(shot.from_s - cut_s) < 1.01 * frame_s]
        if near:
            outs.append(frame_start_s(near[0].at, made.rate) + (cut_s - near[0].from_s))
            continue
        shot = next(one for one in reversed(made.shots) if one.from_s <= cut_s)
        outs.append(frame_start_s(shot.at, made.rate) + (cut_s - shot.from_s) / shot.take_s * shot.frames * frame_s)
    return np.array(outs)


def beat_outs(made: SyncPlan, beats_s: Floats) -> Floats:
    """Output times of the annotated beats, as often as they play."""
    outs: list[Floats] = []
    for span in made.music:
        out, song = np.array(span.map).T
        plays = beats_s[(beats_s >= song[0] - 0.03) & (beats_s <= song[-1] + 0.03)]
        slope = (song[1] - song[0]) / (out[1] - out[0])
        outs.append(np.where(plays < song[0], out[0] + (plays - song[0]) / slope, np.interp(plays, song, out)))
    return np.sort(np.concatenate(outs)) if outs else np.zeros(0)


def score(cuts_s: Floats, beats_s: Floats, frame_s: float) -> Score:
    """Cuts against beats, both in output time."""
    if not len(beats_s):
        return Score(np.zeros(len(cuts_s), np.bool_), np.full(len(cuts_s), 1000.0))
    distance = np.abs(cuts_s[:, None] - beats_s[None, :]).min(1)
    return Score(distance <= frame_s + 1e-6, distance * 1000)


def best_shift(cuts_s: Floats, beats_s: Floats, frame_s: float, room_s: float) -> Score:
    """The best that moving the song alone can do, told the annotations."""
    starts = np.unique(np.round((beats_s[:, None] - cuts_s[None, :]).ravel(), 3))
    starts = starts[(starts >= 0) & (starts <= max(0.0, room_s))]
    best = score(cuts_s, beats_s, frame_s)
    for start in starts:
        right = np.clip(np.searchsorted(beats_s, cuts_s + start), 1, len(beats_s) - 1)
        off = np.minimum(np.abs(beats_s[right] - cuts_s - start), np.abs(beats_s[right - 1] - cuts_s - start))
        if (off <= frame_s + 1e-6).sum() > best.hit.sum():
            best = Score(off <= frame_s + 1e-6, off * 1000)
    return best


def why_missed(made: SyncPlan, outs: Floats, result: Score) -> dict[str, int]:
    """Misses by their cause: the plan knew (caps), the cut was not seen, or the beat was not where it was heard."""
    causes = {"caps": 0, "cut": 0, "beat": 0}
    frame_s = frame_start_s(1, made.rate)
    for out_s, hit in zip(outs, result.hit, strict=True):
        if hit:
            continue
        near = min(made.hits, key=lambda one: abs(one.time_s - out_s), default=None)
        if near is None or abs(near.time_s - out_s) > frame_s:
            causes["cut"] += 1
        else:
            causes["beat" if near.hit else "caps"] += 1
    return causes


def drop_off_frames(made: SyncPlan, outs: Floats, song: Song) -> float | None:
    """Frames between the annotated drop and the nearest cut; None when there is none or it does not play."""
    if song.drop_s is None or not len(outs):
        return None
    drops = beat_outs(made, np.array([song.drop_s]))
    return float(np.abs(outs[:, None] - drops[None, :]).min() / frame_start_s(1, made.rate)) if len(drops) else None


def pairs(cases: Sequence[Case], songs: Sequence[Song], *, every: bool) -> Iterator[tuple[Case, Song]]:
    """The songs that each case names, or every song."""
    for case in cases:
        named = [song for song in songs if song.name in case.songs]
        yield from ((case, song) for song in (songs if every or not named else named))


def run(folder: Path, args: argparse.Namespace) -> list[dict[str, object]]:
    """Plans every pair and measures it."""
    ffmpeg, cache = Ffmpeg(), args.cache
    rows: list[dict[str, object]] = []
    cases = [case for case in read_cases(folder / "cases") if not args.only or case.name in args.only.split(",")]
    for case, song in pairs(cases, read_songs(folder / "music"), every=args.all):
        seen = watch(case.path, ffmpeg=ffmpeg, cache=cache)
        heard = listen_file(song.path, ffmpeg=ffmpeg, cache=cache)
        if args.true_input:
            seen, heard = true_watching(case, seen), true_listening(song, heard)
        picture = PictureSource("video", seen, case.speech, has_sound=bool(case.speech))
        began = time.process_time()
        made = plan([picture], SongSource("song", heard), Wish(touch_picture=not args.keep_picture))
        spent = time.process_time() - began
        rows.append(measured(case, song, made, seen, heard) | {"plan_s": round(spent, 2)})
        if args.render:
            rows[-1] |= rendered(case, song, made, heard, ffmpeg, Path(args.render_folder))
        print_row(rows[-1], as_json=args.json)
    return rows


def measured(case: Case, song: Song, made: SyncPlan, seen: Watching, heard: Listening) -> dict[str, object]:
    """One row of the table."""
    frame_s = frame_start_s(1, made.rate)
    outs = cut_outs(made, case.cuts_s)
    ours = score(outs, beat_outs(made, song.beats_s), frame_s)
    zero = score(case.cuts_s, song.beats_s, frame_s)
    shift = best_shift(case.cuts_s, song.beats_s, frame_s, heard.duration_s - seen.duration_s)
    drop = drop_off_frames(made, outs, song)
    return {
        "case": case.name,
        "song": song.name,
        "cuts": len(outs),
        "ours": int(ours.hit.sum()),
        "median_ms": round(ours.median_ms, 1),
        "zero": int(zero.hit.sum()),
        "shift": int(shift.hit.sum()),
        "shift_median_ms": round(shift.median_ms, 1),
        "planned": sum(hit.hit for hit in made.hits),
        "drop_frames": None if drop is None else round(drop, 1),
        "has_drop": song.drop_s is not None,
        "touched": sum(shot.by_frames != 0 for shot in made.shots),
        **why_missed(made, outs, ours),
    }


def rendered(
    case: Case, song: Song, made: SyncPlan, heard: Listening, ffmpeg: Ffmpeg, folder: Path
) -> dict[str, object]:
    """Renders the plan and measures the finished file by the annotated beats."""
    from music_cog_online.studio.media import MediaFile
    from music_cog_online.studio.render import render
    from music_cog_online.studio.verify import SongReference, verify

    media = {
        name: MediaFile(name, path, path.name, ffmpeg.probe(path))
        for name, path in (("video", case.path), ("song", song.path))
    }
    video = media["video"].info.video
    assert video is not None
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{case.name}-{song.name}.mp4"
    began = time.monotonic()
    render(draft_of(made, video.width, video.height), media, out, ffmpeg=ffmpeg, work=folder / "work")
    spent = time.monotonic() - began
    truth = true_listening(song, heard)
    samples = ffmpeg.decode_audio(song.path, rate=22050)
    expected = tuple(span.map for span in made.music)
    report = verify(out, ffmpeg=ffmpeg, song=SongReference(samples, 22050, truth, expected))
    return {
        "file_hits": report.hits,
        "file_cuts": len(report.cuts),
        "file_median_ms": None if report.median_ms is None else round(report.median_ms, 1),
        "render_s": round(spent, 1),
        "lufs": report.loudness_lufs,
    }


def draft_of(made: SyncPlan, width: int, height: int) -> dict[str, object]:
    """The plan as a draft, short keys and all."""
    shots = [
        {
            "id": f"sg_{number}",
            "s": round(1000 * frame_start_s(shot.at, made.rate)),
            "d": round(1000 * frame_start_s(shot.frames, made.rate)),
            "m": {
                "media": shot.media,
                "at": shot.at,
                "frames": shot.frames,
                "from_s": shot.from_s,
                "take_s": shot.take_s,
                "volume": 1.0 if shot.talking else 0.0,
                "speech": shot.talking,
            },
        }
        for number, shot in enumerate(made.shots)
    ]
    music = [
        {
            "id": f"sm_{number}",
            "s": round(1000 * span.map[0][0]),
            "d": round(1000 * (span.map[-1][0] - span.map[0][0])),
            "m": {
                "media": span.media,
                "role": "music",
                "map": [list(point) for point in span.map],
                "volume": 1.0,
                "fade_in_ms": round(1000 * span.fade_in_s),
                "fade_out_ms": round(1000 * span.fade_out_s),
                "join_ms": round(1000 * span.join_s),
                "duck": True,
            },
        }
        for number, span in enumerate(made.music)
    ]
    rate = f"{made.rate.numerator}/{made.rate.denominator}"
    head = {"width": width, "height": height, "fps": float(made.rate), "rate": rate, "preset": "source"}
    tracks = [{"id": "tr_video", "tt": 0, "sg": shots}, {"id": "tr_music", "tt": 1, "sg": music}]
    return {"v": 2, "d": round(1000 * made.duration_s), "m": head, "t": tracks}


def print_row(row: dict[str, object], *, as_json: bool) -> None:
    """Prints a row of the table."""
    if as_json:
        print(json.dumps(row), flush=True)
        return
    drop = "-" if not row["has_drop"] else "no" if row["drop_frames"] is None else f"{row['drop_frames']:.1f}"
    text = (
        f"{row['case']:6} {row['song']:18} cuts {row['cuts']:3}  zero {row['zero']:3}  shift {row['shift']:3}  "
        f"ours {row['ours']:3} (planned {row['planned']:3})  median {row['median_ms']:6.1f} ms  drop {drop:>5} frames  "
        f"missed: caps {row['caps']}, beats {row['beat']}, cuts {row['cut']}; {row['touched']} shots touched"
    )
    if "file_hits" in row:
        text += f"; in the file {row['file_hits']} of {row['file_cuts']}, median {row['file_median_ms']} ms"
    print(text, flush=True)


def print_totals(rows: Sequence[dict[str, object]]) -> None:
    """Prints what all rows come to."""

    def total(name: str) -> int:
        return sum(int(str(row[name])) for row in rows)

    cuts = max(1, total("cuts"))
    print(f"\n{len(rows)} pairs, {cuts} cuts")
    for name, label in (("zero", "song from zero"), ("shift", "best global shift"), ("ours", "this planner")):
        medians = [float(str(row["median_ms"])) for row in rows] if name == "ours" else []
        extra = f", median of the medians {np.median(medians):.1f} ms" if medians else ""
        print(f"  {label:18} {100 * total(name) / cuts:5.1f} % of the cuts within one frame of a beat{extra}")
    whole = sum(int(str(row["ours"])) >= 0.98 * int(str(row["cuts"])) for row in rows)
    print(
        f"  pairs with at least 98 %: {whole}; missed: caps {total('caps')}, beats {total('beat')}, cuts {total('cut')}"
    )
    known = [row for row in rows if row["has_drop"]]
    met = sum(row["drop_frames"] is not None and float(str(row["drop_frames"])) <= 1.0 for row in known)
    print(f"  drop within one frame of a cut: {met} of {len(known)} songs with a drop")


def make_material(folder: Path) -> None:
    """Clips and songs made up, in the layout above."""
    from tests.studio.clips import make_clip
    from tests.studio.songs import make_song, write_wav

    (folder / "cases").mkdir()
    (folder / "music").mkdir()
    random = np.random.default_rng(7)
    for number, rate in enumerate((24, 30, 60)):
        cuts = np.cumsum(random.uniform(1.5, 4.0, 7))
        clip = make_clip(
            folder / "cases" / f"c{number}.mp4", duration_s=float(cuts[-1] + 2), cuts_s=cuts.tolist(), rate=rate
        )
        np.savetxt(clip.path.with_suffix(".cuts"), clip.cuts_s, fmt="%.6f")
        clip.path.with_suffix(".json").write_text("{}", "utf-8")
    for tempo in (100, 128, 150):
        song = make_song(float(tempo), bars=32, drop_bar=16)
        path = write_wav(folder / "music" / f"s{tempo}.wav", song.samples)
        np.savetxt(path.with_suffix(".beats"), np.column_stack([song.beats_s, song.beat_in_bar]), fmt="%.5f")
        path.with_suffix(".json").write_text(json.dumps({"drop": song.drop_s}), "utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, help="material in the layout above; made up when left out")
    parser.add_argument("--all", action="store_true", help="every case with every song")
    parser.add_argument("--only", default="", help="names of cases, separated by commas")
    parser.add_argument(
        "--true-input", action="store_true", help="plan from the annotations, to judge the planner alone"
    )
    parser.add_argument("--keep-picture", action="store_true", help="do not touch the picture")
    parser.add_argument("--render", action="store_true", help="render too, and measure the finished files")
    parser.add_argument("--json", action="store_true", help="one JSON object a pair")
    parser.add_argument("--cache", type=Path, help="folder that keeps what was heard and seen from run to run")
    parser.add_argument("--render-folder", default=str(Path(tempfile.gettempdir()) / "sync-benchmark-files"))
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.folder
        if folder is None:
            folder = Path(scratch)
            make_material(folder)
        args.cache = args.cache or Path(scratch) / "cache"
        rows = run(folder, args)
    print_totals(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
