"""Rules over concepts: the first that fits a clause says what the clause asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .lexicon import Hit

__all__ = ["Clause", "Rule", "Weight"]

Weight = Literal["request", "hint", "remark"]


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the message that can hold one request.

    Attributes:
        hits: What the lexicon found in it and neither content nor a cancellation took away.
        concepts: The concepts of the hits.
        plain: Every word of it is known to the lexicon.
        goes_first: It names what is to be done before the clause it follows ("export it after adding a title").
        leads_on: A word for "then" follows it.
    """

    hits: tuple[Hit, ...]
    concepts: frozenset[str]
    plain: bool = False
    goes_first: bool = False
    leads_on: bool = False

    def starts(self, concepts: frozenset[str]) -> int | None:
        """Place of the first hit of any of these concepts, or None."""
        return next((hit.places[0] for hit in self.hits if hit.concept in concepts), None)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules.

    Attributes:
        id: Its name.
        number: Which of the thirteen routing rules it carries out.
        intent: What a clause that fits asks for.
        weight: "request" decides; "hint" decides when nothing else does; "remark" asks for nothing.
        reason: Why, in words for the user.
        needs: Each group must be met by one of its concepts.
        without: None of these concepts may occur.
        order: A hit of the first group comes before one of the second.
        not_order: The same must not be the case.
        plain: Only clauses without unknown words fit.
        manner: A clause that fits is answered and not carried out: it wants to know something ("question"), or why
            something does not work ("trouble"). Else an empty string.
    """

    id: str
    number: int
    intent: str
    weight: Weight
    reason: str
    needs: tuple[frozenset[str], ...] = ()
    without: frozenset[str] = frozenset()
    order: tuple[frozenset[str], ...] = ()
    not_order: tuple[frozenset[str], ...] = ()
    plain: bool = False
    manner: Literal["", "question", "trouble"] = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> Rule:
        """Build a rule from its row in `skill.yaml`; a name of a group stands for the concepts in it."""

        def names(text: str) -> frozenset[str]:
            return frozenset(name for part in text.split("|") for name in groups.get(part.strip(), (part.strip(),)))

        return cls(
            id=data["id"],
            number=data["rule"],
            intent=data["intent"],
            weight=data.get("weight", "request"),
            reason=data["reason"],
            needs=tuple(names(text) for text in data["needs"]),
            without=frozenset().union(*(names(text) for text in data.get("without", ()))),
            order=tuple(names(text) for text in data.get("order", ())),
            not_order=tuple(names(text) for text in data.get("not_order", ())),
            plain=data.get("plain", False),
            manner=data.get("manner", ""),
        )

    def names(self) -> frozenset[str]:
        """Every concept that the rule speaks of."""
        return frozenset().union(*self.needs, self.without, *self.order, *self.not_order)

    def fits(self, clause: Clause) -> bool:
        """Whether the clause meets every condition."""
        return (
            not any(group.isdisjoint(clause.concepts) for group in self.needs)
            and self.without.isdisjoint(clause.concepts)
            and (not self.plain or clause.plain)
            and (not self.order or _in_order(self.order, clause))
            and not (self.not_order and _in_order(self.not_order, clause))
        )

    def explain(self, clause: Clause) -> str:
        """The reason with the words that met the conditions."""
        needed = frozenset().union(*self.needs)
        words = dict.fromkeys(hit.phrase for hit in clause.hits if hit.concept in needed and hit.phrase)
        quoted = ", ".join(f"“{word}”" for word in words)
        return f"rule {self.number}: {self.reason}" + (f" ({quoted})" if quoted else "")


def _in_order(groups: tuple[frozenset[str], ...], clause: Clause) -> bool:
    before, after = (clause.starts(group) for group in groups)
    return before is not None and after is not None and before < after
