"""Small filters along time; numpy alone, since importing scipy costs more than the filtering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["gaussian", "halved", "local_mean", "low_pass", "solve_pentadiagonal"]

Floats = NDArray[np.float32]


def gaussian(x: Floats, sigma: float) -> Floats:
    """Smooths (n,) or (n, k) along its first axis; edges repeat; `sigma` in frames."""
    if len(x) == 0:
        return x.astype(np.float32)
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    columns = x[:, None] if x.ndim == 1 else x
    padded = np.pad(columns, ((reach, reach), (0, 0)), mode="edge").astype(np.float32)
    out = np.zeros(columns.shape, np.float32)
    for shift, weight in enumerate(kernel.astype(np.float32)):
        out += weight * padded[shift : shift + len(x)]
    return out[:, 0] if x.ndim == 1 else out


def halved(samples: Floats) -> Floats:
    """Every second of (n,) samples after a binomial low-pass of seven taps, centred, so that nothing moves in time."""
    padded = np.pad(samples, (3, 4))
    count = (len(samples) + 1) // 2
    out = np.zeros(count, np.float32)
    for tap, weight in enumerate((1, 6, 15, 20, 15, 6, 1)):
        out += np.float32(weight / 64) * padded[tap : tap + 2 * count : 2][:count]
    return out


def low_pass(samples: Floats, rate: float, edge_hz: float) -> Floats:
    """Keeps what is below `edge_hz` of (n,) samples: a windowed sinc of odd length, centred; empty stays empty."""
    if len(samples) == 0:
        return samples
    half = int(2 * rate / edge_hz)
    steps = np.arange(-half, half + 1)
    kernel = np.sinc(2 * edge_hz / rate * steps) * np.hanning(2 * half + 3)[1:-1]
    return np.convolve(samples, (kernel / kernel.sum()).astype(np.float32))[half : half + len(samples)]


def local_mean(x: Floats, width: int) -> Floats:
    """Mean of (n,) or (n, k) over `width` frames around each frame; edges repeat."""
    if len(x) == 0:
        return x.astype(np.float32)
    before, after = width // 2, width - width // 2
    pad = [(before, after), *[(0, 0)] * (x.ndim - 1)]
    total = np.cumsum(np.pad(x, pad, mode="edge"), axis=0, dtype=np.float64)
    return ((total[width:] - total[:-width]) / width).astype(np.float32)


def solve_pentadiagonal(
    main: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solves A x = right for a symmetric positive definite A with two off-diagonals on each side.

    Args:
        main: (n,) diagonal.
        first: (n,) element i couples i and i+1; the last is ignored.
        second: (n,) element i couples i and i+2; the last two are ignored.
        right: (n,).
    """
    n = len(main)
    d, e, f, z = main.tolist(), first.tolist(), second.tolist(), right.tolist()
    for i in range(n):  # LDL' in place: e and f become the multipliers
        if i + 1 < n:
            coupling, far = e[i], f[i] if i + 2 < n else 0.0
            m1, m2 = coupling / d[i], far / d[i]
            d[i + 1] -= m1 * coupling
            z[i + 1] -= m1 * z[i]
            e[i] = m1
            f[i] = m2
            if i + 2 < n:
                e[i + 1] -= m1 * far
                d[i + 2] -= m2 * far
                z[i + 2] -= m2 * z[i]
    for i in range(n - 1, -1, -1):
        value = z[i] / d[i]
        if i + 1 < n:
            value -= e[i] * z[i + 1]
        if i + 2 < n:
            value -= f[i] * z[i + 2]
        z[i] = value
    return np.array(z)
