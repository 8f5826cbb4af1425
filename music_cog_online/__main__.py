"""`python -m music_cog_online` is `music-cog`."""

from __future__ import annotations

import sys

from music_cog_online.cli import main

if __name__ == "__main__":
    sys.exit(main())
