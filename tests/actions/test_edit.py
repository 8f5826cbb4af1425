"""One instruction: told once, never sent twice, and what the backend asks for is done within bounds."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from music_cog_online.errors import BackendRefused, CreditsNeeded, StreamLost, UsageError
from tests.actions.backends import EMPTY, SYNCED, Desk, said, states, tool_only
from tests.peers import DROP, Answer, Peer, Wait, code, ok, sse

RENDER = ("POST", "/api/render/proxy/lambda")
CHAT = ("POST", "/run_sse")


def retitled() -> dict[str, object]:
    """The synced draft with a title."""
    draft = copy.deepcopy(SYNCED)
    draft["t"].append({"tt": 7, "sg": [{"s": 0, "d": 3000, "m": {"text": "Paradise Found"}}]})
    return draft


def test_what_the_backend_says_is_told_once(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Music added.", "Anything else?"))
    result = desk.run("edit", text="add music")
    assert desk.heard == ["Music added.", "Anything else?"]
    assert result.message == "Music added.\nAnything else?"
    assert result.exit_code == 0


def test_the_instruction_reaches_the_backend_word_for_word(desk: Desk, peer: Peer) -> None:
    desk.run("edit", text="加一个标题“天堂”")
    (request,) = [one for one in peer.requests if one.path == "/run_sse"]
    assert request.json()["new_message"] == {"parts": [{"text": "加一个标题“天堂”"}]}


def test_no_words_are_a_usage_error(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.run("edit", text="  ")


def test_an_edit_tells_whether_the_timeline_changed(desk: Desk, peer: Peer) -> None:
    states(peer, SYNCED, retitled())
    changed = desk.run("edit", text="add the title")
    assert (changed.data["changed"], changed.next) == (True, ("show tracks", "export it"))
    peer.route(*CHAT, said("I did not understand that."))
    unchanged = desk.run("edit", text="blorf")
    assert (unchanged.data["changed"], unchanged.data["changes"], unchanged.exit_code) == (False, [], 0)
    assert "export it" not in unchanged.next
    assert unchanged.next[0] == "show tracks"


def test_what_is_missing_is_suggested_while_nothing_is_on_the_timeline(desk: Desk, peer: Peer, song: Path) -> None:
    states(peer, EMPTY)
    assert desk.run("edit", text="sync").next == ("upload a clip and a song",)
    desk.run("upload", sources=[str(song)])
    assert desk.run("edit", text="sync").next == ("upload a clip",)
    assert desk.run("edit", text="卡点").next == ("上传视频",)


def test_a_silent_edit_is_answered_by_what_changed(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, tool_only())
    states(peer, SYNCED, retitled())
    result = desk.run("edit", text="add the title")
    assert "Paradise Found" in result.message
    assert result.data["changes"]


def test_a_silent_edit_gets_a_moment_to_show(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, tool_only())
    states(peer, SYNCED, SYNCED, retitled())
    assert "Paradise Found" in desk.run("edit", text="add the title").message


def test_a_silent_edit_that_changed_nothing_is_no_success(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, tool_only())
    with pytest.raises(BackendRefused, match="nothing has changed"):
        desk.run("edit", text="add the title")


def test_an_error_event_of_an_edit_that_worked_is_no_failure(desk: Desk, peer: Peer) -> None:
    event = b'data: {"content":{"parts":[]},"errorCode":"MODEL_RETURNED_NO_CONTENT","errorMessage":"empty"}\n\n'
    peer.route(*CHAT, sse(event))
    states(peer, SYNCED, retitled())
    assert desk.run("edit", text="add the title").exit_code == 0


def test_an_error_event_without_a_change_is_told(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, sse(b'data: {"error": "the model is overloaded"}\n\n'))
    with pytest.raises(BackendRefused, match="overloaded"):
        desk.run("edit", text="add the title")


def test_after_a_lost_connection_the_state_tells_and_nothing_is_sent_again(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, tool_only(then=(DROP,)))
    states(peer, SYNCED, SYNCED, SYNCED, retitled())
    result = desk.run("edit", text="add the title")
    assert "Paradise Found" in result.message
    assert peer.count(*CHAT) == 1
    assert any("not sent again" in line for line in desk.heard)


def test_five_looks_without_a_change_end_in_an_offer_to_try_again(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, tool_only(then=(DROP,)))
    states(peer, SYNCED)
    with pytest.raises(StreamLost) as caught:
        desk.run("edit", text="add the title")
    looks = [path for method, path in peer.begun if method == "GET" and "/state/" in path]
    assert len(looks) == 1 + 5
    assert peer.count(*CHAT) == 1
    assert "try again" in caught.value.hint
    assert caught.value.exit_code == 4


def test_heartbeats_alone_end_like_a_lost_connection(desk: Desk, peer: Peer) -> None:
    desk.environ["MUSIC_COG_TIME_SCALE"] = "0.001"
    beats = [piece for _ in range(40) for piece in (b": heartbeat\n\n", Wait(0.05))]
    peer.route(*CHAT, sse(*beats))
    states(peer, SYNCED, SYNCED, retitled())
    assert "Paradise Found" in desk.run("edit", text="add the title").message
    assert peer.count(*CHAT) == 1
    assert "⏳ Still working..." in desk.heard


def test_an_export_that_nobody_asked_for_is_offered_only(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("The music is in. Click the Export button to download it."))
    result = desk.run("edit", text="add music")
    assert result.data["asked"] == ["export"]
    assert peer.count(*RENDER) == 0
    assert "Click" not in result.message


def test_a_question_about_exporting_is_no_wish_for_one(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Click the Export button to download it."))
    desk.run("edit", text="how do I export?")
    assert peer.count(*RENDER) == 0
    desk.run("edit", text="can you export it?")
    assert peer.count(*RENDER) == 1


def test_panels_and_previews_are_answered_with_the_timeline(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Open the Tracks panel. Preview it in the timeline."))
    result = desk.run("edit", text="what does it look like?")
    assert result.message.count("Timeline (2 tracks)") == 1


def test_billing_talk_is_answered_with_the_balance(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Check your account billing page."))
    assert "100 credits" in desk.run("edit", text="why did it stop?").message


@pytest.mark.parametrize(("user", "link"), [("anon_7", "register?bind=anon_7"), ("usr_9", "")])
def test_no_credits_name_the_way_to_more(desk: Desk, peer: Peer, user: str, link: str) -> None:
    peer.route("POST", "/api/tasks/me/with-session/nemo_agent", ok({"session_id": "s", "user_id": user}))
    peer.route(*CHAT, code(2001))
    with pytest.raises(CreditsNeeded) as caught:
        desk.run("edit", text="generate a clip")
    assert caught.value.exit_code == 3
    assert ("register?bind=" in caught.value.message) == bool(link)
    assert link in caught.value.message


def test_a_backend_that_cannot_tell_its_state_is_talked_to_all_the_same(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/api/state/nemo_agent/me/*", code(5000))
    result = desk.run("edit", text="add music")
    assert (result.message, result.data["changed"]) == ("Done.", None)
    states(peer, EMPTY)


@pytest.mark.parametrize(
    "answer",
    [
        sse(b'data: {"content":{"parts":[{"functionCall":{"name":"edit"}}]}}\n\n', b'data: {"code": 1002}\n\n'),
        sse(b'data: {"content":{"parts":[{"functionCall":{"name":"edit"}}]}}\n\n', DROP),
        tool_only(),
    ],
    ids=["told in the stream", "connection lost", "silent end"],
)
def test_a_project_lost_while_a_message_is_worked_on_does_not_get_the_message_again(
    desk: Desk, peer: Peer, answer: Answer
) -> None:
    peer.route(*CHAT, answer)
    peer.route("GET", "/api/state/nemo_agent/me/*", ok({"state": {"draft": EMPTY}}), code(1002))
    with pytest.raises(BackendRefused, match="not sent again"):
        desk.run("edit", text="add the title")
    assert peer.count(*CHAT) == 1


def test_damaged_notes_are_told(desk: Desk) -> None:
    desk.run("connect")
    (desk.context().store.folder / "projects.json").write_text("{half")
    desk.run("state")
    assert any("projects.json was damaged" in line for line in desk.heard)
