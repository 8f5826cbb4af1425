"""The mix as AAC at the wanted loudness, measured on what a decoder makes of it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.errors import FfmpegFailed
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.render.loudness import RATE, Loudness, limited, loudness_of, true_peak_db

__all__ = ["SoundSettings", "encode_sound", "packets_for"]

PACKET = 1024
"""Samples in a packet of AAC-LC."""

_SILENT_LUFS = -60.0
_CLOSE_LU = 0.2
_TRIES = 5
_HEADROOM_DB = 0.5
_MOST_LIMITING_DB = 9.0

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundSettings:
    """How the sound is encoded.

    Attributes:
        bit_rate: Bits per second.
        lufs: Integrated loudness to reach.
        peak_db: True peak in dBTP to stay below.
    """

    bit_rate: int = 192_000
    lufs: float = -14.0
    peak_db: float = -1.0


def packets_for(samples: int) -> int:
    """How many packets come nearest to a length in samples."""
    return max(1, round(samples / PACKET))


def encode_sound(
    mix: Sound,
    out: Path,
    settings: SoundSettings,
    *,
    ffmpeg: Ffmpeg,
    on_progress: Callable[[float], None] | None = None,
    cancel: Event | None = None,
) -> Loudness:
    """Levels and encodes a mix; what is measured is the decoded AAC, and the level is corrected until it fits.

    The encoder's first packet, which holds the 1,024 samples of its delay, is left out of the file. So the first
    sample of the mix is the first sample of the stream, whether or not a player knows of delays and edit lists.

    Args:
        mix: Stereo at 48 kHz, shape (n, 2). Silence stays silence.
        out: The file to write, AAC in ADTS.
        settings: Target and bit rate.
        ffmpeg: Encodes and decodes.
        on_progress: Called with the share that is done, 0..1.
        cancel: Set it to stop the work.

    Returns:
        What the decoded file measures.
    """
    length = packets_for(len(mix)) * PACKET
    natural = loudness_of(mix)
    silent = natural < _SILENT_LUFS
    gain_db = 0.0 if silent else settings.lufs - natural
    most_db = gain_db + _MOST_LIMITING_DB
    ceiling_db = settings.peak_db - _HEADROOM_DB
    raw = out.with_suffix(".f32")
    found = Loudness(-math.inf, -math.inf)
    try:
        for number in range(_TRIES):
            levelled, gain_db = (mix, 0.0) if silent else _levelled(mix, gain_db, most_db, ceiling_db, settings.lufs)
            _write(raw, levelled, length)
            _encode(raw, out, settings, length, ffmpeg=ffmpeg, cancel=cancel)
            found = _measured(out, ffmpeg)
            off = settings.lufs - found.lufs
            over = found.true_peak_db - settings.peak_db
            loud_enough = abs(off) <= _CLOSE_LU or (off > 0 and gain_db >= most_db)
            if silent or (loud_enough and over <= -0.02):
                break
            gain_db += 0.0 if loud_enough else off
            ceiling_db -= over + 0.3 if over > -0.02 else 0.0
            if on_progress is not None:
                on_progress((number + 1) / _TRIES)
        else:  # the peaks come first: what the encoder adds to them is taken off the whole
            _write(raw, levelled * np.float32(10 ** (-max(0.0, over + 0.1) / 20)), length)
            _encode(raw, out, settings, length, ffmpeg=ffmpeg, cancel=cancel)
            found = _measured(out, ffmpeg)
    finally:
        raw.unlink(missing_ok=True)
    return found


def _measured(path: Path, ffmpeg: Ffmpeg) -> Loudness:
    decoded = ffmpeg.decode_audio(path, rate=RATE, channels=2)
    return Loudness(loudness_of(decoded), true_peak_db(decoded))


def _levelled(mix: Sound, gain_db: float, most_db: float, ceiling_db: float, lufs: float) -> tuple[Sound, float]:
    """The mix at the wanted loudness below the ceiling, and the gain that led there.

    The limiter takes loudness away; the gain is raised for it, but not beyond `most_db`: what is all peaks and pauses
    cannot be that loud, and stays what it is.
    """
    gain_db = min(gain_db, most_db)
    levelled = limited(mix, gain=10 ** (gain_db / 20), ceiling_db=ceiling_db)
    for _ in range(3):
        off = lufs - loudness_of(levelled)
        if abs(off) <= _CLOSE_LU / 2 or not math.isfinite(off):
            break
        if off > 0 and gain_db >= most_db:
            break
        gain_db = min(most_db, gain_db + (off * 1.3 if off > 0 else off))
        levelled = limited(mix, gain=10 ** (gain_db / 20), ceiling_db=ceiling_db)
    return levelled, gain_db


def _write(path: Path, samples: Sound, length: int) -> None:
    """Writes raw floats, filled with silence past the last packet that is wanted."""
    with path.open("wb") as file:
        file.write(np.ascontiguousarray(samples[:length], np.float32).data)
        file.write(bytes(8 * (max(0, length - len(samples)) + 2 * PACKET)))


def _encode(
    raw: Path, out: Path, settings: SoundSettings, length: int, *, ffmpeg: Ffmpeg, cancel: Event | None
) -> None:
    whole = out.with_suffix(".part")
    source = ["-f", "f32le", "-ar", str(RATE), "-ac", "2", "-protocol_whitelist", "file", "-i", f"file:{raw}"]
    codec = ["-c:a", "aac", "-profile:a", "aac_low", "-b:a", str(settings.bit_rate), "-f", "adts"]
    ffmpeg.run([*source, *codec, str(whole)], cancel=cancel)
    packets = _packets(whole.read_bytes())
    wanted = packets[1 : 1 + length // PACKET]
    if len(wanted) * PACKET != length:
        raise FfmpegFailed("The sound was not encoded whole.", hint="Try again.")
    whole.write_bytes(b"".join(wanted))
    whole.replace(out)


def _packets(adts: bytes) -> list[bytes]:
    """Splits a stream at its headers, which tell each packet's length (ISO/IEC 14496-3, 1.A.3.2)."""
    packets: list[bytes] = []
    at = 0
    while at + 7 <= len(adts) and adts[at] == 0xFF and adts[at + 1] & 0xF6 == 0xF0:
        size = (adts[at + 3] & 3) << 11 | adts[at + 4] << 3 | adts[at + 5] >> 5
        packets.append(adts[at : at + size])
        at += max(size, 7)
    return packets


def save_loudness(path: Path, loudness: Loudness) -> None:
    """Keeps a measurement beside the sound that it belongs to."""
    path.write_text(json.dumps([_finite(loudness.lufs), _finite(loudness.true_peak_db)]))


def load_loudness(path: Path) -> Loudness | None:
    """A kept measurement, or None."""
    try:
        lufs, peak = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return Loudness(-math.inf if lufs is None else float(lufs), -math.inf if peak is None else float(peak))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
