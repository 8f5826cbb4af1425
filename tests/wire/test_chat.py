from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from music_cog_online.clock import Clock
from music_cog_online.errors import (
    BackendRefused,
    BrokenAnswer,
    CreditsNeeded,
    NotSignedIn,
    RateLimited,
    SessionLost,
    StreamLost,
    Unreachable,
)
from music_cog_online.wire.endpoints import Api
from tests.peers import DROP, Answer, Peer, Wait, code, html, sse
from tests.wire.conftest import ApiFactory, SteppedClock

CHAT = "/run_sse"
HEARTBEAT = b": alive\n\n"


def frame(payload: object) -> bytes:
    return b"data: " + json.dumps(payload).encode() + b"\n\n"


def text(words: str) -> bytes:
    return frame({"content": {"role": "model", "parts": [{"text": words}]}})


def words(api: Api) -> list[str]:
    return [event.text for event in api.chat("s", "sync it") if event.kind == "text"]


def test_the_message_goes_out_as_documented(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(text("Done.")))
    assert words(api) == ["Done."]
    request = peer.requests[0]
    assert request.headers["Accept"] == "text/event-stream"
    assert request.json() == {
        "app_name": "nemo_agent",
        "user_id": "me",
        "session_id": "s",
        "new_message": {"parts": [{"text": "sync it"}]},
    }


@pytest.mark.parametrize("length", ["chunked", False])
def test_events_come_as_they_are_sent(peer: Peer, api: Api, length: bool | str) -> None:
    go_on = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield text("first")
        go_on.wait(5)
        yield text("second")

    peer.route("POST", CHAT, Answer(200, {"Content-Type": "text/event-stream"}, pieces(), length))
    events = api.chat("s", "hi")
    assert next(events).text == "first"
    go_on.set()
    assert [event.text for event in events] == ["second"]


@pytest.mark.parametrize("pieces", [(DROP,), (HEARTBEAT, DROP), (text("On it."), DROP), (b'data: {"con', DROP)])
def test_a_dropped_stream_is_lost_and_never_sent_again(peer: Peer, api: Api, pieces: tuple[bytes, ...]) -> None:
    peer.route("POST", CHAT, sse(*pieces))
    with pytest.raises(StreamLost) as caught:
        words(api)
    assert (caught.value.reason, peer.count("POST", CHAT)) == ("dropped", 1)


def test_a_connection_cut_before_the_answer_is_lost_and_never_sent_again(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, Answer(raw=(DROP,)))
    with pytest.raises(StreamLost):
        words(api)
    assert peer.count("POST", CHAT) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateway_error_is_lost_and_never_sent_again(peer: Peer, api: Api, status: int) -> None:
    peer.route("POST", CHAT, Answer(status))
    with pytest.raises(StreamLost):
        words(api)
    assert peer.count("POST", CHAT) == 1


