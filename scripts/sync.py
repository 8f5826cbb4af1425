#!/usr/bin/env python3
"""Files in, finished video out."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("sync", sys.argv[1:]))
