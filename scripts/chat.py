#!/usr/bin/env python3
"""Say it in plain words: the router decides what is meant."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("chat", sys.argv[1:]))
