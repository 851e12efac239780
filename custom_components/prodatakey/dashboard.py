"""A dashboard for the doors of a panel, of Home Assistant's own cards."""

from collections.abc import Callable, Iterable, Iterator
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
from .devices import (
    async_get_entity_id,
    device_name,
    door_identifier,
    endpoint_identifier,
)
from .pdk import Door, DoorKind, Feature
from .permissions import async_get_permissions

MAX_COLUMNS = 4
# Of the grid of a section.
COLUMN_WIDTH = 12
# A section with more doors is wider, so that no column is much longer than others.
COLUMN_DOORS = 4

# What a door's card is followed by while it is on, and in which color.
WARNINGS = (
    ("binary_sensor", "forced", "red"),
    ("binary_sensor", "propped", "red"),
    ("binary_sensor", "dps", "amber"),
    ("switch", "do_not_disturb", "purple"),
    ("binary_sensor", "force_close", "purple"),
    ("binary_sensor", "auto_open", "amber"),
    ("binary_sensor", "latched", "purple"),
)

# These entities are added with the first use of what they show, if a panel can do it.
ADDED_LATER = {"held_open_until": None, "latched": Feature.FORCE_TOGGLE}

type Card = dict[str, Any]


async def async_get_dashboard(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, context: Context
) -> dict[str, Any]:
    """Return what a caller may see of a panel, as the raw configuration editor takes it.

    Raises UnknownUser.
    """
    may_read = await async_get_permissions(hass, context, POLICY_READ)
    names = {
        key: text
        for category in ("common", "entity")
        for key, text in (
            await translation.async_get_translations(
                hass, hass.config.language, category, {DOMAIN}
            )
        ).items()
    }
    views = _Views(hass, entry, names, may_read)
    return {"views": [views.build_doors(), *views.build_past()]}


