"""Why a person was refused, as far as the event says it.

Nothing is guessed: dates are compared in the panel's own time, and a case in which they
may or may not apply has no reason.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from .events import DeniedReason
from .parser import Json

# Local time is at most so far behind and ahead of UTC.
MAX_BEHIND = timedelta(hours=12)
MAX_AHEAD = timedelta(hours=14)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - in UTC
# No date is longer.
_MAX_LENGTH = 40

type Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the panel decided, by its own clock: the earliest and the latest time possible.

    Both in its local time and in UTC, without a time zone.
    """

    local: Span | None = None
    utc: Span | None = None

    @classmethod
    def parse(cls, text: object, milliseconds: int | None) -> Self:
        """Return when an event occurred, by its local time and its time in UTC."""
        local, utc = _parse_local(text), _parse_utc(milliseconds)
        if local and utc and not -MAX_BEHIND <= local - utc <= MAX_AHEAD:
            # no time zone is so far away
            local = None
        try:
            if local is None:
                return (
                    cls()
                    if utc is None
                    else cls(local=(utc - MAX_BEHIND, utc + MAX_AHEAD), utc=(utc, utc))
                )
            span = (local - MAX_AHEAD, local + MAX_BEHIND)
            return cls(local=(local, local), utc=(utc, utc) if utc else span)
        except OverflowError:
            return cls()


@dataclass(frozen=True, slots=True)
class Limit:
    """A date of a person: a day, or a time with or without a time zone."""

    value: date | None = None
    """None if there is none, or if it cannot be read."""
    is_readable: bool = True

    @classmethod
    def parse(cls, raw: object) -> Self:
        """Return a date in ISO 8601; PDK's own page shows only null."""
        if raw is None:
            return cls()
        if isinstance(raw, str) and len(raw) <= _MAX_LENGTH:
            for read in (date.fromisoformat, datetime.fromisoformat):
                try:
                    return cls(read(raw.strip()))
                except ValueError:
                    pass
        return cls(is_readable=False)

    @property
    def text(self) -> str | None:
        """Return the date in ISO 8601."""
        return None if self.value is None else self.value.isoformat()

    def has_passed(self, moment: Moment) -> bool | None:
        """Return whether it was over at a moment; None on the very day, or if unknown."""
        if self.value is None:
            return None
        span = moment.local
        if not isinstance(self.value, datetime):
            first = datetime.combine(self.value, time.min)
            last = datetime.combine(self.value, time.max)
        elif self.value.tzinfo is None:
            first = last = self.value
        else:
            span = moment.utc
            try:
                first = last = self.value.astimezone(UTC).replace(tzinfo=None)
            except OverflowError:
                return None
        if span is None:
            return None
        return True if span[0] > last else False if span[1] < first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Whether and when a person's credentials are valid."""

    enabled: bool | None = None
    active_from: Limit = Limit()
    expires: Limit = Limit()

    @classmethod
    def parse(cls, person: Json) -> Self:
        """Return what the panel says of a person."""
        enabled = person.get("enabled")
        return cls(
            enabled=enabled if isinstance(enabled, bool) else None,
            active_from=Limit.parse(person.get("activeDate")),
            expires=Limit.parse(person.get("expireDate")),
        )

    def find_reason(
        self, *, explicit: bool | None, moment: Moment
    ) -> DeniedReason | None:
        """Return why the person was refused at a moment; None if that is not certain."""
        if self.enabled is False:
            return DeniedReason.DISABLED
        if (has_begun := self.active_from.has_passed(moment)) is False:
            return DeniedReason.NOT_YET_ACTIVE
        if (has_ended := self.expires.has_passed(moment)) is True:
            return DeniedReason.EXPIRED
        if explicit:
            return DeniedReason.EXPLICIT
        is_valid = (
            self.enabled is True
            and (has_begun is True or self.active_from == Limit())
            and (has_ended is False or self.expires == Limit())
        )
        return DeniedReason.NO_RULE if is_valid and explicit is False else None


def _parse_local(text: object) -> datetime | None:
    """Return the panel's local time, which has no time zone."""
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None
    return local if local.tzinfo is None else None


def _parse_utc(milliseconds: int | None) -> datetime | None:
    """Return epoch milliseconds as a time without a time zone."""
    try:
        return (
            None if milliseconds is None else _EPOCH + timedelta(0, 0, 0, milliseconds)
        )
    except OverflowError:
        return None
