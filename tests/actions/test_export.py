"""Exports: waited for, taken up again, delivered whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from music_cog_online.actions.rendering import last_export
from music_cog_online.actions.suggestions import after_export
from music_cog_online.errors import BackendRefused, PlanNeeded, Unreachable, UsageError
from music_cog_online.store import Render
from tests.actions.backends import EMPTY, SYNCED, VIDEO, Desk, render_answer, states
from tests.peers import Answer, Peer, code

SUBMIT = ("POST", "/api/render/proxy/lambda")
STATUS = ("GET", "/api/render/proxy/lambda/*")


def submitted(peer: Peer) -> list[str]:
    """Ids of the renders that were asked for."""
    return [one.json()["id"] for one in peer.requests if (one.method, one.path) == SUBMIT]


def test_the_finished_file_is_delivered_whole(desk: Desk) -> None:
    result = desk.run("export", output="out.mp4")
    assert Path("out.mp4").read_bytes() == VIDEO
    assert result.data["path"] == str(Path("out.mp4").absolute())
    assert [path.name for path in Path().iterdir()] == ["out.mp4"]


def test_the_render_is_asked_for_as_the_protocol_says(desk: Desk, peer: Peer) -> None:
    desk.run("export")
    (request,) = [one for one in peer.requests if (one.method, one.path) == SUBMIT]
    assert request.json()["sessionId"] == "sid_1"
    assert request.json()["draft"] == SYNCED
    assert request.json()["id"].startswith("render_")
    assert request.headers["x-skill-source"] == "music-cog-online"


def test_an_empty_timeline_is_never_rendered(desk: Desk, peer: Peer) -> None:
    states(peer, EMPTY)
    with pytest.raises(BackendRefused, match="nothing to export"):
        desk.run("export")
    assert submitted(peer) == []


def test_a_file_that_the_user_did_not_name_replaces_nothing(desk: Desk) -> None:
    first = Path(desk.run("export").data["path"])
    first.write_bytes(b"mine")
    second = Path(desk.run("export").data["path"])
    assert (first.read_bytes(), second.read_bytes()) == (b"mine", VIDEO)
    assert second.name == f"{first.stem}-2.mp4"


def test_what_has_not_changed_is_not_rendered_again(desk: Desk, peer: Peer) -> None:
    first = desk.run("export")
    again = desk.run("export")
    assert (again.data["path"], again.data["rendered"]) == (first.data["path"], False)
    assert "Nothing has changed" in again.message
    desk.run("export", output="copy.mp4")
    assert Path("copy.mp4").read_bytes() == VIDEO
    assert last_export(desk.context().store) == Path("copy.mp4").absolute()
    Path(first.data["path"]).unlink()
    Path("copy.mp4").unlink()
    assert Path(desk.run("export").data["path"]).read_bytes() == VIDEO
    assert len(submitted(peer)) == 1


def test_what_has_changed_or_is_gone_from_the_backend_is_rendered_again(desk: Desk, peer: Peer) -> None:
    Path(desk.run("export").data["path"]).unlink()
    peer.route(*STATUS, code(404, status=404), render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    desk.run("export")
    states(peer, {**SYNCED, "d": 9000})
    desk.run("export")
    assert len(set(submitted(peer))) == 3


def test_the_stage_of_a_render_is_told(desk: Desk, peer: Peer) -> None:
    stages = [
        Answer(200, {"Content-Type": "application/json"}, json.dumps({"status": "processing", "stage": one}).encode())
        for one in ("rendering", "measuring the finished file")
    ]
    peer.route(*STATUS, *stages, render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    desk.run("export")
    told = list(dict.fromkeys(desk.stages))
    assert told == ["Rendering", "Measuring the finished file", "Downloading"]


def test_next_steps_fit_the_timeline(desk: Desk, peer: Peer) -> None:
    title = {"tt": 7, "sg": [{"s": 0, "d": 3000, "m": {"text": "Paradise Found"}}]}
    states(peer, {**SYNCED, "m": {"width": 1080, "height": 1920}, "t": [*SYNCED["t"], title]})
    steps = desk.run("export").next
    assert steps == ("make the music a little quieter", "move the title to the top", "make it 16:9")
    states(peer, {**SYNCED, "t": SYNCED["t"][:1]})
    desk.run("chat", text="导出")
    assert desk.run("export").next == ("上传歌曲", "前三秒加标题“城市之梦”", "改成竖屏")


@pytest.mark.parametrize("words", ["export in 4k at 120fps", "render it as a gif in 4K"])
def test_wishes_that_an_export_does_not_fulfil_are_told(desk: Desk, words: str) -> None:
    message = desk.run("export", words=words).message
    assert "4K and " in message
    assert "are not offered; this is an MP4" in message


def test_wishes_that_the_timeline_fulfils_or_that_are_content_are_not_told(desk: Desk, peer: Peer) -> None:
    states(peer, {**SYNCED, "m": {"width": 3840, "height": 2160, "fps": 60.0}})
    assert "offered" not in desk.run("export", words='4k, 60 fps, title "8K", from clip.mov').message


def test_a_file_that_the_user_named_is_replaced(desk: Desk) -> None:
    Path("out.mp4").write_bytes(b"old")
    desk.run("export", output="out.mp4")
    assert Path("out.mp4").read_bytes() == VIDEO


def test_a_source_is_never_overwritten(desk: Desk, clip: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    with pytest.raises(UsageError, match="made from"):
        desk.run("export", output=str(clip))
    assert clip.read_bytes() == VIDEO


def test_a_folder_is_enough_of_a_place(desk: Desk) -> None:
    Path("results").mkdir()
    assert Path(desk.run("export", output="results").data["path"]).parent.name == "results"


def test_a_failed_render_is_tried_once_more_under_a_new_id(desk: Desk, peer: Peer) -> None:
    done = render_answer("completed", url=f"{peer.url}/files/x.mp4")
    peer.route(*STATUS, render_answer("failed"), done)
    desk.run("export", output="out.mp4")
    assert len(set(submitted(peer))) == 2


def test_two_failures_are_told(desk: Desk, peer: Peer) -> None:
    peer.route(*STATUS, render_answer("failed"))
    with pytest.raises(BackendRefused, match="failed twice"):
        desk.run("export")
    assert len(submitted(peer)) == 2


def test_a_plan_without_exports_is_about_the_plan(desk: Desk, peer: Peer) -> None:
    peer.route(*SUBMIT, code(402, status=402))
    with pytest.raises(PlanNeeded, match="upgrade your plan") as caught:
        desk.run("export")
    assert caught.value.exit_code == 3


def test_a_render_that_never_ends_is_told_and_taken_up_next_time(desk: Desk, peer: Peer) -> None:
    peer.route(*STATUS, render_answer("processing"))
    desk.environ["MUSIC_COG_TIME_SCALE"] = "0"
    with pytest.raises(Unreachable, match="not moved"):
        desk.run("export")
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    desk.run("export", output="out.mp4")
    assert len(submitted(peer)) == 1
    assert any("under way already" in line for line in desk.heard)


def test_a_render_whose_asking_was_cut_off_is_asked_for_under_its_id(desk: Desk, peer: Peer) -> None:
    desk.run("connect")
    desk.run("export", output="one.mp4")
    store = desk.context().store
    (render,) = store.renders()
    store.put_render(replace(render, status="pending", out=""))
    peer.route(*STATUS, code(404, status=404), render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    desk.run("export", output="two.mp4")
    assert submitted(peer) == [render.id, render.id]


def test_another_draft_is_another_render(desk: Desk, peer: Peer) -> None:
    desk.run("connect")
    session = desk.context().store.session()
    assert session is not None
    desk.context().store.put_render(Render("render_1", session.session_id, draft_key="another"))
    desk.run("export", output="out.mp4")
    assert len(submitted(peer)) == 1


def test_a_gone_address_is_got_around(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/files/*", Answer(410, {}, b""))
    peer.route("GET", "/api/render/proxy/*", Answer(200, {"Content-Type": "video/mp4"}, VIDEO))
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/gone.mp4"))
    desk.run("export", output="out.mp4")
    assert Path("out.mp4").read_bytes() == VIDEO


def test_a_file_that_is_gone_for_good_is_rendered_afresh_next_time(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/files/*", Answer(410, {}, b""))
    with pytest.raises(BackendRefused, match="no longer has"):
        desk.run("export", output="out.mp4")
    assert not Path("out.mp4").exists()
    peer.route("GET", "/files/*", Answer(200, {"Content-Type": "video/mp4"}, VIDEO))
    desk.run("export", output="out.mp4")
    assert len(set(submitted(peer))) == 2


def test_a_file_that_came_incomplete_is_fetched_again_next_time(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/files/*", Answer(200, {"Content-Type": "video/mp4", "Content-Length": "99"}, (b"x" * 50,)))
    with pytest.raises(Unreachable) as caught:
        desk.run("export", output="out.mp4")
    assert "run the same command again" in caught.value.hint
    assert not Path("out.mp4").exists()
    peer.route("GET", "/files/*", Answer(200, {"Content-Type": "video/mp4"}, VIDEO))
    desk.run("export", output="out.mp4")
    assert len(submitted(peer)) == 1


def test_an_address_that_speaks_of_a_lost_session_costs_no_project(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/files/*", code(1002))
    peer.route("GET", "/api/render/proxy/*", code(1002))
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/gone.mp4"))
    with pytest.raises(BackendRefused, match="no longer has"):
        desk.run("export", output="out.mp4")
    assert desk.context().store.session().session_id == "sid_1"  # type: ignore[union-attr]


def test_bad_gateways_while_waiting_are_waited_out(desk: Desk, peer: Peer) -> None:
    done = render_answer("completed", url=f"{peer.url}/files/x.mp4")
    peer.route(*STATUS, *[Answer(502, {}, b"bad gateway")] * 9, done)
    desk.run("export", output="out.mp4")
    assert len(submitted(peer)) == 1


def test_figures_of_the_backend_come_along(desk: Desk, peer: Peer) -> None:
    measured = {"version": 1, "hits": 2, "file": "8f3a.mp4", "cuts": [{"hit": True}]}
    body = json.dumps({"status": "completed", "output": {"url": "/files/x.mp4", "report": measured}}).encode()
    peer.route(*STATUS, Answer(200, {"Content-Type": "application/json"}, body))
    report = desk.run("export", output="out.mp4").data["report"]
    assert report == {"version": 1, "hits": 2, "file": "out.mp4"}


def test_state_tells_of_a_render_under_way(desk: Desk, peer: Peer) -> None:
    desk.environ["MUSIC_COG_TIME_SCALE"] = "0"
    peer.route(*STATUS, render_answer("processing"))
    with pytest.raises(Unreachable):
        desk.run("export")
    assert "A render is under way" in desk.run("state").message
    peer.route(*STATUS, render_answer("completed", url=f"{peer.url}/files/x.mp4"))
    assert "`export` brings the file" in desk.run("state").message


def test_a_name_that_promises_another_format_is_told(desk: Desk) -> None:
    assert "MP4" in desk.run("export", output="out.mov").message


@pytest.mark.parametrize("words", ["sync the music, don't touch the picture", "卡点，不要动画面"])
def test_a_picture_that_is_to_be_left_alone_is_not_to_be_recut(desk: Desk, words: str) -> None:
    missed = {"in_sync": False, "cut_count": 3}
    recut = desk.context().manifest.suggestions["recut"].values()
    for text, offers in ((words, False), ("cut the clips on every bar", True)):
        desk.run("edit", text=text)
        assert any(one in recut for one in after_export(desk.context(), SYNCED, missed)) is offers
