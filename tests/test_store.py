from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from music_cog_online.errors import StoreError
from music_cog_online.settings import Secret
from music_cog_online.store import Render, Session, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home", "backend", config_dir=tmp_path / "config")


def test_everything_comes_back(store: Store) -> None:
    store.set_token(Secret("nmv_usr_1"), user_id="anon_1", credits=100)
    store.set_session(Session("s", "t", "anon_1", 5.0))
    store.set_draft("s", {"t": []})
    store.put_render(Render("r", "s", created_at=1.0))
    store.put("seen", [1, 2])
    again = Store(store.home, "backend")
    assert again.token() == Secret("nmv_usr_1")
    assert again.user_id() == "anon_1"
    assert again.session() == Session("s", "t", "anon_1", 5.0)
    assert again.draft() == {"t": []}
    assert again.renders() == (Render("r", "s", created_at=1.0),)
    assert again.get("seen") == [1, 2]


def test_an_empty_store_holds_nothing_and_makes_nothing(store: Store) -> None:
    assert (store.token(), store.session(), store.draft(), store.renders(), store.projects()) == (
        None,
        None,
        None,
        (),
        (),
    )
    assert not store.home.exists()


def test_a_token_is_not_read_for_another_backend(store: Store) -> None:
    store.set_token(Secret("nmv_usr_1"))
    assert Store(store.home, "other").token() is None


def test_files_and_folders_are_the_users_alone(store: Store) -> None:
    store.set_token(Secret("nmv_usr_1"))
    store.set_session(Session("s"))
    for path in store.home.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert stat.S_IMODE(store.home.stat().st_mode) == 0o700


def test_the_token_lies_in_one_file_only(store: Store) -> None:
    store.set_token(Secret("nmv_usr_secret"))
    store.set_session(Session("s"))
    holders = [path.name for path in store.home.rglob("*") if path.is_file() and b"nmv_usr_secret" in path.read_bytes()]
    assert holders == ["token.json"]


def test_projects_are_listed_and_switched(store: Store) -> None:
    for name in ("one", "two"):
        store.set_session(Session(name, created_at=1.0))
    assert [project.session_id for project in store.projects()] == ["one", "two"]
    assert store.use_project("one") is not None
    assert store.session() == Session("one", created_at=1.0)
    assert store.use_project("three") is None
    assert len(store.projects()) == 2


def test_a_project_is_fresh_until_something_is_put_into_it_and_only_one_command_takes_it(store: Store) -> None:
    store.set_session(Session("one", created_at=1.0, fresh=True))
    store.set_draft("one", {"t": []})
    assert store.take_fresh() == Session("one", created_at=1.0)
    assert store.take_fresh() is None
    store.set_session(Session("two", created_at=2.0, fresh=True))
    store.set_draft("two", {"t": [{"tt": 0}]})
    assert store.take_fresh() is None


def test_a_render_replaces_the_one_with_its_id_in_place(store: Store) -> None:
    for name in ("a", "b"):
        store.put_render(Render(name, "s"))
    store.put_render(Render("a", "s", status="completed"))
    assert [(one.id, one.status) for one in store.renders()] == [("a", "completed"), ("b", "pending")]


def test_the_same_draft_again_costs_no_write(store: Store) -> None:
    store.set_draft("s", {"t": []})
    before = (store.folder / "drafts.json").stat().st_ino
    store.set_draft("s", {"t": []})
    assert (store.folder / "drafts.json").stat().st_ino == before


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xff", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_told(store: Store, content: bytes) -> None:
    store.set_session(Session("s"))
    (store.folder / "projects.json").write_bytes(content)
    assert store.session() is None
    assert "projects.json was damaged" in store.warnings[0]
    assert [path.read_bytes() for path in store.folder.glob("projects.json.broken-*")] == [content]
    store.set_session(Session("s2"))
    assert store.session() is not None


def test_records_of_other_versions_are_read_as_far_as_they_go(store: Store) -> None:
    store.put_render(Render("r", "s"))
    rows = [{"id": "a", "session_id": "s", "future": 1}, {"id": "lacks its session"}, "nonsense", None]
    (store.folder / "renders.json").write_text(json.dumps({"renders": rows}))
    assert store.renders() == (Render("a", "s"),)


