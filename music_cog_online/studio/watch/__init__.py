"""Watching: frames in, shots out."""

from music_cog_online.studio.watch.shots import Shot, Watching
from music_cog_online.studio.watch.watcher import watch

__all__ = ["Shot", "Watching", "watch"]