class _Views:
    """The views for one panel: its doors as they are, and what has happened."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ProdatakeyConfigEntry,
        names: dict[str, str],
        may_read: Callable[[str], bool],
    ) -> None:
        """Initialize the views; `names` are the translated names of entities."""
        self._hass = hass
        self._areas = ar.async_get(hass)
        self._devices = dr.async_get(hass)
        self._entities = er.async_get(hass)
        self._entry_id = entry.entry_id
        self._names = names
        self._may_read = may_read
        self._panel = entry.runtime_data.panel
        self._door_name = entry.runtime_data.devices.door_name
        features = entry.runtime_data.site.client.features
        # the panel's log says who came
        self._has_log = Feature.LIVE_EVENTS in features
        self._added_later = {
            key
            for key, feature in ADDED_LATER.items()
            if feature is None or feature in features
        }
        device = self._devices.async_get_device_by_identifier(
            (DOMAIN, self._panel.info.id), entry.entry_id
        )
        self._title = device_name(device) or entry.title

    def build_doors(self) -> dict[str, Any]:
        """Return the view of the doors."""
        return {
            "type": "sections",
            "title": self._title,
            "max_columns": MAX_COLUMNS,
            "badges": [*self._badges()],
            "sections": [*self._door_sections(), *self._panel_section()],
        }

    def build_past(self) -> Iterator[dict[str, Any]]:
        """Yield the view of what has happened, if there is anything to show."""
        sections = [
            *self._section("entries", self._entries_cards(), columns=2),
            *self._section("last_person", self._person_cards()),
            # its sentences are long
            *self._section("last_activity", self._activity_cards(), columns=2),
            *self._section("signal", self._signal_cards()),
        ]
        if sections:
            yield {
                "type": "sections",
                "title": f"{self._title}: {self._name('sensor', 'entries')}",
                "max_columns": MAX_COLUMNS,
                "sections": sections,
            }

    def _door_sections(self) -> Iterator[Card]:
        """Yield the sections of doors: those of each area, then those without one."""
        doors_by_area: dict[str | None, list[Door]] = {}
        for door in self._panel.doors.values():
            doors_by_area.setdefault(self._area_id(door), []).append(door)
        titles = {area.id: area.name for area in self._areas.async_list_areas()}
        for area_id, title in [*titles.items(), (None, self._title)]:
            doors = doors_by_area.get(area_id, [])
            if cards := [card for door in doors for card in self._door_cards(door)]:
                span = min(math.ceil(len(doors) / COLUMN_DOORS), MAX_COLUMNS)
                cards += self._assumed_card(doors)
                yield _grid(title, cards) | {"column_span": span}

    def _door_cards(self, door: Door) -> Iterator[Card]:
        """Yield the card of a door or an output, with what it warns of."""
        if cards := [*self._cards_of_door(door)]:
            columns = {"columns": COLUMN_WIDTH}
            yield {"type": "vertical-stack", "cards": cards, "grid_options": columns}

    def _cards_of_door(self, door: Door) -> Iterator[Card]:
        """Yield the cards of a door or an output."""
        identifier = self._identifier(door)
        if door.kind is DoorKind.OUTPUT:
            for entity_id in self._entity("switch", identifier, "output"):
                yield _tile(entity_id, "device", "toggle")
        for entity_id in self._entity("lock", identifier, "lock"):
            # a person and a time are left out as long as there is none
            content = {"state_content": ["state", "changed_by", "last_changed"]}
            opening = self._opening(identifier, door)
            yield _tile(entity_id, "device", "lock-commands") | content | opening
        yield from self._warnings(door)

    def _opening(self, identifier: tuple[str, str], door: Door) -> Card:
        """Return what opens the door for a moment with a tap, once that is confirmed.

        The feature that opens a lock says that it is done before it is; an action says
        what went wrong.
        """
        for entity_id in self._entity("button", identifier, "open"):
            question = f"{self._name('button', 'open')}: {self._door_name(door)}?"
            return {
                "tap_action": _press(entity_id) | {"confirmation": {"text": question}},
                "icon_tap_action": {"action": "more-info"},
            }
        return {}

    def _warnings(self, door: Door) -> Iterator[Card]:
        """Yield the cards of a door that are shown only while there is a reason."""
        identifier = self._identifier(door)
        has_switch = any(self._entity("switch", identifier, "do_not_disturb"))
        for domain, key, color in WARNINGS:
            if key == "force_close" and has_switch:
                # both show the same
                continue
            for entity_id in self._present_or_later(domain, door, key):
                is_on = _while(entity_id, "on")
                yield _conditional(is_on, _tile(entity_id, "entity") | {"color": color})
                if key == "forced":
                    for clear in self._entity("button", identifier, "clear_forced"):
                        tap = {"hide_state": True, "tap_action": _press(clear)}
                        yield _conditional(is_on, _tile(clear, "entity") | tap)
        for entity_id in self._present_or_later("sensor", door, "held_open_until"):
            known = {
                "condition": "state",
                "entity": entity_id,
                "state_not": ["unknown", "unavailable"],
            }
            yield _conditional(known, _tile(entity_id, "entity"))

    def _present_or_later(self, domain: str, door: Door, key: str) -> Iterator[str]:
        """Yield the id of an entity, or the one that it gets with its first use.

        So the card needs no new dashboard then.
        """
        identifier = self._identifier(door)
        registered = async_get_entity_id(self._hass, domain, identifier, key)
        if registered or key not in self._added_later:
            yield from self._entity(domain, identifier, key)
        elif any(self._entity("lock", identifier, "lock")):
            entity_id = self._entities.async_get_available_entity_id(
                domain, f"{self._door_name(door)} {self._name(domain, key)}"
            )
            if self._may_read(entity_id):
                yield entity_id

    def _assumed_card(self, doors: list[Door]) -> list[Card]:
        """Return the card that names the doors whose state is only assumed, if any."""
        if not (locks := [*self._of_doors("lock", "lock", doors)]):
            return []
        text = self._names[f"component.{DOMAIN}.common.assumed"]
        content = (
            f"{{% set assumed = {locks} | select('is_state_attr', 'assumed_state', true)"
            " | reject('is_state', 'unavailable')"
            " | map('state_attr', 'friendly_name') | list %}"
            f"{{% if assumed %}}{text}: {{{{ assumed | join(', ') }}}}{{% endif %}}"
        )
        return [
            {
                "type": "markdown",
                "content": content,
                "text_only": True,
                "show_empty": False,
                "grid_options": {"columns": "full"},
            }
        ]

    def _badges(self) -> Iterator[Card]:
        """Yield a badge for each thing that needs a look, shown only then."""
        panel = (DOMAIN, self._panel.info.id)
        for entity_id in self._entity("binary_sensor", panel, "connection"):
            yield _badge(entity_id, "off")
        for entity_id in self._entity("switch", panel, "lockdown"):
            yield _badge(entity_id, "on")
        for door in self._panel.doors.values():
            identifier = self._identifier(door)
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
            yield _grid(self._name("switch", "lockdown"), cards)

    def _entries_cards(self) -> Iterator[Card]:
        """Yield how many people came in on each of the last days."""
        if entities := [*self._sensors("entries")]:
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
        """Yield what *Activity* has of the doors and of the connection for a day."""
        doors = self._panel.doors.values()
        entities = [
            *self._of_doors("lock", "lock", doors),
            *self._of_doors("switch", "output", doors),
        ]
        if not self._has_log:
            entities += self._sensors("last_person")
        panel = (DOMAIN, self._panel.info.id)
        entities += self._entity("binary_sensor", panel, "connection")
        if entities:
            yield {
                "type": "logbook",
                "hours_to_show": 24,
                "target": {"entity_id": entities},
                "grid_options": {"columns": "full", "rows": 6},
            }

    def _person_cards(self) -> Iterator[Card]:
        """Yield the last person of each door, and when that was."""
        for entity_id in self._sensors("last_person"):
            content = {"state_content": ["state", "last_changed"]}
            yield _tile(entity_id, "device") | content

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
            yield _grid(self._name("sensor", key), found) | {"column_span": columns}

    def _name(self, domain: str, key: str) -> str:
        """Return the translated name of an entity."""
        return self._names[f"component.{DOMAIN}.entity.{domain}.{key}.name"]

    def _identifier(self, door: Door) -> tuple[str, str]:
        """Return the identifier of a door's device."""
        return door_identifier(self._panel.info.id, door.id)

    def _get_device(self, door: Door) -> dr.DeviceEntry | None:
        """Return the device of a door."""
        return self._devices.async_get_device_by_identifier(
            self._identifier(door), self._entry_id
        )

    def _area_id(self, door: Door) -> str | None:
        """Return the area of a door."""
        device = self._get_device(door)
        return device.area_id if device else None

    def _sensors(self, key: str) -> Iterator[str]:
        """Return the ids of one of the sensors of each door."""
        return self._of_doors("sensor", key, self._panel.doors.values())

    def _of_doors(self, domain: str, key: str, doors: Iterable[Door]) -> Iterator[str]:
        """Yield the ids of one of the entities of each door."""
        for door in doors:
            yield from self._entity(domain, self._identifier(door), key)

    def _entity(
        self, domain: str, identifier: tuple[str, str], key: str
    ) -> Iterator[str]:
        """Yield the id of an entity, if it exists and the caller may see it."""
        entity_id = async_get_entity_id(self._hass, domain, identifier, key)
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


def _conditional(condition: Card, card: Card) -> Card:
    """Return a card that is shown while a condition is true."""
    return {"type": "conditional", "conditions": [condition], "card": card}


def _badge(entity_id: str, state: str) -> Card:
    """Return a badge that is shown while an entity has a state."""
    return {
        "type": "entity",
        "entity": entity_id,
        "show_name": True,
        "visibility": [_while(entity_id, state)],
    }


def _press(entity_id: str) -> Card:
    """Return the action that presses a button."""
    return {
        "action": "perform-action",
        "perform_action": "button.press",
        "target": {"entity_id": entity_id},
    }


def _tile(entity_id: str, name: str, *features: str) -> Card:
    """Return a card as wide as a column, so that the name is not cut.

    `name` says whether the name is that of the device or of the entity.
    """
    return {
        "type": "tile",
        "entity": entity_id,
        "name": {"type": name},
        "features": [{"type": feature} for feature in features],
        "grid_options": {"columns": COLUMN_WIDTH},
    }
