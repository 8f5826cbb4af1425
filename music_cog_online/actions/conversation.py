"""One message to the backend's editor, and what came of it, whatever happened on the way.

A message is never sent twice: after a lost connection only the project's state is asked for, until it tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from music_cog_online.actions.context import Context
from music_cog_online.actions.listening import hears, unreminded
from music_cog_online.errors import BackendRefused, BrokenAnswer, MusicCogError, SessionLost, StreamLost, Unreachable
from music_cog_online.speech import translate
from music_cog_online.timeline import differences
from music_cog_online.wire.models import ChatEvent, ProjectState
from music_cog_online.wire.transcript import Transcript

__all__ = ["Outcome", "converse", "look_again"]

# The name of an exception, as Python puts it before its words.
_EXCEPTION = re.compile(r"^(?:[\w.]*(?:Error|Exception)(?:: *|$))+")
_DONE_UNASKED = frozenset({"state", "credits"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message.

    Attributes:
        lines: what to tell the user; texts were told already as they came.
        acts: what the backend's talk about a GUI asks for, each once, in order.
        changes: what is different on the timeline, as sentences.
        looked: whether the timeline could be compared.
        draft: the timeline now; None where it could not be seen.
    """

    lines: tuple[str, ...]
    acts: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    looked: bool = False
    draft: Mapping[str, Any] | None = None

    @property
    def changed(self) -> bool | None:
        """Whether the timeline is another than before; None where nobody knows."""
        return bool(self.changes) if self.looked else None


def converse(
    context: Context, session_id: str, text: str, *, before_sending: Callable[[], None] | None = None
) -> Outcome:
    """Send a message and return what came of it.

    Args:
        context: the open backend.
        session_id: the project.
        text: the message.
        before_sending: called when everything is ready and the message is about to leave.

    Raises:
        StreamLost: the connection was lost and, looked at five times, the project did not change.
        BackendRefused: the backend ended without a word and without a change, or with an error.
        MusicCogError: an error of the table that the backend sent instead of an answer.
    """
    before = _remembered(context, session_id)
    hearing = _Hearing(context, reminded=hears(context, "export", text))
    if before_sending is not None:
        before_sending()
    try:
        for event in context.api.chat(session_id, text):
            hearing.take(event)
    except StreamLost as lost:
        hearing.end()
        with _message_left():
            changes, after = _after_loss(context, session_id, before, lost)
        return Outcome((*hearing.lines, *changes), hearing.acts, changes, looked=True, draft=after.draft)
    except SessionLost:
        with _message_left() if hearing.begun else nullcontext():
            raise
    hearing.end()
    if hearing.answered:
        return _compared(context, session_id, before, hearing)
    with _message_left():
        after = _settled(context, session_id, before)
    changes = _changes(before, after)
    if not changes:
        raise hearing.failure()
    context.store.set_draft(session_id, after.draft)
    return Outcome(changes, hearing.acts, changes, looked=True, draft=after.draft)


def _compared(context: Context, session_id: str, before: ProjectState, hearing: _Hearing) -> Outcome:
    """What came of a message that was answered, and whether the timeline shows it; the answer stands in any case."""
    try:
        after = context.api.state(session_id)
    except (BackendRefused, BrokenAnswer, SessionLost, Unreachable):
        return Outcome(hearing.lines, hearing.acts)
    context.store.set_draft(session_id, after.draft)
    if not before.raw:
        return Outcome(hearing.lines, hearing.acts, draft=after.draft)
    return Outcome(hearing.lines, hearing.acts, _changes(before, after), looked=True, draft=after.draft)


@contextmanager
def _message_left() -> Iterator[None]:
    """A block in which a lost session is no reason to do everything again: that would send the message twice."""
    try:
        yield
    except SessionLost as lost:
        raise BackendRefused(
            "The backend has lost this project while it worked on it. The message is not sent again.",
            hint="Shall I try again? Then send the same instruction once more; it goes to a new project.",
            code=lost.code,
        ) from lost


def _remembered(context: Context, session_id: str) -> ProjectState:
    """The state before a message, noted for whoever has to compare; where it cannot be had, the last one known."""
    try:
        before = context.api.state(session_id)
    except SessionLost:
        raise
    except (BackendRefused, BrokenAnswer):
        return ProjectState(context.store.draft(session_id) or {}, None, None, None, "", {})
    context.store.set_draft(session_id, before.draft)
    return before


def look_again(context: Context, session_id: str) -> Outcome:
    """Find out what came of a message that an interrupted command may have sent.

    Raises:
        StreamLost: the project is as it was before that message, looked at five times; or at once with `over` in its
            data, where the backend itself says that nothing is under way.
    """
    draft = context.store.draft(session_id) or {}
    before = ProjectState(draft, None, None, None, "", {})
    now = context.api.state(session_id)
    changes = tuple(differences(draft, now.draft))
    if not changes and _over(now):
        raise StreamLost("The work was cut off and changed nothing.", data={"over": True})
    if not changes:
        lost = StreamLost("The command was interrupted while the backend was working.")
        changes, now = _after_loss(context, session_id, before, lost)
    return Outcome(changes, changes=changes, looked=True, draft=now.draft)


