"""Which entities of a target our triggers and conditions are about."""

import logging

import voluptuous as vol

from homeassistant.const import CONF_TARGET
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

# One target may be given to the triggers of both alarms, as a blueprint does.
_ALARMS = ("forced", "propped")


@callback
def filter_entities(hass: HomeAssistant, entity_ids: set[str], key: str) -> set[str]:
    """Return those entities of this integration that have a translation key."""
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id))
        and (entry.platform, entry.translation_key) == (DOMAIN, key)
    }


@callback
def validate_entities(hass: HomeAssistant, config: ConfigType, key: str) -> None:
    """Raise vol.Invalid if the target names an entity that can never match.

    The registry decides, so an entity may be disabled, unavailable or not loaded yet.
    While Home Assistant starts it is a warning: what else the automation reacts to has
    to work.
    """
    unfit = TargetSelection(config[CONF_TARGET]).entity_ids
    for each in _ALARMS if key in _ALARMS else (key,):
        unfit = unfit - filter_entities(hass, unfit, each)
    if not unfit:
        return
    registry, states = er.async_get(hass), hass.states
    reasons = (
        f"{entity_id} is another kind of entity"
        if registry.async_get(entity_id) or states.get(entity_id)
        else f"{entity_id} does not exist"
        for entity_id in sorted(unfit)
    )
    message = f"This can never match: {', '.join(reasons)}"
    if hass.state is CoreState.running:
        raise vol.Invalid(message)
    _LOGGER.warning("%s", message)
