"""Whatever is reported of one door, no other door changes, and nothing fails."""

import logging
import random
import re

from hypothesis import given, settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.pdk.parser import parse_door_id
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.common import PANEL, state_of, wait_until
from tests.simulator_process import SimulatedPdk

from .strategies import BOUNDED, whatever

KEYS = "lock|dps|rex|relay|propped|forced|force_close|auto_open|do_not_disturb|output|access"
DOOR_ENTITY = re.compile(rf"{PANEL}_(.+)_(?:{KEYS})")
# the door of the scenario's additional reader, whose lock names who was let in there
PRIMARY_READER = {"7": "1"}


class _Errors(logging.Handler):
    """The errors that were logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Record an error."""
        self.messages.append(record.getMessage())


async def test_no_other_door_changes(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Test that no exception escapes, and that an event changes one door."""
    # no token is renewed, and no command answered
    stream = entry.runtime_data.site.stream
    monkeypatch.setattr(stream, "_handle_control_event", lambda *_: None)
    registry = er.async_get(hass)
    errors = _Errors()
    logging.getLogger().addHandler(errors)

    @settings(BOUNDED)
    @given(whatever)
    def receive(event: tuple[str, object]) -> None:
        # Hypothesis seeds this for each example, so that new devices get ids in use.
        random.seed()
        topic, payload = event
        states = {state.entity_id: state for state in hass.states.async_all()}
        stream._dispatch(*stream._sockets, topic, payload)
        body = payload.get("body") if isinstance(payload, dict) else None
        door = str(parse_door_id(body.get("doorId"))) if isinstance(body, dict) else ""
        changed = {
            match[1]
            for state in hass.states.async_all()
            if states.get(state.entity_id) not in (state, None)
            and (entity := registry.async_get(state.entity_id))
            and (match := DOOR_ENTITY.fullmatch(entity.unique_id))
        }
        assert changed <= {door, PRIMARY_READER.get(door)}
        assert not errors.messages

    try:
        receive()
        await hass.async_block_till_done()
        assert not errors.messages
    finally:
        logging.getLogger().removeHandler(errors)
    # most of the examples do change a door
    await panel.act(PANEL, 2, "hold")
    await wait_until(lambda: state_of(hass, "lock.garage").state == "unlocked")
