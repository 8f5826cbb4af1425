"""SKILL.md's frontmatter and skill.yaml as one Manifest.

Reading YAML and checking it against the JSON Schema costs about 200 ms, so the checked tables are kept as JSON in a
cache, named after the hash of the files that they came from. A cache that does not fit is ignored and written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from music_cog_online.errors import BY_KIND, BackendRefused, ManifestError, MediaRefused, MusicCogError, NotSignedIn

__all__ = [
    "ErrorRule",
    "Exporting",
    "FileFacts",
    "Formats",
    "Gui",
    "GuiRule",
    "Intervals",
    "Limits",
    "Manifest",
    "Urls",
    "Wish",
    "load_manifest",
]

_PACKAGE = Path(__file__).resolve().parent
_SCHEMA = _PACKAGE / "schemas" / "skill.schema.json"
_CACHE_VERSION = 1
_FRONTMATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Urls:
    """Addresses of the cloud: the API, the web pages, and templates of the links into those pages."""

    api: str
    web: str
    claim: str
    register: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes beyond which the client stops, in bytes unless the name says otherwise."""

    max_upload_bytes: int
    max_answer_bytes: int
    max_event_bytes: int
    max_reply_chars: int
    max_download_bytes: int
    max_redirects: int


@dataclass(frozen=True, slots=True)
class Intervals:
    """Waits and limits in seconds of the product's clock; `rechecks` and `tries` are counts.

    `shortest_timeout_s` and `upload_shortest_timeout_s` alone are in real seconds.
    """

    poll_s: float
    render_timeout_s: float
    heartbeat_notice_s: float
    heartbeat_only_timeout_s: float
    chat_timeout_s: float
    recheck_first_s: float
    recheck_s: float
    rechecks: int
    rate_limit_wait_s: float
    longest_wait_s: float
    retry_first_s: float
    tries: int
    connect_timeout_s: float
    answer_timeout_s: float
    upload_answer_timeout_s: float
    shortest_timeout_s: float
    upload_shortest_timeout_s: float


@dataclass(frozen=True, slots=True)
class Formats:
    """File name extensions that can be uploaded, without the dot, by kind."""

    video: tuple[str, ...]
    image: tuple[str, ...]
    audio: tuple[str, ...]
    aliases: Mapping[str, str]

    @property
    def all(self) -> tuple[str, ...]:
        """Every extension, videos first."""
        return self.video + self.image + self.audio

    def canonical(self, extension: str) -> str:
        """The extension under its usual name, lower case; an unknown one comes back as it is."""
        lowered = extension.lower().lstrip(".")
        return self.aliases.get(lowered, lowered)

    def kind_of(self, extension: str) -> str | None:
        """`video`, `image` or `audio`; None for an extension that is not supported."""
        name = self.canonical(extension)
        kinds = {"video": self.video, "image": self.image, "audio": self.audio}
        return next((kind for kind, names in kinds.items() if name in names), None)


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of the error table.

    Attributes:
        code: the backend's code.
        kind: name of the error class, `success` for 0.
        meaning: the protocol's words for it.
        message: sentence for the user; may hold fields in braces.
        hint: what the user can do.
        statuses: HTTP statuses that mean this when the answer carries no code.
        variants: other messages and hints for an `anonymous` account or a token that was `given`, or for a file whose
            `content` is not what its name says, or is `unknown`.
    """

    code: int
    kind: str
    meaning: str
    message: str
    hint: str = ""
    statuses: tuple[int, ...] = ()
    variants: Mapping[str, Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file that is not what its name says.

    Attributes:
        name: its name.
        extension: the end of it, without the dot.
        kind: what it should be, e.g. "a video".
        looks: what it looks like instead, e.g. "text"; an empty string where nobody knows.
    """

    name: str
    extension: str
    kind: str
    looks: str


