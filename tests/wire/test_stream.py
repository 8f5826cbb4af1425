from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.manifest import Manifest
from music_cog_online.wire.models import ChatEvent
from music_cog_online.wire.sse import Frame, SseDecoder
from music_cog_online.wire.stream import events_of
from music_cog_online.wire.transcript import Transcript

FRAMES = Path(__file__).parent / "frames"
RECORDED = sorted(FRAMES.glob("*/*.sse"))
ON_IT = "On it — I'm listening for the beats in your track and lining them up with the cuts."
DONE = (
    "Done! 🎵 I laid 'Neon Drive' under your clip at 35% volume and snapped 4 beat drops onto your cuts "
    "(0:02, 0:04, 0:06, 0:08)."
)
TEXTS = {
    "plain": [ON_IT, DONE],
    "streaming_true": [ON_IT, DONE],
    "thoughts_streaming": [ON_IT, DONE],
    "trailing_error": [ON_IT, DONE],
    "unicode_separators": [
        ON_IT,
        "Line one of the plan\u2028line two\u2029line three\x85line four: 'Neon Drive' is in place.",
    ],
}


def heard(stream: bytes, manifest: Manifest, *, step: int = 4096) -> tuple[Transcript, list[ChatEvent]]:
    decoder, transcript = SseDecoder(16_000_000), Transcript(noise=manifest.gui.noise)
    frames = [frame for n in range(0, len(stream), step) for frame in decoder.feed(stream[n : n + step])]
    events = [event for frame in [*frames, *decoder.finish()] for event in events_of(frame)]
    for event in events:
        transcript.feed(event)
    transcript.finish()
    return transcript, events


def event(payload: object, name: str = "message") -> list[ChatEvent]:
    return list(events_of(Frame(json.dumps(payload), name)))


def say(text: str, **more: object) -> dict[str, object]:
    return {"content": {"role": "model", "parts": [{"text": text}]}, **more}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
@pytest.mark.parametrize("step", [1, 4096])
def test_recorded_streams_give_each_text_once(path: Path, step: int, manifest: Manifest) -> None:
    transcript, _ = heard(path.read_bytes(), manifest, step=step)
    assert transcript.texts == TEXTS.get(path.stem, [])


@pytest.mark.parametrize("path", [p for p in RECORDED if p.stem.startswith("silent")], ids=lambda path: str(path.name))
def test_a_silent_edit_is_no_failure_and_shows_its_draft(path: Path, manifest: Manifest) -> None:
    transcript, _ = heard(path.read_bytes(), manifest)
    assert transcript.error is None
    assert transcript.draft is not None
    assert transcript.draft["d"] == 10000


@pytest.mark.parametrize("path", [p for p in RECORDED if p.stem in {"error_event", "exception"}], ids=str)
def test_a_failure_inside_the_stream_is_an_error(path: Path, manifest: Manifest) -> None:
    transcript, _ = heard(path.read_bytes(), manifest)
    assert transcript.error is not None
    assert transcript.error.text


def test_thoughts_and_tool_calls_stay_inside(manifest: Manifest) -> None:
    path = FRAMES / "adk-2.13.0" / "thoughts_streaming.sse"
    transcript, events = heard(path.read_bytes(), manifest)
    assert {"thought", "tool_call", "tool_result", "state_delta"} <= {one.kind for one in events}
    assert not any("INTERNAL" in text for text in transcript.texts)


def test_a_code_of_the_table_is_an_error_with_that_code() -> None:
    assert [(one.kind, one.code, one.text) for one in event({"code": 2001, "message": "no credits"})] == [
        ("error", 2001, "no credits")
    ]
    assert event({"error": {"code": "1001", "message": "expired"}})[0].code == 1001


def test_a_success_code_is_no_error() -> None:
    assert event({"code": 0}) == [ChatEvent("heartbeat")]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(None, "comment"),
        Frame(None, "heartbeat"),
        Frame(""),
        Frame("  "),
        Frame("heartbeat"),
        Frame("[DONE]"),
        Frame('"ping"'),
        Frame("{}"),
        Frame('{"type":"heartbeat"}'),
        Frame('{"type":"ping","t":1}'),
        Frame('{"a":1}', "heartbeat"),
        Frame('{"broken'),
    ],
    ids=repr,
)
def test_every_form_of_heartbeat_is_one(frame: Frame) -> None:
    assert [one.kind for one in events_of(frame)] == ["heartbeat"]


