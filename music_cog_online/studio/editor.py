"""An instruction and a project → a new draft and an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from music_cog_online.studio.analyses import Analyses
from music_cog_online.studio.drafts import Material, lay_out, plan_of
from music_cog_online.studio.editing.choosing import length_of_montage
from music_cog_online.studio.editing.compositions import Composition, composition_of
from music_cog_online.studio.editing.edits import Bench, apply
from music_cog_online.studio.editing.instructions import Known, is_chinese, understand
from music_cog_online.studio.editing.layout import Planner
from music_cog_online.studio.editing.operations import History, Operation
from music_cog_online.studio.editing.replies import Language, named, say
from music_cog_online.studio.editing.telling import tell_plan, tell_shape
from music_cog_online.studio.engine import Engine
from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.planning.types import SyncPlan
from music_cog_online.studio.projects import Project, Projects, Upload

if TYPE_CHECKING:
    from music_cog_online.studio.listen.listening import Listening

__all__ = ["MAX_TEXT", "Answer", "Editor", "Step"]

MAX_TEXT = 5000
"""Longest instruction in characters."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done, as the chat stream shows it.

    Attributes:
        name: Name of the operation, e.g. ``Trim``.
        args: What it asked for.
        response: What came of it.
    """

    name: str
    args: Mapping[str, Any]
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an instruction.

    Attributes:
        text: What the user is told.
        steps: What was done, in order.
        draft: The new draft; None when it did not change.
    """

    text: str
    steps: tuple[Step, ...]
    draft: Mapping[str, Any] | None


