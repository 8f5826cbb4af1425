"""What is told, where, and how often."""

from __future__ import annotations

import io
import json
from typing import Any

from music_cog_online.actions.figures import describe, slim
from music_cog_online.actions.result import ActionResult
from music_cog_online.errors import CreditsNeeded
from music_cog_online.output import JsonReporter, Lines, reporter

FAILURE = CreditsNeeded("No credits.", hint="Top up.", code=2001)


class Hand:
    """A clock that is moved by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def lines() -> tuple[Lines, io.StringIO, io.StringIO, Hand]:
    """A reporter for people, its two streams and its clock."""
    out, err, hand = io.StringIO(), io.StringIO(), Hand()
    return Lines(out, err, now=hand), out, err, hand


def test_what_was_told_is_not_told_again() -> None:
    teller, out, _, _ = lines()
    teller.say("One.")
    teller.finish(ActionResult("edit", ("One.", "Two."), next=("export it",)))
    assert out.getvalue() == "One.\nTwo.\nYou can say: “export it”\n"


def test_failures_go_to_standard_error_with_what_to_do() -> None:
    teller, out, err, _ = lines()
    teller.finish(ActionResult.failed("edit", FAILURE))
    assert (out.getvalue(), err.getvalue()) == ("", "No credits.\nTop up.\n")


def test_progress_is_a_line_now_and_then() -> None:
    teller, out, _, hand = lines()
    for hand.now_s in range(12):
        teller.progress("Rendering", hand.now_s / 20)
    teller.progress("Downloading", None)
    assert out.getvalue().splitlines() == ["Rendering...", "Rendering: 25%", "Rendering: 50%", "Downloading..."]


def test_json_is_one_object_and_lines_of_progress() -> None:
    out, err, hand = io.StringIO(), io.StringIO(), Hand()
    teller = JsonReporter(out, err, now=hand)
    teller.say("Hello.")
    for share in range(1001):
        hand.now_s = share / 50
        teller.progress("Rendering", share / 1000)
    for share in range(1001):
        teller.progress("Downloading", share / 1000)
    teller.finish(ActionResult.failed("edit", FAILURE))
    assert json.loads(out.getvalue()) == {
        "ok": False,
        "action": "edit",
        "message": "No credits.",
        "data": {},
        "next": [],
        "error": {"code": 2001, "kind": "credits_needed", "hint": "Top up."},
    }
    events = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [event.get("fraction") for event in events] == [None, *(n / 20 for n in range(21)), 0.0, 1.0]


def test_json_tells_of_slow_progress_every_ten_seconds() -> None:
    err, hand = io.StringIO(), Hand()
    teller = JsonReporter(io.StringIO(), err, now=hand)
    for hand.now_s in range(25):
        teller.progress("Rendering", 0.01)
    assert len(err.getvalue().splitlines()) == 3


def test_a_pipe_gets_lines_and_json_wins_over_everything() -> None:
    assert type(reporter(as_json=False, out=io.StringIO(), err=io.StringIO())) is Lines
    assert isinstance(reporter(as_json=True, out=io.StringIO(), err=io.StringIO()), JsonReporter)


def test_figures_are_told_in_the_words_of_who_measured_them() -> None:
    report: dict[str, Any] = {"summary": ["In sync: 3 of 3 cuts.\x1b[31m"], "hits": 3, "waveform": [0.1] * 1000}
    assert describe(report) == ("In sync: 3 of 3 cuts.",)
    assert slim(report) == {"summary": report["summary"], "hits": 3}


def test_without_figures_nothing_is_claimed() -> None:
    assert describe(None) == ()
    assert describe({}) == ()
    assert describe({"hits": 1, "cut_count": 4}) == ("1 of 4 cuts fall on a beat, measured on the finished file.",)


def test_suggestions_are_introduced_in_their_own_language() -> None:
    teller, out, _, _ = lines()
    teller.finish(ActionResult("edit", (), next=("导出", "音乐小声一点")))
    assert out.getvalue() == "你可以说：“导出” · “音乐小声一点”\n"
