"""How far a song lies from the place where it is looked for, measured on the waveforms.

The phase of the cross-spectrum (GCC-PHAT: Knapp and Carter, IEEE Transactions on Acoustics, Speech and Signal
Processing 24, 1976) is taken over frames of a fifth of a second, and the power of the correlations, not the
correlations themselves, is added up over a second or two. So a song that is played faster or slower by small splices,
each of which moves it by a millisecond, still adds up, and what speech covers in one frame is heard in the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from music_cog_online.studio.verifying.features import SOUND_RATE

__all__ = ["FRAME_S", "REACH_S", "clearness", "correlations", "lag_s", "track"]

Floats = NDArray[np.float64]
Sound = NDArray[np.float32]

REACH_S = 0.06
"""How far from the expected place the song is looked for."""

_FRAME, _SIZE = 2048, 4096
_REACH = round(REACH_S * SOUND_RATE)
_BAND_HZ = (60.0, 4500.0)
_SMOOTH_S = 0.0004
_BLOCK = 256

FRAME_S = _FRAME / SOUND_RATE
"""Length of the frame around each moment."""

_THIN = 4
_STRAY_S = 0.004
_STRAY_COST = 0.4


def correlations(sound: Sound, song: Sound, out_s: Floats, song_s: Floats) -> Floats:
    """Likeness of the sound around each moment to the song around its expected place, at lags up to `REACH_S`.

    Args:
        sound: The file's sound, mono at `SOUND_RATE`.
        song: The song, mono at `SOUND_RATE`.
        out_s: Moments of the file, shape (m,).
        song_s: The moments of the song that are expected there, shape (m,).

    Returns:
        Power of the correlation against its mean, less 1; shape (m, 1 + twice `REACH_S` in samples). A peak right of
        the middle: the song is later than expected there. Rows of zeros where there is silence.
    """
    length = _FRAME + 2 * _REACH
    here = np.concatenate([np.zeros(_FRAME, np.float32), sound, np.zeros(_FRAME, np.float32)])
    there = np.concatenate([np.zeros(length, np.float32), song, np.zeros(length, np.float32)])
    first = np.rint(out_s * SOUND_RATE).astype(np.int64) + _FRAME // 2
    second = np.rint(song_s * SOUND_RATE).astype(np.int64) - _FRAME // 2 - _REACH + length
    first = np.clip(first, 0, len(here) - _FRAME)
    second = np.clip(second, 0, len(there) - length)
    rows = np.empty((len(out_s), 2 * _REACH + 1))
    for begin in range(0, len(rows), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        ours = here[first[part, None] + np.arange(_FRAME)] * np.hanning(_FRAME)
        rows[part] = _power(ours, there[second[part, None] + np.arange(length)])
    return rows


def _power(ours: Floats, theirs: Sound) -> Floats:
    from scipy.fft import ifft, rfft

    product = rfft(theirs.astype(np.float64), _SIZE, axis=1) * np.conj(rfft(ours, _SIZE, axis=1))
    size = np.abs(product)
    product /= size + 1e-3 * size.max(axis=1, keepdims=True) + 1e-12
    hertz = np.fft.rfftfreq(_SIZE, 1 / SOUND_RATE)
    product[:, (hertz < _BAND_HZ[0]) | (hertz > _BAND_HZ[1])] = 0.0
    power: Floats = np.abs(ifft(product, _SIZE, axis=1)[:, : 2 * _REACH + 1]) ** 2
    mean = power.mean(axis=1, keepdims=True)
    heard = (np.abs(ours).max(axis=1) > 1e-5) & (np.abs(theirs).max(axis=1) > 1e-5)
    return np.where(heard[:, None], power / (mean + 1e-30) - 1.0, 0.0)


def clearness(curve: Floats, at: int | None = None) -> float:
    """Height of a sum of correlations over its median, in standard deviations of its noise.

    Noise reaches about 4, the right place of the right song 15 and more in three seconds.

    Args:
        curve: Shape (2 * reach + 1,).
        at: Where; None for the highest peak.
    """
    smooth = _smoothed(curve)
    middle = float(np.median(smooth))
    spread = 1.4826 * float(np.median(np.abs(smooth - middle))) + 1e-9
    return (float(smooth.max() if at is None else smooth[at]) - middle) / spread


def lag_s(curve: Floats, near: int | None = None) -> float:
    """Lag of the highest peak, or of the one near a place of the curve, in seconds."""
    smooth = _smoothed(curve)
    first = 0 if near is None else max(0, near - _THIN)
    last = len(smooth) if near is None else near + _THIN + 1
    peak = first + int(np.argmax(smooth[first:last]))
    return (peak + _parabola(smooth, peak) - _REACH) / SOUND_RATE


def track(curves: Floats, step_s: float) -> tuple[Floats, Floats]:
    """Follows the peak from moment to moment (Viterbi), for a song whose speed is not quite the expected one.

    Args:
        curves: Sums of correlations around successive moments, shape (n, 1 + twice the reach).
        step_s: Time between the moments.

    Returns:
        The lag in seconds and its clearness, each of shape (n,).
    """
    if not len(curves):
        return np.zeros(0), np.zeros(0)
    smooth = np.array([_smoothed(curve) for curve in curves])
    middle = np.median(smooth, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(smooth - middle), axis=1, keepdims=True) + 1e-9
    score = np.minimum((smooth - middle) / spread, 30.0)
    width = score.shape[1] // _THIN
    thin = score[:, : width * _THIN].reshape(len(score), width, _THIN).max(axis=2)
    most = max(1, round(_STRAY_S * (step_s / 0.25) * SOUND_RATE / _THIN))
    moves = np.arange(-most, most + 1)
    total, origins = thin[0], np.empty((len(thin), width), np.int64)
    for number in range(1, len(thin)):
        padded = np.pad(total, most, constant_values=-1e9)
        reach = np.array([padded[most + move : most + move + width] for move in moves])
        reach -= _STRAY_COST * np.abs(moves)[:, None]
        best = np.argmax(reach, axis=0)
        origins[number] = np.arange(width) + moves[best]
        total = reach[best, np.arange(width)] + thin[number]
    place = int(np.argmax(total))
    places = [place]
    for number in range(len(thin) - 1, 0, -1):
        place = int(origins[number, place])
        places.append(place)
    path = [min(width * _THIN - 1, one * _THIN + _THIN // 2) for one in reversed(places)]
    lags = np.array([lag_s(curve, near) for curve, near in zip(curves, path, strict=True)])
    peaks = np.clip(np.rint(lags * SOUND_RATE).astype(np.int64) + _REACH, 0, score.shape[1] - 1)
    return lags, np.asarray(((smooth - middle) / spread)[np.arange(len(score)), peaks])


def _smoothed(curve: Floats) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(curve, _SMOOTH_S * SOUND_RATE, mode="nearest"))


def _parabola(curve: Floats, peak: int) -> float:
    if not 0 < peak < len(curve) - 1:
        return 0.0
    left, middle, right = curve[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0
