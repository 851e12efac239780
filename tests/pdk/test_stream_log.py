"""What the stream logs, and which secrets it must not log."""

import logging
import re
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    PdkError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.events import AccessEvent, ServerError
from custom_components.prodatakey.pdk.generations import get_sites, validate_connection
from custom_components.prodatakey.pdk.scrub import (
    MAX_SCRUBBED_LENGTH,
    MAX_TEXT_LENGTH,
    REDACTED,
    scrub,
)
from custom_components.prodatakey.pdk.stream import MAX_UNKNOWN_TOPICS, OTHER_TOPICS
from custom_components.prodatakey.pdk.v1.client import PanelClient
from custom_components.prodatakey.pdk.v1.parser import TOPICS
from custom_components.prodatakey.pdk.v2.parser import TOPICS as V2_TOPICS
from custom_components.prodatakey.pdk.v2.stream import SystemStream
from tests.simulator_process import PANEL, SimulatedPdk
from tests.waiting import wait_until

from .common import (
    CLIENT_ID,
    CLIENT_SECRET,
    OPENING,
    PDK,
    LocalTokens,
    SimulatedSite,
    account_client,
    known_secrets,
    node_client,
    panel_client,
    set_constants,
    websocket_server,
)
from .running_stream import CONNECTED, RunningStream

# no hexadecimal id, port or time can hold it
PIN = "PIN-471147"
# What fails once in PDK 1.0, then in PDK 2.0; {token} becomes that of the request.
FAULTS: tuple[tuple[dict[str, Any], ...], ...] = (
    (
        {"handshake": {"mode": "http", "body": "{token}"}},
        {"handshake": {"mode": "error44", "message": "{token}"}},
        {"handshake": {"mode": "abort"}},
        {"panel_token": {"status": 500, "body": "{token}"}},
    ),
    (
        {"system_stream": {"status": 403, "body": "{token}"}},
        {"system_stream": {"abort": True}},
        {"system_token": {"status": 500, "body": "{token}"}},
    ),
)


async def test_malformed_and_unknown_events(
    client: PanelClient, simulator: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that each malformed topic gives one warning, and an unknown topic none."""
    async with RunningStream(client) as stream:
        for _ in range(3):
            for topic in ("door.request.unknown", "door.input.relay.on", "other"):
                await simulator.emit(PANEL, topic, {"body": {"pin": PIN}})
            await simulator.emit(PANEL, "door.autoclose.on", {"body": {"doorId": 1}})
            await simulator.emit(PANEL, "another")
        await simulator.emit(PANEL, "migration.started")
        await stream.wait_for_events(1)
        assert len(stream.events) == 1
        assert stream.statuses == [CONNECTED]
    warnings = [
        record.getMessage()
        for record in caplog.records
        # asyncio warns of a slow machine
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]
    assert warnings == [
        "Ignored a malformed door.request.unknown: doorId is missing",
        "Ignored a malformed door.input.relay.on: doorId is missing",
    ]


async def test_unknown_topics_are_counted(
    site: SimulatedSite, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that unknown topics are counted for diagnostics, up to a limit."""
    caplog.set_level(logging.DEBUG, PDK)
    step = "migration.task.started"
    topics = (step, step, site.topic("autoclose.on"), site.topic(PIN), "x" * 33, "")
    async with RunningStream(site.client) as stream:
        await site.subscribed()
        for topic in (*topics, "serverError"):
            payload = {"message": PIN, "body": {"pin": PIN}}
            if isinstance(stream.connection, SystemStream):
                # the simulated system sends only what was subscribed
                assert stream.connection._current
                stream.connection._dispatch(stream.connection._current, topic, payload)
            else:
                await site.pdk.emit(site.id, topic, payload)
        stats, expected = stream.stream.stats, {step: 2, topics[2]: 1, OTHER_TOPICS: 3}
        if not site.is_pdk1:
            # there the rejection of a command is the answer to it
            expected["serverError"] = 1
        await wait_until(lambda: stats.unknown_topics.total() + stats.rejections == 7)
        assert stats.unknown_topics == expected
        assert stats.unexpected_rejections == int(site.is_pdk1)
        for number in range(1000):
            stream.connection._count_unknown(
                "topic." + chr(97 + number % 26) * (number // 26)
            )
        assert len(stats.unknown_topics) == MAX_UNKNOWN_TOPICS
        assert stats.unknown_topics.total() == sum(expected.values()) + 1000
    lines = [each for each in caplog.messages if "unknown topic" in each]
    assert lines[0] == f"Ignored the unknown topic {step!r}"
    assert PIN not in caplog.text
    if site.is_pdk1:
        assert "Received a serverError without a command" in caplog.messages


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("1234", "*"),
        ("The code is 1234, not 1234.", "The code is *, not *."),
        ("Line 12345, door_1234, a1234", "Line 12345, door_1234, a1234"),
        ("x.y{8}", "*"),
        ("Token eyJhbGci.eyJleHAi.c2ln is not valid", "Token * is not valid"),
        ("", ""),
    ],
)
def test_scrub(text: str, scrubbed: str) -> None:
    """Test that secrets are removed as whole words, and so is what looks like a token.

    No secret may become a pattern, which Python would keep.
    """
    assert scrub(text, ("1234", "x.y{8}", "")) == scrubbed.replace("*", REDACTED)
    assert not [key for key in vars(re)["_cache"] if r"y\{8" in str(key[1])]


