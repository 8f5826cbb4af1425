"""What every script does first: find a Python that is new enough and the packages, then hand over.

This file is read by old Pythons too, so that they can say so: no syntax newer than 3.6 here.
"""

import argparse
import importlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

SKILL = Path(__file__).resolve().parent.parent
OLDEST = (3, 10)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.10", "python3.14")
NEEDED = (
    "filelock",
    "imageio_ffmpeg",
    "jsonschema",
    "noto_cjk_sans_otc",
    "numpy",
    "PIL",
    "platformdirs",
    "python_multipart",
    "requests",
    "requests_toolbelt",
    "rich",
    "scipy",
    "starlette",
    "urllib3",
    "uvicorn",
    "yaml",
)


def run(action: str, argv: "list[str]") -> int:
    """Run one action with its command line and return the exit code.

    `--help` and wrong arguments are answered before anything is looked for or installed.
    """
    if sys.version_info < OLDEST:
        return run_newer(sys.argv[0], argv)
    sys.path.insert(0, str(SKILL))
    arguments = importlib.import_module("music_cog_online.arguments")
    args: argparse.Namespace = arguments.parse(arguments.build_one(action, prog=f"{action}.py"), argv)
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        environment = importlib.import_module("_environment")
        return int(environment.rerun(sys.argv[0], argv, as_json=args.json, action=action, needed=NEEDED))
    return int(importlib.import_module("music_cog_online.cli").run(args))


def run_newer(script: str, argv: "list[str]") -> int:
    """Run the script with a newer Python of this machine, or say what is missing."""
    for name in NEWER:
        python = shutil.which(name)
        check = "import sys; sys.exit(sys.version_info < (3, 10))"
        if python and subprocess.call([python, "-c", check], stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([python, script, *argv])
    uv = shutil.which("uv")
    if uv:
        return subprocess.call([uv, "run", "--no-project", "--python", ">=3.10", script, *argv])
    sys.stderr.write(
        "This skill needs Python 3.10 or newer; this one is {}.{}.\n"
        "Install a newer Python, or uv (https://docs.astral.sh/uv/), and run the same command again.\n".format(
            *sys.version_info[:2]
        )
    )
    return 1
