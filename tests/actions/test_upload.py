"""Uploads: each file for itself, and remembered for a project that gets lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from music_cog_online.errors import MediaRefused, Unreachable
from tests.actions.backends import EMPTY, Desk, good_backend, said
from tests.peers import DROP, Answer, Peer, code

UPLOAD = ("POST", "/api/upload-video/nemo_agent/me/*")


def uploads(peer: Peer, session: str) -> int:
    """How many uploads a session got."""
    return peer.count("POST", f"/api/upload-video/nemo_agent/me/{session}")


def test_several_files_get_one_summary(desk: Desk, clip: Path, song: Path) -> None:
    result = desk.run("upload", sources=[str(clip), str(song)])
    assert "clip.mp4" in result.message
    assert "song.wav" in result.message
    assert [one["name"] for one in result.data["files"]] == ["clip.mp4", "song.wav"]


def test_a_refused_file_does_not_keep_the_others_out(desk: Desk, clip: Path, song: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not media")
    result = desk.run("upload", sources=[str(clip), str(notes), str(song)])
    assert [one["name"] for one in result.data["files"]] == ["clip.mp4", "song.wav"]
    assert isinstance(result.error, MediaRefused)
    assert "notes.txt" in result.message
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("clip.mp4", b"just words\n", "clip.mp4 is called .mp4 but is not a video (it looks like text)."),
        (
            "song.mp3",
            b"<!DOCTYPE html><p>no</p>",
            "song.mp3 is called .mp3 but is not a sound file (it looks like a web",
        ),
        ("a.png", b"%PDF-1.7\n\x80", "a.png is called .png but is not a picture (it looks like a PDF)."),
        ("b.mov", b"\x93\x01\xfe\x02" * 9, "b.mov is called .mov but is not a video that can be read."),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told(
    desk: Desk, peer: Peer, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    result = desk.run("upload", sources=[str(tmp_path / name)])
    assert words in result.message
    assert result.error is not None
    assert result.error.hint.startswith("Supported: mp4")
    assert uploads(peer, "sid_1") == 0


def test_next_steps_name_what_is_missing(desk: Desk, clip: Path, song: Path) -> None:
    assert desk.run("upload", sources=[str(clip)]).next == ("upload a song",)
    assert desk.run("upload", sources=[str(song)]).next[0].startswith("sync background music")


def test_a_link_is_fetched_by_the_backend(desk: Desk, peer: Peer) -> None:
    desk.run("upload", sources=["https://example.com/a/clip.mp4"])
    (request,) = [one for one in peer.requests if "/upload-video/" in one.path]
    assert request.json() == {"urls": ["https://example.com/a/clip.mp4"], "source_type": "url"}


def test_an_interrupted_upload_leaves_the_session_usable(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("connect")
    peer.route(*UPLOAD, Answer(raw=(DROP,)))
    result = desk.run("upload", sources=[str(clip)])
    assert result.exit_code == 4
    assert result.message.startswith("Not uploaded: clip.mp4. ")
    good_backend(peer)
    assert desk.run("upload", sources=[str(clip)]).exit_code == 0
    assert desk.context().store.session().session_id == "sid_1"  # type: ignore[union-attr]


def test_a_lost_connection_ends_the_row_and_what_was_uploaded_is_told(
    desk: Desk, peer: Peer, clip: Path, song: Path
) -> None:
    good = Answer(200, {"Content-Type": "application/json"}, b'{"code":0,"data":{"files":[{"id":"1"}]}}')
    peer.route(*UPLOAD, good, Answer(raw=(DROP,)))
    result = desk.run("upload", sources=[str(clip), str(song), str(song)])
    assert isinstance(result.error, Unreachable)
    assert "Uploaded clip.mp4." in result.message
    assert "Not uploaded: song.wav and song.wav. " in result.message
    assert uploads(peer, "sid_1") == 2


def test_an_edit_does_not_begin_without_the_files_that_it_needs(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    peer.route("GET", "/api/state/nemo_agent/me/sid_1/latest", code(1002))
    peer.route(*UPLOAD, Answer(raw=(DROP,)))
    with pytest.raises(Unreachable):
        desk.run("edit", text="add music")
    assert peer.count("POST", "/run_sse") == 0


@pytest.mark.parametrize(
    "link", ["ftp://example.com/clip.mp4", "file:///etc/passwd", "HTTP://", "s3://bucket/clip.mp4"]
)
def test_an_address_of_another_scheme_is_refused_as_one(desk: Desk, peer: Peer, link: str) -> None:
    result = desk.run("upload", sources=[link])
    assert isinstance(result.error, MediaRefused)
    assert "is no link to a file on the web" in result.message
    assert result.next == ()
    assert uploads(peer, "sid_1") == 0


def test_a_lost_project_gets_its_files_again_with_the_next_instruction(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    peer.route("GET", "/api/state/nemo_agent/me/sid_1/latest", code(1002))
    peer.route("POST", "/run_sse", said("Here you go."))
    result = desk.run("edit", text="add music")
    assert result.message == "Here you go."
    assert uploads(peer, "sid_2") == 1
    assert any("no longer knows this project" in line and "clip.mp4" in line for line in desk.heard)
    assert peer.count("POST", "/run_sse") == 1


def test_files_that_have_changed_since_are_not_passed_off_as_the_old_ones(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    clip.write_bytes(clip.read_bytes() + b"more")
    peer.route("GET", "/api/state/nemo_agent/me/sid_1/latest", code(1002))
    desk.run("edit", text="add music")
    assert uploads(peer, "sid_2") == 0


def test_an_upload_to_a_lost_session_goes_to_a_new_one(desk: Desk, peer: Peer, clip: Path) -> None:
    desk.run("connect")
    peer.route("POST", "/api/upload-video/nemo_agent/me/sid_1", code(1002))
    assert desk.run("upload", sources=[str(clip)]).exit_code == 0
    assert uploads(peer, "sid_2") == 1


def test_a_session_that_is_lost_again_and_again_is_no_loop(desk: Desk, peer: Peer) -> None:
    desk.run("connect")
    peer.route("GET", "/api/state/nemo_agent/me/*", code(1002))
    with pytest.raises(Exception, match="does not know this project"):
        desk.run("state")
    assert peer.count("POST", "/api/tasks/me/with-session/nemo_agent") == 2
    assert EMPTY["t"] == []
