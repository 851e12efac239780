"""A dashboard view for the doors of a panel, of Home Assistant's own cards."""

from collections.abc import Callable, Iterator
from itertools import batched
import math
from typing import Any

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    translation,
)

from .const import DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import device_name, door_identifier, endpoint_identifier
from .pdk import Door, DoorKind
from .permissions import async_get_permissions

# A row of sections is as high as its highest: with few doors in each, less is left empty.
MAX_SECTION_DOORS = 4

# What a door's card is followed by while it is on, and in which color.
WARNINGS = (
    ("binary_sensor", "forced", "red"),
    ("binary_sensor", "propped", "red"),
    ("binary_sensor", "dps", "amber"),
    ("switch", "do_not_disturb", "purple"),
    ("binary_sensor", "force_close", "purple"),
    ("binary_sensor", "auto_open", "amber"),
)

type Card = dict[str, Any]


async def async_get_view(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, context: Context
) -> dict[str, Any]:
    """Return the view of what a caller may see of a panel, as the dashboard editor takes it.

    Raises UnknownUser.
    """
    may_read = await async_get_permissions(hass, context, POLICY_READ)
    names = await translation.async_get_translations(
        hass, hass.config.language, "entity", {DOMAIN}
    )
    return _View(hass, entry, names, may_read).build()