def test_a_chat_that_never_left_is_tried_again(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.close()
    with pytest.raises(Unreachable) as caught:
        words(api)
    assert not isinstance(caught.value, StreamLost)
    assert clock.slept == [1, 2, 4]


@pytest.mark.parametrize("refusal", [code(1001, status=401), code(1001), sse(HEARTBEAT, frame({"code": 1001}))])
def test_1001_at_the_start_signs_in_again_and_repeats_once(peer: Peer, api_for: ApiFactory, refusal: Answer) -> None:
    peer.route("POST", CHAT, refusal, sse(text("Done.")))
    assert words(api_for()) == ["Done."]
    assert [request.headers.get("Authorization") for request in peer.requests if request.path == CHAT] == [
        "Bearer nmv_usr_1",
        "Bearer nmv_usr_2",
    ]


def test_1001_after_something_was_done_is_raised(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("POST", CHAT, sse(text("On it."), frame({"code": 1001})))
    with pytest.raises(NotSignedIn):
        words(api_for())
    assert peer.count("POST", CHAT) == 1


def test_429_waits_and_repeats_once(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.route("POST", CHAT, code(429, status=429))
    with pytest.raises(RateLimited):
        words(api)
    assert (peer.count("POST", CHAT), clock.slept) == (2, [30])


def test_a_lost_session_is_typed(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, Answer(404, {"Content-Type": "application/json"}, b'{"detail":"Session not found: 7"}'))
    with pytest.raises(SessionLost):
        words(api)


def test_codes_in_the_stream_become_types(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(text("On it."), frame({"code": 2001, "message": "none left"})))
    events = api.chat("s", "hi")
    assert next(events).text == "On it."
    with pytest.raises(CreditsNeeded):
        next(events)


def test_codes_in_place_of_the_stream_become_types(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, code(2001))
    with pytest.raises(CreditsNeeded):
        words(api)


def test_other_failures_in_the_stream_are_events(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(frame({"errorCode": "MALFORMED_FUNCTION_CALL", "errorMessage": "x"}), text("Done.")))
    assert [event.kind for event in api.chat("s", "hi")] == ["error", "text"]


def test_an_error_of_the_model_with_a_code_of_the_table_is_not_tried_again(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(frame({"errorCode": "429", "errorMessage": "busy"})))
    with pytest.raises(RateLimited):
        words(api)
    assert peer.count("POST", CHAT) == 1


def test_a_page_in_place_of_the_stream_is_told_as_broken(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, html())
    with pytest.raises(BrokenAnswer):
        words(api)
    assert peer.count("POST", CHAT) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_behind_the_page_of_a_failed_gateway_the_message_may_have_arrived(peer: Peer, api: Api, status: int) -> None:
    peer.route("POST", CHAT, html(status))
    with pytest.raises(StreamLost):
        words(api)
    assert peer.count("POST", CHAT) == 1


def test_a_token_that_the_stream_echoes_is_not_shown(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("POST", CHAT, sse(text("You sent sk-of-no-known-form, thanks.")))
    assert words(api_for(token="sk-of-no-known-form")) == ["You sent •••, thanks."]


def test_a_bad_request_is_refused(peer: Peer, api: Api) -> None:
    detail = {"detail": [{"loc": ["body"], "msg": "Field required"}]}
    peer.route("POST", CHAT, Answer(422, {"Content-Type": "application/json"}, json.dumps(detail).encode()))
    with pytest.raises(BackendRefused, match="Field required"):
        words(api)


def heartbeats(*, for_s: float, then: bytes = b"") -> Iterator[bytes | Wait]:
    end = time.monotonic() + for_s
    while time.monotonic() < end:
        yield HEARTBEAT
        yield Wait(0.01)
    yield then


def test_a_notice_comes_every_two_minutes(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("POST", CHAT, sse(*heartbeats(for_s=0.5, then=text("Done."))))
    peer.route("POST", CHAT, lambda _: Answer(200, {}, heartbeats(for_s=0.52, then=text("Done.")), "chunked"))
    events = [event for event in api_for(token="t", clock=Clock(0.001)).chat("s", "hi") if event.kind != "heartbeat"]
    assert [event.text for event in events] == ["⏳ Still working..."] * 4 + ["Done."]


@pytest.mark.parametrize("body", ["heartbeats", "silence", "no answer at all"])
def test_ten_minutes_of_nothing_end_the_wait(peer: Peer, api_for: ApiFactory, body: str) -> None:
    answers = {
        "heartbeats": lambda _: Answer(200, {}, heartbeats(for_s=5), "chunked"),
        "silence": sse(text("On it."), Wait(5)),
        "no answer at all": Answer(raw=(Wait(5),)),
    }
    peer.route("POST", CHAT, answers[body])
    began = time.monotonic()
    with pytest.raises(StreamLost) as caught:
        words(api_for(token="t", clock=Clock(0.0005)))
    assert (caught.value.reason, peer.count("POST", CHAT)) == ("silent", 1)
    assert time.monotonic() - began < 2


def test_fifteen_minutes_end_the_chat(peer: Peer, api_for: ApiFactory) -> None:
    def talk(_: object) -> Answer:
        return Answer(200, {}, (piece for _ in range(300) for piece in (text("still at it"), Wait(0.01))), "chunked")

    peer.route("POST", CHAT, talk)
    with pytest.raises(StreamLost) as caught:
        words(api_for(token="t", clock=Clock(0.0005)))
    assert caught.value.reason == "too_long"


def test_hanging_up_ends_the_reader(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(text("On it."), Wait(20)))
    events = api.chat("s", "hi")
    next(events)
    events.close()  # type: ignore[attr-defined]
    end = time.monotonic() + 3
    while any(thread.name == "chat stream" for thread in threading.enumerate()) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(thread.name == "chat stream" for thread in threading.enumerate())


def test_an_event_of_five_megabytes_arrives(peer: Peer, api: Api) -> None:
    whole = text("x" * 5_000_000)
    peer.route("POST", CHAT, sse(*(whole[n : n + 50_000] for n in range(0, len(whole), 50_000))))
    assert [len(words) for words in words(api)] == [5_000_000]


def test_an_event_without_end_is_refused(peer: Peer, api: Api) -> None:
    peer.route("POST", CHAT, sse(b"data: ", *(b"x" * 1_000_000 for _ in range(20))))
    with pytest.raises(StreamLost):
        words(api)


def test_memory_stays_flat_over_a_hundred_thousand_events(peer: Peer, api: Api) -> None:
    block = (frame({"type": "heartbeat"}) + frame({"a": 1})) * 500
    peer.route("POST", CHAT, sse(*(block for _ in range(100))))
    events = api.chat("s", "hi")
    for _ in range(10_000):
        next(events)
    before = sys.getallocatedblocks()
    assert sum(1 for _ in zip(range(89_000), events, strict=False)) == 89_000
    assert sys.getallocatedblocks() - before < 5000
    assert sum(1 for _ in events) == 1000


def test_limits_come_from_the_table(peer: Peer, api: Api) -> None:
    manifest = api.transport.manifest
    api.transport.manifest = replace(manifest, limits=replace(manifest.limits, max_event_bytes=1000))
    peer.route("POST", CHAT, sse(text("x" * 2000)))
    with pytest.raises(StreamLost, match="event of more than"):
        words(api)
