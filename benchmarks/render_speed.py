"""How long rendering takes beside a bare ffmpeg transcode of the same video with the same encoder settings.

Three rows: the bare transcode; a render whose picture has to be encoded (its last frame is cut off); a render whose
picture is copied. All three write picture and sound. Processor time counts the children: it can be compared on a
busy machine, too.

    python benchmarks/render_speed.py VIDEO SONG [--times N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from music_cog_online.studio.ffmpeg import Ffmpeg, input_args
from music_cog_online.studio.media import MediaFile
from music_cog_online.studio.render import render
from music_cog_online.studio.render.encoders import VideoSettings, bit_rate_for, encoder_args, working_encoder


def main() -> None:
    """Measures and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("video", type=Path, help="an MP4 with H.264 at a constant rate")
    parser.add_argument("song", type=Path)
    parser.add_argument("--times", type=int, default=1, help="play the video this many times over (default 1)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options.video, options.song, options.times, Path(folder))


def measure(video: Path, song: Path, times: int, folder: Path) -> None:
    """Runs the three and prints wall and processor seconds."""
    ffmpeg = Ffmpeg()
    long = folder / "long.mp4"
    loop = ["-stream_loop", str(times - 1), *input_args(video), "-map", "0:v:0", "-c", "copy", str(long)]
    ffmpeg.run(loop)
    files = {
        "md_v": MediaFile("md_v", long, "long.mp4", ffmpeg.probe(long)),
        "md_m": MediaFile("md_m", song, song.name, ffmpeg.probe(song)),
    }
    stream = files["md_v"].info.video
    assert stream is not None
    frames = len(ffmpeg.frame_times(long))
    seconds = frames / float(stream.fps)
    settings = VideoSettings(
        stream.width, stream.height, stream.fps, bit_rate_for(stream.width, stream.height, stream.fps)
    )
    encoder = working_encoder(ffmpeg)
    print(f"{seconds:.1f} s, {stream.width}x{stream.height}, {float(stream.fps):g} fps, {encoder}")
    sound = ["-c:a", "aac", "-b:a", "192k", "-ar", "48000", "-movflags", "+faststart", "-shortest"]
    bare_args = [*input_args(long), *input_args(song), "-map", "0:v:0", "-map", "1:a:0"]
    bare_args += [*encoder_args(settings, encoder), *sound, str(folder / "bare.mp4")]
    bare = timed("bare transcode", lambda: subprocess.run([ffmpeg.binary, "-v", "error", "-y", *bare_args], check=True))

    def rendered(count: int) -> Callable[[], object]:
        wanted = draft(stream.fps, count, (stream.width, stream.height))
        return lambda: render(wanted, files, folder / "out.mp4", ffmpeg=ffmpeg, work=folder / "work")

    coded = timed("render, encoded", rendered(frames - 1))
    copied = timed("render, copied", rendered(frames))
    print(f"encoded / bare: wall {coded[0] / bare[0]:.3f}, processor {coded[1] / bare[1]:.3f}")
    print(f"copied / encoded: wall {copied[0] / coded[0]:.3f}, processor {copied[1] / coded[1]:.3f}")


def draft(rate: Any, frames: int, size: tuple[int, int]) -> dict[str, Any]:
    """The first frames of the video under the song, which plays 1.2 % faster."""
    seconds = frames / float(rate)
    shot = {"media": "md_v", "at": 0, "frames": frames, "from_s": 0.0, "take_s": seconds}
    music = {"media": "md_m", "map": [[0.0, 1.0], [seconds, 1.0 + seconds * 1.012]]}
    about = {"width": size[0], "height": size[1], "rate": str(rate)}
    return {"m": about, "t": [{"tt": 0, "sg": [{"m": shot}]}, {"tt": 1, "sg": [{"m": music}]}]}


def timed(name: str, work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of `work`, children included."""
    started, before = time.perf_counter(), os.times()
    work()
    wall, after = time.perf_counter() - started, os.times()
    spent = sum(after[:4]) - sum(before[:4])
    print(f"{name:18} {wall:8.1f} s wall {spent:8.1f} s processor", flush=True)
    return wall, spent


if __name__ == "__main__":
    main()
