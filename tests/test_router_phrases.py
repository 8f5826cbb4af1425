"""How far the router agrees with the labelled phrases in tests/data/phrases."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from music_cog_online.manifest import load_manifest
from music_cog_online.router import Router

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from phrase_scores import Phrase, Score, load, naive_intent, score  # noqa: E402 - benchmarks are no package

PHRASES = ROOT / "tests" / "data" / "phrases"


@pytest.fixture(scope="module")
def router() -> Router:
    return Router(load_manifest(ROOT).intents)


@pytest.fixture(scope="module")
def dev(router: Router) -> Score:
    return score(load(PHRASES, "dev"), lambda text, files: router.route(text, attachments=files).intent)


@pytest.fixture(scope="module")
def heldout(router: Router) -> Score:
    return score(load(PHRASES, "heldout"), lambda text, files: router.route(text, attachments=files).intent)


def misses(result: Score) -> str:
    return "\n".join(f"{p.language} {p.intent} -> {answer}: {p.text}" for p, answer in result.misses)


def test_phrases_are_many_and_cover_every_rule_and_fifteen_languages(dev: Score) -> None:
    assert dev.total["all"] >= 6000
    assert all(dev.total[f"rule {number}"] for number in range(1, 14))
    assert sum(len(group) == 2 for group in dev.total) == 15


def test_known_phrases_are_routed_rightly(dev: Score) -> None:
    assert dev.accuracy() >= 0.99, misses(dev)
    assert dev.accuracy("trap") >= 0.98, misses(dev)
    assert dev.false_exports <= 0.002 * dev.total["all"], misses(dev)


def test_phrases_that_had_no_part_in_the_tables_are_routed_rightly(heldout: Score) -> None:
    assert heldout.accuracy() >= 0.95, misses(heldout)
    assert heldout.accuracy("trap") >= 0.92, misses(heldout)
    assert heldout.false_exports <= 0.0075 * heldout.total["all"], misses(heldout)


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "ja", "ko", "pt", "ru", "zh"])
def test_no_language_is_left_behind(heldout: Score, language: str) -> None:
    assert heldout.accuracy(language) >= 0.9, misses(heldout)


def test_no_phrase_is_known_and_held_out_at_once() -> None:
    known = {(phrase.text.casefold(), phrase.attachments) for phrase in load(PHRASES, "dev")}
    assert not [phrase for phrase in load(PHRASES, "heldout") if (phrase.text.casefold(), phrase.attachments) in known]


def test_a_score_counts_by_group_and_knows_false_exports() -> None:
    phrases = [
        Phrase("edit", 2, "trap", 'say "export"', (), "en"),
        Phrase("export", 10, "plain", "export", (), "en"),
    ]
    result = score(phrases, lambda *_: "export")
    assert result.accuracy() == 0.5
    assert result.accuracy("trap") == 0.0
    assert result.accuracy("no such group") == 1.0
    assert result.false_exports == 1
    assert result.misses == ((phrases[0], "export"),)


def test_the_naive_router_takes_any_word_of_the_table() -> None:
    actions = load_manifest(ROOT).intents["actions"]
    assert naive_intent("fix the white balance", (), actions) == "credits"
    assert naive_intent("no word of it", (), actions) == "edit"
    assert naive_intent("export", ("clip.mp4",), actions) == "upload"
