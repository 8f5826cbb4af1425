"""Arguments in, lines or JSON out; nothing else."""

from __future__ import annotations

import argparse
import importlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from music_cog_online import arguments
from music_cog_online.actions.result import ActionResult
from music_cog_online.errors import MusicCogError
from music_cog_online.output import Reporter, reporter

__all__ = ["main", "run"]

_INTERRUPTED = 130
_HOME_FLAGS = frozenset({"command", "json", "backend", "script"})
_COMMAND_LINE = re.compile(r"(?<=`)music-cog (\w+)|(?<=For example: )music-cog (\w+)")
_GO_ON = {
    "edit": "The backend may still be working on it: `state` tells what has changed.",
    "chat": "What was under way may still be going on: `state` tells.",
    "export": "The render goes on: run `export` again and it is picked up.",
    "sync": "Nothing is lost: run the same command again and it goes on from here.",
    "upload": "What was uploaded is kept; upload the rest again.",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `music-cog`; returns the exit code."""
    given = sys.argv[1:] if argv is None else argv
    try:
        return run(arguments.parse(arguments.build(given), given))
    except KeyboardInterrupt:
        # Before the command began, or while it said its last words.
        return _INTERRUPTED


def run(args: argparse.Namespace) -> int:
    """Run one parsed command; returns the exit code. Whatever happens, the user gets a sentence and no traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that cannot show a character gets a substitute for it.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    speaker = reporter(as_json=args.json, out=sys.stdout, err=sys.stderr)
    # Shells start background commands deaf to SIGINT; who sends it to one nevertheless means it.
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        result = _result(args, speaker)
        if getattr(args, "script", False):
            result = _for_scripts(result)
        speaker.finish(result)
    except BrokenPipeError:
        # Who read this is gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return result.exit_code


class _Interrupted(MusicCogError):
    """The user, or who runs this, has had enough."""

    kind = "interrupted"
    exit_code = _INTERRUPTED


def _result(args: argparse.Namespace, speaker: Reporter) -> ActionResult:
    try:
        return _carried_out(args, speaker)
    except MusicCogError as error:
        return ActionResult.failed(args.command, error)
    except KeyboardInterrupt:
        stopped = _Interrupted("Stopped.", hint=_GO_ON.get(args.command, ""))
        return ActionResult.failed(args.command, stopped)
    except BrokenPipeError:
        raise
    except Exception as exc:  # noqa: BLE001 - the last resort: a user never meets a traceback
        fault = MusicCogError(
            f"Something unforeseen went wrong ({_place(exc)}).",
            hint="Try again. If it stays, `music-cog doctor` shows what is wrong on this machine.",
        )
        return ActionResult.failed(args.command, fault)


def _for_scripts(result: ActionResult) -> ActionResult:
    """The result with command lines named as who runs the scripts has to call them."""
    if result.error is not None:
        result.error.message = _as_script(result.error.message)
        result.error.hint = _as_script(result.error.hint)
    return replace(result, lines=tuple(_as_script(line) for line in result.lines))


def _as_script(text: str) -> str:
    return _COMMAND_LINE.sub(lambda found: f"scripts/{found[1] or found[2]}.py", text)


def _carried_out(args: argparse.Namespace, speaker: Reporter) -> ActionResult:
    # Imported here, as each action is: help and wrong arguments need none of it.
    from music_cog_online.actions.context import Context
    from music_cog_online.manifest import load_manifest
    from music_cog_online.settings import Settings

    environ = dict(os.environ)
    settings = Settings.from_environ(environ)
    manifest = load_manifest(cache_dir=settings.home / "cache")
    context = Context(manifest=manifest, settings=settings, environ=environ, teller=speaker, backend=args.backend)
    action = importlib.import_module(f"music_cog_online.actions.{args.command}")
    options: dict[str, Any] = {name: value for name, value in vars(args).items() if name not in _HOME_FLAGS}
    result = action.run(context, **options)
    if not isinstance(result, ActionResult):
        raise TypeError(args.command)
    return result


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _place(exc: Exception) -> str:
    """Which error, and where in this package: enough for a bug report, nothing of what the user did."""
    spot, trace = "", exc.__traceback__
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", ""))
        if module.startswith("music_cog_online"):
            spot = f" in {module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return type(exc).__name__ + spot