@pytest.mark.parametrize(
    "payload",
    [{"type": "text", "text": "hi"}, {"type": "text", "content": "hi"}, {"type": "text", "data": {"text": "hi"}}],
)
def test_texts_of_the_older_protocol_are_understood(payload: dict[str, object]) -> None:
    assert event(payload) == [ChatEvent("text", "hi")]


def test_errors_and_tools_of_the_older_protocol_are_understood() -> None:
    assert event({"type": "tool_call", "name": "edit"})[0].kind == "tool_call"
    assert event({"type": "error", "code": 2001, "message": "no credits"})[0].code == 2001
    assert event({"type": "error", "message": "boom"})[0].text == "boom"


def test_progress_rides_on_custom_metadata() -> None:
    found = event({"customMetadata": {"progress": 0.4, "stage": "listening to song.mp3"}})
    assert [(one.kind, one.text, one.data["progress"]) for one in found] == [("progress", "listening to song.mp3", 0.4)]


def test_words_of_errors_and_progress_are_fit_to_be_shown() -> None:
    (error,) = event({"errorCode": "a\x1b[2J", "errorMessage": "bad token nmv_usr_1\x1b[31m " + "x" * 1000})
    (progress,) = event({"customMetadata": {"stage": "\x1b]0;x\x07listening"}})
    assert (error.code, error.text[:13], len(error.text)) == ("a", "bad token •••", 300)
    assert progress.text == "listening"


def test_an_echo_of_the_users_message_is_not_shown() -> None:
    assert event({"author": "user", "content": {"role": "user", "parts": [{"text": "hi"}]}})[0].kind == "heartbeat"


def test_several_texts_in_one_event_are_one_text() -> None:
    parts = [{"text": "a"}, {"functionCall": {"name": "edit", "args": {}}}, {"text": "b"}]
    found = event({"content": {"role": "model", "parts": parts}})
    assert [(one.kind, one.text) for one in found] == [("tool_call", "edit"), ("text", "ab")]


NAMES = """content parts text thought partial actions stateDelta draft code error type data author role functionCall
    functionResponse name args response errorCode errorMessage customMetadata progress"""
KEYS = st.sampled_from(NAMES.split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(payload=st.dictionaries(KEYS, JSON, max_size=5))
def test_no_json_whatever_breaks_the_reader(payload: dict[str, object]) -> None:
    transcript = Transcript()
    for one in events_of(Frame(json.dumps(payload))):
        transcript.feed(one)
    transcript.finish()
    assert all(isinstance(text, str) for text in transcript.texts)


def test_pieces_whose_whole_never_came_are_the_text() -> None:
    transcript = Transcript()
    for piece in ("Half a ", "sentence"):
        assert transcript.feed(ChatEvent("text", piece, partial=True)) == ()
    assert transcript.finish() == ("Half a sentence",)


def test_a_tool_result_settles_the_pieces_before_it() -> None:
    transcript = Transcript()
    transcript.feed(ChatEvent("text", "On it.", partial=True))
    assert transcript.feed(ChatEvent("tool_result", "edit")) == ("On it.",)
    assert transcript.feed(ChatEvent("text", "Done.")) == ("Done.",)
    assert transcript.finish() == ()


def test_an_apology_alone_is_told(manifest: Manifest) -> None:
    transcript = Transcript(noise=manifest.gui.noise)
    transcript.feed(ChatEvent("text", "I encountered a temporary issue. Please try again later."))
    assert transcript.finish() == ("I encountered a temporary issue. Please try again later.",)
    assert transcript.apologised


def test_endless_talk_is_cut_off() -> None:
    transcript = Transcript(max_chars=10)
    for _ in range(100):
        transcript.feed(ChatEvent("text", "x" * 7))
        transcript.feed(ChatEvent("text", "y" * 7, partial=True))
    transcript.finish()
    assert sum(map(len, transcript.texts)) == 10
