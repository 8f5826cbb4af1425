"""Typing errors put right: the one known word within a small edit distance."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

__all__ = ["Speller", "distance"]

_SHORTEST = 4  # letters of a word that is looked at at all
_ONE_ERROR = 5  # letters of a known word that may have one error of any sort; below, only two letters swapped
_TWO_ERRORS = 8  # letters of a known word that may have two; from five on, two if no letter is new or missing
_TOO_MANY = 3
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_ALIKE = ("aeiouy", "ckqs", "sz", "fv", "mn", "dt", "bp")  # letters that sound alike


def _near() -> frozenset[str]:
    """Pairs of letters that are easily taken for each other."""
    pairs = {x + y for row in _KEYS for x, y in pairwise(row)}
    pairs |= {x + y for up, low in pairwise(_KEYS) for i, y in enumerate(low) for x in up[i : i + 2]}
    pairs |= {x + y for sounds in _ALIKE for x in sounds for y in sounds}
    return frozenset(pairs | {pair[::-1] for pair in pairs})


_NEAR = _near()


class Speller:
    """Puts words right towards a vocabulary.

    Args:
        known: Known words, which are never changed; with `*` at the end, beginnings of known words.
        likely: Those of them that win over others at the same distance.
        left_alone: Further words that are never changed, and that no word is changed to.
    """

    def __init__(
        self, known: Collection[str], *, likely: Collection[str] = (), left_alone: Collection[str] = ()
    ) -> None:
        self._known = known
        self._likely = likely
        self._left_alone = left_alone
        self._by_letter: dict[str, list[str]] = {}

    def _candidates(self, letter: str) -> list[str]:
        if letter not in self._by_letter:
            words = {word.rstrip("*") for word in self._known if word.startswith(letter)}
            self._by_letter[letter] = sorted(word for word in words if len(word) >= _SHORTEST and word.isalpha())
        return self._by_letter[letter]

    def mend(self, word: str) -> str:
        """The known word that was meant, or the word itself.

        The first letter must be right, or swapped with the second. Of candidates at the same distance, a
        likely word wins, then one of the word's own length, then the first in the alphabet.
        """
        if len(word) < _SHORTEST or word in self._left_alone or self._knows(word):
            return word
        best: tuple[int, bool, int, str] | None = None
        for letter in dict.fromkeys(word[:2]):
            for known in self._candidates(letter):
                if letter != word[0] and known[:2] != word[1::-1]:
                    continue
                errors = _errors(word, known)
                rank = (errors, known not in self._likely, abs(len(known) - len(word)), known)
                if errors <= 2 and (best is None or rank < best):
                    best = rank
        return best[-1] if best else word

    def _knows(self, word: str) -> bool:
        return word in self._known or any(f"{word[:n]}*" in self._known for n in range(3, len(word) + 1))


def _errors(word: str, known: str) -> int:
    """How many typing errors lie between two words; more than two if it is more than is forgiven."""
    shuffled = len(word) == len(known) and sorted(word) == sorted(known)
    allowed = 2 if len(known) >= _TWO_ERRORS or (shuffled and len(known) >= _ONE_ERROR) else 1
    if abs(len(known) - len(word)) > allowed or len(set(known) ^ set(word)) > 2 * allowed:
        return _TOO_MANY
    if len(known) < _ONE_ERROR and not shuffled:
        return _TOO_MANY
    errors = distance(word, known)
    return errors if errors <= allowed else _TOO_MANY


def distance(a: str, b: str) -> int:
    """Optimal string alignment distance: letters added, left out, changed, or two neighbours swapped.

    A letter changed for one that is neither its neighbour on the keyboard nor sounds alike counts as two errors.

    Source: Damerau (1964), restricted to one edit of a substring.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + _change(x, y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def _change(x: str, y: str) -> int:
    if x == y:
        return 0
    return 1 if f"{x}{y}" in _NEAR else 2
