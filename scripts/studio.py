#!/usr/bin/env python3
"""Tell what the engine on this machine can use, or serve it to several people."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("studio", sys.argv[1:]))
