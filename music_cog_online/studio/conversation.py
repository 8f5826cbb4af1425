"""Messages of the user, edited upon in the background and answered as a stream of events.

The edit is a job of its own: a client that hangs up loses the stream and nothing else; the state shows the result.
"""

from __future__ import annotations

from typing import Any

from music_cog_online.studio.accounts import Accounts
from music_cog_online.studio.editing.instructions import is_chinese
from music_cog_online.studio.editor import Answer, Editor
from music_cog_online.studio.errors import RequestRefused, StudioError
from music_cog_online.studio.events import Event, EventMaker
from music_cog_online.studio.jobs import Channel, Jobs
from music_cog_online.studio.log import logger
from music_cog_online.studio.projects import Project, Projects

__all__ = ["Conversation"]

_MAX_WAITING = 10
_SORRY = ("Sorry, that edit failed; nothing was changed.", "抱歉，这次修改没有成功，时间线没有变化。")


class Conversation:
    """Takes messages and answers them."""

    def __init__(self, projects: Projects, accounts: Accounts, editor: Editor, jobs: Jobs, *, model: str) -> None:
        """Edits with `editor`; `model` is the name that events carry."""
        self._projects = projects
        self._accounts = accounts
        self._editor = editor
        self._jobs = jobs
        self._model = model

    def send(self, project: Project, text: str, *, streaming: bool) -> Channel[Event]:
        """Begins to work on a message.

        Args:
            project: The session.
            text: What the user says.
            streaming: Whether the answer's text also comes in parts.

        Returns:
            Where the events come out.

        Raises:
            RequestRefused: There are not enough credits (2001), or too many messages wait (429).
        """
        lane = f"session:{project.id}"
        if self._jobs.length(lane) >= _MAX_WAITING:
            raise RequestRefused("Too many messages are waiting.", code=429, status=429, hint="Wait for the answers.")
        held = self._accounts.hold(project.user_id, project.id)
        self._projects.say(project.id, "user", text)
        edit_id = self._projects.start_edit(project, held=held)
        channel: Channel[Event] = Channel()
        events = EventMaker(model=self._model)
        self._jobs.submit(lane, lambda: self._work(project, text, edit_id, held, channel, events, streaming))
        return channel

    def close_unfinished(self) -> None:
        """After a stop of the studio: edits that it cut off changed nothing, and are answered so."""
        for edit_id, session_id, user_id, held in self._projects.unfinished_edits():
            self._projects.end_edit(edit_id, ok=False)
            self._accounts.settle(user_id, session_id, held, spent=False)
            self._projects.say(session_id, "studio", "The studio was stopped during this edit. Say it again.")

    def _work(
        self,
        project: Project,
        text: str,
        edit_id: str,
        held: int,
        channel: Channel[Event],
        events: EventMaker,
        streaming: bool,
    ) -> None:
        ok = False

        def progress(share: float, stage: str) -> None:
            channel.put(events.progress(share, stage), replaces=_is_progress)

        try:
            answer = self._editor.edit(project, text, progress=progress)
            ok = answer.draft is not None
            self._projects.say(project.id, "studio", answer.text)
            for event in _told(answer, events, streaming=streaming):
                channel.put(event)
        except StudioError as exc:
            self._apologise(project, f"{exc.message} {exc.hint}".strip(), channel, events)
        except Exception:  # noqa: BLE001 (the user gets an answer, whatever happened)
            logger.exception("edit failed")
            sorry = (
                "抱歉，这次修改没有成功，时间线没有变化。"
                if is_chinese(text)
                else "Sorry, that edit failed; nothing was changed."
            )
            self._apologise(project, sorry, channel, events)
        finally:
            self._projects.end_edit(edit_id, ok=ok)
            self._accounts.settle(project.user_id, project.id, held, spent=ok)
            channel.close()

    def _apologise(self, project: Project, words: str, channel: Channel[Event], events: EventMaker) -> None:
        self._projects.say(project.id, "studio", words)
        channel.put(events.text(words))


def _told(answer: Answer, events: EventMaker, *, streaming: bool) -> list[Event]:
    told: list[Event] = []
    for number, step in enumerate(answer.steps, 1):
        call, call_id = events.call(step.name, step.args)
        last = number == len(answer.steps)
        delta: dict[str, Any] = {"draft": answer.draft} if last and answer.draft is not None else {}
        told += [call, events.result(call_id, step.name, step.response, delta=delta)]
    if streaming:
        told += [events.text(answer.text, partial=True), events.text(answer.text, partial=False)]
    else:
        told.append(events.text(answer.text))
    return told


def _is_progress(event: Event) -> bool:
    return "customMetadata" in event
