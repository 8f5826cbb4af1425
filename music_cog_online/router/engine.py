"""The router: message and attachments in, Route out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from music_cog_online.errors import ManifestError

from .clauses import clauses
from .lexicon import Lexicon
from .rules import Clause, Rule, Weight
from .text import Token, normalise, tokenise

__all__ = ["Manner", "Route", "Router"]

Manner = Literal["told", "asked", "question", "trouble"]

# What the code itself finds: marks of the clause, and tokens that are content.
_FOUND_BY_CODE = frozenset({"asked", "quoted", "link", "media_link", "file_name"})
_ASKING = frozenset({"ask", "asked", "open_q", "req"})
_ANSWERED = frozenset({"question", "trouble"})
_SESSION_ONLY = frozenset({"export", "credits", "state"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a message goes.

    Attributes:
        intent: "upload", "edit", "export", "credits" or "state".
        skip_sse: The action does without the chat stream.
        rule: Id of the rule that decided.
        reason: Why, in words, with the phrases that were recognised.
        instruction: The edit text that follows an upload, or None.
        then: Intents of the requests after the first, in the user's order.
        manner: "question" is to be answered, not carried out, and so is "trouble", which asks why something does not
            work; "asked" is a request in the form of a question ("can you export it?"); anything else is "told".
    """

    intent: str
    skip_sse: bool
    rule: str
    reason: str
    instruction: str | None = None
    then: tuple[str, ...] = ()
    manner: Manner = "told"


@dataclass(frozen=True, slots=True)
class _Verdict:
    intent: str
    weight: Weight
    rule: str
    reason: str
    plain: bool = True
    manner: Manner = "told"


_ATTACHED = _Verdict("upload", "request", "attachment", "rule 1: a file is attached")
_LINKED = _Verdict("upload", "request", "direct-link", "rule 6: a direct link to a media file")


