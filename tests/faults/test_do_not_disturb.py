"""Do not disturb, whose one command only toggles."""

from contextlib import suppress

from homeassistant.exceptions import HomeAssistantError
from tests.common import PANEL, wait_for_state
from tests.pdk.common import kick, set_constants, wait_for_requests

from .site import Site

SWITCH = "switch.front_door_do_not_disturb"


async def test_toggled_at_the_panel_meanwhile(direct: Site) -> None:
    """Test a guard who is faster: it is on in the end, or the action fails."""
    set_constants(direct.monkeypatch, answer_timeout=10)
    await direct.set_up()
    await direct.pdk.emit(PANEL, "door.forceclose.off", {"body": {"doorId": 1}})
    await wait_for_state(direct.hass, SWITCH, "off")
    await direct.pdk.faults(command_delay=1)
    action = direct.act("switch.turn_on", SWITCH)
    await direct.pdk.commands(PANEL)
    await direct.pdk.act(PANEL, 1, "dnd")
    with suppress(HomeAssistantError):
        await action
        assert (await direct.pdk.door(PANEL, 1))["dnd"] is True


async def test_delayed_event_is_not_the_outcome(direct: Site) -> None:
    """Test a guard's toggle that arrives with the flush after a renewal."""
    set_constants(
        direct.monkeypatch,
        answer_timeout=20,
        jwt_lifetime=lambda _: 300.0,
        request_timeout=20,
    )
    await direct.set_up()
    await direct.pdk.faults(panel_token_lifetime=0, stale_token="accept")
    # a connection that ends early is replaced with a new token: one that has expired
    await kick(direct.pdk)
    await wait_for_requests(direct.pdk, "connect", 2)
    await direct.wait_connected()
    off = {"topic": "door.forceclose.off", "payload": {"body": {"doorId": 1}}}
    await direct.pdk.control(
        "POST", f"panels/{PANEL}/emit", {"events": [off], "through_token": False}
    )
    await wait_for_state(direct.hass, SWITCH, "off")
    # the renewal takes a while
    tokens = (await direct.pdk.requests())["panel_token"]
    await direct.pdk.faults(panel_token_lifetime=300)
    await direct.pdk.faults(PANEL, panel_token={"delay": 2, "count": 1})
    await direct.pdk.act(PANEL, 1, "dnd")
    await wait_for_requests(direct.pdk, "panel_token", tokens + 1)
    action = direct.act("switch.turn_on", SWITCH)
    with suppress(HomeAssistantError):
        await action
        assert (await direct.pdk.door(PANEL, 1))["dnd"] is True
