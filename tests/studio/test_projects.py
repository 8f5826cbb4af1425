"""Accounts and projects: what outlives the process, whatever ends it."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from music_cog_online.studio.accounts import EDIT_COST, TOKEN_LIFE_S, Accounts
from music_cog_online.studio.cleaning import Cleaner
from music_cog_online.studio.database import SCHEMA_VERSION, Database
from music_cog_online.studio.errors import RequestRefused, StudioError
from music_cog_online.studio.projects import HISTORY_LENGTH, Project, Projects
from tests.studio.running import media_file


class Clock:
    """Time that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "studio.db")


@pytest.fixture
def accounts(database: Database, clock: Clock) -> Accounts:
    return Accounts(database, now=clock)


@pytest.fixture
def projects(database: Database, tmp_path: Path, clock: Clock) -> Projects:
    return Projects(database, tmp_path / "media", now=clock)


@pytest.fixture
def project(accounts: Accounts, projects: Projects) -> Project:
    return projects.create(accounts.anonymous("client").user_id, name="project", language="en")


def test_a_client_gets_one_token_in_seven_days(accounts: Accounts, clock: Clock) -> None:
    grant = accounts.anonymous("client")
    assert grant.token.startswith("nmv_usr_")
    assert grant.user_id.startswith("anon_")
    with pytest.raises(RequestRefused) as refused:
        accounts.anonymous("client")
    assert refused.value.code == 429
    clock.now += TOKEN_LIFE_S + 1
    later = accounts.anonymous("client")
    assert later.user_id == grant.user_id
    with pytest.raises(RequestRefused):
        accounts.authenticate(grant.token)
    assert accounts.authenticate(later.token) == grant.user_id


def test_a_token_whose_answer_was_lost_can_be_had_again(accounts: Accounts, clock: Clock) -> None:
    lost = accounts.anonymous("client")
    clock.now += 30
    found = accounts.anonymous("client")
    assert accounts.authenticate(found.token) == lost.user_id
    clock.now += 30
    with pytest.raises(RequestRefused):
        accounts.anonymous("client")


@pytest.mark.parametrize("client_id", ["", "   ", "x" * 201])
def test_a_client_must_say_who_it_is(accounts: Accounts, client_id: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        accounts.anonymous(client_id)
    assert refused.value.status == 400


def test_no_token_lies_in_the_file(accounts: Accounts, tmp_path: Path) -> None:
    grant = accounts.anonymous("a-client-id")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert grant.token.encode() not in kept
    assert b"a-client-id" not in kept


def test_metered_edits_cost_once_a_session_and_failures_nothing(database: Database, tmp_path: Path) -> None:
    metered = Accounts(database, credits=60)
    projects = Projects(database, tmp_path)
    user_id = metered.anonymous("client").user_id
    first, second = (projects.create(user_id, name="p", language="en") for _ in range(2))
    held = metered.hold(user_id, first.id)
    assert (held, metered.balance(user_id).available, metered.balance(user_id).frozen) == (EDIT_COST, 10, EDIT_COST)
    metered.settle(user_id, first.id, held, spent=False)
    assert metered.balance(user_id).available == 60
    metered.settle(user_id, first.id, metered.hold(user_id, first.id), spent=True)
    assert metered.hold(user_id, first.id) == 0
    with pytest.raises(RequestRefused) as refused:
        metered.hold(user_id, second.id)
    assert refused.value.code == 2001


def test_another_users_session_does_not_exist(accounts: Accounts, projects: Projects, project: Project) -> None:
    other = accounts.anonymous("another client").user_id
    assert projects.find(project.user_id, project.id) == project
    with pytest.raises(RequestRefused) as refused:
        projects.find(other, project.id)
    assert refused.value.code == 1002


def test_the_same_content_is_one_upload(projects: Projects, project: Project, tmp_path: Path) -> None:
    first = projects.add_upload(project.id, media_file(tmp_path, "a.mp4", number=1), size=5, sha256="x")
    projects.add_upload(project.id, media_file(tmp_path, "b.mp4", number=2), size=5, sha256="y")
    again = projects.add_upload(project.id, media_file(tmp_path, "c.mp4", number=3), size=5, sha256="x")
    assert again.file.id == first.file.id
    assert [upload.file.name for upload in projects.uploads(project.id)] == ["b.mp4", "c.mp4"]


def test_what_probing_found_is_read_back_whole(projects: Projects, project: Project, tmp_path: Path) -> None:
    file = media_file(tmp_path / "media", "a.mp4")
    assert projects.add_upload(project.id, file, size=5, sha256="x").file == file


def test_an_edit_after_an_undo_forgets_what_was_undone(projects: Projects, project: Project) -> None:
    for number in range(3):
        projects.put_draft(project.id, {"v": number}, what=f"edit {number}")
    assert projects.step(project.id, -1) == "edit 2"
    projects.put_draft(project.id, {"v": 9}, what="edit 9")
    assert projects.step(project.id, 1) is None
    assert projects.step(project.id, -1) == "edit 9"
    assert projects.draft(project.id) == {"v": 1}


def test_the_history_is_bounded(projects: Projects, project: Project) -> None:
    for number in range(HISTORY_LENGTH + 20):
        projects.put_draft(project.id, {"v": number}, what="edit")
    steps = 0
    while projects.step(project.id, -1) is not None:
        steps += 1
    assert steps == HISTORY_LENGTH - 1


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    with sqlite3.connect(path) as later:
        later.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    later.close()
    with pytest.raises(StudioError, match="later version"):
        Database(path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "studio.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StudioError, match=r"studio\.db"):
        Database(path)


def test_old_uploads_are_cleaned_and_told(
    database: Database, projects: Projects, project: Project, tmp_path: Path, clock: Clock
) -> None:
    for folder in ("media", "renders", "work", "cache"):
        (tmp_path / folder).mkdir()
    file = media_file(tmp_path / "media", "a.mp4")
    file.path.write_bytes(b"picture")
    projects.add_upload(project.id, file, size=7, sha256="x")
    cleaner = Cleaner(database, tmp_path, now=clock)
    cleaner.run()
    assert file.path.exists()
    clock.now += 31 * 24 * 3600
    cleaner.run()
    assert not file.path.exists()
    assert projects.uploads(project.id)[0].gone
    assert "a.mp4" in cleaner.notes(project.id)[0]


_WRITER = """
import sys
from pathlib import Path
from music_cog_online.studio.database import Database
from music_cog_online.studio.projects import Projects

home, session = Path(sys.argv[1]), sys.argv[2]
projects = Projects(Database(home / "studio.db"), home)
print("ready", flush=True)
number = 0
while True:
    projects.put_draft(session, {"v": number, "t": ["x" * 2000]}, what=f"edit {number}")
    projects.say(session, "user", str(number))
    number += 1
    if number % 3 == 0:
        projects.step(session, -1)
"""


def test_a_kill_at_any_point_leaves_a_whole_project(tmp_path: Path, project: Project) -> None:
    chance = random.Random(5)  # noqa: S311
    for _ in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path), project.id], stdout=subprocess.PIPE, text=True
        )
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            threading.Event().wait(chance.random() / 10)
            writer.send_signal(signal.SIGKILL)
        database = Database(tmp_path / "studio.db")
        assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
        reopened = Projects(database, tmp_path)
        draft = reopened.draft(project.id)
        assert draft is None or len(draft["t"][0]) == 2000
        assert reopened.messages(project.id) is not None
        database.close()
