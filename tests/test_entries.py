"""How many people were let in at a door: every one once, whatever happens."""

from copy import deepcopy
from typing import Any

import pytest

from homeassistant.core import Event, callback

from .common import ENTRIES, FRONT, FRONT_ACCESS, PANEL, Json, Site, access_granted

STORE = f"prodatakey.{PANEL}"


pytestmark = pytest.mark.usefixtures("every_entry_shown")


def stored_entries(hass_storage: Json) -> int:
    """Return the count of the front door as it is saved."""
    doors = hass_storage[STORE]["data"]["doors"]
    return int(next(each["entries"] for each in doors if each["id"] == 1))


async def test_everybody_counts_once(site: Site, hass_storage: Json) -> None:
    """A granted access counts once, however late, also over a reload and without people.

    Those who are refused do not, nor a second reader: it may be the one to go out.
    """
    assert site.state(ENTRIES).state == "0"
    assert site.hass.states.get("sensor.garage_entries") is None
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(ENTRIES, "1")
    await site.emit_all(access_granted("yesterday", 86400))
    await site.wait_for_state(ENTRIES, "2")
    assert site.state(FRONT_ACCESS).attributes["person"] == "Amelia Hartmann"
    await site.emit_all(
        access_granted("again", id="5bb7"),
        access_granted("again", id="5bb7"),
    )
    await site.wait_for_state(ENTRIES, "3")
    await site.happen(7, "badge", person=1)
    await site.happen(3, "badge", person=5)
    await site.emit("door.request.denied")
    await site.emit_all(access_granted("again", id="5bb7"))

    await site.set_up(record_people=False)
    assert site.state(ENTRIES).state == "3"
    await site.emit_all(access_granted("again", id="5bb7"), access_granted("new"))
    await site.wait_for_state(ENTRIES, "4")
    assert site.state("sensor.server_room_entries").state == "0"
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    assert site.state(ENTRIES).state == "4"


async def test_a_crash_takes_back_nothing(site: Site, hass_storage: Json) -> None:
    """What is shown was saved, so no crash lets a count go down: statistics see no reset."""
    shown: list[tuple[int, int]] = []
    crashed: Json = {}

    @callback
    def handle_state(event: Event[Any]) -> None:
        if event.data["entity_id"] == ENTRIES:
            count = int(event.data["new_state"].state)
            shown.append((count, stored_entries(hass_storage)))
            crashed.update(deepcopy(hass_storage))

    site.hass.bus.async_listen("state_changed", handle_state)
    for count in range(1, 6):
        await site.emit_all(access_granted(f"person {count}", id=f"id {count}"))
        await site.wait_for_state(ENTRIES, str(count))
    assert all(count <= stored for count, stored in shown)
    assert shown[-1][0] == 5
    # another one, of whom the crash leaves nothing
    site.deliver(**access_granted("person 6", id="id 6"))
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    hass_storage.update(deepcopy(crashed))
    await site.set_up()
    assert site.state(ENTRIES).state == "5"
    # the panel sends the last one again, and one that came before
    await site.emit_all(*(access_granted("again", id=f"id {n}") for n in (5, 6)))
    await site.wait_for_state(ENTRIES, "6")
