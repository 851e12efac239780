"""Unknown credentials are presented at a door several times within minutes."""

from datetime import timedelta

from freezegun import freeze_time

from homeassistant.core import ServiceCall
from homeassistant.util import dt as dt_util
from tests.common import AccessEvents, Site, wait_until

from .conftest import Automate, rename

READERS = ["event.front_door_access", "event.front_door_inside_access"]
INPUTS = {
    "door": {"entity_id": READERS},
    "reaction": [{"action": "notify.everybody", "data": {"message": "{{ message }}"}}],
}


async def present(
    site: Site, access_events: AccessEvents, door: int = 1, **credential: object
) -> None:
    """Present a credential, and wait until it was handled."""
    await site.happen(door, "badge", **(credential or {"card": "lost"}))
    await access_events.received()


async def test_both_readers(
    site: Site,
    access_events: AccessEvents,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Both readers of a door count together, without other doors and known people.

    After the actions the count starts again.
    """
    rename(site.hass, READERS[0], "2.10")
    await automate("unknown_credentials", **INPUTS, how_many=3, minutes=5)
    for door, credential in ((1, {}), (7, {}), (3, {}), (1, {"person": 1})):
        await present(site, access_events, door, **credential)
    assert not notifications
    await present(site, access_events, pin="0000")
    await wait_until(lambda: notifications)
    message = "3 unknown credentials at 2.10 within 5 minutes"
    assert notifications[0].data["message"] == message
    for _ in range(3):
        assert len(notifications) == 1
        await present(site, access_events)
    await wait_until(lambda: len(notifications) == 2)


async def test_minutes_pass(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """A credential that was presented too long ago is not counted."""
    await automate("unknown_credentials", **INPUTS, how_many=2, minutes=5)
    start = dt_util.utcnow()
    for minutes, count in ((0, 0), (5.1, 0), (10, 1)):
        with freeze_time(start + timedelta(minutes=minutes)):
            site.deliver("door.request.unknown", {"body": {"doorId": 1}})
        await site.hass.async_block_till_done()
        assert len(notifications) == count


async def test_at_once(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """Credentials that arrive in one packet of the network are all counted."""
    await automate("unknown_credentials", **INPUTS, how_many=3, minutes=1)
    for reader in (7, 1, 1, 1, 7, 7):
        site.deliver("door.request.unknown", {"body": {"doorId": reader}})
    await wait_until(lambda: len(notifications) == 2)
    message = "3 unknown credentials at Front door within 1 minute"
    assert notifications[0].data["message"] == message
