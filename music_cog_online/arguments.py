"""The commands and their arguments, once, for `music-cog` and for `scripts/`.

Only the standard library is imported, so `--help` works before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["COMMANDS", "Command", "build", "build_one", "parse"]

_WORDS = ("items", "sources", "text")
_HELP_HINT = "Run `%(prog)s COMMAND --help` for what a command takes, with examples."
_OVERVIEW = """Put music and video in sync by saying what you want.

The shortest way:   %(prog)s sync clip.mp4 song.mp3 -o out.mp4
Step by step:       %(prog)s upload clip.mp4 song.mp3
                    %(prog)s edit "sync background music to my video"
                    %(prog)s export -o out.mp4
In plain words:     %(prog)s chat "make the music quieter, then send me the video"
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its name, its one-line help, what `--help` teaches, and its arguments.

    Attributes:
        name: the word on the command line.
        summary: one line for the list of commands.
        details: paragraph of `--help`.
        examples: argument lines, shown behind the program's name.
        add: declares the command's own arguments on a parser.
    """

    name: str
    summary: str
    details: str
    examples: tuple[str, ...]
    add: Callable[[argparse.ArgumentParser], None]


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def _connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--new", action="store_true", help="open a fresh project; the old one stays listed")


def _upload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", metavar="PATH_OR_URL", help="a file, or an http(s) link to one")


def _edit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text", nargs="+", metavar="TEXT", help="the instruction; the studio understands English and Chinese"
    )


def _output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where the MP4 goes (default: a new name in the current folder)"
    )


def _chat(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="*", metavar="TEXT", help="what the user said, word for word")
    parser.add_argument("--attach", nargs="+", action="extend", default=[], metavar="FILE", help="files handed over")
    _output(parser)


def _sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("items", nargs="+", metavar="FILE_OR_TEXT", help="clips and a song, then what to do with them")
    _output(parser)
    parser.add_argument("--keep", action="store_true", help="stay in the current project (default: a fresh one)")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="the video to measure (default: the current project's last export)"
    )
    parser.add_argument("--plot", metavar="FILE.png", help="also draw cuts against beats")


def _projects(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--use", metavar="NUMBER", type=int, help="go back to this project of the list")
    parser.add_argument("--link", action="store_true", help="a browser link that hands the current project over")


def _studio(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["serve", "info"], help="serve: run as a server; info: what it can use here")
    parser.add_argument("--host", help="serve: address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, help="serve: port to listen on")
    parser.add_argument("--allow-remote", action="store_true", help="serve: needed for a --host that others can reach")
    parser.add_argument("--credits", type=int, metavar="N", help="serve: meter work, N credits for each client")


_ALL = (
    Command(
        "connect",
        "get ready: sign in and open a project",
        "Signs in (a free anonymous token where none is given) and opens a project. Every other command\n"
        "connects by itself; this one only says which backend answers and where media goes.",
        ("", "--new", "--backend cloud"),
        _connect,
    ),
    Command(
        "upload",
        "hand over clips, songs or pictures",
        "Uploads files or links to the current project, one after another. One that is refused does not\n"
        "keep the others out.",
        ("clip.mp4 song.mp3", "https://example.com/clip.mp4"),
        _upload,
    ),
    Command(
        "edit",
        "one instruction to the editor",
        "Sends one instruction to the backend's editor, waits for the work and tells what changed.\n"
        "Be specific: it works faster and better.",
        (
            '"sync background music to my video and adjust the beat drops to match the cuts"',
            '"set the music to 35%% and fade it out at the end"',
            '"add the title “Urban Dreams” for the first 3 seconds"',
        ),
        _edit,
    ),
    Command(
        "credits",
        "what is left to spend",
        "Tells the balance: available, held by running work, total.",
        ("",),
        _nothing,
    ),
    Command("state", "what is on the timeline", "Tells which tracks the current project holds.", ("",), _nothing),
    Command(
        "export",
        "render, wait, download the MP4",
        "Renders the project and downloads the finished MP4. Interrupted? Run it again: it picks up the\n"
        "render that is already running. What has not changed is not rendered again. A file appears under\n"
        "its name only when it is whole.",
        ("", "-o out.mp4"),
        _output,
    ),
    Command(
        "chat",
        "say it in plain words",
        "Decides what is meant (upload, edit, export, credits or state) and does it. `--json` tells which\n"
        "rule decided.",
        (
            '"sync the music to my cuts" --attach clip.mp4 song.mp3',
            '"put the song under the clip at 35%% and then export it" -o out.mp4',
            '"导出"',
        ),
        _chat,
    ),
    Command(
        "sync",
        "files in, finished video out",
        "Opens a fresh project, uploads the files, has the music synced to the cuts, renders and downloads.\n"
        "Interrupted? The same command line again goes on where it was. Finished? It gives the same file.",
        (
            "clip.mp4 song.mp3 -o out.mp4",
            'a.mp4 b.mp4 song.wav "cut on every second beat, drop on the last clip"',
            'song2.mp3 "use this song instead" --keep',
        ),
        _sync,
    ),
    Command(
        "report",
        "how well the cuts hit the beat, measured",
        "Measures a finished video: the distance of each cut to the nearest beat, the drop, loudness.",
        ("", "out.mp4", "out.mp4 --plot out.png"),
        _report,
    ),
    Command(
        "new",
        "start a fresh project",
        "Opens an empty project. The old one stays listed by `projects`.",
        ("",),
        _nothing,
    ),
    Command(
        "projects",
        "list the projects, go back to one",
        "Lists the projects of this backend, newest last; the current one is marked.",
        ("", "--use 2", "--link"),
        _projects,
    ),
    Command(
        "studio",
        "the engine on this machine",
        "`serve` runs the studio as a server for several people until it is interrupted; `info` tells what\n"
        "it can use on this machine. For one person nothing needs to be started: commands do it themselves.",
        ("info", "serve --port 8765 --credits 100"),
        _studio,
    ),
    Command(
        "doctor",
        "what works on this machine, and how to mend what does not",
        "Checks Python, packages, ffmpeg, the studio, folders, disk space, sign-in and clock; nothing is sent\n"
        "over the network unless the cloud or another server is chosen.",
        ("", "--backend cloud"),
        _nothing,
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}


def _add_shared(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Declare the flags that work before and after the command.

    A sub-parser leaves them unset when they are not given, so that it never overwrites what came before the command.
    """
    unset = argparse.SUPPRESS
    parser.add_argument(
        "--json", action="store_true", default=False if top else unset, help="one JSON object on standard output"
    )
    parser.add_argument(
        "--backend",
        metavar="cloud|studio|URL",
        default=None if top else unset,
        help="who does the work (default: the studio on this machine, unless the environment names another)",
    )


