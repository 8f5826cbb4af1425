"""H.264 as platforms want it: the encoder's arguments, and which encoder works on this machine."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from music_cog_online.studio.errors import StudioError
from music_cog_online.studio.ffmpeg import Ffmpeg

__all__ = ["COLOR_TAGS", "VideoSettings", "bit_rate_for", "encoder_args", "timescale_of", "working_encoder"]

COLOR_TAGS = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv")
"""Options that say what the colours of raw or encoded video mean."""

_SOFTWARE = "libx264"
_HARDWARE: Mapping[str, tuple[str, ...]] = {
    "h264_videotoolbox": ("-realtime", "0", "-allow_sw", "0"),
    "h264_nvenc": ("-preset", "p5", "-rc", "vbr", "-strict_gop", "1", "-forced-idr", "1", "-no-scenecut", "1"),
    "h264_qsv": ("-preset", "slower", "-idr_interval", "0", "-forced_idr", "1"),
}
_TRIAL_TIMEOUT_S = 15.0
_found: dict[str, str] = {}
_finding = threading.Lock()


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How the picture is encoded.

    Attributes:
        width: Width in pixels, even.
        height: Height in pixels, even.
        rate: Frames per second, constant.
        bit_rate: Bits per second on average.
    """

    width: int
    height: int
    rate: Fraction
    bit_rate: int


def bit_rate_for(width: int, height: int, rate: Fraction, *, at_1080p30: int = 8_000_000) -> int:
    """Bits per second that look alike at other sizes and rates.

    The exponents run through YouTube's recommendations: 5 Mbit/s for 720p30, 8 for 1080p30, 12 for 1080p60, 16 for
    1440p30.
    """
    scale = (width * height / (1920 * 1080)) ** 0.6 * (max(24.0, float(rate)) / 30) ** 0.585
    return max(400_000, round(at_1080p30 * float(scale) / 10_000) * 10_000)


def timescale_of(rate: Fraction) -> int:
    """Ticks a second of the MP4's clock in which every frame starts on a whole tick."""
    ticks = rate.numerator
    while ticks < 10_000:
        ticks *= 2
    return ticks


def encoder_args(settings: VideoSettings, encoder: str = _SOFTWARE) -> list[str]:
    """Output arguments: H.264 High, yuv420p, bt709, closed groups of half a second, two B-frames."""
    gop = max(1, int(settings.rate / 2))
    own = (
        ["-preset", "veryfast", "-keyint_min", str(gop), "-sc_threshold", "0", "-x264-params", "open-gop=0"]
        if encoder == _SOFTWARE
        else list(_HARDWARE[encoder])
    )
    rate = settings.bit_rate
    return [
        *("-c:v", encoder, *own),
        *("-profile:v", "high", "-pix_fmt", "yuv420p", "-g", str(gop), "-bf", "2"),
        *("-b:v", str(rate), "-maxrate", str(rate * 3 // 2), "-bufsize", str(rate * 2)),
        *COLOR_TAGS,
        *("-fps_mode", "passthrough", "-video_track_timescale", str(timescale_of(settings.rate))),
    ]


def working_encoder(ffmpeg: Ffmpeg) -> str:
    """The first hardware encoder that encodes a trial as it should, else x264. Asked once a process and binary."""
    with _finding:
        if ffmpeg.binary not in _found:
            _found[ffmpeg.binary] = next((name for name in _HARDWARE if _trial(ffmpeg, name)), _SOFTWARE)
        return _found[ffmpeg.binary]


def _trial(ffmpeg: Ffmpeg, encoder: str) -> bool:
    settings = VideoSettings(640, 360, Fraction(30), 2_000_000)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "trial.mp4"
        source = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=1"]
        try:
            ffmpeg.run([*source, *encoder_args(settings, encoder), str(out)], stall_s=_TRIAL_TIMEOUT_S)
            video = ffmpeg.probe(out).video
            return (
                video is not None
                and (video.codec, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
                and len(ffmpeg.frame_times(out)) == 30
            )
        except StudioError:
            return False
