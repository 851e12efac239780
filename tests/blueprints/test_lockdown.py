"""A panic button locks the whole panel down."""

from homeassistant.core import ServiceCall
from tests.common import Site, wait_until

from .conftest import Automate

LOCKDOWN = "switch.headquarters_lockdown"
ALARM = "alarm_control_panel.house"
REPORT = [{"action": "notify.everybody", "data": {"message": "{{ message }}"}}]


async def test_lockdown(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """It is tried again until every door confirms it, is reported, and ends with the alarm."""
    site.hass.states.async_set(ALARM, "armed_away")
    await automate(
        "lockdown", alarm=[ALARM], lockdown=[LOCKDOWN], ends=True, report=REPORT
    )
    await site.faults(commands={"refuse": "Not now.", "doors": [1]})
    site.hass.states.async_set(ALARM, "triggered")
    await wait_until(lambda: notifications)
    message = notifications[0].data["message"]
    assert message == "The lockdown is not confirmed: Front door"
    await site.faults(commands=None)
    await site.act("switch.turn_on", LOCKDOWN)
    await site.wait_for_state(LOCKDOWN, "on")
    site.hass.states.async_set(ALARM, "disarmed")
    await site.wait_for_state(LOCKDOWN, "off")
    all_doors = site.entry.runtime_data.site.lockdown
    await wait_until(lambda: not all_doors.unconfirmed)
    await wait_until(
        lambda: not any(door.toggling.locked() for door in all_doors.doors)
    )