def _fill(parser: argparse.ArgumentParser, command: Command, *, top: bool) -> None:
    parser.description = command.details
    lines = [f"  %(prog)s {example}".rstrip() for example in command.examples]
    parser.epilog = "examples:\n" + "\n".join(lines)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    command.add(parser)
    _add_shared(parser, top=top)


def build_one(name: str, *, prog: str) -> argparse.ArgumentParser:
    """Return the parser of one command on its own, as `scripts/` need it."""
    parser = _Parser(prog=prog)
    _fill(parser, COMMANDS[name], top=True)
    parser.set_defaults(command=name, script=True)
    return parser


class _Wrong(Exception):
    """A command line that makes no sense; carries the parser that says so."""

    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong, so that `parse` can tell it as lines or as JSON."""

    def error(self, message: str) -> NoReturn:
        raise _Wrong(self, message)


class _Version(argparse.Action):
    """Prints the version; it is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from music_cog_online.manifest import load_manifest

        parser.exit(message=f"music-cog {load_manifest().version}\n")


def build(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of `music-cog` for one command line.

    Commands that the line does not name are listed, but their arguments are not declared: that keeps the start short.
    """
    parser = _Parser(
        prog="music-cog",
        description=_OVERVIEW,
        epilog=_HELP_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="show the version and exit"
    )
    _add_shared(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in _ALL:
        child = commands.add_parser(command.name, help=command.summary)
        if command.name in argv:
            _fill(child, command, top=False)
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line in which words may also stand behind the flags.

    `sync clip.mp4 song.mp3 -o out.mp4 "cut on the beat"` is what people type; argparse alone refuses the last word.

    Raises:
        SystemExit: wrong arguments (2), or help was asked for (0).
    """
    try:
        return _parsed(parser, argv)
    except _Wrong as wrong:
        if "--json" in argv:
            sys.stdout.write(_as_json(wrong, argv) + "\n")
            raise SystemExit(2) from wrong
        argparse.ArgumentParser.error(wrong.parser, str(wrong))


def _parsed(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    args, rest = parser.parse_known_args(argv)
    words: list[str] | None = next(
        (getattr(args, name) for name in _WORDS if isinstance(getattr(args, name, None), list)), None
    )
    if rest and (words is None or any(word.startswith("-") for word in rest)):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest and words is not None:
        words.extend(rest)
    if isinstance(getattr(args, "text", None), list):
        # Bytes of the command line that are no UTF-8 could not be sent as JSON.
        args.text = " ".join(args.text).encode("utf-8", "replace").decode()
    return args


def _as_json(wrong: _Wrong, argv: Sequence[str]) -> str:
    from music_cog_online.actions.result import ActionResult
    from music_cog_online.errors import UsageError

    hint = wrong.parser.format_usage().strip()
    named = next((word for word in argv if word in COMMANDS), wrong.parser.prog.removesuffix(".py"))
    return json.dumps(ActionResult.failed(named, UsageError(f"{wrong}.", hint=hint)).to_json(), ensure_ascii=False)
