#!/usr/bin/env python3
"""Tell what is left to spend."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("credits", sys.argv[1:]))
