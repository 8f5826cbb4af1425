#!/usr/bin/env python3
"""List the projects, go back to one."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("projects", sys.argv[1:]))
