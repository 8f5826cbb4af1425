from __future__ import annotations

import time

import pytest

from music_cog_online.manifest import Manifest, load_manifest
from music_cog_online.speech import clean_text, redact, translate


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return load_manifest()


@pytest.mark.parametrize(
    ("said", "told", "acts"),
    [
        ("I added Lo-fi at 35%. Click the Export button to download your video.", "I added Lo-fi at 35%.", ("export",)),
        ("Your video is ready, click Export to download it.", "Your video is ready.", ("export",)),
        ("Use the export button in the top right corner to save.", None, ("export",)),
        ('Click "Download" when you are happy.', None, ("export",)),
        (
            "I've trimmed the intro, and you can click the Play button to preview.",
            "I've trimmed the intro.",
            ("state",),
        ),
        ("You can open the Music panel to see the songs.", None, ("state",)),
        ("Preview it in the timeline!", None, ("state",)),
        ("Drag the handles to trim the clip.", None, ("edit",)),
        ("Drop your files here.", None, ("edit",)),
        ("Click [Add Music] to continue", None, ("edit",)),
        ("Check your account or billing page to top up.", None, ("credits",)),
        ("To export, click the blue button at the top right.", None, ("edit",)),
        ("Once you're happy, hit Export!", None, ("export",)),
        ("Select the clip on the timeline and click Split.", None, ("edit",)),
        ("Use the slider to adjust the volume.", None, ("edit",)),
        ("You can find it in the media library panel.", None, ("state",)),
        ("**Click** the **Export** button", None, ("export",)),
        ("Music added. Open the audio panel; the drop is at 0:08.", "Music added. The drop is at 0:08.", ("state",)),
        ("已为您添加字幕，您可以点击预览按钮查看效果。", "已为您添加字幕。", ("state",)),
        ("点击导出按钮下载视频。", None, ("export",)),
        ("已经添加了音乐。请点击右上角的「导出」。", "已经添加了音乐。", ("export",)),
        ("打开音乐面板查看曲目。", None, ("state",)),
        ("您可以在时间线中预览效果。", None, ("state",)),
        ("把片段拖拽到时间线上。", None, ("edit",)),
        ("请查看您的账户余额。", None, ("credits",)),
        ("点击“添加音乐”继续。", None, ("edit",)),
    ],
)
def test_talk_of_a_gui_goes_and_is_offered_in_words(
    manifest: Manifest, said: str, told: str | None, acts: tuple[str, ...]
) -> None:
    spoken = translate(said, manifest)
    assert spoken.acts == acts
    assert spoken.text == (" ".join(spoken.hints) if told is None else told)


@pytest.mark.parametrize(
    "said",
    [
        "Added a click track on each beat. The cuts hit the beat and the drop lands at 0:08.",
        'Title "Click here" was added (0-3s).',
        "标题“点击这里”已添加。",
        "The drag race footage opens with the drop; a drop-in at 0:04.",
        "I opened with the window shot and pressed the beat forward.",
        "I dropped the music into the timeline at 35%.",
        "The video will open on the menu shot, and the open menu scene lasts 3 s.",
        "Preview: the first cut lands on beat 1. Tap tempo is 120 BPM.",
        "镜头从打开的窗户开始。",
        "点击率提高了30%，背景音乐已加入。",
        "视频已导出成功。",
        "Done! 🎵 I laid 'Neon Drive' under your clip at 35% volume (0:02, 0:04).",
        "The export took 30 seconds.\n\n- 1080p\n- 30 fps",
        "Titles: <Intro>, [Outro] and 3 < 5.",
    ],
)
def test_content_stays_as_it_was_said(manifest: Manifest, said: str) -> None:
    spoken = translate(said, manifest)
    assert (spoken.text, spoken.acts) == (said, ())


def test_lines_without_words_go_with_their_words(manifest: Manifest) -> None:
    assert translate("Done.\n1. Click Export\n2. Drag it to the end", manifest).text == "Done."


def test_hints_speak_the_language_of_the_talk(manifest: Manifest) -> None:
    assert "导出" in translate("点击导出按钮。", manifest).text
    assert "export" in translate("Click Export.", manifest).text


def test_an_apology_after_good_text_goes(manifest: Manifest) -> None:
    sorry = "I encountered a temporary issue. Please try again later."
    assert translate(f"Done. {sorry}", manifest).text == "Done."
    assert translate(sorry, manifest).text == sorry


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("See [the result](https://e.test/x).", "See the result (https://e.test/x)."),
        ("![pixel](http://t.test/p.png)", "pixel (http://t.test/p.png)"),
        ('<a href="https://e.test">here</a> <b>bold</b><img src=x>', "here (https://e.test) bold"),
        ("\x1b]8;;https://e.test\x07here\x1b]8;;\x07", "here"),
    ],
)
def test_links_are_shown_as_text(manifest: Manifest, said: str, told: str) -> None:
    assert translate(said, manifest).text == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07a", "a"),
        ("\x1b]52;c;aGk=\x1b\\a", "a"),
        ("\x9b2Ja\x9d0;x\x9cb", "ab"),
        ("\x1bPq#0\x1b\\a", "a"),
        ("\x1b]never ends", ""),
        ("\x1bca\x1b(Bb", "ab"),
        ("a\x00\x07\x08\x7fb", "ab"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("a\u2066b\u2069", "ab"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\ud800b", "a\ufffdb"),
        ("a\U000e0041b", "ab"),
        ("family 👨‍👩‍👧 ok\tx", "family 👨‍👩‍👧 ok\tx"),
    ],
)
def test_what_could_steer_a_terminal_is_stripped(said: str, told: str) -> None:
    assert clean_text(said) == told


def test_tokens_are_hidden(manifest: Manifest) -> None:
    assert redact("Authorization: Bearer abc.def") == "Authorization: Bearer •••"
    spoken = translate("Your token is nmv_usr_abc-123, claim clm_x9.", manifest)
    assert "abc-123" not in spoken.text
    assert "x9" not in spoken.text


@pytest.mark.parametrize("unit", ["[", "<a ", "click the ", "\x1b]", '"', "a, ", "drag a ", "!["])
def test_endless_text_takes_bounded_time(manifest: Manifest, unit: str) -> None:
    began = time.monotonic()
    translate(unit * (60_000 // len(unit)), manifest)
    assert time.monotonic() - began < 5
