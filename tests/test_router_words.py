"""Spelling, tokens, typing errors and phrases: what the router reads before it judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from music_cog_online.manifest import load_manifest
from music_cog_online.router.lexicon import Lexicon
from music_cog_online.router.spelling import Speller, distance
from music_cog_online.router.text import normalise, tokenise


def words(text: str) -> list[str]:
    return [token.text or token.kind for token in tokenise(normalise(text), media_endings={"mp4"})]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＥＸＰＯＲＴ！", "export!"),
        ("Exportación", "exportacion"),
        ("匯出視頻", "汇出视频"),
        ("exporttttt", "export"),
        ("dışa aktar", "disa aktar"),
        ("動画を", "动画を"),
        ("", ""),
    ],
)
def test_one_spelling_is_left(written: str, read: str) -> None:
    assert normalise(written) == read


def test_content_is_set_aside() -> None:
    assert words("say “export” in clip_1.mp4") == ["say", "quoted", "in", "file_name"]
    assert words("see https://a.io/export.mp4?x=1 and https://a.io/") == ["see", "media_link", "and", "link"]


def test_a_quotation_that_is_not_closed_goes_to_the_end() -> None:
    assert words('write "export it') == ["write", "quoted"]


def test_scripts_without_spaces_are_read_letter_by_letter() -> None:
    assert words("导出mp4吧") == ["导", "出", "mp4", "吧"]
    assert words("내보내 줘") == ["내", "보", "내", "줘"]


def test_elisions_are_two_words_and_marks_keep_their_strength() -> None:
    assert words("l'export ?!") == ["l", "export", "?"]
    assert words("9:16, then") == ["9:16", ",", "then"]


def test_slang_is_spelled_out() -> None:
    tokens = tokenise("gimme it", respell={"gimme": "give me"})
    assert [token.text for token in tokens] == ["give", "me", "it"]


@pytest.mark.parametrize(
    ("a", "b", "errors"),
    [
        ("export", "exprot", 1),
        ("export", "expot", 1),
        ("credits", "credets", 1),
        ("salto", "saldo", 1),
        ("saldo", "salmo", 2),
    ],
)
def test_a_letter_that_is_not_near_counts_twice(a: str, b: str, errors: int) -> None:
    assert distance(a, b) == errors


def test_words_are_put_right_only_when_one_is_near_enough() -> None:
    speller = Speller({"export", "credits", "download", "untertit*"}, left_alone={"expert"})
    assert speller.mend("exprot") == "export"
    assert speller.mend("donwlaod") == "download"
    assert speller.mend("expert") == "expert"
    assert speller.mend("untertitel") == "untertitel"
    assert speller.mend("exit") == "exit"


def test_a_likely_word_wins_at_the_same_distance() -> None:
    assert Speller({"progress", "process"}, likely={"progress"}).mend("progess") == "progress"


def found(lexicon: Lexicon, text: str) -> list[tuple[str, str]]:
    return [(hit.concept, hit.phrase) for hit in lexicon.match(tokenise(text))]


def test_a_longer_phrase_hides_a_shorter_one_unless_it_is_soft() -> None:
    concepts = {"money": {"en": "credits"}, "film": {"en": "cast credits"}, "ask": {"en": "how many credits"}}
    lexicon = Lexicon(concepts, soft={"ask"})
    assert found(lexicon, "cast credits") == [("film", "cast credits")]
    assert found(lexicon, "how many credits") == [("ask", "how many credits"), ("money", "credits")]


def test_gaps_stems_and_numbers_in_a_phrase() -> None:
    lexicon = Lexicon({"load": {"de": "lad* ~ herunter"}, "first": {"en": "first #"}, "send": {"zh": "发~我"}})
    assert found(lexicon, "lade das video herunter") == [("load", "lade herunter")]
    assert found(lexicon, "lade eins zwei drei vier funf herunter") == []
    assert found(lexicon, "first 5") == [("first", "first 5")]
    assert found(lexicon, "发给我") == [("send", "发我")]


def test_joints_are_hidden_by_any_longer_phrase() -> None:
    lexicon = Lexicon({"and": {"it": "e"}, "where": {"it": "dov e"}}, soft={"where"})
    assert found(lexicon, "dov e") == [("where", "dov e")]


def test_the_tables_are_written_in_the_spelling_that_the_engine_reads() -> None:
    concepts = load_manifest(Path(__file__).resolve().parents[1]).intents["concepts"]
    odd = [
        phrases for languages in concepts.values() for phrases in languages.values() if normalise(phrases) != phrases
    ]
    assert odd == []
