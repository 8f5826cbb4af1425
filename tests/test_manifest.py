from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from music_cog_online.errors import (
    BY_KIND,
    BackendRefused,
    CreditsNeeded,
    ManifestError,
    NotSignedIn,
    PlanNeeded,
)
from music_cog_online.manifest import Manifest, find_bundle, load_manifest

BUNDLE = find_bundle()


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest()


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in ("SKILL.md", "skill.yaml"):
        shutil.copy(BUNDLE / name, folder)
    return folder


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_frontmatter_gives_name_and_version(bundle: Path) -> None:
    (bundle / "SKILL.md").write_text('---\nname: other-skill\ndescription: d\nmetadata:\n  version: "9.8.7"\n---\n')
    found = load_manifest(bundle)
    assert (found.name, found.version, found.bundle) == ("other-skill", "9.8.7", bundle)


def test_a_top_level_version_is_read_where_there_is_no_other(bundle: Path) -> None:
    (bundle / "SKILL.md").write_text('---\r\nname: n\r\ndescription: d\r\nversion: "2.0.0"\r\n---\r\nbody')
    assert load_manifest(bundle).version == "2.0.0"


@pytest.mark.parametrize(
    ("front", "named"),
    [
        ("no frontmatter", "frontmatter"),
        ("---\ndescription: d\nmetadata:\n  version: '1'\n---\n", "name"),
        ("---\nname: n\ndescription: d\n---\n", "version"),
        ("---\nname: n\ndescription: d\nmetadata:\n  version: 1.0\n---\n", "version"),
        ("---\nname: 名\ndescription: d\nmetadata:\n  version: '1'\n---\n", "name"),
        ("---\nname: [n\n---\n", "SKILL.md"),
    ],
)
def test_a_broken_frontmatter_is_told_by_its_key(bundle: Path, front: str, named: str) -> None:
    (bundle / "SKILL.md").write_text(front, encoding="utf-8")
    with pytest.raises(ManifestError, match=named):
        load_manifest(bundle)


def test_a_missing_file_is_told(bundle: Path) -> None:
    (bundle / "skill.yaml").unlink()
    with pytest.raises(ManifestError, match=r"skill\.yaml"):
        load_manifest(bundle)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("max_upload_bytes: 524288000", "max_upload_bytes: big", r"limits\.max_upload_bytes"),
        ("poll_s: 30", "poll_s: -1", r"intervals\.poll_s"),
        ("poll_s: 30", "pole_s: 30", "intervals"),
        ("kind: credits_needed", "kind: no_such_kind", r"errors\[3\]\.kind"),
        ("- code: 1002", "- code: 1001", "code 1001 stands twice"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
        ("urls:\n", "urls:\nlimits: {}\nurls2:\n", "limits"),
        ("poll_s: 30", "on: 30", "True is no text"),
        ("api: https://", "api: http://", r"urls\.api"),
        ("formats:\n  video: [mp4", "formats:\n  video: [.mp4", r"formats\.video\[0\]"),
        ("target: '导出'", "target: '(导出'", r"gui\.rules\[\d+\]\.target: not a regular expression"),
        ("messages:", "messages: [", "line"),
        ("still_working:", "stil_working:", "messages"),
    ],
)
def test_a_broken_table_is_told_by_its_key(bundle: Path, old: str, new: str, named: str) -> None:
    change(bundle / "skill.yaml", old, new)
    with pytest.raises(ManifestError, match=named):
        load_manifest(bundle)


def test_every_row_of_the_protocols_error_table_is_there(manifest: Manifest) -> None:
    assert set(manifest.errors) == {0, 1001, 1002, 2001, 4001, 4002, 400, 402, 429}
    assert {rule.kind for rule in manifest.errors.values()} - {"success"} <= set(BY_KIND)


def test_the_limits_and_intervals_are_the_protocols(manifest: Manifest) -> None:
    intervals = manifest.intervals
    assert manifest.limits.max_upload_bytes == 500 * 1024 * 1024
    assert (intervals.poll_s, intervals.heartbeat_notice_s, intervals.rate_limit_wait_s) == (30, 120, 30)
    assert (intervals.heartbeat_only_timeout_s, intervals.chat_timeout_s) == (600, 900)
    assert (intervals.recheck_first_s, intervals.recheck_s, intervals.rechecks) == (30, 60, 5)


