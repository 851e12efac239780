"""Whatever is told of one door, no other door changes, and nothing fails."""

import logging

from hypothesis import given, settings
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.pdk.doors import DoorId, parse_door_id
from homeassistant.core import HomeAssistant
from tests.simulator_process import SimulatedPdk

from .strategies import whatever
from .test_parse import BOUNDED


class _Errors(logging.Handler):
    """Errors that were logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error."""
        self.records.append(record)


def door_of(payload: object) -> DoorId | None:
    """Return the door that an event is about, by the page."""
    body = payload.get("body") if isinstance(payload, dict) else None
    return parse_door_id(body.get("doorId")) if isinstance(body, dict) else None


async def test_no_other_door_changes(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """No exception escapes, and an event stays with its door."""
    coordinator = entry.runtime_data
    stream = coordinator.stream
    errors = _Errors()
    logging.getLogger().addHandler(errors)
    # what the fuzz says of tokens must not set off renewals
    stream._take_own = lambda event: None

    @settings(BOUNDED)
    @given(whatever)
    def deliver(event: tuple[str, object]) -> None:
        topic, payload = event
        doors = {key: door.state for key, door in coordinator.doors.known.items()}
        locks = {state.entity_id: state for state in hass.states.async_all("lock")}
        stream._deliver(topic, payload)
        own = door_of(payload)
        for key, state in doors.items():
            if key != own:
                assert coordinator.doors.known[key].state is state
        changed = [
            state.entity_id
            for state in hass.states.async_all("lock")
            if locks.get(state.entity_id) not in (state, None)
        ]
        assert len(changed) <= (0 if own is None else 1)
        assert not errors.records, errors.records[0].getMessage()

    try:
        deliver()
        await hass.async_block_till_done()
        assert not errors.records, errors.records[0].getMessage()
    finally:
        logging.getLogger().removeHandler(errors)
    assert coordinator.connected
