"""Typing errors put right: the one known word within a small edit distance."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["Speller", "distance"]

_SHORTEST = 4  # letters of a word that is looked at at all
_ONE_ERROR = 5  # letters of a known word that may have one error of any sort; below, only two letters swapped
_TWO_ERRORS = 8  # letters of a known word that may have two


class Speller:
    """Puts words right towards a vocabulary.

    Args:
        known: Known words, which are never changed; with `*` at the end, beginnings of known words.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._by_letter: dict[str, list[str]] = {}

    def _candidates(self, letter: str) -> list[str]:
        if letter not in self._by_letter:
            words = {word.rstrip("*") for word in self._known if word.startswith(letter)}
            self._by_letter[letter] = sorted(word for word in words if len(word) >= _SHORTEST and word.isalpha())
        return self._by_letter[letter]

    def mend(self, word: str) -> str:
        """The known word that was meant, or the word itself.

        The first letter must be right, or swapped with the second. Two candidates at the same distance: the one of the
        word's own length, then the first in the alphabet.
        """
        if len(word) < _SHORTEST or any(
            known in self._known for known in (word, *(f"{word[:n]}*" for n in range(3, len(word) + 1)))
        ):
            return word
        best: tuple[int, int, str] | None = None
        for letter in dict.fromkeys(word[:2]):
            for known in self._candidates(letter):
                allowed = 2 if len(known) >= _TWO_ERRORS else 1
                if abs(len(known) - len(word)) > allowed or (letter != word[0] and known[:2] != word[1::-1]):
                    continue
                if len(set(known) ^ set(word)) > 2 * allowed:
                    continue
                errors = distance(word, known)
                if len(known) < _ONE_ERROR and sorted(known) != sorted(word):
                    continue
                rank = (errors, abs(len(known) - len(word)), known)
                if errors <= allowed and (best is None or rank < best):
                    best = rank
        return best[2] if best else word


def distance(a: str, b: str) -> int:
    """Optimal string alignment distance: letters added, left out, changed, or two neighbours swapped.

    Source: Damerau (1964), restricted to one edit of a substring.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
