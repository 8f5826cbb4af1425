"""The chat stream: ADK events, signs of life, and edits that outlive the client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_cog_online.studio.listen import Listening
from music_cog_online.studio.watch import Watching
from tests.studio.clips import make_clip
from tests.studio.running import Caller, KnowingEngine, running, shots_at, steady_song
from tests.studio.songs import make_song, write_wav


class SlowEngine(KnowingEngine):
    """Listens until it is told that it has heard enough."""

    def __init__(self) -> None:
        super().__init__({})
        self.enough = threading.Event()

    def listen_file(self, path: Path, *, cache: Path | None) -> Listening:
        del path, cache
        self.enough.wait(20)
        return steady_song(duration_s=8.0, drop_s=None)

    def watch(self, path: Path, *, cache: Path | None) -> Watching:
        del path, cache
        return shots_at(1.0, duration_s=2.0)


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("material")
    song = write_wav(folder / "summer.wav", make_song(120, bars=4).samples[::4], rate=11025)
    return make_clip(folder / "clip.mp4", duration_s=2.0, cuts_s=(1.0,), size=(160, 90)).path, song


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def caller(tmp_path: Path, engine: SlowEngine, material: tuple[Path, Path]) -> Iterator[Caller]:
    with running(tmp_path, engine=engine, heartbeat_s=0.05) as caller:
        caller.sign_in().upload(*material)
        yield caller
        engine.enough.set()


def test_an_edit_is_a_call_a_result_and_a_text(caller: Caller, engine: SlowEngine) -> None:
    engine.enough.set()
    events = [event for event in caller.events("trim to 1 s and mute the music") if "customMetadata" not in event]
    kinds = [next(iter(part)) for event in events for part in event["content"]["parts"]]
    assert kinds == ["functionCall", "functionResponse"] * 2 + ["text"]
    call, result = (event["content"]["parts"][0] for event in events[:2])
    assert call["functionCall"]["name"] == "Trim"
    assert call["functionCall"]["id"] == result["functionResponse"]["id"]
    assert events[3]["actions"]["stateDelta"]["draft"] == caller.state()["draft"]
    assert events[1]["actions"]["stateDelta"] == {}
    assert len({event["invocationId"] for event in events}) == 1
    assert len({event["id"] for event in events}) == len(events)


def test_a_streamed_answer_comes_in_parts_and_whole(caller: Caller) -> None:
    texts = [event for event in caller.events("hello", streaming=True) if "content" in event][-2:]
    assert [event["partial"] for event in texts] == [True, False]


def test_silence_is_broken_by_heartbeats(caller: Caller, engine: SlowEngine) -> None:
    with caller.say("sync") as answer:
        lines = answer.iter_lines()
        seen = [next(lines) for _ in range(12)]
        engine.enough.set()
        rest = list(lines)
    assert b"data:" in seen
    progress = [json.loads(line[6:]) for line in seen if line.startswith(b"data: ")]
    assert progress[-1]["customMetadata"]["stage"] == "listening to summer.wav"
    assert b"Synced" in b"".join(rest)


def test_a_client_that_hangs_up_does_not_stop_the_edit(caller: Caller, engine: SlowEngine) -> None:
    with caller.say("sync") as answer:
        next(answer.iter_lines())
    assert caller.state()["editing"]
    engine.enough.set()
    state = caller.wait_for(lambda: caller.state() if not caller.state()["editing"] else None)
    assert state["draft"]["m"]["sync"]
    assert "Synced" in state["messages"][-1]["text"]


def test_messages_of_a_session_are_answered_in_their_order(caller: Caller, engine: SlowEngine) -> None:
    with caller.say("sync") as first:
        next(first.iter_lines())
        with caller.say("add the title 'Later'") as second:
            engine.enough.set()
            assert "Later" in second.text
    said = [message["text"] for message in caller.state()["messages"] if message["role"] == "studio"]
    assert [text.split(" ")[0] for text in said] == ["Synced", "Title"]


def test_too_many_messages_at_once_are_refused(caller: Caller, engine: SlowEngine) -> None:
    open_answers = [caller.say("sync") for _ in range(11)]
    assert open_answers[-1].status_code == 429
    engine.enough.set()
    for answer in open_answers:
        answer.close()


def test_a_stop_during_an_edit_is_answered_at_the_next_start(tmp_path: Path, material: tuple[Path, Path]) -> None:
    engine = SlowEngine()
    with running(tmp_path, engine=engine) as caller:
        caller.sign_in().upload(*material)
        caller.say("sync").close()
        token, session_id = caller.session.headers["Authorization"], caller.session_id
        with running(tmp_path, engine=KnowingEngine({})) as again:
            again.session.headers["Authorization"] = token
            again.session_id = session_id
            state = again.state()
        engine.enough.set()
    assert not state["editing"]
    assert "stopped during this edit" in state["messages"][-1]["text"]


def test_metered_sessions_run_out_of_credits(tmp_path: Path, material: tuple[Path, Path]) -> None:
    engine = SlowEngine()
    engine.enough.set()
    with running(tmp_path, engine=engine, credits=60) as caller:
        caller.sign_in().upload(*material)
        assert caller.chat("trim to 1 s")
        opened = caller.call("POST", "/api/tasks/me/with-session/nemo_agent", json={})
        caller.session_id = opened.json()["data"]["session_id"]
        answer = caller.say("trim to 1 s")
    assert (answer.status_code, answer.json()["code"]) == (403, 2001)