class Editor:
    """Carries out instructions."""

    def __init__(
        self, projects: Projects, analyses: Analyses, engine: Engine, *, presets: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Edits the drafts of `projects`; `presets` are the manifest's shapes."""
        self._projects = projects
        self._analyses = analyses
        self._planner = Planner(analyses, engine)
        self._presets = presets

    def edit(self, project: Project, text: str, *, progress: Progress) -> Answer:
        """Does what `text` asks for, as far as it can, and keeps the new draft.

        Args:
            project: Whose timeline it is about.
            text: The instruction.
            progress: Told the share that is done, 0..1, and what is being done.
        """
        bench = self._bench(project, self._language(project, text), progress)
        known = [
            Known(upload.file.id, upload.file.name, upload.file.info.kind)
            for upload in bench.uploads
            if not upload.gone
        ]
        operations = understand(text[:MAX_TEXT], known)
        steps: list[Step] = []
        operations = length_of_montage(bench, operations)
        for number, operation in enumerate(operations):
            progress(0.05 + 0.1 * number / len(operations), say(bench.language, "stage_read"))
            steps.append(self._step(project, bench, operation))
        draft = self._finish(project, bench, progress=progress)
        if draft:
            bench.say("next_export")
        if not bench.lines:
            bench.say("nothing_changed")
        return Answer(("" if bench.language == "zh" else " ").join(bench.lines), tuple(steps), draft)

    def _bench(self, project: Project, language: Language, progress: Progress) -> Bench:
        uploads = self._projects.uploads(project.id)

        def hear(upload: Upload) -> Listening:
            progress(0.15, say(language, "stage_listen", name=upload.file.name))
            return self._analyses.listening(upload)

        return Bench(
            language=language,
            uploads=uploads,
            composition=self._composition(project),
            shots=lambda composition: self._planner.shots(composition, uploads),
            speech=self._analyses.speech,
            hear=hear,
            picture_s=lambda upload: self._analyses.watching(upload).duration_s,
            exported_since=self._projects.exported_since_edit(project.id),
            edited=self._projects.draft_time(project.id),
            draft=self._projects.draft(project.id),
        )

    def _step(self, project: Project, bench: Bench, operation: Operation) -> Step:
        name, args = type(operation).__name__, _plain(asdict(operation))
        before = bench.composition
        try:
            if isinstance(operation, History):
                self._history(project, bench, operation)
            else:
                apply(bench, operation)
        except CannotDo as exc:
            bench.lines.append(f"{exc.message} {exc.hint}".strip())
            return Step(name, args, {"success": False, "message": exc.message})
        return Step(name, args, {"success": True, "changed": bench.composition != before})

    def _history(self, project: Project, bench: Bench, operation: History) -> None:
        """Undo and redo move within the kept drafts, so what this instruction changed so far is kept first."""
        self._finish(project, bench, progress=lambda _share, _stage: None)
        language = bench.language
        if operation.by is None:
            bench.composition = Composition()
            bench.note("what_reset", "reset")
            return
        direction = 1 if operation.by > 0 else -1
        passed = [
            what for _ in range(abs(operation.by)) if (what := self._projects.step(project.id, direction)) is not None
        ]
        empty, done = ("nothing_to_undo", "undone") if direction < 0 else ("nothing_to_redo", "redone")
        separator = "、" if language == "zh" else ", "
        words = separator.join(dict.fromkeys(named(language, what) for what in passed))
        bench.lines.append(say(language, done, what=words) if passed else say(language, empty))
        bench.moved = bench.moved or bool(passed)
        bench.draft = self._projects.draft(project.id)
        bench.start = bench.composition = composition_of(bench.draft)

    def _finish(self, project: Project, bench: Bench, *, progress: Progress) -> Mapping[str, Any] | None:
        """Lays the composition out and keeps the draft, if anything changed since the last time."""
        composition = bench.composition
        changed = composition != bench.start
        plan: SyncPlan | None = None
        if composition.song is not None and composition.pieces and (changed or bench.sync_asked):
            plan = self._plan(bench, progress)
            tell_plan(bench, plan, self._planner.song(composition, bench.uploads))
            bench.sync_asked = False
        if not changed:
            return (bench.draft or {}) if bench.moved else None
        draft = self._draft(project, composition, bench, plan)
        bench.tell_length(draft.get("d", 0) / 1000)
        if bench.shaped and draft:
            tell_shape(bench, draft["m"]["width"], draft["m"]["height"], draft["t"][0]["sg"][0]["m"]["fit"])
            bench.shaped = False
        self._projects.put_draft(project.id, draft, what=bench.what())
        bench.start, bench.draft, bench.moved = composition, draft, True
        return draft

    def _plan(self, bench: Bench, progress: Progress) -> SyncPlan:
        """The plan of the composition in hand: the one of the kept draft where picture, song and wish are the same."""
        composition, before = bench.composition, bench.start
        kept = plan_of(bench.draft)
        same = (composition.pieces, composition.song, composition.wish) == (before.pieces, before.song, before.wish)
        if kept is not None and same and not bench.sync_asked:
            return kept

        def tell(share: float, stage: str, name: str) -> None:
            progress(share, say(bench.language, stage, name=name))

        return self._planner.plan(composition, bench.uploads, progress=tell)

    def _draft(self, project: Project, composition: Composition, bench: Bench, plan: SyncPlan | None) -> dict[str, Any]:
        if not composition.pieces:
            return {}
        used = {piece.media for piece in composition.pieces} | ({composition.song} if composition.song else set())
        material = {
            upload.file.id: Material(upload.file, self._analyses.speech(upload) if composition.song else ())
            for upload in bench.uploads
            if upload.file.id in used
        }
        return lay_out(composition, material, plan, presets=self._presets, title=project.name)

    def _composition(self, project: Project) -> Composition:
        try:
            return composition_of(self._projects.draft(project.id))
        except CannotDo:
            return Composition()

    @staticmethod
    def _language(project: Project, text: str) -> Language:
        if is_chinese(text):
            return "zh"
        has_words = any(char.isalpha() and char.isascii() for char in text)
        return "zh" if project.language.lower().startswith("zh") and not has_words else "en"


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's fields as JSON values, those that were not said left out."""
    return {key: value for key, value in values.items() if value not in (None, (), False, "")}
