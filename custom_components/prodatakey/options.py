"""Options of a config entry, also those of another version or edited by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
import logging
from typing import Self

from homeassistant.const import CONF_CODE
from homeassistant.exceptions import ConfigEntryError

from .const import (
    CONF_RECORD_PEOPLE,
    CONF_UNLOCK_DURATION,
    CONF_UNLOCK_MODE,
    DOMAIN,
    MAX_UNLOCK_DURATION,
    MIN_UNLOCK_DURATION,
    UNLOCK_HOLD,
    UNLOCK_MOMENTARY,
)

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a panel; `unlock_duration` is in seconds, None for the door's own."""

    unlock_mode: str = UNLOCK_HOLD
    unlock_duration: float | None = None
    code: str | None = None
    record_people: bool = True

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what must not be logged or shown."""
        return (self.code,) if self.code else ()

    @classmethod
    def from_mapping(cls, raw: Mapping[str, object]) -> Self:
        """Return stored options; an unusable value counts as not set.

        Raises ConfigEntryError for an unusable code, as doors must not open without it.
        """
        mode = raw.get(CONF_UNLOCK_MODE, UNLOCK_HOLD)
        if mode not in (UNLOCK_HOLD, UNLOCK_MOMENTARY):
            _LOGGER.warning("Ignored the option %s: %r", CONF_UNLOCK_MODE, mode)
            mode = UNLOCK_HOLD
        duration = raw.get(CONF_UNLOCK_DURATION)
        if duration is not None and not (
            isinstance(duration, int | float)
            and MIN_UNLOCK_DURATION <= duration <= MAX_UNLOCK_DURATION
        ):
            _LOGGER.warning("Ignored the option %s: %r", CONF_UNLOCK_DURATION, duration)
            duration = None
        if not isinstance(raw.get(CONF_RECORD_PEOPLE, True), bool):
            _LOGGER.warning("Ignored the option %s: off", CONF_RECORD_PEOPLE)
        return cls(
            unlock_mode=str(mode),
            unlock_duration=duration,
            code=_parse_code(raw.get(CONF_CODE)),
            record_people=records_people(raw),
        )


def records_people(raw: Mapping[str, object]) -> bool:
    """Return whether people are recorded: not if the stored value is not clear."""
    return raw.get(CONF_RECORD_PEOPLE, True) is True


def _parse_code(raw: object) -> str | None:
    """Return a code without blanks around it, None if there is none."""
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        raise ConfigEntryError(
            translation_domain=DOMAIN, translation_key="invalid_code"
        )
    return str(raw).strip() or None
