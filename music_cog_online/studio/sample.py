"""Sample media to try the product with: an edited video and a song with an intro, a build-up and a drop.

Both are made on the spot, from ffmpeg's picture generators and a small synthesiser, so that they belong to nobody.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from music_cog_online.studio.ffmpeg import Ffmpeg

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

__all__ = ["Sample", "make_sample"]

RATE = 44100
TEMPO_BPM = 118.0
FPS = 30

_SHOTS: tuple[tuple[float, str], ...] = (
    (2.6, "gradients=c0=0x0b1d51:c1=0xf2545b:speed=0.06:type=linear:seed=1"),
    (1.97, "mandelbrot=start_scale=2.2:end_scale=0.9:maxiter=300"),
    (2.5, "gradients=c0=0x12664f:c1=0xf7b32b:speed=0.09:type=radial:seed=2"),
    (1.57, "life=mold=30:ratio=0.1:death_color=0x702050:life_color=0x60f0d0:seed=5"),
    (2.08, "gradients=c0=0x2d1e2f:c1=0xff715b:c2=0xf9cb40:nb_colors=3:speed=0.1:type=spiral:seed=3"),
    (2.97, "mandelbrot=start_scale=0.004:end_scale=0.0012:start_x=-0.7436438:start_y=-0.1318259:maxiter=400"),
    (1.97, "gradients=c0=0xe4fde1:c1=0x114b5f:speed=0.12:type=circular:seed=4"),
    (2.6, "life=mold=10:ratio=0.18:death_color=0x202060:life_color=0xe0c040:seed=7"),
    (1.5, "gradients=c0=0x5f0f40:c1=0x0fa3b1:speed=0.15:type=linear:seed=5"),
    (2.47, "mandelbrot=start_scale=0.05:end_scale=0.02:start_x=-1.7685:start_y=0.0018:maxiter=400"),
    (2.1, "gradients=c0=0xfb8b24:c1=0x240046:speed=0.11:type=spiral:seed=6"),
)
_SHRINK = {"life": 16, "mandelbrot": 4}
_SECTIONS: tuple[tuple[str, int], ...] = (
    ("intro", 4),
    ("build-up", 4),
    ("drop", 8),
    ("break", 4),
    ("drop", 8),
    ("outro", 4),
)
_CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))


@dataclass(frozen=True, slots=True)
class Sample:
    """Where the sample media lie.

    Attributes:
        video: An edited video without sound.
        song: A song whose drop is on a downbeat.
    """

    video: Path
    song: Path


def make_sample(folder: Path, *, ffmpeg: Ffmpeg, width: int = 1280, height: int = 720) -> Sample:
    """Makes the sample video and the sample song in `folder`.

    Raises:
        DiskFull: There is no room for them.
        FfmpegFailed: The ffmpeg in use lacks a generator.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sample = Sample(video=folder / "clip.mp4", song=folder / "song.mp3")
    _make_video(sample.video, ffmpeg, width, height)
    _make_song(sample.song, ffmpeg)
    return sample


def _make_video(path: Path, ffmpeg: Ffmpeg, width: int, height: int) -> None:
    args: list[str] = []
    for length_s, source in _SHOTS:
        name, _, options = source.partition("=")
        shrink = _SHRINK.get(name, 2)  # the generators are slow: they paint small pictures, which are then enlarged
        graph = f"{name}=s={width // shrink}x{height // shrink}:r={FPS}:{options}"
        args += ["-f", "lavfi", "-t", str(length_s), "-i", graph]
    fit = f"scale={width}:{height}:flags=fast_bilinear,setsar=1,format=yuv420p"
    inputs = "".join(f"[{number}:v]{fit}[v{number}];" for number in range(len(_SHOTS)))
    joined = "".join(f"[v{number}]" for number in range(len(_SHOTS)))
    args += ["-filter_complex", f"{inputs}{joined}concat=n={len(_SHOTS)}:v=1[out]", "-map", "[out]"]
    args += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-movflags", "+faststart", str(path)]
    ffmpeg.run(args, subject=path.name)


def _make_song(path: Path, ffmpeg: Ffmpeg) -> None:
    import wave

    import numpy as np

    samples = _compose()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wav = Path(folder) / "song.wav"
        with wave.open(str(wav), "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        ffmpeg.run(
            ["-f", "wav", "-i", f"file:{wav}", "-c:a", "libmp3lame", "-b:a", "192k", str(path)], subject=path.name
        )


def _compose() -> Samples:
    """The song, shape (samples, 2)."""
    import numpy as np

    beat_s = 60.0 / TEMPO_BPM
    bars = sum(count for _, count in _SECTIONS)
    out = np.zeros((round((bars * 4 * beat_s + 1.0) * RATE), 2))
    synth = _Synth(out, np.random.default_rng(3))
    bar = 0
    for section, count in _SECTIONS:
        for number in range(count):
            _PLAYERS[section](synth, bar * 4 * beat_s, beat_s, _CHORDS[bar % len(_CHORDS)], number / count)
            bar += 1
    return np.asarray(np.tanh(out * 1.3) * 0.85)


