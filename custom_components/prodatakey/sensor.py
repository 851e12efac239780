"""The panel's last activity, and the signal of its wireless endpoints."""

from collections.abc import Iterable
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
from .entity import EndpointEntity, PanelEntity

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
    entry.async_on_unload(coordinator.listeners.listen(add, "endpoints"))
    entry.async_on_unload(coordinator.listeners.listen(added.discard, "forgotten"))


class LastActivity(PanelEntity, SensorEntity):
    """The last line of the panel's log."""

    _unrecorded_attributes = frozenset({"message"})

    @override
    async def async_added_to_hass(self) -> None:
        """Listen also to the panel's log."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.listeners.listen(self.async_write_ha_state, "activity")
        )

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

    @override
    async def async_added_to_hass(self) -> None:
        """Listen also to the endpoint's answers."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.listeners.listen(
                self._handle_signal, ("signal", self._address)
            )
        )

    @property
    @override
    def native_value(self) -> float | None:
        """Return what the endpoint answered last."""
        return self.endpoint.db_gain if self.endpoint else None

    @callback
    def _handle_signal(self, _: object) -> None:
        """Show a new answer."""
        self.async_write_ha_state()
