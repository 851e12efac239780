"""Conditions for alarms and do not disturb."""

from typing import ClassVar, override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase

from .entity import filter_entities


class DoorCondition(EntityStateConditionBase):
    """Base of conditions on entities of this integration with one translation key."""

    _states = {STATE_ON}
    _translation_key: ClassVar[str]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities of a target that this condition is about."""
        found = super().entity_filter(entities)
        return filter_entities(self._hass, found, self._translation_key)


class ForcedCondition(DoorCondition):
    """Test whether a door is forced open."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _translation_key = "forced"


class ProppedCondition(DoorCondition):
    """Test whether a door is propped open."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _translation_key = "propped"


class DoNotDisturbCondition(DoorCondition):
    """Test whether do not disturb is on for a door."""

    _domain_specs = {SWITCH_DOMAIN: DomainSpec()}
    _translation_key = "do_not_disturb"
    # the switch is a config entity
    _primary_entities_only = False


CONDITIONS: dict[str, type[Condition]] = {
    "is_do_not_disturb": DoNotDisturbCondition,
    "is_forced": ForcedCondition,
    "is_propped": ProppedCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
