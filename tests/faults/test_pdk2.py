"""A site of PDK 2.0 while something is wrong, through the whole of Home Assistant."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
import logging
import random
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.pdk.commands import TryDwellOpen
from custom_components.prodatakey.pdk.v2.parser import TOPICS
from custom_components.prodatakey.pdk.v2.socketio4 import Socket
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from tests.common import (
    CONFIRM_REJECTION_AFTER,
    PIN,
    WORKSHOP,
    Json,
    act,
    raises_error,
    state_of,
    wait_for_state,
    wait_until,
)
from tests.network import Proxy
from tests.pdk.common import SHORT_TIMEOUTS, set_constants, wait_for_requests
from tests.simulator_process import SimulatedPdk

from .figures import Record
from .site import PING_INTERVAL, PING_TIMEOUT
from .virtual_time import SYSTEM_PATHS, Outage, in_virtual_time

LOCK = "lock.side_entrance"
ACCESS = "event.side_entrance_access"
PERSON = "sensor.side_entrance_last_person"
CONNECTION = "binary_sensor.workshop_connection"
LOGGER = "custom_components.prodatakey"


class Workshop:
    """The site in Home Assistant, and the network between them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        pdk: SimulatedPdk,
        proxy: Proxy,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Initialize; nothing is set up."""
        self.hass = hass
        self.entry = entry
        self.pdk = pdk
        self.proxy = proxy
        self._caplog = caplog

    async def set_up(self) -> None:
        """Set the entry up, subscribed, with the door reported as locked."""
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.wait_connected()
        await self.report("device.input.relay.off")
        await wait_for_state(self.hass, LOCK, "locked")

    async def retry_setup(self) -> None:
        """Let Home Assistant set the entry up again until it succeeds."""
        later = dt_util.utcnow()
        while self.entry.state is not ConfigEntryState.LOADED:
            later += timedelta(minutes=10)
            async_fire_time_changed(self.hass, later)
            await asyncio.sleep(0.05)

    async def wait_connected(self) -> None:
        """Wait until the user sees that it is, and the system has its subscription."""
        await wait_for_state(self.hass, CONNECTION, "on", 40)
        await self.pdk.sockets(WORKSHOP, 1, 40)

    async def report(self, topic: str, door: int = 1, **content: Any) -> None:
        """Let the site report something of a door."""
        await self.pdk.report(WORKSHOP, topic, door, **content)

    async def switch(self, **switches: Any) -> None:
        """Set switches of the system."""
        await self.pdk.switches(WORKSHOP, **switches)

    async def kick(self) -> None:
        """Let the system end the connection."""
        await self.pdk.kick(WORKSHOP, "abort")

    async def commands(self) -> list[Json]:
        """Return the commands that the site has received."""
        return await self.pdk.commands(WORKSHOP, wait=0)

    async def unlock(self) -> None:
        """Unlock the door as a user does."""
        await act(self.hass, "lock.unlock", LOCK)

    async def wait_unavailable(self) -> None:
        """Wait until the doors cannot be used."""
        await wait_for_state(self.hass, LOCK, "unavailable")
        assert state_of(self.hass, CONNECTION).state == "off"

    async def check_works(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Check that events and commands pass, each command once."""
        set_constants(monkeypatch, answer_timeout=10, request_timeout=10)
        before = len(await self.commands())
        await self.report("device.input.relay.on")
        await wait_until(self._is_reported_unlocked)
        await act(self.hass, "lock.lock", LOCK)
        await wait_for_state(self.hass, LOCK, "locked")
        assert len(await self.commands()) == before + 1

    def _is_reported_unlocked(self) -> bool:
        lock = state_of(self.hass, LOCK)
        return lock.state == "unlocked" and "assumed_state" not in lock.attributes

    def info_lines(self) -> list[str]:
        """Return what a user who does not debug reads in the log."""
        records = self._caplog.get_records("call")
        lines = [r for r in records if r.name.startswith(LOGGER)]
        return [r.getMessage() for r in lines if r.levelno >= logging.INFO]


