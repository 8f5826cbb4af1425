"""Listening: audio samples → beats, bars, drops and sections."""

from music_cog_online.studio.listen.files import LISTENING_RATE, listen_file
from music_cog_online.studio.listen.listener import LONGEST_S, listen
from music_cog_online.studio.listen.listening import Drop, Listening, Section

__all__ = ["LISTENING_RATE", "LONGEST_S", "Drop", "Listening", "Section", "listen", "listen_file"]
