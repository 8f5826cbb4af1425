"""Labelled phrases, and how far a router agrees with them.

A folder of phrases holds `dev_LANGUAGE.tsv`, which the tables were made with, and `heldout_LANGUAGE.tsv`, which had no
part in that. A row: intent, number of the routing rule, kind (plain, typo, slang, trap), phrase, attachments separated
by commas.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Phrase", "Score", "load", "naive_intent", "score"]

Decide = Callable[[str, Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A message and the intent it should be given.

    Attributes:
        intent: The right answer.
        rule: Number of the routing rule that makes it so.
        kind: "plain", "typo", "slang" or "trap".
        text: The message.
        attachments: Paths or links of the files that come with it.
        language: Two letters; the language of its file.
    """

    intent: str
    rule: int
    kind: str
    text: str
    attachments: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Score:
    """How a router did.

    Attributes:
        right: Group → phrases that were given the right intent. Groups: "all", languages, kinds, intents, "rule N".
        total: Group → phrases.
        misses: Phrases given a wrong intent, each with that intent.
        false_exports: Phrases that were sent to export and should not have been.
    """

    right: Counter[str]
    total: Counter[str]
    misses: tuple[tuple[Phrase, str], ...]
    false_exports: int

    def accuracy(self, group: str = "all") -> float:
        """Share of right answers in a group, 0..1; 1 for an empty group."""
        return self.right[group] / self.total[group] if self.total[group] else 1.0


def load(folder: Path, part: str) -> list[Phrase]:
    """All phrases of a part ("dev" or "heldout") of a folder; an empty list where there are none."""
    phrases: list[Phrase] = []
    for path in sorted(folder.glob(f"{part}_*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            intent, rule, kind, text, *files = line.split("\t")
            attachments = tuple(files[0].split(",")) if files else ()
            phrases.append(Phrase(intent, int(rule), kind, text, attachments, path.stem.rpartition("_")[2]))
    return phrases


def score(phrases: Iterable[Phrase], decide: Decide) -> Score:
    """Ask a router for each phrase and count."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    misses: list[tuple[Phrase, str]] = []
    for phrase in phrases:
        answer = decide(phrase.text, phrase.attachments)
        groups = ("all", phrase.language, phrase.kind, phrase.intent, f"rule {phrase.rule}")
        total.update(groups)
        if answer == phrase.intent:
            right.update(groups)
        else:
            misses.append((phrase, answer))
    return Score(right, total, tuple(misses), sum(answer == "export" for _, answer in misses))


def naive_intent(text: str, attachments: Sequence[str], actions: Sequence[dict[str, Any]]) -> str:
    """What the words of the actions say, found anywhere in the text: the router that this one is measured against."""
    if attachments:
        return "upload"
    order = ("export", "credits", "state", "upload")
    words = {action["name"]: action["words"] for action in actions}
    return next((name for name in order if any(word in text.lower() for word in words[name])), "edit")