def test_the_formats_are_the_protocols(manifest: Manifest) -> None:
    assert " ".join(manifest.formats.all) == "mp4 mov avi webm mkv jpg png gif webp mp3 wav m4a aac"
    assert manifest.formats.kind_of(".MP4") == "video"
    assert manifest.formats.kind_of("jpeg") == "image"
    assert manifest.formats.kind_of("exe") is None


def test_errors_speak_as_the_table_says(manifest: Manifest) -> None:
    link = "https://nemovideo.com/register?bind=anon_1"
    anonymous = manifest.error(2001, account="anonymous", register_link=link)
    assert isinstance(anonymous, CreditsNeeded)
    assert link in anonymous.message
    assert manifest.error(2001).message == "Top up credits in your account."
    plan = manifest.error(402)
    assert isinstance(plan, PlanNeeded)
    assert plan.message == "Register or upgrade your plan to unlock export."
    assert "not your credits" in plan.hint
    given = manifest.error(1001, account="given")
    assert isinstance(given, NotSignedIn)
    assert (given.given, given.exit_code, manifest.error(1001).exit_code) == (True, 3, 1)
    assert type(manifest.error(31337, detail="because")) is BackendRefused
    assert "because" in manifest.error(31337, detail="because").message


def test_the_cache_gives_the_same_without_yaml(bundle: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert load_manifest(bundle, cache) == load_manifest(bundle, cache) == load_manifest(bundle)
    program = (
        "import sys; from pathlib import Path; from music_cog_online.manifest import load_manifest; "
        f"load_manifest(Path({str(bundle)!r}), Path({str(cache)!r})); "
        "print(sorted({'yaml', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_changed_bundle_is_read_again(bundle: Path, tmp_path: Path) -> None:
    load_manifest(bundle, tmp_path)
    change(bundle / "skill.yaml", "poll_s: 30", "poll_s: 31")
    assert load_manifest(bundle, tmp_path).intervals.poll_s == 31


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"version": 1}', "cut", "poisoned", "folder"])
def test_a_damaged_cache_is_ignored_and_written_anew(bundle: Path, tmp_path: Path, damage: str) -> None:
    whole = load_manifest(bundle, tmp_path)
    (cache,) = tmp_path.glob("manifest*.json")
    kept = cache.read_text(encoding="utf-8")
    poisoned = json.loads(kept)
    poisoned["tables"]["limits"] = {"max_upload_bytes": "x"}
    if damage == "folder":
        cache.unlink()
        cache.mkdir()
    else:
        damaged = {"cut": kept[: len(kept) // 2], "poisoned": json.dumps(poisoned)}
        cache.write_text(damaged.get(damage, damage), encoding="utf-8")
    assert load_manifest(bundle, tmp_path) == whole
    if damage != "folder":
        assert cache.read_text(encoding="utf-8") == kept


def test_a_cache_folder_that_cannot_be_made_is_no_error(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert load_manifest(bundle, tmp_path / "file" / "cache").name


def test_no_second_copy_of_the_tables_is_in_the_code(manifest: Manifest) -> None:
    package = Path(__file__).parents[1] / "music_cog_online"
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py") if "studio" not in path.parts}
    phrases = [rule.message for rule in manifest.errors.values() if len(rule.message) > 12]
    phrases += [manifest.urls.api, *(rule.verb for rule in manifest.gui.rules), *manifest.messages.values()]
    found = [(path.name, words) for path, text in sources.items() for words in phrases if words in text]
    assert found == []


def test_skill_yaml_is_plain_yaml() -> None:
    assert isinstance(yaml.safe_load((BUNDLE / "skill.yaml").read_text(encoding="utf-8")), dict)


def test_why_a_file_is_refused_is_told_with_what_is_supported() -> None:
    message = load_manifest().error(4001, detail="The link leads to a private address.").message
    assert "mp4" in message
    assert message.endswith("It said: The link leads to a private address.")
