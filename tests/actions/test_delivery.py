"""Where finished files go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from music_cog_online.actions.delivery import destination, safe_name
from music_cog_online.errors import UsageError


def test_a_name_without_an_ending_becomes_an_mp4(tmp_path: Path) -> None:
    assert destination(str(tmp_path / "out"), title="x").path.name == "out.mp4"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    assert destination(str(tmp_path / "a" / "b" / "out.mp4"), title="x").path.parent.is_dir()


def test_titles_become_harmless_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert destination(None, title="../../etc/passwd\x1b[31m").path.parent == tmp_path
    assert destination(None, title="...").path.name == "video.mp4"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("my clip 'best' \"one\" 🎬", "my clip 'best' _one_ 🎬-edited"),
        ("what? <really>", "what_ _really-edited"),
        ("夏日 (1) & été, 100%", "夏日 (1) & été, 100%-edited"),
        ("a/b\\c\u202egnp", "a_b_cgnp-edited"),
        ("  .. ", "video-edited"),
    ],
)
def test_names_keep_what_every_system_takes(title: str, name: str) -> None:
    assert safe_name(title, ending="-edited") == name


def test_long_names_are_cut_between_characters() -> None:
    name = safe_name("🎬" * 100, ending="-edited")
    assert len(name.encode()) <= 200
    assert name.strip("🎬") == "-edited"


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        destination(str(tmp_path / "file" / "out.mp4"), title="x")


def test_what_a_killed_command_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / ".music-cog-999999999"
    left.mkdir()
    (left / "out.mp4").write_bytes(b"half")
    with destination(str(tmp_path / "out.mp4"), title="x").landing():
        assert [path.name for path in tmp_path.iterdir()] == [f".music-cog-{os.getpid()}"]
    assert list(tmp_path.iterdir()) == []


def test_two_files_of_one_name_both_stay(tmp_path: Path) -> None:
    names = []
    for content in (b"one", b"two", b"three"):
        place = destination(f"{tmp_path}/", title="clip")
        with place.landing() as hidden:
            hidden.write_bytes(content)
            names.append(place.place(hidden).name)
    assert names == ["clip.mp4", "clip-2.mp4", "clip-3.mp4"]
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"one", b"three", b"two"]
