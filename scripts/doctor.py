#!/usr/bin/env python3
"""Tell what works on this machine, and how to mend what does not."""

import sys

from _bootstrap import run

if __name__ == "__main__":
    sys.exit(run("doctor", sys.argv[1:]))