@dataclass(frozen=True, slots=True)
class GuiRule:
    """One row of the GUI table: a clause that fits goes, and `act` is offered in the words of `say` (by language)."""

    name: str
    act: str
    verb: str
    say: Mapping[str, str]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Gui:
    """How talk about a GUI is recognised, and which apologies count for nothing after good text."""

    rules: tuple[GuiRule, ...]
    noise: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that a user may want an exported file to be.

    Attributes:
        name: what it is called; `{value}` stands for the number in the words.
        kind: `size`, `rate` or `format`.
        words: regular expression of the words for it.
        value: pixels of the short side for a `size`; 0 where the words hold the number, or there is none.
    """

    name: str
    kind: str
    words: str
    value: int = 0


@dataclass(frozen=True, slots=True)
class Exporting:
    """What an exported file is, as sentences by language, and the wishes that it may not fulfil."""

    gives: Mapping[str, str]
    larger: Mapping[str, str]
    trouble: Mapping[str, str]
    held: Mapping[str, str]
    refused: Mapping[str, str]
    delivered: Mapping[str, str]
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that SKILL.md's frontmatter and skill.yaml say.

    Attributes:
        name: the skill's name, from the frontmatter.
        version: the skill's version, from the frontmatter.
        description: the frontmatter's description.
        bundle: the folder that holds SKILL.md.
        intents: the raw table of the router.
        presets: shapes of the exported picture, by name.
        messages: sentences for the user, by name.
        try_saying: examples for a first contact.
        exporting: what an exported file is.
        heard: patterns of what is listened for in the user's words and the backend's, by name.
        suggestions: what the user could say next, by name and language.
    """

    name: str
    version: str
    description: str
    bundle: Path
    urls: Urls
    limits: Limits
    intervals: Intervals
    formats: Formats
    errors: Mapping[int, ErrorRule]
    gui: Gui
    messages: Mapping[str, str]
    presets: Mapping[str, Mapping[str, Any]]
    intents: Mapping[str, Any]
    try_saying: tuple[str, ...]
    exporting: Exporting
    heard: Mapping[str, str]
    suggestions: Mapping[str, Mapping[str, str]]

    def code_for_status(self, status: int) -> int | None:
        """The code that an HTTP status stands for when the answer carries none."""
        return next((rule.code for rule in self.errors.values() if status in rule.statuses), None)

    def error(
        self,
        code: int,
        *,
        account: str = "",
        register_link: str = "",
        detail: str = "",
        status: int | None = None,
        file: FileFacts | None = None,
    ) -> MusicCogError:
        """The typed error of a code, with the table's words.

        Args:
            code: the backend's code; one that is not in the table gives `BackendRefused` with `detail`.
            account: `anonymous`, `given` or an empty string: which variant of the message to use.
            register_link: fills `{register_link}`.
            detail: the backend's own words, cleaned; kept in `data`.
            status: HTTP status of the answer.
            file: the file that is refused for what is in it.
        """
        rule = self.errors.get(code)
        data = {"detail": detail} if detail else {}
        if rule is None or rule.kind not in BY_KIND:
            words = f"The backend refused: {detail}" if detail else f"The backend refused the request (code {code})."
            return BackendRefused(words, code=code, status=status, data=data)
        chosen = account if file is None else "content" if file.looks else "unknown"
        variant = (rule.variants or {}).get(chosen, {"message": rule.message, "hint": rule.hint})
        facts = {
            "register_link": register_link,
            "formats": ", ".join(self.formats.all),
            **(asdict(file) if file is not None else {}),
            "max_upload": f"{self.limits.max_upload_bytes // (1024 * 1024)} MB",
        }
        message, hint = variant["message"].format(**facts), variant.get("hint", "").format(**facts)
        cls = BY_KIND[rule.kind]
        if cls in (BackendRefused, MediaRefused) and detail:
            message = f"{message} It said: {detail}"
        if cls is NotSignedIn:
            return NotSignedIn(message, given=account == "given", hint=hint, code=code, status=status, data=data)
        return cls(message, hint=hint, code=code, status=status, data=data)


def find_bundle() -> Path:
    """The folder that holds SKILL.md: beside the package in a checkout, inside it in an installed wheel.

    Raises:
        ManifestError: neither place has one.
    """
    for folder in (_PACKAGE / "bundle", _PACKAGE.parent):
        if (folder / "SKILL.md").is_file() and (folder / "skill.yaml").is_file():
            return folder
    raise ManifestError("SKILL.md and skill.yaml are missing.", hint="Install the skill again.")


def load_manifest(bundle: Path | None = None, cache_dir: Path | None = None) -> Manifest:
    """Read and check the bundle's tables.

    Args:
        bundle: folder with SKILL.md and skill.yaml; None finds the one of this installation.
        cache_dir: folder for the checked tables; None does without. A folder that cannot be written is no error.

    Raises:
        ManifestError: a file is missing or broken; the message names file and key.
    """
    folder = bundle if bundle is not None else find_bundle()
    try:
        skill_md, skill_yaml, schema = (
            path.read_bytes() for path in (folder / "SKILL.md", folder / "skill.yaml", _SCHEMA)
        )
    except OSError as exc:
        raise ManifestError(f"{exc.filename} cannot be read: {exc.strerror}.", hint="Install the skill again.") from exc
    digest = hashlib.sha256()
    for part in (skill_md, skill_yaml, schema):
        digest.update(hashlib.sha256(part).digest())
    cache = cache_dir / "manifest.json" if cache_dir is not None else None
    cached = _from_cache(cache, digest.hexdigest(), folder)
    if cached is not None:
        return cached
    front = _frontmatter(skill_md)
    tables = _tables(skill_yaml, schema)
    _to_cache(cache, {"version": _CACHE_VERSION, "key": digest.hexdigest(), "front": front, "tables": tables})
    return _build(front, tables, folder)


