"""What works on this machine, and how to mend what does not."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from music_cog_online.actions.context import Context
from music_cog_online.actions.result import ActionResult
from music_cog_online.actions.studio import ask
from music_cog_online.backend import missing_studio_parts
from music_cog_online.errors import BackendRefused, MusicCogError

__all__ = ["Check", "run"]

_CLIENT_PARTS = ("filelock", "jsonschema", "platformdirs", "requests", "requests_toolbelt", "yaml")
_ENOUGH_BYTES = 2_000_000_000
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        ok: it works.
        detail: what was found.
        remedy: what to do where it does not work.
        essential: nothing works without it.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    essential: bool = True

    @property
    def line(self) -> str:
        """The check as a line for a chat."""
        if self.ok:
            return f"ok     {self.name}: {self.detail}"
        return f"needs  {self.name}: {self.detail}" + (f" → {self.remedy}" if self.remedy else "")


def run(context: Context) -> ActionResult:
    """Look at everything; the network is used only where the cloud or another server is the backend."""
    looks: tuple[Callable[[Context], Check], ...] = (
        _python,
        _packages,
        _home,
        _disk,
        _clock,
        _studio_packages,
        _ffmpeg,
        _sign_in,
        _backend,
    )
    checks = tuple(_looked(look, context) for look in looks)
    lines = tuple(check.line for check in checks)
    data = {"checks": [asdict(check) for check in checks], "version": context.manifest.version}
    broken = [check for check in checks if not check.ok and check.essential]
    if not broken:
        return ActionResult("doctor", (*lines, "Everything that is needed works."), data=data)
    error = MusicCogError(f"Not working yet: {', '.join(check.name for check in broken)}.", hint=broken[0].remedy)
    return ActionResult("doctor", (*lines, error.message), data=data, error=error)


def _looked(look: Callable[[Context], Check], context: Context) -> Check:
    """A check that itself breaks is a finding too."""
    try:
        return look(context)
    except (MusicCogError, OSError) as exc:
        hint = exc.hint if isinstance(exc, MusicCogError) else ""
        return Check(look.__name__.strip("_").replace("_", " "), ok=False, detail=str(exc), remedy=hint)


def _python(_context: Context) -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 10), version, "Install Python 3.10 or newer.")


def _packages(_context: Context) -> Check:
    missing = [name for name in _CLIENT_PARTS if importlib.util.find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "all there"
    return Check("packages", not missing, detail, "pip install music-cog-online")


def _studio_packages(context: Context) -> Check:
    missing = missing_studio_parts()
    detail = f"missing: {', '.join(missing)}" if missing else "all there"
    wanted = context.backend.kind == "studio"
    return Check("studio packages", not missing, detail, "pip install 'music-cog-online[studio]'", essential=wanted)


def _home(context: Context) -> Check:
    home = context.settings.home
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as exc:
        return Check("folder", ok=False, detail=f"{home}: {exc.strerror}", remedy="Set MUSIC_COG_HOME to another one.")
    return Check("folder", ok=True, detail=str(home))


def _disk(context: Context) -> Check:
    free = shutil.disk_usage(next(_existing(context.settings.home))).free
    remedy = "Free some space: rendering needs room for clips and results."
    return Check("disk space", free >= _ENOUGH_BYTES, f"{free / 1e9:.1f} GB free", remedy, essential=False)


def _existing(path: Path) -> Iterator[Path]:
    return (folder for folder in (path, *path.parents) if folder.exists())


def _clock(context: Context) -> Check:
    installed = (context.manifest.bundle / "SKILL.md").stat().st_mtime
    sane = context.clock.now() > installed - _DAY_S
    return Check("clock", sane, "plausible" if sane else "in the past", "Set this machine's clock: TLS depends on it.")


def _ffmpeg(context: Context) -> Check:
    """The studio alone runs ffmpeg; it is asked what it found."""
    wanted = context.backend.kind == "studio"
    remedy = "pip install imageio-ffmpeg, or set MUSIC_COG_FFMPEG to an ffmpeg with libx264."
    try:
        facts = ask(context, "info", "--json")
    except BackendRefused as error:
        return Check("ffmpeg", ok=False, detail=error.message, remedy=remedy, essential=wanted)
    detail = f"{facts.get('ffmpeg_version')}, encodes with {facts.get('encoder')}"
    return Check("ffmpeg", ok=bool(facts.get("encoder")), detail=detail, remedy=remedy, essential=wanted)


def _sign_in(context: Context) -> Check:
    if context.settings.token is not None and context.backend.takes_token:
        return Check("sign-in", ok=True, detail="your own token (NEMO_TOKEN)")
    kept = context.store.token() is not None
    return Check(
        "sign-in", ok=True, detail="free token kept" if kept else "a free token is fetched at the first command"
    )


def _backend(context: Context) -> Check:
    name = {"studio": "studio", "cloud": "cloud"}.get(context.backend.kind, "server")
    try:
        context.api.credits()
    except MusicCogError as error:
        return Check(name, ok=False, detail=error.message, remedy=error.hint)
    return Check(name, ok=True, detail=context.backend.url or context.studio.url())
