from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_cog_online.errors import BrokenAnswer
from music_cog_online.wire.sse import Frame, SseDecoder


def decode(*chunks: bytes, limit: int = 1_000_000) -> list[Frame]:
    decoder = SseDecoder(limit)
    found = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    return found + list(decoder.finish())


def data_of(*chunks: bytes) -> list[str | None]:
    return [frame.data for frame in decode(*chunks)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_separates_events(end: bytes) -> None:
    assert data_of(b"data: a" + end + end + b"data: b" + end + end) == ["a", "b"]


def test_line_ends_may_be_mixed() -> None:
    assert data_of(b"data: a\n\r\ndata: b\r\n\rdata: c\r\r\n") == ["a", "b", "c"]


def test_a_cut_crlf_is_one_line_end() -> None:
    assert data_of(b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n") == ["a\nb"]


def test_a_cut_character_is_put_together() -> None:
    snowman = "data: ☃\n\n".encode()
    assert data_of(*(snowman[n : n + 1] for n in range(len(snowman)))) == ["☃"]


def test_a_byte_order_mark_is_skipped_even_in_pieces() -> None:
    assert data_of(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == ["a"]


def test_unicode_separators_stay_in_the_data() -> None:
    assert data_of("data: a\u2028b\u2029c\x85d\n\n".encode()) == ["a\u2028b\u2029c\x85d"]


def test_several_data_lines_are_joined() -> None:
    assert data_of(b"data: a\ndata:b\ndata:  c\n\n") == ["a\nb\n c"]


def test_fields_other_than_data_and_event_are_skipped() -> None:
    assert decode(b"event: ping\nid: 7\nretry: 10\nnonsense\ndata: a\n\n") == [Frame("a", "ping")]


def test_comments_and_empty_events_show_life() -> None:
    assert decode(b": hello\n\nevent: heartbeat\n\ndata:\n\n") == [
        Frame(None, "comment"),
        Frame(None, "heartbeat"),
        Frame(""),
    ]


def test_a_last_event_without_its_empty_line_counts() -> None:
    assert data_of(b"data: a\n\ndata: b") == ["a", "b"]


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    assert data_of(b"data: \xff\n\ndata: b\n\n") == ["\ufffd", "b"]


def test_an_event_beyond_the_limit_is_refused() -> None:
    with pytest.raises(BrokenAnswer):
        decode(b"data: " + b"x" * 5000, b"x" * 5000, limit=8000)
    with pytest.raises(BrokenAnswer):
        decode(b"data: xxxxxxx\n" * 1000, limit=5000)


def test_an_event_of_five_megabytes_in_small_chunks_is_quick_enough() -> None:
    whole = b"data: " + b"x" * 5_000_000 + b"\n\n"
    chunks = (whole[n : n + 4096] for n in range(0, len(whole), 4096))
    assert [len(text or "") for text in [f.data for f in decode(*chunks, limit=16_000_000)]] == [5_000_000]


def reference(stream: bytes) -> list[str]:
    """The standard's algorithm, on the whole stream at once."""
    found, data = [], []
    for line in [*re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf")), b""]:
        if not line and data:
            found.append(b"\n".join(data).decode("utf-8", "replace"))
            data = []
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
    return found


PIECES = st.sampled_from(
    [
        b"data",
        b": ",
        b":",
        b"\r",
        b"\n",
        b"\r\n",
        b"\n\n",
        b"event: x",
        b"{}",
        "é\u2028".encode(),
        b"\xef\xbb\xbf",
        b"\xff",
    ]
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(stream=st.lists(PIECES, max_size=40).map(b"".join), cuts=st.lists(st.integers(0, 200), max_size=8))
def test_any_bytes_cut_anywhere_give_what_the_standard_says(stream: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    assert [text for text in data_of(*chunks) if text is not None] == reference(stream)
