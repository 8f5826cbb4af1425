from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.timeline import Timeline, differences

DRAFT: dict[str, Any] = {
    "v": 2,
    "d": 10000,
    "m": {"width": 1080, "height": 1920},
    "t": [
        {"id": "v", "tt": 0, "sg": [{"id": "1", "s": 0, "d": 10000, "m": {"name": "city timelapse"}}]},
        {"id": "a", "tt": 1, "sg": [{"id": "2", "s": 0, "d": 10000, "m": {"name": "Lo-fi", "volume": 0.35}}]},
        {"id": "x", "tt": 7, "sg": [{"id": "3", "s": 0, "d": 3000, "m": {"text": "Urban Dreams"}}]},
    ],
}
SUMMARY = (
    'Timeline (3 tracks): 1. Video: city timelapse (0-10s) 2. BGM: Lo-fi (0-10s, 35%) 3. Title: "Urban Dreams" (0-3s)'
)


def changed(**steps: Any) -> dict[str, Any]:
    """The draft with values replaced: keys are paths such as t_1_sg_0_m_volume."""
    draft = copy.deepcopy(DRAFT)
    for path, value in steps.items():
        *parents, last = (int(part) if part.isdecimal() else part for part in path.split("_"))
        place: Any = draft
        for part in parents:
            place = place[part]
        place[last] = value
    return draft


def test_the_summary_is_the_documented_line() -> None:
    assert Timeline.from_draft(DRAFT).summary() == SUMMARY


def test_segments_without_a_start_follow_one_another() -> None:
    pieces = [{"d": 4000, "m": {"name": "a"}}, {"d": 2500, "m": {"name": "b"}}]
    timeline = Timeline.from_draft({"t": [{"tt": 0, "sg": pieces}]})
    assert timeline.summary() == "Timeline (1 track): 1. Video: a, b (0-6.5s)"
    assert timeline.duration_s == 6.5


def test_many_names_and_tracks_are_counted_not_listed() -> None:
    pieces = [{"d": 1000, "m": {"name": f"clip {n}"}} for n in range(9)]
    tracks = [{"tt": 0, "sg": pieces}, *[{"tt": 0, "sg": pieces[:1]}] * 9_999]
    summary = Timeline.from_draft({"t": tracks}).summary()
    assert "clip 0, clip 1, clip 2 and 6 more (0-9s)" in summary
    assert summary.endswith("and 9980 more")
    assert len(summary) < 2000


def test_ten_thousand_tracks_are_compared_in_bounded_time() -> None:
    titles = {"tt": 7, "sg": [{"d": 1000, "m": {"text": f"title {n}"}} for n in range(10_000)]}
    before = {"t": [{"id": f"{n}", "tt": 1, "sg": [{"d": 1000, "m": {"name": f"a{n}"}}]} for n in range(10_000)]}
    began = time.monotonic()
    assert differences(before, {"t": [titles, *reversed(before["t"])]})
    assert time.monotonic() - began < 5


def test_roles_mutes_and_unknown_tracks_are_named() -> None:
    tracks = [
        {"tt": 0, "sg": [{"d": 1000, "m": {"name": "a", "volume": 0}}]},
        {"tt": 0, "sg": [{"d": 1000, "m": {"name": "b", "volume": 0.5}}]},
        {"tt": 1, "sg": [{"d": 1000, "m": {"name": "c", "role": "voice", "volume": 80}}]},
        {"tt": 9, "sg": [{"d": 1000}]},
        {"tt": 1, "sg": []},
    ]
    assert Timeline.from_draft({"t": tracks}).summary() == (
        "Timeline (4 tracks): 1. Video: a (0-1s, muted) 2. Video: b (0-1s, sound 50%) "
        "3. Voice: c (0-1s, 80%) 4. Track: untitled (0-1s)"
    )


@pytest.mark.parametrize(
    "draft", [None, {}, {"t": None}, {"t": [{"tt": 0, "sg": []}]}, {"t": [1, None, "x"]}, {"t": {}}]
)
def test_without_segments_there_is_nothing_to_export(draft: dict[str, Any] | None) -> None:
    timeline = Timeline.from_draft(draft)
    assert not timeline.exportable
    assert timeline.summary() == "Timeline: empty"


