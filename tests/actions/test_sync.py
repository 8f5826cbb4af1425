"""Files in, finished video out; interrupted anywhere, it goes on where it was."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from music_cog_online.actions.sync_jobs import claim, note
from music_cog_online.errors import BackendRefused, CreditsNeeded, MediaRefused, StreamLost, Unreachable, UsageError
from tests.actions.backends import EMPTY, SYNCED, VIDEO, Desk, good_backend, said, states, tool_only
from tests.peers import DROP, Answer, Peer, code, ok

CHAT = ("POST", "/run_sse")
SUBMIT = ("POST", "/api/render/proxy/lambda")
SESSION = ("POST", "/api/tasks/me/with-session/nemo_agent")


def uploads(peer: Peer) -> int:
    """How many files were uploaded."""
    return sum("/upload-video/" in path for _, path in peer.begun)


def messages(peer: Peer) -> list[str]:
    """The texts that were sent to the editor."""
    sent = [one for one in peer.requests if one.path == "/run_sse"]
    return [one.json()["new_message"]["parts"][0]["text"] for one in sent]


def test_the_whole_way_in_one_go(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route(*CHAT, said("All 12 cuts fall on the beat."))
    result = desk.run("sync", items=[str(clip), str(song)], output="out.mp4")
    assert Path("out.mp4").read_bytes() == VIDEO
    assert messages(peer) == ["sync background music to my video and adjust the beat drops to match the cuts"]
    assert uploads(peer) == 2
    assert "All 12 cuts" in result.message
    assert desk.heard[0] == "Setting things up..."
    assert result.next


def test_words_of_the_user_are_the_instruction(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    desk.run("sync", items=[str(clip), "cut on every bar", str(song)])
    assert messages(peer) == ["cut on every bar"]


def test_each_sync_is_a_project_of_its_own(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    for words in ("cut on every bar", "cut on every beat"):
        desk.run("sync", items=[str(clip), str(song), words])
    assert peer.count(*SESSION) == 2
    assert uploads(peer) == 4


def test_a_finished_sync_is_not_done_twice(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route(*CHAT, said("All 12 cuts fall on the beat."))
    first = desk.run("sync", items=[str(clip), str(song)])
    again = desk.run("sync", items=[str(clip), str(song)])
    assert first.data["path"] == again.data["path"]
    assert "All 12 cuts" in again.message
    assert "Nothing has changed" in again.message
    assert (peer.count(*CHAT), peer.count(*SUBMIT), uploads(peer)) == (1, 1, 2)


@pytest.mark.parametrize("change", ["project", "file"])
def test_a_finished_sync_begins_anew_when_something_has_changed(
    desk: Desk, peer: Peer, clip: Path, song: Path, change: str
) -> None:
    desk.run("sync", items=[str(clip), str(song)])
    if change == "project":
        states(peer, {**SYNCED, "d": 9000})
    else:
        clip.write_bytes(VIDEO + b"more")
    desk.run("sync", items=[str(clip), str(song)])
    assert (peer.count(*CHAT), peer.count(*SUBMIT)) == (2, 2)


def test_a_song_alone_is_told_before_a_project_is_opened(desk: Desk, peer: Peer, song: Path) -> None:
    with pytest.raises(UsageError, match=r"song\.wav\) but no picture"):
        desk.run("sync", items=[str(song), "sync it"])
    assert peer.begun == []


def test_a_sync_that_puts_nothing_on_the_timeline_says_once_why(desk: Desk, peer: Peer, clip: Path) -> None:
    states(peer, EMPTY)
    peer.route(*CHAT, said("Now upload a song."))
    for _ in range(2):
        with pytest.raises(BackendRefused, match="Now upload a song") as caught:
            desk.run("sync", items=[str(clip), "sync"])
        assert caught.value.hint == "Nothing was rendered."
    assert (peer.count(*SESSION), uploads(peer), peer.count(*CHAT)) == (1, 1, 2)


def test_a_project_that_holds_nothing_is_taken(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    desk.run("new")
    desk.run("sync", items=[str(clip), str(song)])
    assert peer.count(*SESSION) == 1


def test_keep_stays_in_the_project_and_uploads_only_what_is_new(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    desk.run("sync", items=[str(clip), str(song)], keep=True)
    assert peer.count(*SESSION) == 1
    assert uploads(peer) == 2


def test_no_file_at_all_is_a_usage_error(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no file"):
        desk.run("sync", items=["make it nice"])


def test_a_missing_file_is_named_before_anything_happens(desk: Desk, peer: Peer, clip: Path) -> None:
    with pytest.raises(MediaRefused, match=r"gone\.mp3"):
        desk.run("sync", items=[str(clip), "gone.mp3"])
    assert peer.begun == []


def test_a_refused_file_ends_it_and_names_the_file(desk: Desk, peer: Peer, clip: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake.mp3"
    fake.write_text("just words")
    with pytest.raises(MediaRefused, match=r"fake\.mp3"):
        desk.run("sync", items=[str(clip), str(fake)])
    assert peer.count(*CHAT) == 0


def test_a_source_is_not_written_over(desk: Desk, clip: Path, song: Path) -> None:
    with pytest.raises(UsageError):
        desk.run("sync", items=[str(clip), str(song)], output=str(clip))


def test_interrupted_uploads_are_not_repeated(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route("POST", "/api/upload-video/nemo_agent/me/*", _answer("clip.mp4"), Answer(raw=(DROP,)))
    with pytest.raises(Unreachable):
        desk.run("sync", items=[str(clip), str(song)])
    before = uploads(peer)
    good_backend(peer)
    desk.run("sync", items=[str(clip), str(song)])
    assert uploads(peer) == before + 1
    assert peer.count(*SESSION) == 1


def test_a_lost_edit_is_offered_again_and_running_the_command_again_takes_the_offer(
    desk: Desk, peer: Peer, clip: Path, song: Path
) -> None:
    states(peer, EMPTY)
    peer.route(*CHAT, tool_only(then=(DROP,)))
    with pytest.raises(StreamLost):
        desk.run("sync", items=[str(clip), str(song)])
    assert peer.count(*CHAT) == 1
    good_backend(peer)
    desk.run("sync", items=[str(clip), str(song)])
    assert peer.count(*CHAT) == 2
    assert uploads(peer) == 2


def test_an_edit_that_is_done_is_not_asked_for_again(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route(*SUBMIT, code(5000))
    with pytest.raises(Exception, match="code 5000"):
        desk.run("sync", items=[str(clip), str(song)])
    good_backend(peer)
    desk.heard.clear()
    again = desk.run("sync", items=[str(clip), str(song)], output="out.mp4")
    assert "Done." in desk.heard
    assert again.message.startswith("Done.")
    assert peer.count(*CHAT) == 1
    assert uploads(peer) == 2


def test_a_project_lost_on_the_way_is_begun_again(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route("GET", "/api/state/nemo_agent/me/sid_1/latest", code(1002))
    desk.run("sync", items=[str(clip), str(song)], output="out.mp4")
    assert peer.count(*SESSION) == 2
    assert uploads(peer) == 4
    assert peer.count(*CHAT) == 1


def test_a_second_command_like_one_at_work_gets_a_project_of_its_own(desk: Desk) -> None:
    store = desk.context().store
    first = claim(store, "key")
    note(store, replace(first, session_id="sid_0", pid=os.getppid()))
    second = claim(store, "key")
    assert (second.session_id, second.key) != ("sid_0", "key")
    note(store, replace(first, session_id="sid_0", pid=999_999_999))
    assert claim(store, "key").session_id == "sid_0"


def test_an_interrupted_edit_that_the_backend_knows_to_be_over_is_sent_anew(
    desk: Desk, peer: Peer, clip: Path, song: Path
) -> None:
    peer.route(*CHAT, Answer(raw=(DROP,)))
    state = ok({"state": {"draft": EMPTY, "editing": False}})
    peer.route("GET", "/api/state/nemo_agent/me/*", state)
    with pytest.raises(StreamLost):
        desk.run("sync", items=[str(clip), str(song)])
    assert len([one for one in peer.begun if "/state/" in one[1]]) == 2
    good_backend(peer)
    assert desk.run("sync", items=[str(clip), str(song)]).exit_code == 0


def test_without_credits_nothing_is_rendered(desk: Desk, peer: Peer, clip: Path, song: Path) -> None:
    peer.route(*CHAT, code(2001))
    with pytest.raises(CreditsNeeded):
        desk.run("sync", items=[str(clip), str(song)])
    assert peer.count(*SUBMIT) == 0
    assert SYNCED["t"]


def _answer(name: str) -> Answer:
    body = f'{{"code": 0, "data": {{"files": [{{"id": "1", "name": "{name}"}}]}}}}'.encode()
    return Answer(200, {"Content-Type": "application/json"}, body)