class _Synth:
    """Adds notes and drums to a stereo buffer."""

    def __init__(self, out: Samples, random: np.random.Generator) -> None:
        self._out = out
        self._random = random

    def kick(self, at_s: float, gain: float = 0.8) -> None:
        import numpy as np

        t = self._clock(0.25)
        self._add(at_s, np.sin(2 * np.pi * (48 * t + 7 * (1 - np.exp(-t * 35)))) * np.exp(-t * 14), gain)

    def noise(self, at_s: float, length_s: float, gain: float, *, decay: float = 30.0, pan: float = 0.0) -> None:
        import numpy as np

        t = self._clock(length_s)
        self._add(at_s, np.diff(self._random.standard_normal(t.size + 1)) * np.exp(-t * decay), gain, pan=pan)

    def snare(self, at_s: float, gain: float = 0.35) -> None:
        import numpy as np

        t = self._clock(0.18)
        body = np.sin(2 * np.pi * 185 * t) + 0.8 * self._random.standard_normal(t.size)
        self._add(at_s, body * np.exp(-t * 24), gain)

    def note(
        self, at_s: float, midi: int, length_s: float, gain: float, *, decay: float = 3.0, pan: float = 0.0
    ) -> None:
        import numpy as np

        t = self._clock(length_s)
        hertz = 440.0 * 2 ** ((midi - 69) / 12)
        tone = sum(np.sin(2 * np.pi * hertz * k * t) / k for k in range(1, 6))
        fade = np.minimum(1.0, np.minimum(t / 0.004, (length_s - t) / 0.02))
        self._add(at_s, tone * np.exp(-t * decay) * fade, gain, pan=pan)

    def _clock(self, length_s: float) -> Samples:
        import numpy as np

        return np.asarray(np.arange(round(length_s * RATE)) / RATE)

    def _add(self, at_s: float, sound: Samples, gain: float, *, pan: float = 0.0) -> None:
        start = round(at_s * RATE)
        end = min(len(self._out), start + sound.size)
        for channel, side in ((0, 1 - pan), (1, 1 + pan)):
            self._out[start:end, channel] += gain * side * sound[: end - start]


def _intro(synth: _Synth, at_s: float, beat_s: float, chord: Sequence[int], _done: float) -> None:
    for note, pan in zip(chord, (-0.4, 0.0, 0.4), strict=True):
        synth.note(at_s, note, 4 * beat_s, 0.06, decay=0.4, pan=pan)
    for beat in range(4):
        synth.noise(at_s + beat * beat_s, 0.05, 0.05, decay=90, pan=0.2)


def _build_up(synth: _Synth, at_s: float, beat_s: float, chord: Sequence[int], done: float) -> None:
    _intro(synth, at_s, beat_s, chord, done)
    for beat in range(4):
        synth.kick(at_s + beat * beat_s, 0.3)
    steps = 4 if done < 0.5 else 8 if done < 0.75 else 16
    for step in range(steps):
        synth.snare(at_s + step * 4 * beat_s / steps, 0.05 + 0.12 * (done + step / steps / 4))
    synth.noise(at_s, 4 * beat_s, 0.02 + 0.05 * done, decay=0.0)


def _drop(synth: _Synth, at_s: float, beat_s: float, chord: Sequence[int], _done: float) -> None:
    for beat in range(4):
        now = at_s + beat * beat_s
        synth.kick(now)
        synth.note(now + beat_s / 2, chord[0] - 24, beat_s * 0.45, 0.35, decay=4)
        synth.noise(now + beat_s / 2, 0.06, 0.12, decay=60, pan=-0.2)
        if beat % 2:
            synth.snare(now)
    for step in range(8):
        synth.note(
            at_s + step * beat_s / 2, chord[step * 2 % 3] + 12, beat_s * 0.4, 0.09, decay=6, pan=0.3 * (-1) ** step
        )
    synth.note(at_s, chord[0] - 24, 2 * beat_s, 0.3, decay=1.5)


def _break(synth: _Synth, at_s: float, beat_s: float, chord: Sequence[int], done: float) -> None:
    _intro(synth, at_s, beat_s, chord, done)
    for step in range(8):
        synth.note(at_s + step * beat_s / 2, chord[step % 3] + 12, beat_s * 0.5, 0.05, decay=5, pan=0.3)


_PLAYERS: dict[str, Callable[[_Synth, float, float, Sequence[int], float], None]] = {
    "intro": _intro,
    "build-up": _build_up,
    "drop": _drop,
    "break": _break,
    "outro": _intro,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Makes the sample media in the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m music_cog_online.studio.sample", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to put clip.mp4 and song.mp3")
    make_sample(parser.parse_args(argv).folder, ffmpeg=Ffmpeg())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
