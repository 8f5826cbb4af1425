"""``python -m music_cog_online.studio``: serve, info, report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from music_cog_online.errors import MusicCogError
from music_cog_online.manifest import Manifest, load_manifest
from music_cog_online.settings import Settings
from music_cog_online.studio.errors import StudioError
from music_cog_online.studio.ffmpeg import Ffmpeg

if TYPE_CHECKING:
    from music_cog_online.studio.service import Studio

__all__ = ["main"]

_IDLE_S = 15 * 60.0
_PACKAGES = ("numpy", "scipy", "starlette", "uvicorn", "python-multipart", "imageio-ffmpeg", "pillow")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; gives the exit code: 0 done, 1 failed, 2 wrong usage."""
    arguments = _parser().parse_args(argv)
    try:
        settings = Settings.from_environ(os.environ)
        home = (arguments.home or settings.home).expanduser().absolute()
        return int(arguments.run(arguments, settings, home / "studio"))
    except (StudioError, MusicCogError) as exc:
        sys.stderr.write(f"{exc}{f' {exc.hint}' if exc.hint else ''}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m music_cog_online.studio", description="The studio: the editing engine on this machine."
    )
    parser.set_defaults(home=None)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API", description="Serve the API until stopped.")
    serve.add_argument("--embedded", action="store_true", help="for one user: a free port, ends after 15 idle minutes")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    serve.add_argument("--port", type=_port, default=None, help="port (default: 8787; embedded: a free one)")
    serve.add_argument("--allow-remote", action="store_true", help="needed for a --host that others can reach")
    serve.add_argument("--credits", type=_count, default=None, help="meter the work: credits of each new token")
    serve.add_argument("--idle-s", type=float, default=None, help="end after so many idle seconds")
    serve.set_defaults(run=_serve)
    info = commands.add_parser("info", help="what the studio can use here")
    info.add_argument("--json", action="store_true", help="as JSON")
    info.set_defaults(run=_info)
    report = commands.add_parser("report", help="measure how well a file is in sync")
    report.add_argument("file", type=Path, help="the finished video")
    report.add_argument("--json", action="store_true", help="as JSON")
    report.add_argument("--plot", type=Path, help="also draw a picture (PNG)")
    report.set_defaults(run=_report)
    for command in (serve, info, report):
        command.add_argument("--home", type=Path, help="folder that keeps everything (default: MUSIC_COG_HOME)")
    return parser


def _serve(arguments: argparse.Namespace, settings: Settings, folder: Path) -> int:
    from music_cog_online.studio.serving import Listening, is_loopback, serve

    if not is_loopback(arguments.host):
        if not arguments.allow_remote:
            raise StudioError(
                f"{arguments.host} can be reached from other machines.",
                hint="Add --allow-remote if you mean it: whoever reaches it can get a token and upload files.",
            )
        sys.stderr.write("Others can reach this studio: whoever does can get a token and upload files.\n")
    manifest = load_manifest(cache_dir=folder.parent / "cache")
    port = arguments.port if arguments.port is not None else 0 if arguments.embedded else 8787
    idle_s = arguments.idle_s if arguments.idle_s is not None else _IDLE_S if arguments.embedded else None
    listening = Listening(arguments.host, port, idle_s, quiet=arguments.embedded)
    if not arguments.embedded:
        where = f"http://{arguments.host}:{port}" if port else "a free port"
        sys.stderr.write(f"The studio serves {where}; its folder is {folder}. Ctrl-C stops it.\n")
    serve(
        lambda: _studio(manifest, settings, folder, credits=arguments.credits),
        folder,
        listening,
        version=manifest.version,
    )
    return 0


def _studio(manifest: Manifest, settings: Settings, folder: Path, *, credits: int | None) -> Studio:
    from music_cog_online.studio.engine import Engine
    from music_cog_online.studio.service import Config, Studio

    config = Config(
        home=folder,
        version=manifest.version,
        formats=manifest.formats.all,
        max_upload_bytes=manifest.limits.max_upload_bytes,
        presets=manifest.presets,
        credits=credits,
    )
    return Studio(config, Engine(Ffmpeg(settings.ffmpeg), presets=manifest.presets))


def _info(arguments: argparse.Namespace, settings: Settings, folder: Path) -> int:
    from music_cog_online.studio.render.encoders import working_encoder

    ffmpeg = Ffmpeg(settings.ffmpeg)
    free = shutil.disk_usage(next(place for place in (folder, *folder.parents) if place.exists())).free
    facts = {
        "version": load_manifest().version,
        "python": platform.python_version(),
        "ffmpeg": ffmpeg.binary,
        "ffmpeg_version": ffmpeg.version(),
        "encoder": working_encoder(ffmpeg),
        "cores": os.cpu_count(),
        "folder": str(folder),
        "free_gb": round(free / 1e9, 1),
    }
    packages = {name: metadata.version(name) for name in _PACKAGES}
    if arguments.json:
        sys.stdout.write(json.dumps({**facts, "packages": packages}) + "\n")
        return 0
    sys.stdout.writelines(f"{name.replace('_', ' ')}: {value}\n" for name, value in facts.items())
    sys.stdout.write(f"packages: {', '.join(f'{name} {version}' for name, version in packages.items())}\n")
    return 0


def _report(arguments: argparse.Namespace, settings: Settings, folder: Path) -> int:
    from music_cog_online.studio.reports import measure

    report, before = measure(arguments.file, folder, Ffmpeg(settings.ffmpeg))
    if arguments.plot is not None:
        from music_cog_online.studio.report_plot import plot

        plot(report, arguments.plot, before)
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json(), ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in report.summary)
    return 0


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return port


def _count(text: str) -> int:
    count = int(text)
    if not 0 <= count <= 10**9:
        raise argparse.ArgumentTypeError("credits are 0 or more")
    return count


if __name__ == "__main__":
    sys.exit(main())