def test_times_and_names_out_of_bounds_are_tamed() -> None:
    pieces = [{"s": -5, "d": 10**30, "m": {"name": "x" * 5000 + "\x1b[31m"}}, {"s": float("nan"), "d": True, "m": []}]
    (track,) = Timeline.from_draft({"t": [{"tt": 0, "sg": pieces}]}).tracks
    assert (track.start_s, track.end_s) == (0, 0)
    assert len(track.segments[0].name) == 80
    assert "\x1b" not in Timeline.from_draft({"t": [{"tt": 7, "sg": [{"m": {"text": "\x1b[2Ja"}}]}]}).summary()


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (changed(), []),
        (changed(t_1_sg_0_m_volume=0.5), ["BGM volume: 35% → 50%"]),
        (changed(t_1_sg_0_m_volume=0), ["BGM muted"]),
        (changed(t_0_sg_0_m_volume=0.0), ["Original sound muted"]),
        (changed(t_2_sg_0_m_text="Night"), ["Title changed: 'Urban Dreams' → 'Night' (0-3 s)"]),
        (changed(t_2_sg_0_s=1000), ["Title moved: 'Urban Dreams' (0-3 s → 1-4 s)"]),
        (changed(t_2_sg_0_m_color="#ff0000"), ["Title restyled: 'Urban Dreams'"]),
        (changed(t_1_sg_0_m_name="Jazz"), ["BGM replaced: 'Lo-fi' → 'Jazz' (0-10 s)"]),
        (changed(d=12000), ["Length: 10 s → 12 s"]),
        (changed(m_width=1920, m_height=1080), ["Picture: 1080x1920 → 1920x1080"]),
        (changed(t_1_sg_0_m={"name": "Lo-fi", "volume": 0.35, "fade_out_ms": 1500}), ["BGM fade-out: 0 s → 1.5 s"]),
        (changed(v=3), ["The timeline changed in its details."]),
    ],
)
def test_a_change_is_told_in_a_sentence(after: dict[str, Any], sentences: list[str]) -> None:
    assert differences(DRAFT, after) == sentences


def test_an_added_title_is_told_as_in_the_example() -> None:
    after = copy.deepcopy(DRAFT)
    after["t"][2]["sg"].append({"id": "4", "s": 0, "d": 3000, "m": {"text": "Paradise Found"}})
    assert differences(DRAFT, after) == ["Title added: 'Paradise Found' (0-3 s)"]


def test_added_and_removed_tracks_are_told() -> None:
    after = copy.deepcopy(DRAFT)
    del after["t"][1]
    assert differences(DRAFT, after) == ["BGM removed: 'Lo-fi' (0-10 s, 35%)"]
    assert differences(after, DRAFT) == ["BGM added: 'Lo-fi' (0-10 s, 35%)"]
    assert differences({}, DRAFT)[0] == "Video added: 'city timelapse' (0-10 s)"


def test_new_cuts_are_counted() -> None:
    after = copy.deepcopy(DRAFT)
    after["t"][0]["sg"] = [{"s": n * 2500, "d": 2500, "m": {"name": "city timelapse"}} for n in range(4)]
    assert differences(DRAFT, after) == ["Video: 1 → 4 pieces"]
    later = copy.deepcopy(after)
    later["t"][0]["sg"][1]["m"]["from_s"] = 0.5
    assert differences(after, later) == ["Video: 1 of 4 pieces re-timed"]


def test_tracks_without_ids_are_matched_by_what_they_are() -> None:
    before, after = copy.deepcopy(DRAFT), copy.deepcopy(DRAFT)
    for draft in (before, after):
        for track in draft["t"]:
            track.pop("id")
    after["t"].reverse()
    after["t"][1]["sg"][0]["m"]["volume"] = 0.5
    assert differences(before, after) == ["BGM volume: 35% → 50%"]


KEYS = st.sampled_from(["t", "tt", "sg", "s", "d", "m", "id", "name", "text", "volume", "width", "height", "role"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(one=st.dictionaries(KEYS, VALUES, max_size=4), other=VALUES)
def test_no_draft_whatever_breaks_the_reader(one: dict[str, Any], other: Any) -> None:
    other = other if isinstance(other, dict) else {"t": [{"tt": 0, "sg": [{"m": other, "s": other, "d": other}]}]}
    assert Timeline.from_draft(one).summary()
    assert all(isinstance(sentence, str) for sentence in differences(one, other) + differences(other, one))
