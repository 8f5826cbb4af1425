from __future__ import annotations

import struct
import time
from pathlib import Path

import numpy as np
import pytest
from clips import make_still
from numbered import media_file
from numpy.typing import NDArray

from music_cog_online.studio.errors import CannotDo
from music_cog_online.studio.ffmpeg import Ffmpeg
from music_cog_online.studio.render import render
from music_cog_online.studio.render.draft import Title
from music_cog_online.studio.render.fonts import bundled_fonts, fonts_in, script_of
from music_cog_online.studio.render.titles import TitleMaker

NASTY = [
    r"100% 'real' \"quotes\": [x]; a,b\c=d \N {\b1}{\pos(0,0)}",
    "%{pts} %{eif:1:d} ${HOME} $(id) `id`",
    "':drawtext=text=pwned,[0:v]null[out];movie=/etc/passwd",
    "Dialogue: 0,0:00:00.00,0:00:09.00,Title,,0,0,0,,pwned\n[Events]\nFormat: Layer\nComment: x",
    "tabs\tand\r\nlines\u2028more\x00\x1b[31m",
]


@pytest.fixture(scope="module")
def ffmpeg() -> Ffmpeg:
    return Ffmpeg()


def drawn(
    ffmpeg: Ffmpeg, folder: Path, text: str, *, size: tuple[int, int] = (640, 360), position: str = "bottom"
) -> NDArray[np.uint8]:
    """A rendered black picture with the title on it; brightness of shape (height, width)."""
    folder.mkdir(parents=True, exist_ok=True)
    black = folder / "black.png"
    ffmpeg.run(
        ["-f", "lavfi", "-i", f"color=black:size={size[0]}x{size[1]}", "-frames:v", "1", "-update", "1", str(black)]
    )
    segment = {"m": {"media": "md_a", "at": 0, "frames": 3}}
    title = {"s": 0, "d": 1000, "m": {"text": text, "position": position}}
    about = {"width": size[0], "height": size[1], "rate": "30"}
    wanted = {"m": about, "t": [{"tt": 0, "sg": [segment]}, {"tt": 7, "sg": [title]}]}
    files = {"md_a": media_file(ffmpeg, black)}
    result = render(wanted, files, folder / "out.mp4", ffmpeg=ffmpeg, work=folder / "work")
    return next(iter(ffmpeg.frames(result.path, width=size[0], height=size[1])))


def box(frame: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(frame > 90)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def title(text: str, *, start_s: float = 0.0, end_s: float = 2.0) -> Title:
    return Title(text=text, start_s=start_s, end_s=end_s, position="bottom", size=1.0, color="#ffffff")


@pytest.mark.parametrize("size", [(640, 360), (360, 640)], ids=["wide", "tall"])
def test_a_long_chinese_title_stays_in_the_safe_area(ffmpeg: Ffmpeg, tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    frame = drawn(ffmpeg, tmp_path, "把音乐的节拍和画面的剪辑点对齐，让每一次转场都落在鼓点上。Sync!", size=size)
    left, top, right, bottom = box(frame)
    assert width * 0.06 < left < right < width * 0.94
    assert height * 0.4 < top < bottom < height * (0.93 if width > height else 0.81)
    assert (frame > 90).mean() > 0.01


def test_a_title_in_the_middle_of_a_strange_folder(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    frame = drawn(ffmpeg, tmp_path / "it's [a], \\odd: %d;folder", "Urban Dreams", position="center")
    left, top, right, bottom = box(frame)
    assert abs((left + right) / 2 - 320) < 8
    assert abs((top + bottom) / 2 - 180) < 25


def test_text_is_drawn_and_never_obeyed(tmp_path: Path) -> None:
    maker = TitleMaker((640, 360), tmp_path)
    for number, text in enumerate(NASTY):
        sheet = maker.sheet([title(text)], 0, 2, f"nasty-{number}")
        assert sheet.overlay == f"ass=filename=nasty-{number}.ass:fontsdir=fonts:shaping=complex"
        script = (tmp_path / f"nasty-{number}.ass").read_text("utf-8")
        [line] = [line for line in script.splitlines() if line.startswith("Dialogue:")]
        assert script.splitlines().count("[Events]") == 1
        body = line.split(",", 7)[7].replace("\\{", "").replace("\\}", "")
        blocks = [block.split("}")[0] for block in body.split("{")[1:]]
        assert all(block.startswith(("\\an2\\fs", "\\fn")) for block in blocks)
        assert "\\b1" not in "".join(blocks)


def test_braces_and_backslashes_show(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    plain = drawn(ffmpeg, tmp_path / "a", "ab")
    braces = drawn(ffmpeg, tmp_path / "b", "a{\\b1}b")
    assert box(braces)[2] - box(braces)[0] > 1.8 * (box(plain)[2] - box(plain)[0])


def test_a_script_without_a_font_is_named(tmp_path: Path) -> None:
    latin = bundled_fonts()[:1]
    assert latin
    maker = TitleMaker((640, 360), tmp_path)
    with pytest.raises(CannotDo, match="Cuneiform"):
        maker.sheet([title("title 𒀀𒀁")], 0, 2, "a")


def test_what_carries_no_words_is_left_out_and_told(tmp_path: Path) -> None:
    sheet = TitleMaker((640, 360), tmp_path, bundled_fonts()[:1]).sheet([title("party 🦩!")], 0, 2, "a")
    assert sheet.left_out == "🦩"
    assert "🦩" not in (tmp_path / "a.ass").read_text("utf-8")


def test_the_longest_word_on_the_smallest_picture_takes_no_time(tmp_path: Path) -> None:
    began = time.process_time()
    TitleMaker((64, 64), tmp_path, bundled_fonts()[:1]).sheet([title("x" * 500)], 0, 2, "a")
    assert time.process_time() - began < 4
    [line] = [line for line in (tmp_path / "a.ass").read_text().splitlines() if line.startswith("Dialogue:")]
    assert line.count("x") == 500


def test_times_are_those_of_the_part(tmp_path: Path) -> None:
    maker = TitleMaker((640, 360), tmp_path)
    assert maker.sheet([title("early")], 10, 20, "a").overlay == ""
    assert maker.sheet([title("  \n ")], 0, 2, "a").overlay == ""
    maker.sheet([title("late", start_s=12.5, end_s=40.0)], 10, 20, "b")
    assert "Dialogue: 0,0:00:02.50,0:00:10.00,Title" in (tmp_path / "b.ass").read_text()


def test_coverage_is_read_from_the_font() -> None:
    font = next(font for font in bundled_fonts() if font.family.endswith("SC"))
    assert all(font.has(character) for character in "Aé你導ひ한Ж€")
    assert not font.has("𒀀")
    assert not font.has("ع")
    assert script_of("ع") == "Arabic"
    assert script_of("你") == "Chinese"
    assert script_of("★") == "symbols"


def test_a_broken_font_has_no_faces(tmp_path: Path) -> None:
    for number, data in enumerate((b"", b"OTTO", b"ttcf" + struct.pack(">II", 1, 9), b"\0\1\0\0" + b"\xff" * 64)):
        path = tmp_path / f"{number}.ttf"
        path.write_bytes(data)
        assert fonts_in(path) == ()
    assert fonts_in(make_still(tmp_path / "still.png")) == ()
