"""Triggers for access, alarms and requests to exit."""

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any, ClassVar, override

import voluptuous as vol

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.event import ATTR_EVENT_TYPE, DOMAIN as EVENT_DOMAIN
from homeassistant.const import (
    ATTR_ASSUMED_STATE,
    CONF_OPTIONS,
    CONF_TARGET,
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, State, callback
from homeassistant.helpers import (
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTargetStateTriggerBase,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .devices import async_get_panel_name, device_name
from .options import records_people
from .pdk import Access, DeniedReason
from .pdk.parser import comparable
from .target import filter_entities, validate_entities
from .texts import async_get_text

CONF_PERSON = "person"
CONF_REASON = "reason"
CONF_TIMES = "times"
CONF_WITHIN = "within"

MAX_TIMES = 100


def _visible_name(value: object) -> str:
    """Validate a name or an id, which must have something that can be seen."""
    if not comparable(name := cv.string(value)):
        raise vol.Invalid("The name of a person is empty")
    return name.strip()


PERSON_OPTIONS: dict[vol.Marker, Any] = {
    vol.Optional(CONF_PERSON): vol.All(cv.ensure_list, [_visible_name])
}
ACCESS_SCHEMA = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {vol.Required(CONF_OPTIONS, default={}): PERSON_OPTIONS}
)

DENIED_SCHEMA = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {
        vol.Required(CONF_OPTIONS, default={}): {
            **PERSON_OPTIONS,
            vol.Optional(CONF_REASON): vol.All(
                cv.ensure_list, [vol.In([*DeniedReason])]
            ),
        }
    }
)

UNKNOWN_SCHEMA = ENTITY_STATE_TRIGGER_SCHEMA.extend(
    {
        vol.Required(CONF_OPTIONS, default={}): {
            vol.Optional(CONF_TIMES, default=1): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=MAX_TIMES)
            ),
            vol.Optional(
                CONF_WITHIN, default=timedelta(minutes=5)
            ): cv.positive_time_period,
        }
    }
)


class _DoorTrigger(EntityTriggerBase):
    """Base of triggers on entities of this integration with one translation key."""

    _translation_key: ClassVar[str]
    # the first report ever is news
    _excluded_from_states = frozenset({STATE_UNAVAILABLE})

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger with the sentence that describes it."""
        super().__init__(hass, config)
        self._sentence = f"triggered_{config.key.partition('.')[2]}"

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the config: what it names must be able to match."""
        config = await super().async_validate_config(hass, config)
        validate_entities(hass, config, cls._translation_key)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities of a target that this trigger is about."""
        found = super().entity_filter(entities)
        return filter_entities(self._hass, found, self._translation_key)

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach the trigger, with a description that says who and where."""

        @callback
        def run(
            extra_trigger_payload: dict[str, Any],
            description: str,
            context: Context | None = None,
        ) -> asyncio.Task[Any]:
            state: State = extra_trigger_payload["to_state"]
            text = self._describe(state, self._sentence, description)
            return run_action(extra_trigger_payload, text, context)

        return await super().async_attach_runner(run, did_not_trigger)

    def _describe(self, state: State, sentence: str, default: str) -> str:
        """Return a sentence about a door, and about the person if there is one."""
        entity = er.async_get(self._hass).async_get(state.entity_id)
        device_id = entity.device_id if entity else None
        device = dr.async_get(self._hass).async_get(device_id) if device_id else None
        person = state.attributes.get("person")
        return async_get_text(self._hass, sentence, default).format(
            door=device_name(device) or state.name,
            person=person or async_get_text(self._hass, "anonymous_name", ""),
        )


class AccessTrigger(_DoorTrigger, StatelessEntityTriggerBase):
    """Trigger on requests for access."""

    _domain_specs = {EVENT_DOMAIN: DomainSpec()}
    _translation_key = "access"
    _access: ClassVar[Access]

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether the request was answered so."""
        return state.attributes.get(ATTR_EVENT_TYPE) == self._access

    def _report(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter, key: str
    ) -> None:
        """Report in a sentence why an access did not fire, for the trace."""
        reason = self._describe(state, f"not_triggered_{key}", key)
        report_not_triggered(reason, entity_id=state.entity_id, key=key)


class PersonAccessTrigger(AccessTrigger):
    """Trigger on requests for access of known people."""

    _schema = ACCESS_SCHEMA

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger with the names or ids of people."""
        super().__init__(hass, config)
        people = self._options.get(CONF_PERSON, [])
        self._people = {comparable(person) for person in people}

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Validate the config: people must be recorded to be recognized."""
        config = await super().async_validate_config(hass, config)
        if config[CONF_OPTIONS].get(CONF_PERSON):
            for panel in _panels_without_people(hass, config[CONF_TARGET]):
                raise vol.Invalid(
                    f"The option 'Record people' of {panel} is off, so its people"
                    " cannot be recognized: turn it on, or do not choose a person"
                )
        return config

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether one of these people requested access."""
        if not super().is_valid_state(state, report_not_triggered):
            return False
        if not self._people:
            return True
        who = [state.attributes.get(key) for key in ("person", "person_id")]
        if self._people.isdisjoint(comparable(str(each)) for each in who if each):
            reason = "other_person" if any(who) else "person_not_recorded"
            self._report(state, report_not_triggered, reason)
            return False
        return True