class _View:
    """The view for one panel."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ProdatakeyConfigEntry,
        names: dict[str, str],
        may_read: Callable[[str], bool],
    ) -> None:
        """Initialize the view; `names` are the translated names of entities."""
        self._areas = ar.async_get(hass)
        self._devices = dr.async_get(hass)
        self._entities = er.async_get(hass)
        self._entry_id = entry.entry_id
        self._names = names
        self._may_read = may_read
        self._panel = entry.runtime_data.panel
        device = self._devices.async_get_device_by_identifier(
            (DOMAIN, self._panel.info.id), entry.entry_id
        )
        self._title = device_name(device) or entry.title

    def build(self) -> dict[str, Any]:
        """Return the view."""
        return {
            "type": "sections",
            "title": self._title,
            "max_columns": 4,
            "badges": [*self._badges()],
            "sections": [
                *self._door_sections(),
                *self._panel_section(),
                *self._section("entries", self._entries_cards(), columns=2),
                # its sentences are long
                *self._section("last_activity", self._activity_cards(), columns=2),
                *self._section("signal", self._signal_cards()),
            ],
        }

    def _door_sections(self) -> Iterator[Card]:
        """Yield the sections of doors: those of each area, then those without one."""
        doors_by_area: dict[str | None, list[list[Card]]] = {}
        for door in self._panel.doors.values():
            if cards := list(self._door_cards(door)):
                doors_by_area.setdefault(self._area_id(door), []).append(cards)
        titles = {area.id: area.name for area in self._areas.async_list_areas()}
        for area_id, title in [*titles.items(), (None, self._title)]:
            doors = doors_by_area.get(area_id, [])
            count = math.ceil(len(doors) / MAX_SECTION_DOORS)
            size = math.ceil(len(doors) / count) if count else 1
            parts = batched(doors, size, strict=False)
            for number, part in enumerate(parts, start=1):
                heading = title if number == 1 else f"{title} ({number})"
                cards = [card for door_cards in part for card in door_cards]
                yield _grid(heading, cards)

    def _door_cards(self, door: Door) -> Iterator[Card]:
        """Yield the cards of a door or an output."""
        identifier = door_identifier(self._panel.info.id, door.id)
        if door.kind is DoorKind.OUTPUT:
            for entity_id in self._entity("switch", identifier, "output"):
                yield _tile(entity_id, "device", "toggle")
        for entity_id in self._entity("lock", identifier, "lock"):
            yield _tile(entity_id, "device", "lock-commands")
        # an action on the lock's own card says that it is done before it is
        for entity_id in self._entity("button", identifier, "open"):
            yield _tile(entity_id, "entity") | {"hide_state": True}
        yield from self._warnings(identifier)
        for entity_id in self._entity("sensor", identifier, "last_person"):
            content = {"state_content": ["state", "last_changed"]}
            yield _tile(entity_id, "entity") | content

    def _warnings(self, identifier: tuple[str, str]) -> Iterator[Card]:
        """Yield the cards of a door that are shown only while there is a reason."""
        for domain, key, color in WARNINGS:
            for entity_id in self._entity(domain, identifier, key):
                yield _tile(entity_id, "entity") | {
                    "color": color,
                    "visibility": [_while(entity_id, "on")],
                }
        for forced in self._entity("binary_sensor", identifier, "forced"):
            for entity_id in self._entity("button", identifier, "clear_forced"):
                yield _tile(entity_id, "entity") | {
                    "hide_state": True,
                    "visibility": [_while(forced, "on")],
                }
        for entity_id in self._entity("sensor", identifier, "held_open_until"):
            known = {
                "condition": "state",
                "entity": entity_id,
                "state_not": ["unknown", "unavailable"],
            }
            yield _tile(entity_id, "entity") | {"visibility": [known]}

    def _badges(self) -> Iterator[Card]:
        """Yield a badge for each thing that needs a look, shown only then."""
        panel = (DOMAIN, self._panel.info.id)
        for entity_id in self._entity("binary_sensor", panel, "connection"):
            yield _badge(entity_id, "off")
        for door in self._panel.doors.values():
            identifier = door_identifier(self._panel.info.id, door.id)
            for key in ("forced", "propped", "dps"):
                for entity_id in self._entity("binary_sensor", identifier, key):
                    yield _badge(entity_id, "on")
            for entity_id in self._entity("lock", identifier, "lock"):
                yield _badge(entity_id, "unlocked")

    def _panel_section(self) -> Iterator[Card]:
        """Yield the section of the lockdown and the evacuation."""
        panel = (DOMAIN, self._panel.info.id)
        cards = [
            _tile(entity_id, "entity", "toggle")
            for key in ("lockdown", "evacuation")
            for entity_id in self._entity("switch", panel, key)
        ]
        if cards:
            name = self._names[f"component.{DOMAIN}.entity.switch.lockdown.name"]
            yield _grid(name, cards)

    def _entries_cards(self) -> Iterator[Card]:
        """Yield how many people came in on each of the last days."""
        entities = [
            entity_id
            for door in self._panel.doors.values()
            for entity_id in self._entity(
                "sensor", door_identifier(self._panel.info.id, door.id), "entries"
            )
        ]
        if entities:
            yield {
                "type": "statistics-graph",
                "entities": entities,
                "chart_type": "bar",
                "period": "day",
                "days_to_show": 7,
                "stat_types": ["change"],
                "grid_options": {"columns": "full"},
            }

    def _activity_cards(self) -> Iterator[Card]:
        """Yield the panel's activity log of the last day."""
        identifier = (DOMAIN, self._panel.info.id)
        for entity_id in self._entity("sensor", identifier, "last_activity"):
            yield {
                "type": "logbook",
                "hours_to_show": 24,
                "target": {"entity_id": [entity_id]},
                "grid_options": {"columns": "full", "rows": 8},
            }

    def _signal_cards(self) -> Iterator[Card]:
        """Yield the signal of each wireless endpoint."""
        for endpoint in self._panel.endpoints.values():
            identifier = endpoint_identifier(self._panel.info.id, endpoint)
            for entity_id in self._entity("sensor", identifier, "signal"):
                yield _tile(entity_id, "device")

    def _section(
        self, key: str, cards: Iterator[Card], columns: int = 1
    ) -> Iterator[Card]:
        """Yield a section that is named as a sensor is, if it has cards."""
        if found := list(cards):
            name = self._names[f"component.{DOMAIN}.entity.sensor.{key}.name"]
            yield _grid(name, found) | {"column_span": columns}

    def _area_id(self, door: Door) -> str | None:
        """Return the area of a door."""
        device = self._devices.async_get_device_by_identifier(
            door_identifier(self._panel.info.id, door.id), self._entry_id
        )
        return device.area_id if device else None

    def _entity(
        self, domain: str, identifier: tuple[str, str], key: str
    ) -> Iterator[str]:
        """Yield the id of an entity, if it exists and the caller may see it."""
        entity_id = self._entities.async_get_entity_id(
            domain, DOMAIN, f"{identifier[1]}_{key}"
        )
        entity = self._entities.async_get(entity_id) if entity_id else None
        if not entity or entity.disabled or entity.hidden:
            return
        if self._may_read(entity.entity_id):
            yield entity.entity_id


def _grid(heading: str, cards: list[Card]) -> Card:
    """Return a section with a heading."""
    return {"type": "grid", "cards": [{"type": "heading", "heading": heading}, *cards]}


def _while(entity_id: str, state: str) -> Card:
    """Return the condition that an entity has a state."""
    return {"condition": "state", "entity": entity_id, "state": state}


def _badge(entity_id: str, state: str) -> Card:
    """Return a badge that is shown while an entity has a state."""
    return {
        "type": "entity",
        "entity": entity_id,
        "show_name": True,
        "visibility": [_while(entity_id, state)],
    }


def _tile(entity_id: str, name: str, *features: str) -> Card:
    """Return a card as wide as its section, so that the name is not cut.

    `name` says whether the name is that of the device or of the entity.
    """
    return {
        "type": "tile",
        "entity": entity_id,
        "name": {"type": name},
        "features": [{"type": feature} for feature in features],
        "grid_options": {"columns": "full"},
    }
