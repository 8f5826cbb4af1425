"""The user's own words: routed, then done in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from music_cog_online.errors import MediaRefused, UsageError
from tests.actions.backends import Desk, said
from tests.peers import Peer

CHAT = ("POST", "/run_sse")
SUBMIT = ("POST", "/api/render/proxy/lambda")


def messages(peer: Peer) -> list[str]:
    """The texts that were sent to the editor."""
    return [one.json()["new_message"]["parts"][0]["text"] for one in peer.requests if one.path == "/run_sse"]


@pytest.mark.parametrize(
    ("words", "intent"), [("show tracks", "state"), ("积分", "credits"), ("导出", "export"), ("make it louder", "edit")]
)
def test_the_router_decides_and_says_why(desk: Desk, words: str, intent: str) -> None:
    result = desk.run("chat", text=words)
    assert result.data["intent"] == intent
    assert result.data["rule"]
    assert result.data["reason"]
    assert result.action == "chat"


@pytest.mark.parametrize(
    "words",
    ["can you export it in 4k?", "what formats can you export?", "how do I export?", "怎么导出4K", "能导出gif吗"],
)
def test_a_question_about_exporting_is_answered_and_starts_no_render(desk: Desk, peer: Peer, words: str) -> None:
    result = desk.run("chat", text=words)
    assert (result.data["intent"], result.data["answered"]) == ("export", True)
    assert "MP4" in result.message
    assert ("4K" in result.message) == ("4k" in words.lower())
    assert peer.begun == []


def test_a_question_why_exporting_does_not_work_starts_no_render(desk: Desk, peer: Peer) -> None:
    assert "try it again" in desk.run("chat", text="why is the export blocked?").message
    assert peer.begun == []


@pytest.mark.parametrize("words", ["can you export it?", "could you render the video please?", "能导出吗?"])
def test_a_polite_request_for_an_export_is_one(desk: Desk, peer: Peer, words: str) -> None:
    assert desk.run("chat", text=words).data["path"]
    assert peer.count(*SUBMIT) == 1


def test_an_export_tells_what_it_does_not_give(desk: Desk) -> None:
    assert "4K is not offered; this is an MP4" in desk.run("chat", text="add music, then export it in 4k").message


def test_a_file_and_an_instruction_are_an_upload_and_an_edit(desk: Desk, peer: Peer, clip: Path) -> None:
    result = desk.run("chat", text="put lo-fi under it", attach=[str(clip)])
    assert messages(peer) == ["put lo-fi under it"]
    assert "clip.mp4" in desk.heard[0]
    assert result.data["upload"]["files"]
    assert peer.count(*SUBMIT) == 0


def test_further_requests_follow_in_their_order(desk: Desk, peer: Peer) -> None:
    result = desk.run("chat", text="add music and then export it", output="out.mp4")
    assert [path for _, path in peer.begun if path in {CHAT[1], SUBMIT[1]}] == [CHAT[1], SUBMIT[1]]
    assert Path("out.mp4").exists()
    assert result.data["export"]["path"].endswith("out.mp4")


def test_an_export_that_the_backend_and_the_user_ask_for_happens_once(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Music added. Click the Export button to get it."))
    desk.run("chat", text="add music and then export it")
    assert peer.count(*SUBMIT) == 1


def test_the_backend_alone_cannot_start_an_export(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Done. Click Export now! 请点击“导出”按钮。"))
    for words in ("add music", "don't export yet, add music", 'add the title "export me"'):
        desk.run("chat", text=words)
    assert peer.count(*SUBMIT) == 0


def test_an_upload_without_a_file_asks_for_one(desk: Desk, peer: Peer) -> None:
    result = desk.run("chat", text="I want to upload a file")
    assert result.data["needs"] == "file"
    assert "mp4" in result.message
    assert peer.begun == []


def test_a_link_in_the_words_is_uploaded(desk: Desk, peer: Peer) -> None:
    desk.run("chat", text="https://example.com/a.mp4")
    assert any("/upload-video/" in path for _, path in peer.begun)


def test_words_that_slipped_behind_the_files_are_words(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("chat", attach=[str(clip), "put lo-fi under it"])
    assert messages(peer) == ["put lo-fi under it"]


def test_an_attached_file_that_is_not_there_is_named(desk: Desk) -> None:
    with pytest.raises(MediaRefused, match=r"gone\.mp4"):
        desk.run("chat", text="use this", attach=["gone.mp4"])


def test_batch_style_gives_each_clip_its_own_instruction_and_render(desk: Desk, peer: Peer, tmp_path: Path) -> None:
    for name in ("a", "b"):
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(b"\x00\x00\x00\x18ftypmp42" + name.encode() * 64)
        desk.run("chat", text=f"sync {name} to the music", attach=[str(path)])
        desk.run("chat", text="export", output=f"{name}-out.mp4")
    assert len(messages(peer)) == 2
    assert peer.count(*SUBMIT) == 2
    assert sorted(path.name for path in Path().iterdir()) == ["a-out.mp4", "b-out.mp4"]


def test_nothing_at_all_is_a_usage_error(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.run("chat", text=" ")


@pytest.mark.parametrize(
    "answer",
    [
        "To get the MP4, say “export”. I did not understand “swap the clips”.",
        "To get the MP4, say “export”.",
        "I cannot add transitions between shots.",
        "没看懂“swap the clips”。",
        "3 clips are on the timeline; which ones? “Reverse the order” turns all of them round.",
        "There is only one clip, so there is no order to change.",
    ],
)
def test_nothing_is_exported_after_an_edit_that_was_not_understood(desk: Desk, peer: Peer, answer: str) -> None:
    peer.route(*CHAT, said(answer))
    result = desk.run("chat", text="swap the clips, then send me the video")
    assert peer.count(*SUBMIT) == 0
    assert result.data["exported"] is False
    assert "nothing was exported" in result.message
    assert "export it" in result.next


def test_files_and_an_edit_that_was_not_understood_export_nothing(desk: Desk, peer: Peer, clip: Path) -> None:
    peer.route(*CHAT, said("I did not understand “blorf it”."))
    desk.run("chat", text="blorf it and then export it", attach=[str(clip)])
    assert peer.count(*SUBMIT) == 0


def test_what_was_so_already_is_exported(desk: Desk, peer: Peer) -> None:
    peer.route(*CHAT, said("Nothing had to be changed."))
    desk.run("chat", text="make it 9:16 and export it")
    assert peer.count(*SUBMIT) == 1


def test_who_puts_an_export_off_is_not_reminded_of_it(desk: Desk, peer: Peer) -> None:
    peer.route(
        *CHAT, said("To get the MP4, say “export”. Title added: “Hi”. Say “export” for the MP4, or go on editing.")
    )
    result = desk.run("chat", text="don't export yet, add the title “Hi”")
    assert (result.message, peer.count(*SUBMIT)) == ("Title added: “Hi”.", 0)
    assert "export it" not in result.next


def test_a_quoted_word_does_not_change_the_language_of_suggestions(desk: Desk) -> None:
    desk.run("chat", text="add the title “夏天”")
    assert desk.run("new").next == ("upload a clip and a song",)
    desk.run("chat", text="把音乐调小一点")
    desk.run("chat", text="“Summer” 35%")
    assert desk.run("new").next == ("上传视频和歌曲",)