class Router:
    """Decides what a message asks for, by the rules and words of `skill.yaml`.

    Args:
        intents: Section `intents` of `skill.yaml`, valid by its schema. It is read at the first message.
    """

    def __init__(self, intents: Mapping[str, Any]) -> None:
        self._data = intents

    def route(self, text: str, *, attachments: Sequence[str] = ()) -> Route:
        """Decide. An empty text without attachments goes to the chat stream.

        Args:
            text: The user's message, in any language.
            attachments: Paths or links of the files that came with it; only their presence counts.

        Raises:
            ManifestError: a rule names a concept that the lexicon does not have.
        """
        tokens = tokenise(normalise(text), media_endings=self._media_endings, respell=self._lexicon.respell)
        verdicts = self._verdicts(tokens)
        requests = [verdict for verdict in verdicts if verdict.weight == "request"]
        requests = requests or [verdict for verdict in verdicts if verdict.weight == "hint"][:1]
        understood = all(verdict.plain for verdict in verdicts)
        if attachments:
            if requests and all(verdict.intent in _SESSION_ONLY for verdict in requests):
                return self._answer(requests[0], _distinct(requests[0].intent, requests[1:]))
            return self._with_file(text, requests, _ATTACHED, understood=understood)
        if any(token.kind == "media_link" for token in tokens):
            return self._with_file(text, requests, _LINKED, understood=understood)
        if not requests:
            return self._answer(_Verdict("edit", "hint", "everything-else", "rule 13: no other rule fits"), ())
        first, *others = requests
        if first.manner in _ANSWERED:
            # "How do I export? Just send it to me": who also asks for it gets it.
            first = next((one for one in others if (one.intent, one.manner) == (first.intent, "told")), first)
        instruction = text.strip() if first.intent == "upload" and any(v.intent == "edit" for v in others) else None
        return self._answer(first, _distinct(first.intent, others), instruction=instruction)

    def _with_file(self, text: str, requests: list[_Verdict], upload: _Verdict, *, understood: bool) -> Route:
        """A file comes with the message: it is handed over first, and what is asked for is done after that."""
        others = [verdict for verdict in requests if verdict.intent != "upload"]
        wished = any(verdict.intent == "edit" for verdict in requests) or not (requests or understood)
        return self._answer(upload, _distinct("upload", others), instruction=text.strip() if wished else None)

    def _answer(self, verdict: _Verdict, then: tuple[str, ...], *, instruction: str | None = None) -> Route:
        return Route(
            intent=verdict.intent,
            skip_sse=self._skip_sse[verdict.intent],
            rule=verdict.rule,
            reason=verdict.reason,
            instruction=instruction,
            then=then,
            manner=verdict.manner,
        )

    def _verdicts(self, tokens: Sequence[Token]) -> list[_Verdict]:
        """What each clause asks for, in the order in which it is to be done."""
        tokens = self._lexicon.mend(tokens)
        verdicts: list[_Verdict] = []
        for clause in clauses(tokens, self._lexicon.match(tokens), self._intent_of, initial=self._initial):
            verdict = self._judge(clause)
            if clause.goes_first and verdict.intent == "edit" and verdict.weight == "request":
                verdicts.insert(max(len(verdicts) - 1, 0), verdict)
            else:
                verdicts.append(verdict)
        return verdicts

    def _judge(self, clause: Clause) -> _Verdict:
        for rule in self._rules:
            if rule.fits(clause):
                step = rule.intent == "edit" and clause.leads_on and (rule.weight == "hint" or rule.number == 4)
                weight: Weight = "request" if step else rule.weight
                return _Verdict(rule.intent, weight, rule.id, rule.explain(clause), clause.plain, _manner(rule, clause))
        if clause.leads_on and not clause.plain:
            return _Verdict("edit", "request", "unknown-step", "rule 5: something else is to be done first")
        return _Verdict("edit", "remark", "everything-else", "rule 13: no other rule fits", clause.plain)

    @cached_property
    def _groups(self) -> dict[str, list[str]]:
        return {name: _names(text) for name, text in self._data["groups"].items()}

    @cached_property
    def _intent_of(self) -> dict[str, str]:
        """Concept → the intent that a cancellation takes it for."""
        concepts = {name: intent for intent, names in self._groups.items() for name in names}
        return {**concepts, **self._data["counts_as"]}

    @cached_property
    def _initial(self) -> frozenset[str]:
        return frozenset(_names(self._data["initial"]))

    @cached_property
    def _skip_sse(self) -> dict[str, bool]:
        return {action["name"]: action["skip_sse"] for action in self._data["actions"]}

    @cached_property
    def _media_endings(self) -> frozenset[str]:
        return frozenset(self._data["media_endings"])

    @cached_property
    def _lexicon(self) -> Lexicon:
        self._check_names()
        return Lexicon(
            self._data["concepts"],
            soft=_names(self._data["soft"]),
            likely=_names(self._data["likely"]),
            left_alone=self._data["left_alone"],
            respell=self._data["respell"],
        )

    @cached_property
    def _rules(self) -> list[Rule]:
        groups = {f"any_{name}": concepts for name, concepts in self._groups.items()}
        groups |= {name: _names(text) for name, text in self._data["aliases"].items()}
        return [Rule.from_data(row, groups) for row in self._data["rules"]]

    def _check_names(self) -> None:
        self._check({f"groups.{name}": concepts for name, concepts in self._groups.items()})
        self._check({f"aliases.{name}": _names(text) for name, text in self._data["aliases"].items()})
        self._check({key: _names(self._data[key]) for key in ("soft", "likely", "initial")})
        self._check({"counts_as": self._data["counts_as"]})
        self._check({f"rules[{index}] ({rule.id})": rule.names() for index, rule in enumerate(self._rules)})

    def _check(self, named: Mapping[str, Iterable[str]]) -> None:
        known = _FOUND_BY_CODE | self._data["concepts"].keys()
        for key, names in named.items():
            for name in names:
                if name not in known:
                    raise ManifestError(
                        f"skill.yaml: intents.{key} names {name!r}, which is not among intents.concepts"
                    )


def _manner(rule: Rule, clause: Clause) -> Manner:
    if rule.manner:
        return rule.manner
    return "told" if _ASKING.isdisjoint(clause.concepts) else "asked"


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _distinct(first: str, others: Sequence[_Verdict]) -> tuple[str, ...]:
    """The intents after the first, without immediate repeats, and without questions: they ask for no work."""
    then: list[str] = []
    for verdict in others:
        if verdict.manner not in _ANSWERED and verdict.intent != (then[-1] if then else first):
            then.append(verdict.intent)
    return tuple(then)
