"""The three headers that say which skill calls, taken from the frontmatter alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from music_cog_online.manifest import Manifest

__all__ = ["attribution", "detect_platform"]


def attribution(manifest: Manifest, *, skill_source: str | None = None) -> dict[str, str]:
    """The attribution headers.

    Args:
        manifest: gives name, version and install path.
        skill_source: what `SKILL_SOURCE` says; it wins over the install path.
    """
    return {
        "X-Skill-Source": manifest.name,
        "X-Skill-Version": manifest.version,
        "X-Skill-Platform": skill_source or detect_platform(manifest.bundle),
    }


def detect_platform(install: Path) -> str:
    """`clawhub`, `cursor` or `unknown`, from the folder that the skill is installed in.

    ClawHub's installer leaves a `.clawhub` folder in the skill, OpenClaw's puts the skill somewhere below `.openclaw`,
    Cursor keeps skills in `.cursor/skills`. A link counts by its own path as well as by the one that it points to.
    """
    for path in (install.absolute(), install.resolve()):
        if {".clawhub", ".openclaw"} & set(path.parts) or (path / ".clawhub").is_dir():
            return "clawhub"
        if (".cursor", "skills") in pairwise(path.parts):
            return "cursor"
    return "unknown"
