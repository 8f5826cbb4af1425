#!/usr/bin/env python3
"""Start a fresh project."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("new", sys.argv[1:]))