def test_scrub_cut_tokens() -> None:
    """Test tokens of which a cut, at any place, has left one end or the other."""
    header, payload = "eyJhbGciOiJIUzI1NiJ9", "eyJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMH0"
    known = f"{header}.{payload}.{'Ab1-_' * 9}"
    opaque = "Zq81" * 16
    for text, secrets in ((known, ()), (known, (known,)), (opaque, (opaque,))):
        for start in range(2, len(text), 9):
            ends = [f"No {text[:start]}", f"{text[-start:]} no"]
            if not secrets:
                # one that nobody knows ends with its signature
                ends[1] = f"{text[-max(start, 43) :]} no"
            for end in ends:
                left = max(scrub(end, secrets).replace(REDACTED, " ").split(), key=len)
                assert len(left) < 12, end
        # cut before it is looked at, where shorter texts bring that place into view
        many = f"{text} " * (MAX_SCRUBBED_LENGTH // len(text) + 5)
        for blanks in range(0, len(text), 7):
            shown = (
                scrub("." * blanks + many, secrets).replace(REDACTED, "").strip(" .…")
            )
            assert len(shown) < 12


@pytest.mark.parametrize(
    "unit", ["a", "a.", "eyJ", "eyJ.", "-", f"{'x' * 42}.", "\u0301", "\u202e", "1 "]
)
def test_long_text_is_cut_before_it_is_looked_at(unit: str) -> None:
    """Test a text of eight megabytes: one that is looked at as a whole takes hours."""
    assert len(scrub(unit * (8_000_000 // len(unit)), ("secret-1",))) <= MAX_TEXT_LENGTH


def test_names_of_topics_are_no_tokens() -> None:
    """Test that no name of a topic is scrubbed as a token in the diagnostics."""
    for text in (*TOPICS, *V2_TOPICS, "90163e3c-a31f-4bc5-9f6f-88eea9fc5b6c"):
        assert scrub(text, ("secret-1",)) == text


async def _refuse_commands(site: SimulatedSite, refuse: bool) -> None:
    """Let the site refuse commands, or not."""
    if site.is_pdk1:
        refusal = {"refuse": "No, {token}."} if refuse else None
        await site.pdk.faults(site.id, commands=refusal)
    else:
        await site.pdk.switches(site.id, status=409 if refuse else 200)


async def test_no_secret_is_logged(
    site: SimulatedSite,
    session: aiohttp.ClientSession,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test that no fault logs a secret, with all libraries at DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in (*logging.root.manager.loggerDict, "engineio", "socketio", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger=name)
    set_constants(monkeypatch, overlap=0.1, renewal_grace=0.1)
    pdk, command = site.pdk, TryOpen(site.door(1))
    async with RunningStream(site.client) as stream:
        await site.subscribed()
        await pdk.act(site.id, 1, "badge", pin=PIN)
        await wait_until(lambda: any(isinstance(e, AccessEvent) for e in stream.events))
        await stream.send(command)
        await _refuse_commands(site, refuse=True)
        with pytest.raises(CommandRejectedError) as refused:
            await stream.send(command)
        for name in ("request.unknown", PIN):
            await pdk.emit(site.id, site.topic(name), {"body": {"pin": PIN}})
        if site.is_pdk1:
            frame = {"frame": f"42[{PIN}"}
            await pdk.control("POST", f"panels/{site.id}/raw", frame)
        else:
            await pdk.switches(site.id, renewal="event")
        await pdk.revoke(site.id)
        await pdk.act(site.id, 2, "relay", on=True)
        await stream.wait_for_renewals(1)
        for times, fault in enumerate(FAULTS[0 if site.is_pdk1 else 1], 2):
            for kind, failure in fault.items():
                await pdk.faults(None, **{kind: failure | {"count": 1}})
            await pdk.kick(site.id)
            await stream.wait_connected(times)
    wrong = account_client(session, pdk.accounts_url, CLIENT_ID, f"{CLIENT_SECRET}x")
    with pytest.raises(PdkError) as rejected:
        await get_sites(wrong)
    events = [event for event in stream.events if not isinstance(event, ServerError)]
    shown = [*stream.errors, *events, refused.value, rejected.value]
    text = "".join([*map(repr, shown), caplog.text])
    assert f"DEBUG    {PDK}.stream" in text
    assert len(stream.errors) == len(FAULTS[0 if site.is_pdk1 else 1])
    # the secret, the header, the ID token and several tokens of the site
    secrets = known_secrets(site.client)
    assert len(secrets) >= 6
    for secret in {"eyJ", PIN, *secrets}:
        assert secret not in text


@pytest.mark.parametrize("make_client", [panel_client, node_client], ids=["1", "2"])
async def test_refusal_is_cut_after_its_secrets_are_removed(
    session: aiohttp.ClientSession, make_client: Any
) -> None:
    """Test that no part of a token is left where a refusal is cut in its middle."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        if make_client is node_client:
            await websocket.receive()
        await websocket.send_str(f'44{{"message":"{"no, " * 23}token-1"}}')
        await websocket.receive()

    async with websocket_server(serve) as uri:
        with pytest.raises(StreamRefusedError) as refused:
            await validate_connection(make_client(session, LocalTokens(session), uri))
    assert str(refused.value) == f"{'no, ' * 23}**REDACT"
