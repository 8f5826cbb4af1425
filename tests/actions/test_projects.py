"""Connecting, fresh projects, the list of them, and what this machine can do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from music_cog_online.actions import credits
from music_cog_online.errors import UsageError
from tests.actions.backends import TOKEN, Desk
from tests.peers import Answer, Peer, code, ok

SESSION = ("POST", "/api/tasks/me/with-session/nemo_agent")


def test_connect_opens_one_project_and_keeps_it(desk: Desk, peer: Peer) -> None:
    assert desk.run("connect").data["session_id"] == "sid_1"
    assert desk.run("connect").data["session_id"] == "sid_1"
    assert peer.count(*SESSION) == 1
    assert desk.heard == ["Setting things up..."]


def test_connect_opens_a_fresh_project_when_asked(desk: Desk) -> None:
    desk.run("connect")
    assert desk.run("connect", new=True).data["session_id"] == "sid_2"


def test_connect_says_that_it_goes_on_with_what_is_there(desk: Desk) -> None:
    desk.run("connect")
    again = desk.run("connect").message
    assert "Going on with your open project: Timeline (2 tracks)" in again
    assert "music-cog new" in again


def test_projects_that_hold_nothing_are_not_listed(desk: Desk, clip: Path) -> None:
    for _ in range(3):
        desk.run("new")
    desk.run("upload", sources=[str(clip)])
    assert desk.run("new").data["projects"] == 2
    assert [row["files"] for row in desk.run("projects").data["projects"]] == [["clip.mp4"], []]


def test_being_ready_does_not_hang_on_the_balance(desk: Desk, peer: Peer) -> None:
    peer.route("GET", "/api/credits/balance/simple", code(5000))
    assert desk.run("connect").message.startswith("Ready.")


@pytest.mark.parametrize("action", ["connect", "credits", "state", "export"])
def test_every_command_can_be_the_first(desk: Desk, action: str) -> None:
    assert desk.run(action).exit_code == 0


def test_an_expired_free_token_is_replaced_once(desk: Desk, peer: Peer) -> None:
    desk.run("connect")
    peer.route("GET", "/api/credits/balance/simple", code(1001), ok({"available": 7, "frozen": 2, "total": 9}))
    assert "7 credits available, 2 held by running work" in desk.run("credits").message
    assert peer.count("POST", "/api/auth/anonymous-token") == 2


def test_the_words_tell_the_language_of_the_project(desk: Desk, peer: Peer) -> None:
    desk.run("edit", text="把音乐调小一点")
    (request,) = [one for one in peer.requests if (one.method, one.path) == SESSION]
    assert request.json() == {"task_name": "project", "language": "zh"}


def test_projects_are_listed_and_can_be_gone_back_to(desk: Desk, clip: Path) -> None:
    desk.run("upload", sources=[str(clip)])
    desk.run("new")
    listed = desk.run("projects")
    assert [row["current"] for row in listed.data["projects"]] == [False, True]
    assert "clip.mp4" in listed.message
    assert desk.run("projects", use=1).data["projects"][0]["current"] is True
    assert desk.run("connect").data["session_id"] == "sid_1"


def test_a_project_is_listed_with_all_its_files_counted(desk: Desk, clip: Path, song: Path) -> None:
    more = [clip.with_name(f"clip{number}.mp4") for number in range(3)]
    for path in more:
        path.write_bytes(clip.read_bytes() + path.name.encode())
    desk.run("upload", sources=[str(one) for one in (clip, *more, song)])
    desk.run("new")
    listed = desk.run("projects").lines
    assert listed[0].endswith(": 4 clips and song.wav")
    assert listed[1].endswith(": empty (current)")
    assert "`music-cog projects --use NUMBER`" in listed[2]


def test_without_a_project_the_list_says_so(desk: Desk, peer: Peer) -> None:
    assert "no project yet" in desk.run("projects").message
    assert peer.begun == []


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_number_that_is_not_listed_is_a_usage_error(desk: Desk, number: int) -> None:
    desk.run("connect")
    with pytest.raises(UsageError, match="no project"):
        desk.run("projects", use=number)


def test_a_claim_link_holds_the_claim_token_and_never_the_users(desk: Desk, peer: Peer) -> None:
    peer.route("POST", "/api/auth/claim-token", ok({"claim_token": "clm_1", "expires_in": 604800}))
    desk.environ["NEMO_WEB_URL"] = "https://web.example"
    desk.run("connect")
    result = desk.run("projects", link=True)
    assert result.data["link"] == "https://web.example/workspace/claim?ct=clm_1"
    assert TOKEN not in result.message


def test_a_link_needs_a_project(desk: Desk) -> None:
    with pytest.raises(UsageError):
        desk.run("projects", link=True)


def test_the_doctor_finds_what_is_well_and_what_is_not(desk: Desk, peer: Peer) -> None:
    well = desk.run("doctor")
    assert well.exit_code == 0, well.message
    assert {"Python", "ffmpeg", "folder", "cloud"} <= {check["name"] for check in well.data["checks"]}
    peer.route("GET", "/api/credits/balance/simple", Answer(503))
    ill = desk.run("doctor")
    assert ill.exit_code == 1
    assert "needs  cloud" in ill.message
    assert TOKEN not in well.message + ill.message


def test_a_report_needs_a_file(desk: Desk) -> None:
    with pytest.raises(UsageError, match="Nothing was exported"):
        desk.run("report")
    with pytest.raises(UsageError, match="no file"):
        desk.run("report", file="gone.mp4")


def test_a_report_is_of_this_project_or_says_whose_file_there_is(desk: Desk) -> None:
    desk.run("export", output="mine.mp4")
    desk.run("new")
    with pytest.raises(UsageError, match="This project has no export yet") as refused:
        desk.run("report")
    assert str(Path("mine.mp4").absolute()) in refused.value.hint
    assert "another project" in refused.value.hint


def test_the_studio_needs_no_credits_and_says_only_that(desk: Desk) -> None:
    context = desk.context()
    assert "100 credits available" in credits.run(context).message
    context.backend = replace(context.backend, kind="studio")
    result = credits.run(context)
    assert result.lines == ("No credits are needed here: work on this machine costs none.",)
    assert result.data["available"] == 100


def test_a_first_contact_offers_nothing_that_needs_a_library(desk: Desk) -> None:
    assert not any("lo-fi" in phrase for phrase in desk.run("connect").next)
