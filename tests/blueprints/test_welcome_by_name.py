"""People are welcomed by name."""

from homeassistant.core import ServiceCall
from tests.common import AccessEvents, Site, wait_until

from .conftest import Automate

WELCOME = [
    {
        "action": "notify.everybody",
        "data": {"message": "Welcome at {{ door }}, {{ person }} ({{ person_id }})!"},
    }
]
INPUTS = {"doors": {"entity_id": "event.front_door_access"}, "welcome": WELCOME}


async def test_everybody(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """Known people are welcomed at the door, in order; unknown ones are not."""
    await automate("welcome_by_name", **INPUTS)
    await site.happen(3, "badge", person=2)
    await site.happen(1, "badge", card="lost")
    # without a name, and there is none to use instead
    await site.emit("door.request.allowed")
    await site.happen(1, "badge", person=1)
    await site.happen(1, "badge", person=2)
    await wait_until(lambda: len(notifications) == 2)
    assert [call.data["message"] for call in notifications] == [
        "Welcome at Front door, Amelia Hartmann (1)!",
        "Welcome at Front door, Jonas Okafor (2)!",
    ]


async def test_some_people_under_conditions(
    site: Site,
    access_events: AccessEvents,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """A person is welcomed if they are in the list and the conditions are met."""
    site.hass.states.async_set("input_boolean.on", "off")
    condition = {"condition": "state", "entity_id": "input_boolean.on", "state": "on"}
    await automate(
        "welcome_by_name", **INPUTS, people=["priya raman"], only_if=[condition]
    )
    for state, person in (("off", 4), ("on", 1), ("on", 4)):
        site.hass.states.async_set("input_boolean.on", state)
        await site.happen(1, "badge", person=person)
        await access_events.received()
        await site.hass.async_block_till_done()
    (call,) = notifications
    assert "Priya Raman" in call.data["message"]


async def test_people_are_not_recorded(
    site: Site,
    access_events: AccessEvents,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Where people are not recorded, the welcome uses the replacement name."""
    await site.set_up(record_people=False)
    await automate("welcome_by_name", **INPUTS, anonymous="somebody")
    await site.happen(1, "badge", person=1)
    await access_events.received()
    await site.hass.async_block_till_done()
    (call,) = notifications
    assert call.data["message"] == "Welcome at Front door, somebody (None)!"
