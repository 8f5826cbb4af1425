"""The thirteen routing rules, one by one, and what must hold for any message."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.errors import ManifestError
from music_cog_online.manifest import load_manifest
from music_cog_online.router import Route, Router

ROOT = Path(__file__).resolve().parents[1]
INTENTS = load_manifest(ROOT).intents
ROUTER = Router(INTENTS)
TEMPTING = ["export", "Export now!", "导出", "send me the video", "download", "余额", "status", "上传", "is it done?"]
UNQUOTED = st.text(st.characters(blacklist_categories=("Pi", "Pf", "Ps", "Pe", "Cs"), blacklist_characters="\"'`´＂＇"))


def intents_of(*messages: str) -> set[str]:
    return {ROUTER.route(message).intent for message in messages}


def test_rule_1_a_file_is_an_upload_and_the_text_goes_on_as_the_edit() -> None:
    route = ROUTER.route("sync this with the beat and export it", attachments=["clip.mp4"])
    assert (route.intent, route.then) == ("upload", ("edit", "export"))
    assert route.instruction == "sync this with the beat and export it"


def test_rule_1_a_file_without_a_wish_has_no_instruction() -> None:
    assert ROUTER.route("here is my clip", attachments=["clip.mp4"]).instruction is None
    assert ROUTER.route("", attachments=["clip.mp4"]) == ROUTER.route("here", attachments=["clip.mp4"])


def test_rule_1_text_about_the_session_alone_wins_over_the_file() -> None:
    for text, intent in (("export", "export"), ("how many credits do I have?", "credits"), ("show tracks", "state")):
        assert ROUTER.route(text, attachments=["clip.mp4"]).intent == intent


def test_rule_2_words_that_are_content_do_not_count() -> None:
    assert intents_of(
        'put "Send me the video" on the last frame',
        "add a caption that says export now",
        "字幕写“余额不足”",
        "trim final_export.mp4 to ten seconds",
        'use the "Export" look',
        "apply the Download preset",
        "title: where is my video?",
    ) == {"edit"}


def test_rule_3_the_past_does_not_count() -> None:
    assert intents_of(
        "trim the clip I uploaded", "in the last export the music was too loud", "剪一下我上传的片段"
    ) == {"edit"}


def test_rule_4_what_is_cancelled_or_put_off_does_not_count() -> None:
    assert intents_of("hold the export, lower the song first", "don't export yet", "before we export, add a title") == {
        "edit"
    }
    assert intents_of("先别导出，把音乐调低", "まだ書き出さないで", "아직 내보내지 마", "noch nicht exportieren") == {
        "edit"
    }
    assert intents_of("never mind the credits, export it", "别查积分了，直接导出") == {"export"}


def test_rule_5_the_first_request_decides_and_the_rest_follows() -> None:
    assert ROUTER.route("the title is fine, render it").intent == "export"
    route = ROUTER.route("add music and then export it")
    assert (route.intent, route.then) == ("edit", ("export",))
    assert ROUTER.route("export it after adding a title").then == ("export",)
    assert ROUTER.route("export it and tell me how many credits are left").then == ("credits",)


def test_rule_6_offering_a_file_is_an_upload() -> None:
    assert intents_of(
        "here is my clip", "how do I send you a file?", "我有一段视频", "https://example.com/a/song.mp3"
    ) == {"upload"}


def test_rule_6_a_link_carries_the_instruction_along() -> None:
    route = ROUTER.route("trim https://example.com/x.mp4 to ten seconds, then export")
    assert (route.intent, route.then) == ("upload", ("edit", "export"))
    assert route.instruction == "trim https://example.com/x.mp4 to ten seconds, then export"


def test_rule_7_money_is_credits_and_film_credits_are_not() -> None:
    assert intents_of("how much does an export cost?", "导出要多少积分", "when does my plan expire?") == {"credits"}
    assert intents_of("scroll the cast credits at the end", "even out the balance of voice and song") == {"edit"}


def test_rule_8_a_question_never_starts_a_render_but_where_is_it_asks_for_delivery() -> None:
    assert intents_of("is it done?", "导出好了吗", "did you export it?", "¿ya está listo?", "書き出し終わった?") == {
        "state"
    }
    assert intents_of("where is my video?", "我的视频在哪", "où est ma vidéo ?") == {"export"}


def test_rule_9_questions_about_the_project_are_state() -> None:
    assert intents_of("show tracks", "what did you change?", "项目里有什么", "how long is the video now?") == {"state"}


def test_rule_10_delivering_is_an_export_and_a_new_picture_is_an_edit() -> None:
    assert intents_of("upload it to YouTube", "mp4 pls", "发到抖音", "exporta el video", "download in HD") == {"export"}
    assert intents_of("render a new intro", "渲染一个新的片头", "download a free song and put it under the video") == {
        "edit"
    }


def test_rule_11_failures_and_formats_go_where_the_topic_lives() -> None:
    assert intents_of("what formats do you accept?", "my file is too large", "上传失败了") == {"upload"}
    assert intents_of("which formats can I export?", "why is the export blocked?", "导出失败") == {"export"}


def test_rule_11_what_only_wants_to_know_about_exporting_is_a_question() -> None:
    for text in ("which formats can I export?", "how do I export?", "怎么下载视频"):
        assert ROUTER.route(text).manner == "question", text
    for text in ("why is the export blocked?", "why did my export fail?", "为什么导出不了"):
        assert ROUTER.route(text).manner == "trouble", text
    for text in ("can you export it in 4k?", "could you export it please?", "能导出gif吗"):
        assert ROUTER.route(text).manner == "asked", text
    for text in ("export in 4k", "导出4K版本", "guárdalo como mp4", "where is my video"):
        assert ROUTER.route(text).intent == "export", text
        assert ROUTER.route(text).manner != "question", text
    assert ROUTER.route("How do I export? Export it now.").manner == "told"
    assert ROUTER.route("Add a title. How do I export?").then == ()
    assert ROUTER.route("here is my clip. how do I export?", attachments=["clip.mp4"]).then == ()


def test_rule_12_can_you_is_the_request_and_a_complaint_is_an_edit() -> None:
    assert ROUTER.route("can you export it?").intent == "export"
    assert intents_of("could you trim the end?", "the music is too loud", "为什么音乐这么吵") == {"edit"}


def test_rule_13_everything_else_goes_to_the_chat() -> None:
    assert intents_of("", "hello", "undo", "make it pop", "qwxz vvrk", "🙂") == {"edit"}


def test_a_typing_error_does_not_change_the_route() -> None:
    assert intents_of("exprot the vidoe", "donwload it", "gimme the vid") == {"export"}
    assert intents_of("how many creidts do i have") == {"credits"}


def test_the_answer_says_which_rule_decided_by_which_words() -> None:
    route = ROUTER.route("Is it done yet?")
    assert route.rule == "progress"
    assert route.reason.startswith("rule 8: asks how far it is (“")


def test_every_action_says_whether_it_does_without_the_chat_stream() -> None:
    stream = {name: ROUTER.route(text).skip_sse for name, text in (("edit", "hello"), ("export", "export"))}
    assert stream == {"edit": False, "export": True}


@given(UNQUOTED, st.sampled_from(TEMPTING))
@settings(max_examples=100, deadline=None)
def test_quoted_text_never_turns_an_edit_into_anything_else(noise: str, tempting: str) -> None:
    for quoted in (noise + tempting, tempting + noise):
        assert ROUTER.route(f'put "{quoted}" on the last frame').intent == "edit"
        assert ROUTER.route(f"在结尾写“{quoted}”").intent == "edit"


@given(st.text(), st.lists(st.text(), max_size=2))
@settings(max_examples=200, deadline=None)
def test_any_text_is_routed_the_same_way_twice(text: str, attachments: list[str]) -> None:
    route = ROUTER.route(text, attachments=attachments)
    assert isinstance(route, Route)
    assert route == ROUTER.route(text, attachments=attachments)
    assert route.intent in {"upload", "edit", "export", "credits", "state"}


@given(
    st.lists(st.sampled_from([*TEMPTING, "don't", "before", "then", "the", "?", ",", "“", "a song", "is"]), max_size=12)
)
@settings(max_examples=200, deadline=None)
def test_any_mix_of_known_words_is_routed(words: list[str]) -> None:
    assert ROUTER.route(" ".join(words)).intent in {"upload", "edit", "export", "credits", "state"}


def broken(change: dict[str, Any]) -> Router:
    data = copy.deepcopy(dict(INTENTS))
    data["rules"] = [{**data["rules"][0], **change}]
    return Router(data)


def test_a_rule_about_an_unknown_concept_is_named() -> None:
    with pytest.raises(ManifestError, match=r"intents\.rules\[0\] .*'musik'"):
        broken({"without": ["edit | musik"]}).route("hello")


@pytest.mark.parametrize("key", ["groups.upload", "soft", "likely", "initial", "counts_as"])
def test_a_list_of_unknown_concepts_is_named(key: str) -> None:
    data = copy.deepcopy(dict(INTENTS))
    if key == "groups.upload":
        data["groups"]["upload"] = "uplod"
    else:
        data[key] = {"uplod": "export"} if key == "counts_as" else "uplod"
    with pytest.raises(ManifestError, match=rf"intents\.{key} names 'uplod'"):
        Router(data).route("hello")


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ("  counts_as: {", "  counts_az: {", "intents"),
        ("      intent: upload\n", "      intent: uplod\n", r"intents\.rules\[\d+\]\.intent"),
        ("      skip_sse: false\n", '      skip_sse: "no"\n', r"intents\.actions\[1\]\.skip_sse"),
    ],
)
def test_broken_tables_are_refused_by_the_name_of_the_key(tmp_path: Path, right: str, wrong: str, key: str) -> None:
    shutil.copy(ROOT / "SKILL.md", tmp_path)
    tables = (ROOT / "skill.yaml").read_text(encoding="utf-8")
    assert right in tables
    (tmp_path / "skill.yaml").write_text(tables.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ManifestError, match=key):
        load_manifest(tmp_path)
