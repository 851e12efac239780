"""The panel's last activity, and the signal of its wireless endpoints."""

from collections.abc import Hashable, Iterable
from typing import Any, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .endpoints import Endpoint
from .entity import EndpointEntity, PanelEntity, async_listen_while_loaded

PARALLEL_UPDATES = 0

LAST_ACTIVITY = SensorEntityDescription(
    key="last_activity", translation_key="last_activity"
)
# What dbGain is counted in, PDK does not say: it has no unit.
SIGNAL = SensorEntityDescription(
    key="signal",
    translation_key="signal",
    entity_category=EntityCategory.DIAGNOSTIC,
    state_class=SensorStateClass.MEASUREMENT,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the panel's activity, and the signal of each endpoint."""
    coordinator = entry.runtime_data
    added: set[str] = set()

    @callback
    def add(endpoints: Iterable[Endpoint]) -> None:
        """Add the endpoints that are new."""
        new = [endpoint for endpoint in endpoints if endpoint.address not in added]
        added.update(endpoint.address for endpoint in new)
        async_add_entities(
            EndpointSignalSensor(coordinator, endpoint, SIGNAL) for endpoint in new
        )

    async_add_entities([LastActivity(coordinator, LAST_ACTIVITY)])
    add(coordinator.endpoints.known.values())
    async_listen_while_loaded(entry, add, "endpoints")
    async_listen_while_loaded(entry, added.discard, "forgotten")


class LastActivity(PanelEntity, SensorEntity):
    """The last line of the panel's log."""

    _unrecorded_attributes = frozenset({"message"})

    @property
    @override
    def shows(self) -> tuple[Hashable, ...]:
        """Return also the panel's log."""
        return (*super().shows, "activity")

    @property
    @override
    def native_value(self) -> str | None:
        """Return the sentence, as much of it as a state can hold."""
        line = self.coordinator.activity
        return line.message[:MAX_LENGTH_STATE_STATE] if line else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return the whole sentence, what it is about, and when it came."""
        if (line := self.coordinator.activity) is None:
            return None
        return {
            "message": line.message,
            "topic": line.topic,
            "occurred": line.occurred.isoformat(),
        }


class EndpointSignalSensor(EndpointEntity, SensorEntity):
    """The signal of a wireless endpoint when it was last asked."""

    @property
    @override
    def shows(self) -> tuple[Hashable, ...]:
        """Return also the endpoint's answers."""
        return (*super().shows, ("signal", self._address))

    @property
    @override
    def native_value(self) -> float | None:
        """Return what the endpoint answered last."""
        return self.endpoint.db_gain if self.endpoint else None
