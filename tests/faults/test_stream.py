"""The panel says what a client does not like to hear, too much of it, or in disorder."""

import asyncio

import pytest

from homeassistant.core import Event, EventStateChangedData, callback

from . import phases
from .figures import Record
from .phases import Fault
from .site import LOCK, OTHER_LOCK, PANEL, Site, Stopwatch, state_of, wait_for_state

FLOOD = 100_000
FRAMES = {
    "`41`": "41",
    "`44`": '44"Authorization has failed."',
    "`1`": "1",
    "garbage": "garbage",
    "5 MB frame": f'42["liveEvent",{{"info":"{"x" * 5_000_000}"}}]',
}
KICKS = {"closed without goodbye": "close", "TCP reset by the panel": "abort"}


async def _nothing(_: Site) -> None:
    """Need nothing: it is over at once."""


def said(name: str) -> Fault:
    """Return a fault: the panel says that, or ends the connection in that way."""

    async def say(site: Site) -> None:
        if name in FRAMES:
            path, body = f"panels/{PANEL}/raw", {"frame": FRAMES[name]}
        else:
            path, body = f"panels/{PANEL}/kick", {"how": KICKS[name]}
        await site.pdk.control("POST", path, body)

    return Fault(name=name, begin=say, end=_nothing)


NAMES = [*FRAMES, *KICKS]


@pytest.mark.parametrize("name", NAMES)
async def test_before_40(direct: Site, figure: Record, name: str) -> None:
    """The panel ends it before it has begun."""
    outcome = await phases.before_40(direct, said(name), "")
    figure("matrix", name, "before `40`", str(outcome))


@pytest.mark.parametrize("name", NAMES)
async def test_idle(direct: Site, figure: Record, name: str) -> None:
    """The connection ends, and the first attempt to have another works."""
    sees = "nothing" if name == "garbage" else "assumed"
    outcome = await phases.idle(direct, said(name), sees)
    figure("matrix", name, "idle", str(outcome))


@pytest.mark.parametrize("name", NAMES)
async def test_command(direct: Site, figure: Record, name: str) -> None:
    """The connection ends with a command under way."""
    outcome = await phases.command(direct, said(name), "no_answer")
    figure("matrix", name, "command under way", str(outcome))


@pytest.mark.parametrize("name", NAMES)
async def test_renewal(direct: Site, figure: Record, name: str) -> None:
    """The connection ends while a new token is being asked for."""
    outcome = await phases.renewal_interrupted(direct, said(name), "")
    figure("matrix", name, "renewal under way", str(outcome))


@pytest.mark.parametrize(
    "mode", [{"mode": "error44"}, {"mode": "disconnect"}, {"mode": "hang"}]
)
async def test_handshake(direct: Site, figure: Record, mode: dict[str, str]) -> None:
    """Each new connection is refused after the websocket has opened, or hangs."""
    name = {"error44": "`44`", "disconnect": "`41`", "hang": "handshake hangs"}
    fault = Fault(
        name=mode["mode"],
        begin=lambda site: site.pdk.faults(handshake=mode),
        end=lambda site: site.pdk.faults(handshake=None),
    )
    if mode["mode"] != "disconnect":
        outcome = await phases.handshake(direct, fault, "")
    else:
        outcome = await _accepted_and_left(direct, fault)
    figure("matrix", name[mode["mode"]], "handshake", str(outcome))


async def _accepted_and_left(site: Site, fault: Fault) -> phases.Outcome:
    """Let the panel accept each connection, and end it at once."""
    await site.set_up()
    await fault.begin(site)
    await site.pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await site.is_disconnected()
    before = (await site.pdk.requests())["connect"]
    while (await site.pdk.requests())["connect"] < before + 3:
        assert state_of(site.hass, LOCK).state == "locked"
        assert state_of(site.hass, LOCK).attributes["assumed_state"] is True
    await fault.end(site)
    watch = Stopwatch.start()
    while (await site.pdk.requests())["connect"] == before:
        pass
    await asyncio.sleep(0.5)
    await site.is_connected(phases.SOON)
    seconds = watch.seconds
    await site.works(0)
    return phases.Outcome("assumed", seconds)


# Too much