@pytest.fixture
async def site(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    workshop: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Workshop]:
    """Return the site behind a proxy, which all of pdk.io is behind."""
    set_constants(monkeypatch, **SHORT_TIMEOUTS, overlap=0.4)
    await pdk.faults(ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)
    caplog.set_level(logging.INFO)
    async with Proxy(urlsplit(pdk.accounts_url).port or 0) as proxy:
        monkeypatch.setenv("PDK_ACCOUNTS_URL", proxy.uri)
        yield Workshop(hass, workshop, pdk, proxy, caplog)
        if workshop.state is not ConfigEntryState.NOT_LOADED:
            await hass.config_entries.async_unload(workshop.entry_id)


# The network


def refuse(proxy: Proxy) -> None:
    """Refuse all new connections, and end what there is."""
    proxy.refuse()
    proxy.cut()


NETWORK: dict[str, Callable[[Proxy], None]] = {
    "connection refused": refuse,
    "TCP reset": Proxy.reset,
    "blackhole": Proxy.blackhole,
}


async def strike_at_set_up(site: Workshop, fault: Callable[[Proxy], None]) -> None:
    """Set the entry up on a network that fails."""
    fault(site.proxy)
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    assert site.entry.error_reason_translation_key == "cannot_connect"
    assert not site.hass.states.async_entity_ids("lock")


async def strike_at_connecting(site: Workshop, fault: Callable[[Proxy], None]) -> None:
    """Let the network fail while the system has not answered the handshake."""
    await site.set_up()
    await site.pdk.faults(system_stream={"hang": True})
    count = (await site.pdk.requests())["system_stream"]
    await site.kick()
    await wait_for_requests(site.pdk, "system_stream", count + 1)
    fault(site.proxy)
    await site.wait_unavailable()
    await site.pdk.faults(system_stream=None)


async def strike_at_rest(site: Workshop, fault: Callable[[Proxy], None]) -> None:
    """Let the network fail while nothing is going on."""
    await site.set_up()
    fault(site.proxy)
    await site.wait_unavailable()


async def strike_at_command(site: Workshop, fault: Callable[[Proxy], None]) -> None:
    """Let the network fail while a command is unanswered."""
    await site.set_up()
    await site.switch(answers=False)
    action = site.hass.async_create_task(site.unlock())
    assert len(await site.pdk.commands(WORKSHOP)) == 1
    fault(site.proxy)
    with raises_error("no_answer"):
        await action
    await site.wait_unavailable()
    await site.switch(answers=True)


async def strike_at_lost_command(
    site: Workshop, fault: Callable[[Proxy], None]
) -> None:
    """Send a command into a network that fails, before anybody has noticed."""
    await site.pdk.faults(ping_interval=25, ping_timeout=20)
    await site.set_up()
    fault(site.proxy)
    with raises_error("no_answer"):
        await site.unlock()
    await site.kick()


async def strike_at_renewal(site: Workshop, fault: Callable[[Proxy], None]) -> None:
    """Let the network fail while a token is requested."""
    await site.switch(token_lifetime=1)
    await site.set_up()
    count = (await site.pdk.requests())["system_token"]
    await site.pdk.faults(system_token={"hang": True})
    await wait_for_requests(site.pdk, "system_token", count + 1)
    fault(site.proxy)
    await site.wait_unavailable()
    await site.pdk.faults(system_token=None)
    await site.switch(token_lifetime=300)


