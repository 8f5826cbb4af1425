#!/usr/bin/env python3
"""Hand over clips, songs or pictures."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("upload", sys.argv[1:]))
