"""A message's clauses, with content, cancelled and put-off intents taken out of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .lexicon import JOINTS, Hit
from .rules import Clause
from .text import Token

__all__ = ["clauses"]

_SENTENCE_ENDS = frozenset({".", "?"})
_OBJECTS = frozenset({"credits", "state"})  # "no need to change the balance": words that a cancelled edit is about
_CLAUSE_ENDS = frozenset({".", "?", ",", ":"})


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a clause stands.

    Attributes:
        places: Places of its tokens.
        reach: Last place that one of its phrases may cover: the mark or the joint that ends it.
        question: A question mark ends it.
        after: "after" begins it.
        goes_first: That is not where the message begins, so it comes before the clause that it follows.
        leads_on: "then" follows it.
    """

    places: range
    reach: int
    question: bool
    after: bool
    goes_first: bool
    leads_on: bool


def clauses(
    tokens: Sequence[Token], hits: Sequence[Hit], kind_of: Mapping[str, str], *, initial: Collection[str] = ()
) -> list[Clause]:
    """Cut a message into clauses, in the user's order.

    Args:
        tokens: Tokens of the message.
        hits: What the lexicon found in them.
        kind_of: Concept → the intent it speaks of.
        initial: Concepts that count only where a clause begins; interjections may stand before them.
    """
    content = _content(tokens, hits, kind_of)
    live = [hit for hit in hits if not content.intersection(hit.places)]
    live += [Hit("quoted", (place,), "") for place in sorted(content) if tokens[place].text]
    joints = {hit.places[0]: hit for hit in live if hit.concept in JOINTS}
    ends = [place for place, token in enumerate(tokens) if token.kind == "mark" and place not in content]
    return [_clause(tokens, live, span, kind_of, initial) for span in _spans(tokens, joints, sorted({*joints, *ends}))]


def _spans(tokens: Sequence[Token], joints: Mapping[int, Hit], ends: Sequence[int]) -> Iterator[_Span]:
    start, after = 0, False
    for place in (*ends, len(tokens)):
        joint = joints.get(place)
        following = joint or joints.get(place + 1)
        if place > start:
            yield _Span(
                places=range(start, place),
                reach=joint.places[-1] if joint else place,
                question=place < len(tokens) and tokens[place].text == "?",
                after=after,
                goes_first=after and start > 1,
                leads_on=following is not None and following.concept == "then",
            )
        after = joint is not None and joint.concept == "after"
        start = place + 1 if joint is None or after else joint.places[-1] + 1


def _clause(
    tokens: Sequence[Token], hits: Sequence[Hit], span: _Span, kind_of: Mapping[str, str], initial: Collection[str]
) -> Clause:
    inside = _as_things([hit for hit in hits if hit.places[0] in span.places and hit.places[-1] <= span.reach])
    covered = {place for hit in inside for place in hit.places}
    unknown = [i for i in span.places if tokens[i].kind in ("word", "char") and i not in covered]
    begins = _beginning(inside, span.places.start)
    kept = _uncancelled([hit for hit in inside if hit.concept not in initial or hit.places[0] <= begins], kind_of)
    if span.after:
        kept.append(Hit("after", (span.places.start,), ""))
    if span.question:
        kept.append(Hit("asked", (span.places.stop,), "?"))
    return Clause(
        hits=tuple(kept),
        concepts=frozenset(hit.concept for hit in kept),
        plain=not unknown,
        goes_first=span.goes_first,
        leads_on=span.leads_on,
    )


def _as_things(hits: Sequence[Hit]) -> list[Hit]:
    """Words for an edit that follow a determiner name a thing: "the cut", "a fade"."""
    determined = {hit.places[-1] + 1 for hit in hits if hit.concept == "determiner"}
    return [
        Hit("edit_noun", hit.places, hit.phrase)
        if hit.concept == "edit" and len(hit.places) == 1 and hit.places[0] in determined
        else hit
        for hit in hits
    ]


