"""A phone is notified of a forced or propped door."""

from homeassistant.core import ServiceCall
from tests.common import PANEL, Site, wait_until

from .conftest import Automate, rename

FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"
DOORS = {"entity_id": [FORCED, PROPPED, "binary_sensor.server_room_forced_open"]}


async def test_forced_door(
    site: Site,
    automate: Automate,
    phone: str,
    phone_notifications: list[ServiceCall],
    notifications: list[ServiceCall],
) -> None:
    """The first alarm of a door notifies, with a picture, and runs more actions.

    An alarm that was on before a gap does not notify after it. The alarm of another
    door does not wait for the actions of the first; its name is not a number.
    """
    rename(site.hass, "lock.server_room", "2.10")
    message = "{{ title }}: {{ message }}"
    await automate(
        "forced_or_propped_door",
        doors=DOORS,
        phone=phone,
        camera="camera.entrance",
        critical=True,
        tell_end=False,
        more_actions=[
            {"action": "notify.everybody", "data": {"message": message}},
            {"delay": {"minutes": 10}},
        ],
    )
    await site.happen(1, "force")
    await wait_until(lambda: notifications)
    (call,) = phone_notifications
    assert call.data["title"] == "Alarm: Front door"
    assert call.data["message"].startswith("Forced open, ")
    assert call.data["data"]["image"] == "/api/camera_proxy/camera.entrance"
    assert call.data["data"]["tag"] == FORCED
    assert call.data["data"]["push"]["sound"]["critical"] == 1
    said = notifications[0].data["message"]
    assert said.startswith("Alarm: Front door: Forced open, ")
    for online, state in ((False, "unavailable"), (True, "on")):
        await site.set_online(online)
        await site.wait_for_state(FORCED, state)
    await site.act("button.press", "button.front_door_clear_forced_alarm")
    await site.wait_for_state(FORCED, "off")
    await site.happen(3, "force")
    await wait_until(lambda: len(phone_notifications) == 2)
    assert phone_notifications[1].data["title"] == "Alarm: 2.10"


async def test_propped_door(
    site: Site, automate: Automate, phone: str, phone_notifications: list[ServiceCall]
) -> None:
    """The end of an alarm replaces its notification, which has no picture here."""
    await automate("forced_or_propped_door", doors=DOORS, phone=phone)
    await site.pdk.control("PATCH", f"panels/{PANEL}/doors/1", {"propDelay": 0.05})
    await site.happen(1, "hold")
    await site.happen(1, "open")
    await wait_until(lambda: phone_notifications)
    await site.happen(1, "close")
    await wait_until(lambda: len(phone_notifications) == 2)
    began, ended = (call.data for call in phone_notifications)
    assert began["message"].startswith("Held open too long, ")
    assert ended["message"].startswith("Closed again, ")
    data = {"tag": PROPPED, "group": "prodatakey", "ttl": 0, "priority": "high"}
    assert began["data"] == ended["data"] == data


async def test_own_words(
    site: Site, automate: Automate, phone: str, phone_notifications: list[ServiceCall]
) -> None:
    """The texts of a blueprint can be in another language."""
    await automate(
        "forced_or_propped_door",
        doors=DOORS,
        phone=phone,
        alarm_text="Achtung",
        forced_text="Gewaltsam geöffnet",
    )
    await site.happen(1, "force")
    await wait_until(lambda: phone_notifications)
    (call,) = phone_notifications
    assert call.data["title"] == "Achtung: Front door"
    assert call.data["message"].startswith("Gewaltsam geöffnet, ")