class _Hearing:
    """Listens to a chat: tells texts as they come, shows progress, collects what is asked for.

    Args:
        context: where to speak.
        reminded: the user speaks of exporting, so that reminders of it go.

    Attributes:
        begun: the backend has begun to work on the message.
    """

    def __init__(self, context: Context, *, reminded: bool) -> None:
        self._context = context
        self._reminded = reminded
        limits = context.manifest.limits
        self._transcript = Transcript(noise=context.manifest.gui.noise, max_chars=limits.max_reply_chars)
        self.begun = False
        self._lines: list[str] = []
        self._acts: list[str] = []

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)

    @property
    def acts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._acts))

    @property
    def answered(self) -> bool:
        """Words came, and more than an apology."""
        return bool(self._transcript.texts) and not self._transcript.apologised

    def take(self, event: ChatEvent) -> None:
        teller = self._context.teller
        self.begun = self.begun or event.kind not in {"heartbeat", "notice"}
        if event.kind == "notice":
            teller.say(event.text)
        elif event.kind == "progress":
            share = event.data.get("progress")
            stage = event.text or "Working"
            teller.progress(stage[:1].upper() + stage[1:], float(share) if isinstance(share, int | float) else None)
        for text in self._transcript.feed(event):
            self._hear(text)

    def end(self) -> None:
        for text in self._transcript.finish():
            self._hear(text)

    def _hear(self, text: str) -> None:
        said = unreminded(self._context, text) if self._reminded else text
        spoken = translate(said or text, self._context.manifest)
        self._acts.extend(spoken.acts)
        # Where the backend spoke of its GUI alone, what it offers is done right away, so the offer need not be told.
        offered_only = spoken.text == " ".join(dict.fromkeys(spoken.hints)) and _DONE_UNASKED.issuperset(spoken.acts)
        if spoken.text and not offered_only:
            self._lines.append(spoken.text)
            self._context.teller.say(spoken.text)

    def failure(self) -> MusicCogError:
        """The error of a message that changed nothing and was not answered."""
        error = self._transcript.error
        hint = "Say it again in other words, more concretely."
        if error is not None:
            reason = _EXCEPTION.sub("", error.text).rstrip(". ")
            told = f"The backend failed at this{': ' if reason else ''}{reason}. Nothing has changed."
            hint = "Try the same again in a moment, or say it in other words."
            return BackendRefused(told, hint=hint, code=error.code)
        if self._lines:
            return BackendRefused(self._lines[-1], hint="Nothing has changed. Try the same again in a moment.")
        return BackendRefused("The backend ended without a word, and nothing has changed on the timeline.", hint=hint)


def _settled(context: Context, session_id: str, before: ProjectState) -> ProjectState:
    """The state after a silent end; where it is unchanged it gets a moment to catch up."""
    after = context.api.state(session_id)
    if _same(before, after) and not _over(after):
        context.clock.sleep(context.manifest.intervals.recheck_first_s)
        after = context.api.state(session_id)
    return after


def _after_loss(
    context: Context, session_id: str, before: ProjectState, lost: StreamLost
) -> tuple[tuple[str, ...], ProjectState]:
    """Look at the project until it has changed; what changed, and the state then.

    Raises:
        StreamLost: it did not.
    """
    intervals = context.manifest.intervals
    context.teller.say(f"{lost.message} The message is not sent again; I look whether the project changes.")
    for look in range(intervals.rechecks):
        context.clock.sleep(intervals.recheck_s if look else intervals.recheck_first_s)
        try:
            context.revive()
            state = context.api.state(session_id)
            changes = _changes(before, state)
        except (Unreachable, BrokenAnswer):
            context.teller.say("The backend does not answer yet.")
            continue
        if changes:
            context.teller.say("The work went on: the project has changed.")
            return changes, state
        if _over(state):
            break
        if look + 1 < intervals.rechecks:
            context.teller.say(f"No change yet (look {look + 1} of {intervals.rechecks}).")
    raise StreamLost(
        f"{lost.message} The project has not changed since.",
        reason=lost.reason,
        hint="The message was sent once only. Shall I try again? Then send the same instruction once more.",
    ) from lost


def _over(state: ProjectState) -> bool:
    """The backend says that no edit is under way; one that says nothing of the kind leaves it open."""
    facts = state.raw.get("state")
    return isinstance(facts, dict) and facts.get("editing") is False


def _changes(before: ProjectState, after: ProjectState) -> tuple[str, ...]:
    if _same(before, after):
        return ()
    return tuple(differences(before.draft, after.draft)) or ("The project has changed.",)


def _same(before: ProjectState, after: ProjectState) -> bool:
    made = before.generated_media is None or before.generated_media == after.generated_media
    return made and before.draft == after.draft
