"""Conditions for alarms and do not disturb."""

from typing import override

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase
from homeassistant.helpers.typing import ConfigType

from .target import filter_entities, validate_entities


def _make_condition(domain: str, key: str) -> type[Condition]:
    """Return the condition that tests whether entities with a translation key are on."""

    class DoorCondition(EntityStateConditionBase):
        """Test entities of this integration."""

        _domain_specs = {domain: DomainSpec()}
        _states = {STATE_ON}
        # the switch for do not disturb is a config entity
        _primary_entities_only = False

        @override
        @classmethod
        async def async_validate_config(
            cls, hass: HomeAssistant, config: ConfigType
        ) -> ConfigType:
            """Validate the config: what it names must be able to match."""
            config = await super().async_validate_config(hass, config)
            validate_entities(hass, config, key)
            return config

        @override
        def entity_filter(self, entities: set[str]) -> set[str]:
            """Return the entities of a target that this condition is about."""
            found = super().entity_filter(entities)
            return filter_entities(self._hass, found, key)

    return DoorCondition


CONDITIONS = {
    "is_do_not_disturb": _make_condition(SWITCH_DOMAIN, "do_not_disturb"),
    "is_forced": _make_condition(BINARY_SENSOR_DOMAIN, "forced"),
    "is_propped": _make_condition(BINARY_SENSOR_DOMAIN, "propped"),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions of this integration."""
    return CONDITIONS
