#!/usr/bin/env python3
"""Tell what is on the timeline."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("state", sys.argv[1:]))
