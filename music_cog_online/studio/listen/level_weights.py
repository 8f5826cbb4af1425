"""Weights of what speaks for a reading of the pulse, made by `benchmarks/fit_levels.py`."""

from __future__ import annotations

__all__ = ["FIGURES", "RHYTHM", "TURN"]

FIGURES: dict[str, float] = {
    "slower": -0.42,
    "uncommon": -1.9,
    "bending": -10.0,
    "evidence": 0.076,
    "bars": 1.8,
    "alike": 1.6,
    "notes": -0.36,
    "held": 0.91,
}
"""Weights of the single figures."""

_Template = tuple[tuple[float, float, float, float], ...]

RHYTHM: _Template = (
    (0.58, 0.39, 0.7, 0.63),
    (1.0, 0.014, -0.11, 0.25),
    (-0.2, -0.26, -0.87, 0.35),
    (-0.058, -0.55, -0.65, -0.044),
    (-0.29, -0.49, -0.72, -0.2),
    (-0.82, 0.34, 0.36, -0.7),
    (-0.27, -0.015, 0.41, -0.89),
    (-0.12, 0.39, 0.15, -1.1),
    (-0.22, 0.17, -0.089, -1.1),
    (0.22, 0.16, 0.12, -0.15),
    (-0.12, 0.24, -0.19, 1.6),
    (-0.77, 0.15, 0.68, 1.6),
)
"""Weights of onset strength at twelve places in the beat, in low, middle and high bands and in the harmony."""

TURN: _Template = (
    (0.11, -0.8, 0.089, 0.29),
    (-0.3, 0.45, -0.57, 0.043),
    (0.36, 1.0, 0.19, -0.2),
    (-0.38, -0.036, -0.013, -0.066),
    (-0.18, -0.38, 0.35, 0.035),
    (-0.19, -0.49, 0.29, 0.12),
    (-0.17, -0.079, 0.23, 0.16),
    (-0.44, 0.18, -0.44, -0.035),
    (0.45, 0.38, 0.35, -0.13),
    (-0.34, -0.55, 0.32, 0.076),
    (0.013, 0.39, -0.7, -0.13),
    (-0.26, 1.0, -0.11, -0.16),
)
"""The same of how much stronger it is in every other beat: in those that have more of the low band."""
