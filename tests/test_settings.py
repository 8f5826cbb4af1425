from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from music_cog_online.clock import Clock
from music_cog_online.errors import UsageError
from music_cog_online.manifest import load_manifest
from music_cog_online.settings import VARIABLES, Secret, Settings
from music_cog_online.strict_yaml import load_mapping


def test_an_empty_environment_gives_the_defaults(tmp_path: Path) -> None:
    settings = Settings.from_environ({"HOME": str(tmp_path)})
    assert (settings.token, settings.client_id, settings.api_url, settings.backend) == (None, None, None, None)
    assert settings.time_scale == 1.0
    assert settings.home.name == "music-cog-online"
    assert settings.config_dir == tmp_path / ".config" / "nemovideo"


def test_every_variable_is_read() -> None:
    settings = Settings.from_environ(
        {
            "NEMO_TOKEN": " nmv_usr_1\n",
            "NEMO_CLIENT_ID": "id",
            "NEMO_API_URL": "https://api.test/",
            "NEMO_WEB_URL": "https://web.test/",
            "SKILL_SOURCE": "cursor",
            "MUSIC_COG_BACKEND": "cloud",
            "MUSIC_COG_HOME": "/somewhere",
            "MUSIC_COG_TIME_SCALE": "0.01",
            "MUSIC_COG_FFMPEG": "/usr/bin/ffmpeg",
        }
    )
    assert settings.token == Secret("nmv_usr_1")
    assert (settings.api_url, settings.web_url) == ("https://api.test", "https://web.test")
    assert (settings.client_id, settings.skill_source, settings.backend) == ("id", "cursor", "cloud")
    assert (settings.home, settings.time_scale, settings.ffmpeg) == (Path("/somewhere"), 0.01, "/usr/bin/ffmpeg")


def test_empty_variables_count_as_unset() -> None:
    assert Settings.from_environ(dict.fromkeys(VARIABLES, "") | {"HOME": "/h"}).token is None


@pytest.mark.parametrize("scale", ["fast", "-1", "nan", "inf"])
def test_a_time_scale_that_is_none_is_refused_by_name(scale: str) -> None:
    with pytest.raises(UsageError, match="MUSIC_COG_TIME_SCALE"):
        Settings.from_environ({"MUSIC_COG_TIME_SCALE": scale})


@pytest.mark.parametrize("name", ["NEMO_TOKEN", "NEMO_CLIENT_ID", "SKILL_SOURCE"])
@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "密码"])
def test_what_a_header_cannot_carry_is_refused_unprinted(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name) as caught:
        Settings.from_environ({name: value})
    assert value not in str(caught.value)


def test_a_secret_does_not_print() -> None:
    settings = Settings.from_environ({"NEMO_TOKEN": "nmv_usr_1"})
    secret = settings.token
    assert secret is not None
    shown = f"{secret} {secret!r} {secret!s:>9} {settings} {settings!r} {[secret]}"
    assert "nmv_usr_1" not in shown
    assert secret.reveal() == "nmv_usr_1"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_the_frontmatter_declares_what_is_read() -> None:
    front = load_mapping(load_manifest().bundle.joinpath("SKILL.md").read_bytes().split(b"---")[1], "SKILL.md")
    declared = front["metadata"].get("openclaw", {}).get("envVars", [])
    names = {row["name"] if isinstance(row, dict) else row for row in declared}
    assert names <= set(VARIABLES)


def test_the_clock_scales_waits_and_limits() -> None:
    clock = Clock(0.001)
    before = clock.monotonic()
    clock.sleep(20)
    assert 19 < clock.monotonic() - before < 2000
    assert clock.real_s(60) == pytest.approx(0.06)


def test_a_clock_of_scale_zero_does_not_wait() -> None:
    clock = Clock(0)
    clock.sleep(3600)
    assert clock.real_s(10) == pytest.approx(0.01)


def test_the_client_loads_neither_numpy_nor_yaml_nor_the_studio() -> None:
    program = (
        "import sys, music_cog_online.wire.session, music_cog_online.speech, music_cog_online.timeline\n"
        "heavy = {'numpy', 'yaml', 'jsonschema', 'requests_toolbelt', 'platformdirs', 'filelock', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), [m for m in sys.modules if m.startswith('music_cog_online.studio')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
