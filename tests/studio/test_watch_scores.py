"""The benchmark's scoring of cuts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from cut_scores import Score, frames_at, load_cases, score


@pytest.mark.parametrize(
    ("true", "found", "expected"),
    [
        ([], [], Score()),
        ([10], [10], Score(hits=1)),
        ([10], [11], Score(hits=1)),
        ([10], [12], Score(missed=1, false=1)),
        ([10], [10, 11], Score(hits=1, false=1)),
        ([10, 11], [10], Score(hits=1, missed=1)),
        ([10, 12], [11, 13], Score(hits=2)),
        ([], [5], Score(false=1)),
    ],
)
def test_each_cut_counts_once_and_within_a_frame(true: list[int], found: list[int], expected: Score) -> None:
    assert score(true, found) == expected


def test_scores_add_up_over_cases() -> None:
    total = Score(hits=8, missed=2) + Score(hits=1, false=3)
    assert (total.precision, total.recall) == (0.75, pytest.approx(9 / 11))
    assert total.f1 == pytest.approx(2 * 9 / 23)
    assert Score().f1 == Score().precision == Score().recall == 1.0


def test_times_become_the_nearest_frames() -> None:
    assert frames_at([0.0, 0.06, 1.0], np.array([0.0, 0.05, 0.12])) == [0, 1, 2]


def test_a_case_is_a_video_beside_its_cuts(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "a.cuts").write_text("1.5\n2.25\n")
    (tmp_path / "lonely.cuts").write_text("1.0\n")
    assert load_cases(tmp_path) == [(tmp_path / "a.mp4", [1.5, 2.25])]
