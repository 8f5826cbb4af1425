"""Concepts and the words for them in every language, matched against tokens."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .spelling import Speller
from .text import UNSPACED, Token

__all__ = ["JOINTS", "Hit", "Lexicon"]

GAP = "~"
NUMBER = "#"
JOINTS = frozenset({"and", "then", "after"})  # concepts that join clauses
_YIELDING = JOINTS | {"caption"}  # concepts that any longer phrase hides
_GAP_WORDS = 4  # words that a gap may stand for
_GAP_CHARS = 10  # letters of a script without spaces that a gap may stand for
_STEM_KEY = 3  # letters that every stem has at least, and that stems are filed under
_PART = re.compile(rf"[{UNSPACED}]|(?:[^\W{UNSPACED}]|[\u0900-\u0963\u0e30-\u0e4e])+\*?|\S")  # the tokens of a phrase


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the lexicon found in the tokens.

    Attributes:
        concept: What the phrase means.
        places: Indices of the tokens it covers, ascending; gaps are not covered.
        phrase: The words as they were read, for the explanation.
    """

    concept: str
    places: tuple[int, ...]
    phrase: str


# A phrase ready to be matched: its concept and its parts.
_Entry = tuple[str, tuple[str, ...]]


class Lexicon:
    """Phrases, filed under their first letter and made ready when a message needs that letter.

    Args:
        concepts: concept → language → phrases separated by commas, in the spelling of `normalise`. `stem*` matches
            every word that starts so, `~` stands for up to four words (ten letters in scripts without spaces) between
            two parts of a phrase, `#` for a number.
        soft: concepts whose phrases leave the shorter ones inside them in force, but for words that join clauses or
            announce a caption.
        likely: concepts that a typing error is taken for before any other.
        left_alone: words that are never taken for a typing error.
        respell: short and slang spellings → the words they stand for.
    """

    def __init__(
        self,
        concepts: Mapping[str, Mapping[str, str]],
        *,
        soft: Collection[str] = (),
        likely: Collection[str] = (),
        left_alone: str = "",
        respell: Mapping[str, str] | None = None,
    ) -> None:
        self.respell = dict(respell or {})
        self._soft = frozenset(soft)
        self._raw: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._ready: dict[str, dict[str, list[_Entry]]] = {}
        for concept, languages in concepts.items():
            for phrases in languages.values():
                for phrase in phrases.split(", "):
                    self._raw[phrase[:1]].append((concept, phrase))
        words = {name: _words(" ".join(languages.values())) for name, languages in concepts.items()}
        self._speller = Speller(
            set().union(*words.values()),
            likely=set().union(*(words[name] for name in likely)),
            left_alone=_words(left_alone),
        )

    def _filed(self, letter: str) -> dict[str, list[_Entry]]:
        """Phrases that begin with this letter, under their first word, or under a stem's first letters and `*`."""
        ready = self._ready.get(letter)
        if ready is None:
            ready = {}
            for concept, phrase in self._raw.get(letter, ()):
                parts = tuple(_PART.findall(phrase))
                key = parts[0][:_STEM_KEY] + "*" if parts[0].endswith("*") else parts[0]
                ready.setdefault(key, []).append((concept, parts))
            self._ready[letter] = ready
        return ready

    def mend(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with typing errors put right where one known word is near enough."""
        return [Token(self._speller.mend(token.text), "word") if token.kind == "word" else token for token in tokens]

    def match(self, tokens: Sequence[Token]) -> list[Hit]:
        """All phrases in the tokens, by place; a phrase inside a longer one is not reported."""
        found = [hit for start in range(len(tokens)) for hit in self._at(tokens, start)]
        found += [Hit(token.kind, (i,), token.kind) for i, token in enumerate(tokens) if not token.text]
        found.sort(key=lambda hit: -len(hit.places))
        longer: defaultdict[int, list[tuple[frozenset[int], bool]]] = defaultdict(list)
        kept: list[Hit] = []
        for hit in found:
            places = frozenset(hit.places)
            if any(places < other and (hides or hit.concept in _YIELDING) for other, hides in longer[hit.places[0]]):
                continue
            for place in places:
                longer[place].append((places, hit.concept not in self._soft))
            kept.append(hit)
        return sorted(set(kept), key=lambda hit: (hit.places, hit.concept))

    def _at(self, tokens: Sequence[Token], start: int) -> Iterator[Hit]:
        text = tokens[start].text
        if not text:
            return
        filed = self._filed(text[0])
        for concept, parts in (*filed.get(text, ()), *filed.get(text[:_STEM_KEY] + "*", ())):
            places = _follow(parts, tokens, start)
            if places:
                yield Hit(concept, places, _read([tokens[place] for place in places]))


def _read(tokens: Sequence[Token]) -> str:
    words = "".join(token.text if token.kind == "char" else f" {token.text} " for token in tokens)
    return " ".join(words.split())


def _words(phrases: str) -> set[str]:
    return {*phrases.replace(",", " ").split()}


def _follow(parts: tuple[str, ...], tokens: Sequence[Token], start: int) -> tuple[int, ...] | None:
    """Indices of the tokens that the parts match from `start` on, or None."""
    places: list[int] = []
    at = start
    gap = False
    for part in parts:
        if part == GAP:
            gap = True
            continue
        found = _next(part, tokens, at, gap=gap)
        if found is None:
            return None
        places.append(found)
        at, gap = found + 1, False
    return tuple(places)


def _next(part: str, tokens: Sequence[Token], at: int, *, gap: bool) -> int | None:
    """The next token that a part matches: the very next, or after a gap one within reach in the same clause."""
    reach = 0.0
    while at < len(tokens):
        token = tokens[at]
        if _meets(token, part):
            return at
        reach += 1 / _GAP_CHARS if token.kind == "char" else 1 / _GAP_WORDS
        if not gap or token.kind == "mark" or reach > 1.01:
            return None
        at += 1
    return None


def _meets(token: Token, part: str) -> bool:
    if part == NUMBER:
        return token.kind == "number"
    return token.text == part or (part.endswith("*") and len(part) > 1 and token.text.startswith(part[:-1]))
