from __future__ import annotations

import gzip
import json
import ssl
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
import requests
import urllib3
from urllib3.connectionpool import HTTPConnectionPool, MaxRetryError

from music_cog_online.errors import (
    BackendRefused,
    BrokenAnswer,
    CreditsNeeded,
    MediaRefused,
    MusicCogError,
    NotSignedIn,
    PlanNeeded,
    RateLimited,
    SessionLost,
    Unreachable,
)
from music_cog_online.manifest import Manifest
from music_cog_online.settings import Secret
from music_cog_online.store import Session, Store
from music_cog_online.wire.endpoints import Api
from music_cog_online.wire.retry import server_hint_s
from music_cog_online.wire.transport import translated
from tests.peers import DROP, Answer, Peer, Wait, code, html, ok
from tests.wire.conftest import ApiFactory, SteppedClock

CREDITS = "/api/credits/balance/simple"
RENDER = "/api/render/proxy/lambda"
SESSION = "/api/tasks/me/with-session/nemo_agent"
TOKEN = "/api/auth/anonymous-token"
BALANCE = ok({"available": 90, "frozen": 10, "total": 100})


def answer(status: int, payload: object, **headers: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **headers}, json.dumps(payload).encode())


def test_every_call_carries_token_and_attribution(peer: Peer, api: Api, manifest: Manifest) -> None:
    peer.route("GET", CREDITS, BALANCE)
    api.credits()
    headers = peer.requests[0].headers
    assert headers["Authorization"] == "Bearer nmv_usr_given"
    assert headers["X-Skill-Source"] == manifest.name
    assert headers["X-Skill-Version"] == manifest.version
    assert headers["X-Skill-Platform"] == "unknown"