def test_the_client_id_is_made_once_and_shared(store: Store, tmp_path: Path) -> None:
    made = store.client_id()
    sibling = Store(tmp_path / "elsewhere", "b", config_dir=tmp_path / "config")
    assert (tmp_path / "config" / "client_id").read_text().strip() == made == sibling.client_id()
    assert store.client_id("given") == "given"


def test_a_client_id_of_a_sibling_is_taken(store: Store, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "client_id").write_text("0b7b1d2c-7d0a-4bb5-8f2e-0123456789ab")
    assert store.client_id() == "0b7b1d2c-7d0a-4bb5-8f2e-0123456789ab"


def test_a_torn_client_id_is_replaced(store: Store, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "client_id").write_text("0b7b1d2c-7d0")
    assert len(store.client_id()) == 36
    assert store.warnings


def test_a_client_id_is_kept_at_home_where_the_shared_folder_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    store = Store(tmp_path / "home", "backend", config_dir=tmp_path / "config")
    assert store.client_id() == store.client_id() == (tmp_path / "home" / "client_id").read_text().strip()


def test_a_home_that_cannot_be_used_is_told_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "file" / "home", "backend").set_session(Session("s"))
    assert "MUSIC_COG_HOME" in caught.value.hint


READ_ONLY = """
import os, sys
from pathlib import Path
import filelock
from music_cog_online.errors import StoreError
from music_cog_online.store import Session, Store
store = Store(Path(sys.argv[1]), "backend")
if os.geteuid() == 0:
    os.setuid(65534)
print(store.session().session_id)
try:
    store.set_session(Session("x"))
except StoreError as error:
    print(error.hint)
"""


def test_a_read_only_home_is_told_but_still_read(store: Store) -> None:
    store.set_session(Session("s"))
    with tempfile.TemporaryDirectory() as folder:
        home = shutil.copytree(store.home, Path(folder) / "home")
        for path in (Path(folder), home, *home.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run([sys.executable, "-c", READ_ONLY, home], capture_output=True, text=True, check=False)
        for path in (Path(folder), home, *home.rglob("*")):
            path.chmod(0o755)
    assert done.stdout.splitlines() == ["s", "Set MUSIC_COG_HOME to a folder that you can write to."], done.stderr


def test_a_full_disk_is_told_and_leaves_the_old_file(store: Store) -> None:
    store.set_session(Session("s"))
    program = (
        "import resource, signal; from pathlib import Path; from music_cog_online.store import *; "
        "from music_cog_online.errors import StoreError\n"
        f"store = Store(Path({str(store.home)!r}), 'backend')\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: store.set_draft('s', {'x': 'y' * 100000})\n"
        "except StoreError as error: print('told')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "told"
    assert store.session() is not None
    assert store.draft() is None
    assert not list(store.folder.glob(".*"))


def test_parallel_commands_lose_nothing(store: Store) -> None:
    def work(number: int) -> None:
        mine = Store(store.home, "backend")
        for step in range(5):
            mine.put_render(Render(f"{number}-{step}", "s"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.renders()) == 20


KILLED = """
import os, signal, sys
from pathlib import Path
from music_cog_online.settings import Secret
from music_cog_online.store import Render, Session, Store
import filelock

home = Path(sys.argv[1])
traced = {sys.modules[f"music_cog_online.{name}"].__file__ for name in ("store", "files")}

def work(moment):
    left = [moment]
    def step(frame, event, argument):
        if frame.f_code.co_filename not in traced:
            return None
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return step
    store = Store(home, "backend", config_dir=home / "config")
    sys.settrace(step)
    store.client_id()
    store.set_token(Secret("nmv_usr_%d" % moment), user_id="anon")
    store.set_session(Session("s", title=str(moment)))
    store.set_draft("s", {"t": [moment] * 200})
    store.put_render(Render("r", "s", url=str(moment)))
    sys.settrace(None)
    os._exit(7)

for moment in range(0, 5000, 7):
    child = os.fork()
    if child == 0:
        work(moment)
    _, status = os.waitpid(child, 0)
    store = Store(home, "backend", config_dir=home / "config")
    store.token(), store.session(), store.draft(), store.renders(), store.projects()
    if store.warnings or list(home.rglob("*.broken-*")):
        sys.exit("torn at %d: %s" % (moment, store.warnings))
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 7:
        break
    if not os.WIFSIGNALED(status):
        sys.exit("the worker failed: %d" % status)
print(moment)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_line_tears_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
