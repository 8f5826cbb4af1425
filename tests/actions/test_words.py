"""Files and words on one command line, and the language of the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from music_cog_online.actions.words import language_of, links_in, listed, said_in, size_of, split_items
from music_cog_online.errors import MediaRefused
from music_cog_online.manifest import Formats

FORMATS = Formats(("mp4", "mov"), ("jpg",), ("mp3", "wav"), {"jpeg": "jpg"})


def test_existing_paths_and_links_are_files_and_the_rest_is_words(tmp_path: Path) -> None:
    clip = tmp_path / "my clip.mp4"
    clip.touch()
    items = [str(clip), "https://example.com/s.mp3?x=1", "cut on", "every beat"]
    assert split_items(items, FORMATS) == ((str(clip), "https://example.com/s.mp3?x=1"), "cut on every beat")


@pytest.mark.parametrize("name", ["missing.mp4", "./no/such clip.MOV", "song.mp3", "photo.jpeg"])
def test_a_missing_media_file_is_named(name: str) -> None:
    with pytest.raises(MediaRefused, match=Path(name).name):
        split_items([name], FORMATS)


@pytest.mark.parametrize(
    "words", ["cut on the beat, then save as final.mov please", "louder.", "v2.0", "a" * 5000, "a\0b"]
)
def test_words_stay_words(words: str) -> None:
    assert split_items([words], FORMATS) == ((), words)


def test_nothing_gives_nothing() -> None:
    assert split_items([], FORMATS) == ((), "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("把音乐调小", "zh"),
        ("音楽を小さくして", "ja"),
        ("음악을 줄여", "ko"),
        ("сделай тише", "ru"),
        ("اخفض الصوت", "ar"),
    ],
)
def test_a_script_of_its_own_tells_the_language(text: str, code: str) -> None:
    assert language_of(text) == code


def test_latin_letters_leave_the_language_to_the_locale() -> None:
    assert len(language_of("make it quieter")) == 2


def test_links_are_found_in_running_text() -> None:
    assert links_in("use https://example.com/a.mp4, please (https://example.com/b.mp3).") == (
        "https://example.com/a.mp4",
        "https://example.com/b.mp3",
    )


@pytest.mark.parametrize(
    ("names", "phrase"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_become_a_phrase(names: list[str], phrase: str) -> None:
    assert listed(names) == phrase


@pytest.mark.parametrize(("count", "text"), [(0, "1 kB"), (450_400, "450 kB"), (12_340_000, "12.3 MB")])
def test_sizes_read_well(count: int, text: str) -> None:
    assert size_of(count) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('add the title "夏天" at the top', "en"),
        ("add the title “夏天", "en"),
        ("加标题“Summer Days”", "zh"),
        ("use 视频.mp4 and https://example.com/歌.mp3", "en"),
        ("“夏天” 35%", ""),
    ],
)
def test_quotations_links_and_file_names_do_not_tell_the_language(text: str, code: str) -> None:
    assert said_in(text) == code
    assert (language_of(text) == "zh") == (code == "zh")
