"""A fresh machine, one clip, one song: the commands and the studio that they start make a finished video."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import Shell
from tests.studio.clips import make_clip
from tests.studio.songs import make_song, write_wav


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A fresh machine with a clip of three cuts and a song of eight bars."""
    make_clip(tmp_path / "clip.mp4", duration_s=4.5, cuts_s=(1.1, 2.05, 3.1))
    write_wav(tmp_path / "song.wav", make_song(120, bars=8, drop_bar=3).samples)
    yield Shell(tmp_path, {"MUSIC_COG_TIME_SCALE": "1"})
    facts = tmp_path / "home" / "studio" / "server.json"
    if facts.exists():
        os.kill(json.loads(facts.read_text())["pid"], signal.SIGTERM)
        end = time.monotonic() + 20
        while facts.exists() and time.monotonic() < end:
            time.sleep(0.05)


def test_a_clip_and_a_song_become_a_measured_video(shell: Shell) -> None:
    done = shell.run("sync", "clip.mp4", "song.wav", "-o", "out.mp4", "--json")
    assert done.code == 0, done.out + done.err
    data = done.json()["data"]
    assert Path(data["path"]).read_bytes()[4:8] == b"ftyp"
    assert data["report"]["cut_count"] == 3
    assert data["report"]["hits"] >= 2
    assert "stays here" in done.err

    titled = shell.run("edit", 'add the title "Hello" for the first 2 seconds')
    assert titled.code == 0, titled.err
    assert '"Hello"' in shell.run("state").out

    assert shell.run("chat", "how many credits do I have?").code == 0
    measured = shell.run("report", "--json").json()
    assert measured["data"]["report"]["hits"] == data["report"]["hits"]
