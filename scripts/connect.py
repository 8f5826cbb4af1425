#!/usr/bin/env python3
"""Get ready: sign in and open a project."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("connect", sys.argv[1:]))
