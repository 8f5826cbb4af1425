#!/usr/bin/env python3
"""Measure how well the cuts of a finished video hit the beat."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("report", sys.argv[1:]))