def test_skill_source_names_the_platform(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("GET", CREDITS, BALANCE)
    api_for(token="t", SKILL_SOURCE="cursor").credits()
    assert peer.requests[0].headers["X-Skill-Platform"] == "cursor"


def test_the_free_token_is_asked_for_with_a_client_id_and_kept(peer: Peer, api_for: ApiFactory, store: Store) -> None:
    peer.route("GET", CREDITS, BALANCE)
    api_for().credits()
    api_for().credits()
    first, second, third = peer.requests
    assert first.headers["X-Client-Id"] == store.client_id()
    assert "Authorization" not in first.headers
    assert first.headers["X-Skill-Source"] == "music-cog-online"
    assert second.headers["Authorization"] == third.headers["Authorization"] == "Bearer nmv_usr_1"


def test_the_users_client_id_is_used(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("GET", CREDITS, BALANCE)
    api_for(NEMO_CLIENT_ID="my-own").credits()
    assert peer.requests[0].headers["X-Client-Id"] == "my-own"


@pytest.mark.parametrize("refusal", [code(1001), code(1001, status=401), answer(401, {"detail": "nope"})])
def test_1001_signs_in_again_once_and_repeats(peer: Peer, api_for: ApiFactory, store: Store, refusal: Answer) -> None:
    peer.route("GET", CREDITS, refusal, BALANCE)
    told: list[str] = []
    api = api_for()
    api.transport.on_wait = told.append
    assert api.credits().available == 90
    assert told == ["The sign-in had expired; it is renewed."]
    assert [r.headers.get("Authorization") for r in peer.requests if r.path == CREDITS] == [
        "Bearer nmv_usr_1",
        "Bearer nmv_usr_2",
    ]
    assert store.token() is not None


def test_1001_twice_is_told_without_a_loop(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("GET", CREDITS, code(1001))
    with pytest.raises(NotSignedIn) as caught:
        api_for().credits()
    assert (peer.count("GET", CREDITS), peer.count("POST", TOKEN), caught.value.exit_code) == (2, 2, 1)


def test_1001_of_the_users_own_token_says_so(peer: Peer, api: Api) -> None:
    peer.route("GET", CREDITS, code(1001))
    with pytest.raises(NotSignedIn, match="NEMO_TOKEN") as caught:
        api.credits()
    assert (len(peer.requests), caught.value.exit_code) == (1, 3)


def test_a_token_renewed_by_another_command_is_used(peer: Peer, api_for: ApiFactory, store: Store) -> None:
    api = api_for()
    api.transport.tokens.token()

    def refuse(_: object) -> Answer:
        store.set_token(Secret("nmv_usr_other"))
        return code(1001)

    peer.route("GET", CREDITS, refuse, BALANCE)
    api.credits()
    assert peer.requests[-1].headers["Authorization"] == "Bearer nmv_usr_other"
    assert peer.count("POST", TOKEN) == 1


@pytest.mark.parametrize(
    "refusal", [code(1002), code(1002, status=404), answer(404, {"detail": "Session not found: 7"})]
)
def test_a_lost_session_is_typed(peer: Peer, api: Api, refusal: Answer) -> None:
    peer.route("GET", "/api/state/nemo_agent/me/s/latest", refusal)
    with pytest.raises(SessionLost):
        api.state("s")


@pytest.mark.parametrize(
    ("number", "kind", "exit_code"),
    [
        (2001, CreditsNeeded, 3),
        (4001, MediaRefused, 2),
        (4002, MediaRefused, 2),
        (402, PlanNeeded, 3),
        (400, BackendRefused, 1),
        (7777, BackendRefused, 1),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_codes_become_types(
    peer: Peer, api: Api, number: int, kind: type[MusicCogError], exit_code: int, status: int
) -> None:
    peer.route("GET", CREDITS, code(number, status=status, message="because"))
    with pytest.raises(kind) as caught:
        api.credits()
    assert (caught.value.code, caught.value.exit_code, caught.value.data["detail"]) == (number, exit_code, "because")


def test_credits_messages_fit_the_account(peer: Peer, api_for: ApiFactory, store: Store) -> None:
    peer.route("GET", CREDITS, code(2001))
    peer.route("GET", "/api/state/*", ok({"state": {"draft": {}}, "user_id": "anon_7"}))
    with pytest.raises(CreditsNeeded, match="Top up credits in your account"):
        api_for(token="t").credits()
    store.set_session(Session("s"))
    with pytest.raises(CreditsNeeded, match=r"https://web\.test/register\?bind=anon_7"):
        api_for(NEMO_WEB_URL="https://web.test/").credits()


def test_402_speaks_of_the_plan(peer: Peer, api: Api) -> None:
    peer.route("POST", RENDER, Answer(402))
    with pytest.raises(PlanNeeded, match=r"Register or upgrade your plan to unlock export\."):
        api.submit_render("render_1", "s", {})


def test_429_waits_as_the_table_says_and_repeats_once(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.route("GET", CREDITS, code(429, status=429), BALANCE)
    assert api.credits().total == 100
    assert clock.slept == [30]


def test_429_waits_as_the_server_says(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.route("GET", CREDITS, code(429, status=429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimited):
        api.credits()
    assert (clock.slept, len(peer.requests)) == ([7], 2)


def test_429_with_a_wait_of_days_is_told_at_once(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.route("GET", CREDITS, code(429, status=429, headers={"Retry-After": "604800"}))
    with pytest.raises(RateLimited):
        api.credits()
    assert clock.slept == []


def test_a_refused_client_id_is_replaced(peer: Peer, api_for: ApiFactory, store: Store) -> None:
    peer.route("GET", CREDITS, BALANCE)
    api = api_for()
    before = store.client_id()
    peer.route("POST", TOKEN, code(400, status=400), ok({"token": "nmv_usr_9", "credits": 100}))
    api.credits()
    after = peer.requests[1].headers["X-Client-Id"]
    assert before != after == store.client_id()


HICCUPS = [*map(Answer, (500, 502, 503, 504)), Answer(raw=(DROP,)), Answer(raw=())]


@pytest.mark.parametrize("hiccup", HICCUPS)
def test_a_get_is_repeated_after_a_hiccup(peer: Peer, api: Api, clock: SteppedClock, hiccup: Answer) -> None:
    peer.route("GET", CREDITS, hiccup, hiccup, BALANCE)
    assert api.credits().available == 90
    assert clock.slept == [1, 2]


def test_a_get_is_given_up_after_four_tries(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.route("GET", CREDITS, Answer(503, {"Retry-After": "9"}))
    with pytest.raises(Unreachable) as caught:
        api.credits()
    assert (peer.count("GET", CREDITS), clock.slept, caught.value.exit_code) == (4, [9, 9, 9], 4)


def test_a_render_that_may_have_started_is_not_posted_again(peer: Peer, api: Api) -> None:
    peer.route("POST", RENDER, Answer(raw=(DROP,)))
    with pytest.raises(Unreachable) as caught:
        api.submit_render("render_1", "s", {})
    assert caught.value.sent
    assert peer.count("POST", RENDER) == 1


def test_a_session_is_asked_for_again(peer: Peer, api: Api) -> None:
    peer.route("POST", SESSION, Answer(502), ok({"task_id": "t", "session_id": "s", "user_id": "anon_1"}))
    grant = api.create_session(language="zh")
    assert (grant.task_id, grant.session_id, grant.user_id) == ("t", "s", "anon_1")
    assert peer.requests[-1].json() == {"task_name": "project", "language": "zh"}


def test_signing_in_makes_its_own_tries_only(peer: Peer, api_for: ApiFactory, clock: SteppedClock) -> None:
    api = api_for()
    peer.route("POST", TOKEN, code(429, status=429))
    with pytest.raises(RateLimited):
        api.credits()
    assert (peer.count("POST", TOKEN), clock.slept) == (2, [30])
    peer.close()
    with pytest.raises(Unreachable):
        api.credits()
    assert clock.slept == [30, 1, 2, 4]


def test_nobody_listening_is_told_as_unreachable(peer: Peer, api: Api, clock: SteppedClock) -> None:
    peer.close()
    with pytest.raises(Unreachable) as caught:
        api.submit_render("render_1", "s", {})
    assert not caught.value.sent
    assert clock.slept == [1, 2, 4]


@pytest.mark.parametrize(
    "page", [html(), Answer(200, {}, b""), Answer(200, {}, b"[1]"), Answer(200, {}, b"[" * 100_000), ok("text")]
)
def test_what_is_no_answer_is_told_as_broken(peer: Peer, api: Api, page: Answer) -> None:
    peer.route("GET", CREDITS, page)
    with pytest.raises(BrokenAnswer):
        api.credits()


def test_an_answer_without_end_is_cut_off(peer: Peer, api: Api) -> None:
    block = b" " * 1_000_000
    peer.route("GET", CREDITS, Answer(200, {}, (block for _ in range(60)), length=False))
    with pytest.raises(BrokenAnswer, match="larger"):
        api.credits()


def test_an_answer_cut_short_is_fetched_again(peer: Peer, api: Api) -> None:
    peer.route("GET", CREDITS, Answer(200, {"Content-Length": "500"}, (b'{"code":0',)), BALANCE)
    assert api.credits().available == 90


def test_a_silent_server_is_given_up(peer: Peer, api_for: ApiFactory, manifest: Manifest) -> None:
    quick = replace(manifest, intervals=replace(manifest.intervals, answer_timeout_s=0.1, tries=2))
    api = api_for(token="t")
    api.transport.manifest = quick
    peer.route("GET", CREDITS, Answer(200, {}, (Wait(30),), length=False))
    with pytest.raises(Unreachable):
        api.credits()
    assert peer.count("GET", CREDITS) == 2


def test_an_answer_is_followed_on_the_same_host_only(peer: Peer, api: Api) -> None:
    with Peer() as other:
        other.route("GET", "/x", BALANCE)
        peer.route("GET", CREDITS, Answer(302, {"Location": f"{other.url}/x"}), Answer(307, {"Location": "/moved"}))
        peer.route("GET", "/moved", BALANCE)
        with pytest.raises(BrokenAnswer, match="another host"):
            api.credits()
        assert other.begun == []
        assert api.credits().available == 90
        assert peer.requests[-1].headers["Authorization"] == "Bearer nmv_usr_given"


def test_tls_certificates_are_verified(api: Api) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    with Peer(tls=context) as impostor:
        api.transport.base_url = impostor.url
        with pytest.raises(Unreachable, match="certificate") as caught:
            api.credits()
        assert (impostor.begun, caught.value.sent) == ([], False)


def test_other_errors_of_tls_may_come_after_something_was_sent() -> None:
    cut = MaxRetryError(HTTPConnectionPool("h"), "/", reason=urllib3.exceptions.SSLError(ssl.SSLEOFError()))
    with pytest.raises(Unreachable) as caught, translated():
        raise requests.exceptions.SSLError(cut)
    assert caught.value.sent


def test_packed_answers_are_unpacked_and_bombs_are_not(peer: Peer, api: Api) -> None:
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    peer.route("GET", CREDITS, Answer(200, packed, gzip.compress(b'{"code":0,"data":{"available":5}}')))
    assert api.credits().available == 5
    peer.route("GET", CREDITS, Answer(200, packed, gzip.compress(bytes(50_000_000), 6)))
    with pytest.raises(BrokenAnswer, match="larger"):
        api.credits()
    peer.route("GET", CREDITS, Answer(200, packed, b"no gzip at all"))
    with pytest.raises(BrokenAnswer, match="packed"):
        api.credits()


def test_a_post_is_not_redirected(peer: Peer, api: Api) -> None:
    peer.route("POST", RENDER, Answer(307, {"Location": "/elsewhere"}))
    with pytest.raises(BrokenAnswer):
        api.submit_render("render_1", "s", {})


@pytest.mark.parametrize("target", ["http://example.com/x", "file:///etc/passwd", "https://u:p@example.com/"])
def test_redirects_to_unsafe_addresses_are_refused(peer: Peer, api: Api, target: str) -> None:
    peer.route("GET", CREDITS, Answer(302, {"Location": target}))
    with pytest.raises(BrokenAnswer):
        api.credits()


def test_a_circle_of_redirects_ends(peer: Peer, api: Api) -> None:
    peer.route("GET", CREDITS, Answer(302, {"Location": CREDITS}))
    with pytest.raises(BrokenAnswer):
        api.credits()


def test_backend_words_in_errors_hold_no_escapes_and_no_tokens(peer: Peer, api: Api) -> None:
    peer.route("GET", CREDITS, code(7777, message="bad \x1b[31mtoken nmv_usr_secret"))
    with pytest.raises(BackendRefused) as caught:
        api.credits()
    assert "nmv_usr" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_netrc_password_does_not_replace_the_token(
    peer: Peer, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    peer.route("GET", CREDITS, BALANCE)
    api.credits()
    assert peer.requests[0].headers["Authorization"] == "Bearer nmv_usr_given"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    peer: Peer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    peer.route("GET", CREDITS, BALANCE)
    assert api.credits().available == 90


def test_a_token_that_an_answer_echoes_is_neither_shown_nor_kept(peer: Peer, api_for: ApiFactory) -> None:
    token = "sk-of-no-known-form"
    api = api_for(token=token)
    peer.route("GET", CREDITS, code(5000, message=f"{token} may not do this"))
    with pytest.raises(BackendRefused) as caught:
        api.credits()
    assert token not in str(caught.value)
    peer.route("GET", "/api/state/nemo_agent/me/*", ok({"state": {"draft": {"m": {"title": token}}}}))
    assert api.state("s").draft == {"m": {"title": "•••"}}


def test_a_token_that_is_given_out_again_is_taken(peer: Peer, api_for: ApiFactory) -> None:
    peer.route("POST", TOKEN, ok({"token": "nmv_usr_the_same"}))
    peer.route("GET", CREDITS, code(1001), BALANCE)
    assert api_for().credits().available == 90
    assert [request.headers.get("Authorization") for request in peer.requests if request.path == CREDITS] == [
        "Bearer nmv_usr_the_same"
    ] * 2


def test_retry_after_is_read_as_seconds_or_date() -> None:
    assert server_hint_s({"Retry-After": "12"}, now=0) == 12
    assert server_hint_s({"Retry-After": formatdate(1000, usegmt=True)}, now=900) == 100
    assert server_hint_s({"Retry-After": formatdate(1000, usegmt=True)}, now=2000) == 0
    assert server_hint_s({"Retry-After": "soon"}, now=0) is None
    assert server_hint_s({}, now=0) is None