def _beginning(hits: Sequence[Hit], start: int) -> int:
    """Place of the first word after the interjections that a clause begins with."""
    for hit in hits:
        if hit.concept == "interjection" and hit.places[0] == start:
            start = hit.places[-1] + 1
    return start


def _content(tokens: Sequence[Token], hits: Sequence[Hit], kind_of: Mapping[str, str]) -> set[int]:
    """Places of words that are shown, said or named in the video (rule 2)."""
    content: set[int] = set()
    for hit in hits:
        if hit.concept == "caption":
            content.update(_to_the_end(tokens, hit.places[-1]))
        elif hit.concept == "look":
            content.update(_named(tokens, [other for other in hits if other.concept in kind_of], hit))
    for place, token in enumerate(tokens):
        if token.text == ":" and _is_introduced(tokens, hits, place):
            content.update(range(place + 1, _end(tokens, place + 1, _CLAUSE_ENDS)))
    return content


def _is_introduced(tokens: Sequence[Token], hits: Sequence[Hit], colon: int) -> bool:
    """Whether the clause before a colon is about an edit: "subtitle it: …"."""
    start = max((i + 1 for i in range(colon) if tokens[i].kind == "mark"), default=0)
    return any(hit.concept == "edit" and start <= hit.places[0] < colon for hit in hits)


def _to_the_end(tokens: Sequence[Token], marker: int) -> range:
    """What follows "says", "titled" or "caption:": the rest of the clause; after a colon, of the sentence."""
    start = marker + 1
    colon = tokens[marker].text == ":"
    while start < len(tokens) and tokens[start].kind == "mark" and tokens[start].text in ",:":
        colon = colon or tokens[start].text == ":"
        start += 1
    if start < len(tokens) and tokens[start].kind in ("quoted", "link", "media_link"):
        return range(0)
    return range(start, _end(tokens, start, _SENTENCE_ENDS if colon else _CLAUSE_ENDS))


def _end(tokens: Sequence[Token], start: int, ends: Collection[str]) -> int:
    """Place after the last word of content: a question mark is part of what is shown."""
    stop = next((i for i in range(start, len(tokens)) if tokens[i].text in ends), len(tokens))
    return stop + (stop < len(tokens) and tokens[stop].text == "?")


def _named(tokens: Sequence[Token], hits: Sequence[Hit], look: Hit) -> set[int]:
    """The name of a look stands next to the word for it: "the Export preset", "滤镜导出"."""
    before, after = look.places[0] - 1, look.places[-1] + 1
    named: set[int] = set()
    for hit in hits:
        if hit.concept != "edit" and (before in hit.places or after in hit.places[:1]):
            named.update(hit.places)
    return {place for place in named if tokens[place].kind != "mark"} - set(look.places)


def _uncancelled(hits: Sequence[Hit], kind_of: Mapping[str, str]) -> list[Hit]:
    """What is left when "don't …", "before …", "… yet" have taken out what they speak of (rule 4)."""
    if any(hit.concept == "why" for hit in hits):
        return list(hits)  # "why doesn't it export?" reports a failure
    kept: list[Hit] = []
    cancelling: str | None = None  # the intent that the last marker cancels; "" until its first word is met
    gone: set[int] = set()  # places of the marker and of what it cancelled
    for hit in hits:
        kind = kind_of.get(hit.concept)
        if hit.concept == "cancel_next":
            cancelling = ""
            gone.update(hit.places)
        elif hit.concept in ("cancel_before", "cancel_all"):
            kept = [other for other in kept if other.concept not in kind_of]
            cancelling = "" if hit.concept == "cancel_all" else None
            gone.update(hit.places)
        elif hit.concept == "instead":
            cancelling = None
        elif kind is not None and gone.intersection(hit.places):
            continue
        elif kind is not None and cancelling is not None:
            if cancelling in ("", kind) or (cancelling == "edit" and kind in _OBJECTS):
                cancelling = kind
                gone.update(hit.places)
                continue
            cancelling = None
        kept.append(hit)
    return kept
