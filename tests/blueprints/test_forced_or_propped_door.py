"""A phone is notified of a forced or propped door."""

from homeassistant.core import HomeAssistant, ServiceCall
from tests.common import PANEL, act, set_online, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate, rename

FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"
DOORS = {"entity_id": [FORCED, PROPPED, "binary_sensor.server_room_forced_open"]}


async def test_forced_door(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    phone_notifications: list[ServiceCall],
    notifications: list[ServiceCall],
) -> None:
    """The first alarm ever is notified, with a picture, and more actions run.

    An alarm that was on before a gap is not notified after it. The alarm of another
    door does not wait for the actions of the first; its name is not a number.
    """
    rename(hass, "lock.server_room", "2.10")
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
    await panel.act(PANEL, 1, "force")
    await wait_until(lambda: notifications)
    (call,) = phone_notifications
    assert call.data["title"] == "Alarm: Front door"
    assert call.data["message"].startswith("Forced open at ")
    assert call.data["data"]["image"] == "/api/camera_proxy/camera.entrance"
    assert call.data["data"]["tag"] == FORCED
    assert call.data["data"]["push"]["sound"]["critical"] == 1
    said = notifications[0].data["message"]
    assert said.startswith("Alarm: Front door: Forced open at ")
    for online, state in ((False, "unavailable"), (True, "on")):
        await set_online(panel, online)
        await wait_for_state(hass, FORCED, state)
    await act(hass, "button.press", "button.front_door_clear_forced_alarm")
    await wait_for_state(hass, FORCED, "off")
    await panel.act(PANEL, 3, "force")
    await wait_until(lambda: len(phone_notifications) == 2)
    assert phone_notifications[1].data["title"] == "Alarm: 2.10"


async def test_propped_door(
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    phone_notifications: list[ServiceCall],
) -> None:
    """The end replaces the notification; without a camera there is no picture."""
    await automate("forced_or_propped_door", doors=DOORS, phone=phone)
    await panel.control("PATCH", f"panels/{PANEL}/doors/1", {"propDelay": 0.05})
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 1, "open")
    await wait_until(lambda: phone_notifications)
    await panel.act(PANEL, 1, "close")
    await wait_until(lambda: len(phone_notifications) == 2)
    began, ended = (call.data for call in phone_notifications)
    assert began["message"].startswith("Held open too long at ")
    assert ended["message"].startswith("Closed again at ")
    data = {"tag": PROPPED, "group": "prodatakey", "ttl": 0, "priority": "high"}
    assert began["data"] == ended["data"] == data
