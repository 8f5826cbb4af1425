#!/usr/bin/env python3
"""Render, wait, download the finished MP4."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("export", sys.argv[1:]))
