"""What is listened for in words, by the table `heard` of skill.yaml; quotations are content and are not read."""

from __future__ import annotations

import re

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.suggestions import language, offered
from music_cog_online.actions.words import unquoted

__all__ = ["hears", "held", "misunderstood", "unreminded"]

_MOST = 3


def hears(context: Context, name: str, words: str) -> bool:
    """Whether the words say what the table's pattern of this name stands for."""
    return re.search(context.manifest.heard[name], unquoted(words), re.IGNORECASE) is not None


def misunderstood(context: Context, edit: ActionResult) -> bool:
    """Whether an instruction left the timeline as it was and was not simply fulfilled already.

    An answer that is nothing but a reminder to export counts as not understood.
    """
    if edit.data.get("changed") is not False:
        return False
    answers = [unreminded(context, line) for line in edit.lines]
    pattern = context.manifest.heard["misunderstood"]
    return not any(answers) or any(re.search(pattern, line, re.IGNORECASE | re.MULTILINE) for line in answers)


def unreminded(context: Context, text: str) -> str:
    """An answer without its reminders to export."""
    return re.sub(context.manifest.heard["reminder"], "", text).strip()


def held(context: Context, result: ActionResult) -> ActionResult:
    """The result of an edit that was not understood, in place of the export that was to follow it."""
    line = context.manifest.exporting.held[language(context)]
    phrases = dict.fromkeys((*offered(context, "export"), *result.next))
    data = {**result.data, "exported": False}
    return ActionResult(result.action, (*result.lines, line), data, tuple(phrases)[:_MOST], result.error)