class GrantedAccessTrigger(PersonAccessTrigger):
    """Trigger on people who were let in."""

    _access = Access.GRANTED


class DeniedAccessTrigger(PersonAccessTrigger):
    """Trigger on people who were refused, for all reasons or some."""

    _schema = DENIED_SCHEMA
    _access = Access.DENIED

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether one of these people was refused for one of these reasons."""
        if not super().is_valid_state(state, report_not_triggered):
            return False
        reasons = self._options.get(CONF_REASON)
        if not reasons or state.attributes.get(CONF_REASON) in reasons:
            return True
        self._report(state, report_not_triggered, "other_reason")
        return False


class UnknownAccessTrigger(AccessTrigger):
    """Trigger on unknown credentials, the doors of a target counted together."""

    _schema = UNKNOWN_SCHEMA
    _access = Access.UNKNOWN

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger with how many credentials it takes."""
        super().__init__(hass, config)
        self._within = self._options[CONF_WITHIN].total_seconds()
        self._presented = deque[float](maxlen=self._options[CONF_TIMES])

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether this credential completes the number; then count anew.

        Not in the automation, which misses credentials that are presented at once.
        """
        if not super().is_valid_transition(from_state, to_state):
            return False
        presented = self._presented
        presented.append(to_state.last_updated_timestamp)
        if len(presented) < self._options[CONF_TIMES]:
            return False
        if presented[-1] - presented[0] > self._within:
            return False
        presented.clear()
        return True


def _panels_without_people(hass: HomeAssistant, config: dict[str, Any]) -> list[str]:
    """Return the panels of a target that do not record people."""
    selected = async_extract_referenced_entity_ids(hass, TargetSelection(config))
    targeted = selected.referenced | selected.indirectly_referenced
    registry = er.async_get(hass)
    entry_ids = {
        entity.config_entry_id
        for entity_id in filter_entities(hass, targeted, "access")
        if (entity := registry.async_get(entity_id)) and entity.config_entry_id
    }
    return [
        async_get_panel_name(hass, entry)
        for entry_id in sorted(entry_ids)
        if (entry := hass.config_entries.async_get_entry(entry_id))
        and not records_people(entry.options)
    ]


class OnTrigger(_DoorTrigger, EntityTargetStateTriggerBase):
    """Base of triggers on an alarm, or a request to exit."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _to_states = {STATE_ON}

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether this is news; so is a report after an assumed state.

        The panel reports changes only: the end of the alarm before was missed.
        """
        return super().is_valid_transition(from_state, to_state) or (
            from_state.attributes.get(ATTR_ASSUMED_STATE, False)
            and not to_state.attributes.get(ATTR_ASSUMED_STATE, False)
        )


class OffTrigger(_DoorTrigger, EntityTargetStateTriggerBase):
    """Base of triggers on the end of an alarm; an unknown one does not end."""

    _domain_specs = {BINARY_SENSOR_DOMAIN: DomainSpec()}
    _to_states = {STATE_OFF}
    _excluded_from_states = frozenset({STATE_UNAVAILABLE, STATE_UNKNOWN})


def _make_trigger[T: _DoorTrigger](base: type[T], key: str) -> type[T]:
    """Return the trigger on binary sensors with a translation key."""
    return type(base.__name__, (base,), {"_translation_key": key})


TRIGGERS: dict[str, type[Trigger]] = {
    "access_denied": DeniedAccessTrigger,
    "access_granted": GrantedAccessTrigger,
    "access_unknown": UnknownAccessTrigger,
    "exit_requested": _make_trigger(OnTrigger, "rex"),
    "forced": _make_trigger(OnTrigger, "forced"),
    "forced_cleared": _make_trigger(OffTrigger, "forced"),
    "propped": _make_trigger(OnTrigger, "propped"),
    "propped_cleared": _make_trigger(OffTrigger, "propped"),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers of this integration."""
    return TRIGGERS
