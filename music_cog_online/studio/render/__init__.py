"""From a draft to an MP4 that is ready to post: exact frames, sound on its time map, loudness as platforms want it."""

from __future__ import annotations

from music_cog_online.studio.render.draft import Draft, parse_draft
from music_cog_online.studio.render.rendering import RenderResult, render

__all__ = ["Draft", "RenderResult", "parse_draft", "render"]
