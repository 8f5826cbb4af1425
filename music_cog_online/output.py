"""Results and progress, as lines for a chat or as JSON for a program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from music_cog_online.actions.result import ActionResult, Teller

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Bar", "JsonReporter", "Lines", "Reporter", "reporter"]

_LINE_EVERY_S = 5.0
_EVENT_EVERY_S = 10.0
_EVENT_STEP = 0.05
_STEP_EVERY_S = 0.5


class Reporter(Teller, Protocol):
    """A teller that also tells how an action ended."""

    def finish(self, result: ActionResult) -> None:
        """Tell how the action ended; nothing is told after this."""


class JsonReporter:
    """One object on standard output at the end; progress as JSON lines on standard error.

    Args:
        out: standard output.
        err: standard error.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, out: TextIO, err: TextIO, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._err = err
        self._gate = _Gate(_EVENT_EVERY_S, now, step=_EVENT_STEP)

    def say(self, text: str) -> None:
        """Tell the user a sentence now."""
        _write(self._err, json.dumps({"event": "say", "text": text}, ensure_ascii=False))

    def progress(self, stage: str, fraction: float | None) -> None:
        """Tell how far a stage is, unless hardly anything happened since the last time."""
        if self._gate.opens(stage, fraction):
            shown = None if fraction is None else round(fraction, 3)
            _write(self._err, json.dumps({"event": "progress", "stage": stage, "fraction": shown}, ensure_ascii=False))

    def finish(self, result: ActionResult) -> None:
        """Print the object."""
        _write(self._out, json.dumps(result.to_json(), ensure_ascii=False))


class Lines:
    """Short plain lines; progress as a line every few seconds.

    Args:
        out: standard output.
        err: standard error, for what went wrong.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, out: TextIO, err: TextIO, *, now: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._err = err
        self._gate = _Gate(_LINE_EVERY_S, now)
        self._told: set[str] = set()

    def say(self, text: str) -> None:
        """Tell the user a sentence now."""
        self._told.add(text)
        _write(self._out, text)

    def progress(self, stage: str, fraction: float | None) -> None:
        """Tell how far a stage is, unless that was told a moment ago."""
        fresh = self._gate.stage != stage
        if self._gate.opens(stage):
            self._gauge(stage, None if fresh else fraction)

    def finish(self, result: ActionResult) -> None:
        """Print what has not been told yet."""
        self._stop_gauge()
        error = result.error
        for line in result.lines:
            if line not in self._told:
                _write(self._err if error and line == error.message else self._out, line)
        if error and error.hint:
            _write(self._err, error.hint)
        if result.next:
            _write(self._out, _invitation(result.next) + " · ".join(f"“{phrase}”" for phrase in result.next))

    def _gauge(self, stage: str, fraction: float | None) -> None:
        _write(self._out, f"{stage}..." if fraction is None else f"{stage}: {fraction:.0%}")

    def _stop_gauge(self) -> None:
        """Take away what a terminal shows while work runs."""


class Bar(Lines):
    """Lines for a person at a terminal: progress is a bar that goes away."""

    _progress: Progress | None = None
    _task: TaskID | None = None
    _stage = ""

    def say(self, text: str) -> None:
        """Tell the user a sentence now, above the bar."""
        self._stop_gauge()
        super().say(text)

    def progress(self, stage: str, fraction: float | None) -> None:
        """Draw how far a stage is."""
        self._gauge(stage, fraction)

    def _gauge(self, stage: str, fraction: float | None) -> None:
        if stage != self._stage:
            self._stop_gauge()
        if self._progress is None:
            self._progress = self._draw()
            self._stage = stage
            self._task = self._progress.add_task(stage, total=None)
        if self._task is not None:
            total = None if fraction is None else 1.0
            self._progress.update(self._task, total=total, completed=fraction or 0.0)

    def _draw(self) -> Progress:
        # Imported here: rich costs more than a whole short command, and only a terminal needs it.
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=Console(file=self._err),
            transient=True,
        )
        progress.start()
        return progress

    def _stop_gauge(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._task = None


class _Gate:
    """Lets progress through now and then.

    Args:
        every_s: seconds after which it is told again, however little happened.
        now: seconds of a clock that never goes back.
        step: share of a stage, 0 to 1, that is told as soon as it is done; None: only time counts.

    Attributes:
        stage: the stage that was told last.
    """

    def __init__(self, every_s: float, now: Callable[[], float], *, step: float | None = None) -> None:
        self._every_s = every_s
        self._now = now
        self._step = step
        self.stage: str | None = None
        self._at_s = 0.0
        self._fraction = 0.0

    def opens(self, stage: str, fraction: float | None = None) -> bool:
        """Whether to tell: each new stage, a step of it or its end, and whatever comes after `every_s`."""
        now_s = self._now()
        done = fraction or 0.0
        passed_s = now_s - self._at_s
        if stage == self.stage and passed_s < self._every_s and not self._moved(done, passed_s):
            return False
        self.stage, self._at_s, self._fraction = stage, now_s, done
        return True

    def _moved(self, fraction: float, passed_s: float) -> bool:
        if self._step is None or fraction <= self._fraction:
            return False
        return fraction >= 1 or (passed_s >= _STEP_EVERY_S and fraction - self._fraction > self._step - 1e-9)


def _invitation(phrases: Sequence[str]) -> str:
    # Imported here: help and wrong arguments need none of it.
    from music_cog_online.actions.words import said_in

    return "你可以说：" if said_in(phrases[0]) == "zh" else "You can say: "


def _write(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()


def reporter(*, as_json: bool, out: TextIO, err: TextIO) -> Reporter:
    """Choose how to speak: JSON, a person's terminal, or plain lines for a pipe."""
    if as_json:
        return JsonReporter(out, err)
    if out.isatty() and err.isatty():
        return Bar(out, err)
    return Lines(out, err)