PHASES: dict[str, Callable[[Workshop, Callable[[Proxy], None]], Awaitable[None]]] = {
    "token request": strike_at_set_up,
    "handshake": strike_at_connecting,
    "idle": strike_at_rest,
    "command pending": strike_at_command,
    "renewal pending": strike_at_renewal,
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("name", NETWORK)
async def test_network(
    site: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    figure: Record,
    name: str,
    phase: str,
) -> None:
    """Entities recover, assumed until reported; no command is executed later."""
    await PHASES[phase](site, NETWORK[name])
    # the next connection is not ended by a slow machine
    await site.pdk.faults(ping_interval=25, ping_timeout=20)
    await site.proxy.restore()
    if phase == "token request":
        await site.retry_setup()
    await site.wait_connected()
    if phase != "token request":
        assert state_of(site.hass, LOCK).attributes["assumed_state"]
        down, up = site.info_lines()
        assert down.startswith("Workshop is unavailable: ")
        assert up == "Workshop is available again"
    assert len(await site.commands()) == (phase == "command pending")
    await site.check_works(monkeypatch)
    figure("matrix", f"PDK 2.0: {name}", phase, "recovers; no command later")


async def test_lost_command(site: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that a network swallowed is not delivered when it is back."""
    await strike_at_lost_command(site, Proxy.blackhole)
    await site.proxy.restore()
    await wait_for_requests(site.pdk, "system_stream", 2)
    await site.wait_connected()
    assert not await site.commands()
    await site.check_works(monkeypatch)


async def test_short_drop(site: Workshop) -> None:
    """A drop whose first reconnect works is assumed, and not worth a line."""
    await site.set_up()
    await site.kick()
    await wait_for_state(site.hass, CONNECTION, "off")
    assert state_of(site.hass, LOCK).attributes["assumed_state"]
    await site.wait_connected()
    assert state_of(site.hass, LOCK).state == "locked"
    assert not site.info_lines()


# HTTP

OK = "available"
# What is wrong; the error of the set-up; whether there is an issue, and reauth.
ANSWERS: list[tuple[str, Json, str, bool, bool]] = [
    ("token", {"status": 401}, "invalid_auth", False, True),
    ("token", {"status": 403}, "cannot_connect", False, False),
    ("token", {"status": 429}, "rate_limited", False, False),
    ("token", {"status": 200, "body": "html"}, "cannot_connect", False, False),
    ("system_token", {"status": 401}, "invalid_auth", False, True),
    ("system_token", {"status": 403}, "no_permission", True, False),
    ("system_token", {"status": 429}, "rate_limited", False, False),
    ("system_token", {"status": 500}, "cannot_connect", False, False),
    ("system_token", {"hang": True}, "cannot_connect", False, False),
    ("cloud_nodes", {"status": 401}, "cannot_connect", False, False),
    ("cloud_nodes", {"status": 500}, "cannot_connect", False, False),
    ("system_devices", {"status": 403}, "no_permission", True, False),
    ("system_devices", {"status": 429}, "rate_limited", False, False),
    ("system_devices", {"status": 200, "body": "html"}, "cannot_connect", False, False),
]


@pytest.mark.parametrize(("kind", "answer", "error", "issue", "reauth"), ANSWERS)
async def test_http(
    site: Workshop,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    answer: Json,
    error: str,
    issue: bool,
    reauth: bool,
) -> None:
    """The user is asked for what only the user can give, once that is certain."""

    def asked() -> tuple[bool, bool]:
        issues = ir.async_get(site.hass).issues
        flows = site.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        return ((DOMAIN, f"permission_missing_{WORKSHOP}") in issues, bool(flows))

    # the attempt at the set-up and the next: the one rejection is confirmed by the other
    monkeypatch.setattr(CONFIRM_REJECTION_AFTER, 0.5)
    monkeypatch.setattr("custom_components.prodatakey.coordinator.MIN_READ_INTERVAL", 0)
    await site.pdk.faults(None, **{kind: answer}, id_token_lifetime=0.2)
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    assert site.entry.error_reason_translation_key == error
    assert asked() == (issue, False)
    await site.pdk.faults(None, **{kind: None})
    await site.retry_setup()
    await site.wait_connected()
    assert asked() == (False, False)
    await site.pdk.faults(None, **{kind: answer})
    count = (await site.pdk.requests())[kind]
    account = site.entry.runtime_data.client.account
    await wait_until(lambda: account._id_token.seconds_to_renewal < 0)
    await site.kick()
    if kind in ("token", "system_token"):
        await site.wait_unavailable()
    await wait_for_requests(site.pdk, kind, count + 1)
    if issue or reauth:
        await wait_until(lambda: asked() == (issue, reauth))
    await site.pdk.faults(None, **{kind: None})
    await site.wait_connected()
    await site.check_works(monkeypatch)


async def test_status_cannot_be_read(
    site: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site that is online again is available as soon as that can be read."""
    await site.set_up()
    await site.pdk.set_online(WORKSHOP, False)
    await site.wait_unavailable()
    await site.pdk.set_online(WORKSHOP, True, event=False)
    await site.pdk.faults(None, cloud_nodes={"status": 500, "count": 2})
    await site.kick()
    await site.wait_connected()
    await site.check_works(monkeypatch)


OUTAGES: dict[str, Callable[[Outage], None]] = {
    "everything refused": lambda outage: outage.refuse(accounts=True, panel=True),
    "system token: HTTP 401": lambda o: o.faults(system_token={"status": 401}),
    "system token: HTTP 403": lambda o: o.faults(system_token={"status": 403}),
    "system token: HTTP 429": lambda o: o.faults(system_token={"status": 429}),
    "system token: hangs": lambda o: o.faults(system_token={"hang": True}),
    "stream: HTTP 401": lambda o: o.faults(system_stream={"status": 401}),
    "stream: HTTP 500": lambda o: o.faults(system_stream={"status": 500}),
    "stream: HTML": lambda o: o.faults(system_stream={"status": 200, "body": "html"}),
    "stream: hangs": lambda o: o.faults(system_stream={"hang": True}),
    "cloud nodes: HTTP 500": lambda o: o.faults(cloud_nodes={"status": 500}),
}


# The default run has those of them that differ most.
DEFAULT = {
    ("everything refused", False),
    ("stream: HTTP 401", True),
    ("stream: hangs", False),
    ("cloud nodes: HTTP 500", False),
}
SOAK = pytest.mark.soak


@pytest.mark.parametrize(
    ("name", "from_renewal"),
    [
        pytest.param(name, renewal, marks=() if (name, renewal) in DEFAULT else SOAK)
        for name in OUTAGES
        for renewal in (False, True)
    ],
)
def test_pace(
    monkeypatch: pytest.MonkeyPatch,
    socket_enabled: None,
    figure: Record,
    name: str,
    from_renewal: bool,
) -> None:
    """At most eight requests of a kind go out in five minutes, then one a minute."""

    async def test(outage: Outage) -> None:
        # the token is renewed after 270 s
        await asyncio.sleep(269 if from_renewal else 100)
        outage.restart()
        OUTAGES[name](outage)
        if not from_renewal:
            await outage.kick()
        await asyncio.sleep(1800)
        row = f"PDK 2.0: {name}" + (", from a renewal on" if from_renewal else "")
        for kind in SYSTEM_PATHS:
            times = outage.times(kind)
            first = [at for at in times if at < 300]
            figure("pace", row, f"{kind} in 5 min", str(len(first)))
            assert len(first) <= 8, (kind, first)

    in_virtual_time(monkeypatch, test, WORKSHOP)


# Tokens and events


@pytest.mark.parametrize(
    ("renewal", "event_ids"),
    [
        ("none", False),
        ("cut", True),
        *(
            pytest.param(*each, marks=SOAK)
            for each in (("none", True), ("event", True), ("cut", False))
        ),
    ],
)
async def test_renewal_without_a_gap(
    site: Workshop, monkeypatch: pytest.MonkeyPatch, renewal: str, event_ids: bool
) -> None:
    """With tokens of two seconds no event is lost, and none comes twice."""
    # early, so that the old token outlives the renewal on any machine
    set_constants(monkeypatch, renew_at=0.4, connect_timeout=10, request_timeout=10)
    await site.switch(token_lifetime=2, renewal=renewal, event_ids=event_ids)
    await site.set_up()
    changes = async_capture_events(site.hass, EVENT_STATE_CHANGED)
    stats, number = site.entry.runtime_data.stream.stats, 0
    while stats.renewals < 3:
        number += 1
        await site.report("device.request.allowed", holderName=f"Person {number}")
        await asyncio.sleep(0.01)
    await wait_for_state(site.hass, PERSON, f"Person {number}")
    seen = [
        change.data["new_state"].attributes["person"]
        for change in changes
        if change.data["entity_id"] == ACCESS and change.data["new_state"]
    ]
    assert seen == [f"Person {each}" for each in range(1, number + 1)]
    assert stats.connects == 1
    assert not site.info_lines()


async def test_late_events(site: Workshop) -> None:
    """A request that is old is no news; what a relay was reported to be counts."""
    await site.set_up()
    await site.report("device.request.allowed", holderName="In time")
    await wait_for_state(site.hass, PERSON, "In time")
    before = state_of(site.hass, ACCESS)
    late = round((time.time() - 61) * 1000)
    for topic in ("allowed", "denied", "unknown", "duress"):
        await site.report(
            f"device.request.{topic}", holderName="Too late", occurred=late
        )
    await site.report("device.input.relay.on", occurred=late)
    await wait_for_state(site.hass, LOCK, "unlocked")
    assert state_of(site.hass, ACCESS) == before
    assert state_of(site.hass, PERSON).state == "In time"
    assert state_of(site.hass, LOCK).attributes.get("changed_by") != "Too late"


HUGE = "x" * 100_000
WRONG: tuple[Any, ...] = (None, True, [], {}, "", 1.5, HUGE, [[]], {"id": None})


def malformed(topic: str, device: str) -> list[Json]:
    """Return events of which none names a device."""
    good: Json = {
        "topic": topic,
        "id": "event",
        "cloudNodeSN": WORKSHOP,
        "body": {"deviceId": device, "holderId": "someone", "pin": "1"},
        "metadata": {"occurred": 1, "holderName": "Nobody", "deviceName": "Nowhere"},
    }
    payloads: list[Any] = [*WRONG, 7, "text"]
    payloads += [good | {"body": wrong} for wrong in WRONG]
    payloads.append({f"key{number}": number for number in range(500)} | {PIN: PIN})
    payloads.insert(0, {"body": {"48151623": 1, "unheard_of": 1}})
    payloads += [
        good | {"body": good["body"] | {"deviceId": wrong}}
        for wrong in WRONG
        if wrong != HUGE
    ]
    del good["body"]
    return [{"topic": topic}, *({"topic": topic, "payload": each} for each in payloads)]


UNKNOWN_TOPICS = ("surprise", "connect", "connect_error", "disconnect", "", HUGE)


async def test_malformed_events(
    site: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They change nothing and end nothing, and each topic is worth one warning."""

    async def subscribe(socket: Socket) -> None:
        topics = [*sorted(TOPICS), *UNKNOWN_TOPICS]
        await socket.send_event("subscribeIsolated", {"topics": topics})

    monkeypatch.setattr(
        "custom_components.prodatakey.pdk.v2.stream.subscribe", subscribe
    )
    await site.set_up()
    await site.report("device.request.allowed", holderName="Somebody")
    await wait_for_state(site.hass, PERSON, "Somebody")
    states = {state.entity_id: state for state in site.hass.states.async_all()}
    device = next(iter(site.entry.runtime_data.client.device_ids))
    topics = (
        "device.request.allowed",
        "device.request.duress",
        "device.input.dps.opened",
    )
    events = [event for topic in topics for event in malformed(topic, str(device))]
    events += [
        event
        for topic in ("controller.alarm.comloss.on", "device.alarm.propped.alloff")
        for event in malformed(topic, str(device))[:10]
    ]
    for topic in UNKNOWN_TOPICS:
        events += malformed(topic, str(device))
    await site.pdk.control("POST", f"panels/{WORKSHOP}/emit", {"events": events})
    for state in ("on", "off", "on"):
        await site.report(f"device.input.relay.{state}")
        locked = "unlocked" if state == "on" else "locked"
        await wait_for_state(site.hass, LOCK, locked)
    changed = {
        state.entity_id
        for state in site.hass.states.async_all()
        if states.get(state.entity_id) != state
    }
    assert changed == {LOCK, "binary_sensor.side_entrance_relay"} & changed
    assert site.entry.runtime_data.stream.stats.connects == 1
    unknown_keys = site.entry.runtime_data.client.unknown_keys
    assert len(unknown_keys) == 100
    assert "body.unheard_of" in unknown_keys
    assert not any(key in repr(unknown_keys) for key in (PIN, "48151623"))
    assert [line.split(":")[0] for line in site.info_lines()] == [
        f"Ignored a malformed {topic}" for topic in topics
    ]


# Commands


async def test_many_commands_and_an_old_token(
    site: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share the token, and a new one if it is rejected."""
    # for a new connection the token would not be fresh enough
    monkeypatch.setattr("custom_components.prodatakey.pdk.client.MIN_REMAINING", 2)
    await site.set_up()
    set_constants(monkeypatch, answer_timeout=10)
    for revoked in (False, True):
        if revoked:
            await site.pdk.revoke(WORKSHOP)
        tokens = (await site.pdk.requests())["system_token"]
        await send(site, range(1, 51))
        assert (await site.pdk.requests())["system_token"] == tokens + revoked


async def send(
    site: Workshop, dwells: range, chance: random.Random | None = None
) -> dict[int, str]:
    """Send commands at once, or nearly; return the outcome of each, by its dwell."""
    coordinator = site.entry.runtime_data
    door = next(
        d for d in coordinator.panel.doors.values() if d.name == "Side entrance"
    )
    outcomes: dict[int, str] = {}

    async def open_door(dwell: int) -> None:
        await asyncio.sleep(chance.uniform(0, 0.5) if chance else 0)
        try:
            await coordinator.async_send(door, TryDwellOpen(door.id, dwell))
        except HomeAssistantError as err:
            outcomes[dwell] = str(err.translation_key)
        else:
            outcomes[dwell] = "done"

    await asyncio.gather(*map(open_door, dwells))
    return outcomes


SEED = 14
COLUMNS = {
    "done": "done",
    "command_rejected": "refused",
    "no_answer": "no answer",
    "not_connected": "not connected",
}
FAULTS: list[Json] = [
    {"status": 409},
    {"status": 500},
    {"status": 204},
    {"answers": False},
    {"answers": True, "status": 200},
    {"answers": True, "status": 200},
]


async def cause_faults(site: Workshop, chance: random.Random) -> None:
    """Let something fail at random until cancelled."""
    while True:
        await asyncio.sleep(chance.uniform(0.01, 0.1))
        match chance.choice(("switch", "switch", "kick", "revoke", "network")):
            case "switch":
                await site.switch(**chance.choice(FAULTS))
            case "kick":
                await site.kick()
            case "revoke":
                await site.pdk.revoke(WORKSHOP)
            case "network":
                # not the control API, which is beside the proxy
                chance.choice((Proxy.cut, Proxy.blackhole, refuse))(site.proxy)
                await asyncio.sleep(chance.uniform(0, 0.5))
                await site.proxy.restore()


async def test_commands_and_random_faults(
    site: Workshop, monkeypatch: pytest.MonkeyPatch, figure: Record
) -> None:
    """Each of fifty at once is executed at most once, and its caller told the truth."""
    await site.set_up()
    set_constants(monkeypatch, answer_timeout=2)
    chance = random.Random(SEED)
    faults = asyncio.create_task(cause_faults(site, random.Random(SEED)))
    outcomes: dict[int, str] = {}
    for first in range(1, 301, 50):
        outcomes |= await send(site, range(first, first + 50), chance)
    assert not faults.done()
    faults.cancel()
    await asyncio.wait({faults})
    await site.switch(answers=True, status=200)
    await site.proxy.restore()
    await site.wait_connected()
    received = Counter(each["body"]["dwell"] for each in await site.commands())
    assert received.keys() <= outcomes.keys()
    assert set(received.values()) == {1}, "sent twice"
    for dwell, outcome in outcomes.items():
        if outcome == "done":
            assert received[dwell] == 1, "done, but never received"
        elif outcome == "not_connected":
            assert received[dwell] == 0, "not sent, but received"
        assert outcome in COLUMNS
    totals = Counter(outcomes.values())
    for outcome, column in COLUMNS.items():
        figure("commands", "PDK 2.0, 300 commands", column, str(totals[outcome]))
    # which of the others there are depends on the machine
    assert totals["done"]
    assert len(totals) > 1