def _from_cache(path: Path | None, key: str, folder: Path) -> Manifest | None:
    if path is None:
        return None
    try:
        kept = json.loads(path.read_bytes())
        if kept["version"] != _CACHE_VERSION or kept["key"] != key:
            return None
        return _build(kept["front"], kept["tables"], folder)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _to_cache(path: Path | None, kept: Mapping[str, Any]) -> None:
    if path is None:
        return
    # A cache that cannot be written costs time, nothing else.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".manifest-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, ensure_ascii=False)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _build(front: Mapping[str, str], tables: Mapping[str, Any], folder: Path) -> Manifest:
    rules = [ErrorRule(**{**row, "statuses": tuple(row.get("statuses", ()))}) for row in tables["errors"]]
    formats = tables["formats"]
    gui, exporting = tables["gui"], tables["exporting"]
    return Manifest(
        name=front["name"],
        version=front["version"],
        description=front["description"],
        bundle=folder,
        urls=Urls(**tables["urls"]),
        limits=Limits(**tables["limits"]),
        intervals=Intervals(**tables["intervals"]),
        formats=Formats(
            video=tuple(formats["video"]),
            image=tuple(formats["image"]),
            audio=tuple(formats["audio"]),
            aliases=formats["aliases"],
        ),
        errors={rule.code: rule for rule in rules},
        gui=Gui(rules=tuple(GuiRule(**row) for row in gui["rules"]), noise=tuple(gui["noise"])),
        messages=tables["messages"],
        presets=tables["presets"],
        intents=tables["intents"],
        try_saying=tuple(tables["try_saying"]),
        exporting=Exporting(**{**exporting, "wishes": tuple(Wish(**row) for row in exporting["wishes"])}),
        heard=tables["heard"],
        suggestions=tables["suggestions"],
    )


def _frontmatter(text: bytes) -> dict[str, str]:
    found = _FRONTMATTER.match(text.decode("utf-8", "replace"))
    if found is None:
        raise ManifestError("SKILL.md has no frontmatter between two lines of ---.")
    front = _yaml(found.group(1).encode(), "SKILL.md")
    metadata = front.get("metadata")
    nested = metadata.get("version") if isinstance(metadata, Mapping) else None
    values = {
        "name": front.get("name"),
        "metadata.version": front.get("version") if nested is None else nested,
        "description": front.get("description"),
    }
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            raise ManifestError(f"SKILL.md: {key} is missing or no text.", hint='Quote the version: "1.0.0".')
    for key in ("name", "metadata.version"):
        if not re.fullmatch(r"[\x21-\x7e]+", str(values[key])):
            raise ManifestError(f"SKILL.md: {key} cannot be sent in an HTTP header.")
    return {key.rpartition(".")[2]: str(value).strip() for key, value in values.items()}


def _tables(text: bytes, schema: bytes) -> dict[str, Any]:
    tables = _yaml(text, "skill.yaml")
    # Imported here: with a warm cache nothing of it is needed.
    import jsonschema

    checker = jsonschema.Draft202012Validator(json.loads(schema))
    error = jsonschema.exceptions.best_match(checker.iter_errors(tables))
    if error is not None:
        raise ManifestError(f"skill.yaml: {_key_path(error.absolute_path)}: {error.message}")
    codes = [row["code"] for row in tables["errors"]]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise ManifestError(f"skill.yaml: errors: code {twice} stands twice")
    for number, rule in enumerate(tables["gui"]["rules"]):
        for key in ("verb", "target"):
            _check_pattern(rule.get(key, ""), f"gui.rules[{number}].{key}")
    for name, pattern in tables["heard"].items():
        _check_pattern(pattern, f"heard.{name}")
    for number, pattern in enumerate(tables["gui"]["noise"]):
        _check_pattern(pattern, f"gui.noise[{number}]")
    for number, wish in enumerate(tables["exporting"]["wishes"]):
        _check_pattern(wish["words"], f"exporting.wishes[{number}].words")
    return tables


def _check_pattern(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as exc:
        raise ManifestError(f"skill.yaml: {where}: not a regular expression: {exc}") from exc


def _key_path(parts: Any) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.lstrip(".") or "the file"


def _yaml(text: bytes, name: str) -> dict[str, Any]:
    # Imported here: with a warm cache nothing of it is needed.
    from music_cog_online.strict_yaml import load_mapping

    return load_mapping(text, name)
