#!/usr/bin/env python3
"""Send one instruction to the editor."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("edit", sys.argv[1:]))