def a_flood() -> list[dict[str, object]]:
    """Return very many events of one door, and one of another at the end."""
    noise: dict[str, object] = {
        "topic": "door.input.relay.on",
        "payload": {"body": {"doorId": 4}},
    }
    end: dict[str, object] = {
        "topic": "door.input.relay.on",
        "payload": {"body": {"doorId": 1}},
    }
    return [noise] * FLOOD + [end]


@pytest.mark.timeout(120)
async def test_flood(
    direct: Site, figure: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is taken, in order, and a command in the middle of it is answered."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.stream.ANSWER_TIMEOUT", 60)
    await direct.pdk.faults(ping_interval=25, ping_timeout=20)
    await direct.set_up()
    direct.hass.loop.set_debug(False)
    flood = asyncio.create_task(
        direct.pdk.control("POST", f"panels/{PANEL}/emit", {"events": a_flood()})
    )
    watch = Stopwatch.start()
    await wait_for_state(direct.hass, OTHER_LOCK, "unlocked", 60)
    action = direct.unlocking(OTHER_LOCK)
    await wait_for_state(direct.hass, LOCK, "unlocked", 60)
    seconds = watch.seconds
    await flood
    await asyncio.wait_for(action, 60)
    assert len(await direct.pdk.commands(PANEL)) == 1
    await direct.works(1)
    text = f"all shown; {seconds:.1f} s"
    figure("matrix", "flood of 100,000 events", "idle", text)
    figure("matrix", "flood of 100,000 events", "command under way", "action: done")


# Disorder


class Changes:
    """What the lock of the front door has shown."""

    def __init__(self, site: Site) -> None:
        """Listen from now on."""
        self.seen: list[str] = []
        site.hass.bus.async_listen("state_changed", self._note)

    @callback
    def _note(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if event.data["entity_id"] == LOCK and new:
            self.seen.append(new.state)


def relay(state: str, *, occurred: int, event_id: str = "one") -> dict[str, object]:
    """Return an event of the front door's relay."""
    return {
        "topic": f"door.input.relay.{state}",
        "payload": {
            "id": event_id,
            "body": {"doorId": 1},
            "metadata": {"occurred": occurred},
        },
    }


@pytest.mark.parametrize(
    ("name", "events", "shown"),
    [
        (
            "events twice",
            [
                relay("on", occurred=2_000),
                relay("on", occurred=2_000),
                relay("off", occurred=3_000, event_id="two"),
                relay("off", occurred=3_000, event_id="two"),
            ],
            ["unlocked", "locked"],
        ),
        (
            "events out of order",
            [
                relay("on", occurred=9_000, event_id="late"),
                relay("off", occurred=1_000, event_id="early"),
                relay("on", occurred=5_000, event_id="middle"),
            ],
            # the panel's order counts, not what its clock says
            ["unlocked", "locked", "unlocked"],
        ),
    ],
)
async def test_disorder(
    direct: Site,
    figure: Record,
    name: str,
    events: list[dict[str, object]],
    shown: list[str],
) -> None:
    """What is told twice is shown once; what comes last counts."""
    await direct.set_up()
    changes = Changes(direct)
    await direct.pdk.control("POST", f"panels/{PANEL}/emit", {"events": events})
    await direct.unlocking(OTHER_LOCK)
    assert changes.seen == shown
    await direct.works(1)
    figure("matrix", name, "idle", "what the panel said last; no outage")


@pytest.mark.parametrize("result_first", [True, False])
async def test_disorder_around_a_command(
    direct: Site, figure: Record, result_first: bool
) -> None:
    """The result may come before the relay's event or after it, and twice."""
    await direct.set_up()
    await direct.pdk.faults(result_first=result_first)
    await asyncio.wait_for(direct.unlocking(), 5)
    await wait_for_state(direct.hass, LOCK, "unlocked")
    (command,) = await direct.pdk.commands(PANEL)
    result = {"body": {"commandId": command["id"]}}
    await direct.pdk.emit(PANEL, "command.result.succeed", result)
    await direct.pdk.emit(PANEL, "serverError", {"message": "of nobody"})
    await direct.works(1)
    name = "events twice" if result_first else "events out of order"
    figure("matrix", name, "command under way", "action: done; no outage")
