"""Doors: their state as the panel reports it, and who is notified of it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .clock import now
from .commands import DoorCommand
from .events import AccessEvent, DoorEvent
from .models import Aspect, DoorId, DoorInfo, DoorKind
from .subscribers import Subscribers

# The relay follows the access that turns it on within this time, in seconds; the two
# may also be reported in the other order.
ACCESS_WINDOW = 5.0
# The time a door opens for if the panel's list does not say it, in seconds.
DEFAULT_DWELL = 30.0


class DoorState:
    """What the panel has reported of one door.

    True means: relay on (unlocked), door open, request to exit active, propped open, forced
    open, do not disturb on, unlocked by schedule. `assumed` may have changed unreported.
    """

    __slots__ = ("_values", "assumed")

    def __init__(self, values: Mapping[Aspect, bool] | None = None) -> None:
        """Initialize with stored values, which are assumed."""
        self._values = dict(values or {})
        self.assumed = set(self._values)

    def get(self, aspect: Aspect) -> bool | None:
        """Return one aspect, None if it was never reported."""
        return self._values.get(aspect)

    def is_known(self, aspect: Aspect) -> bool:
        """Return whether one aspect was reported, and not changed unnoticed since."""
        return aspect in self._values and aspect not in self.assumed

    def as_dict(self) -> dict[Aspect, bool]:
        """Return all reported aspects."""
        return dict(self._values)

    def update(self, aspect: Aspect, value: bool) -> bool:
        """Set one aspect; return whether that changed anything."""
        if self._values.get(aspect) is value and aspect not in self.assumed:
            return False
        self._values[aspect] = value
        self.assumed.discard(aspect)
        return True

    def mark_assumed(self, aspect: Aspect) -> bool:
        """Mark one aspect as assumed; return whether that changed anything."""
        if aspect not in self._values or aspect in self.assumed:
            return False
        self.assumed.add(aspect)
        return True

    def is_known_as(self, aspect: Aspect, value: bool) -> bool:
        """Return whether one aspect has a value for certain."""
        return self.is_known(aspect) and self.get(aspect) is value

    def mark_all_assumed(self) -> None:
        """Mark all reported aspects as assumed."""
        self.assumed.update(self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Granted access: to whom, if the panel says it, and when on this machine's clock."""

    person: str | None
    request_factor: str | None
    occurred: datetime


class Door:
    """A door of a panel.

    `aspects` are those that the door has, by the panel's list or by an event; `misses`
    counts the lists in a row that lacked the door.
    """

    def __init__(
        self,
        info: DoorInfo,
        state: Mapping[Aspect, bool] | None = None,
        aspects: Iterable[Aspect] = (),
        changed_by: str | None = None,
        has_reader: bool = False,
        last_grant: Grant | None = None,
        entries: int = 0,
    ) -> None:
        """Initialize a door, with its stored state if there is one."""
        self.info = info
        self.state = DoorState(state)
        self.aspects = set(aspects)
        if info.kind is DoorKind.SECOND_READER:
            # earlier versions took what is configured for reported
            self.aspects &= self.state.as_dict().keys()
        self.has_reader = has_reader or info.has_reader
        """Whether people can request access: by its type, or because somebody did."""
        self.changed_by = changed_by
        """The person whose access turned the relay, if the last change was such."""
        self.last_grant = last_grant
        """The last granted access, here or at a second reader."""
        self.entries = entries
        """How often access was granted here, also if that was reported late."""
        self.misses = 0
        self.accesses = Subscribers[AccessEvent, float]()
        """Notified of each access event, with its age in seconds."""
        self.grants = Subscribers[()]()
        """Notified of granted access, here or at a second reader."""
        self.reports = Subscribers[DoorEvent, float]()
        """Notified of each report, and since when it may have been held back."""
        self.toggling = asyncio.Lock()
        """Held while do not disturb is set, which takes more than one command."""
        self._updates: dict[Aspect, Subscribers[()]] = {}
        self._report_counts: dict[Aspect, int] = {}
        self._granted_to: str | None = None
        self._granted_at = self._opened_at = self._commanded_at = float("-inf")

    @property
    def id(self) -> DoorId:
        """Return the panel's id of the door."""
        return self.info.id

    @property
    def name(self) -> str:
        """Return the name of the door."""
        return self.info.name or f"Door {self.info.id}"

    @property
    def kind(self) -> DoorKind:
        """Return what the device is."""
        return self.info.kind

    def updates(self, aspect: Aspect) -> Subscribers[()]:
        """Return the subscribers to changes of one aspect."""
        return self._updates.setdefault(aspect, Subscribers())

    def update(self, aspect: Aspect, value: bool) -> bool:
        """Set one aspect and notify; return whether that changed anything."""
        if aspect is Aspect.RELAY:
            self._update_changed_by(value)
        if changed := self.state.update(aspect, value):
            self._notify(aspect)
        if aspect is Aspect.DPS and not value:
            # a closed door is not propped open, whether or not its end was reported
            changed |= self.update(Aspect.PROPPED, False)
        return changed

    def mark_assumed(self, aspect: Aspect) -> bool:
        """Mark one aspect as assumed and notify; return whether anything changed."""
        if changed := self.state.mark_assumed(aspect):
            self._notify(aspect)
        return changed

    def handle_report(self, event: DoorEvent, held_since: float) -> bool:
        """Handle a report of the panel; return whether the state changed."""
        counts = self._report_counts
        counts[event.aspect] = counts.get(event.aspect, 0) + 1
        changed = self.update(event.aspect, event.value)
        if self.reports:
            self.reports.notify(event, held_since)
        return changed

    def report_count(self, aspect: Aspect) -> int:
        """Return how often the panel has reported an aspect."""
        return self._report_counts.get(aspect, 0)

    def handle_command(self, command: DoorCommand) -> None:
        """Handle a command that is sent or executed: a change is not by an access."""
        if command.aspect is Aspect.RELAY:
            self._commanded_at = now()

    def handle_result(self, command: DoorCommand, report_count: int) -> bool:
        """Set what a command has changed, unless a report came since it was sent.

        Return whether the state changed. The report is newer than the command's result.
        """
        self.handle_command(command)
        if command.value is None or self.report_count(command.aspect) != report_count:
            return False
        return self.update(command.aspect, command.value)

    def handle_force_toggle(self) -> None:
        """Handle an executed force toggle: it latches the relay, or ends that.

        The panel does not report it, so it is only assumed.
        """
        self.update(Aspect.LATCHED, not self.state.get(Aspect.LATCHED))
        self.mark_assumed(Aspect.LATCHED)

    def handle_grant(self, event: AccessEvent, age: float) -> None:
        """Handle granted access: the relay change that comes with it is theirs."""
        if Aspect.LATCHED in self.aspects:
            # a door that is latched grants none
            self.update(Aspect.LATCHED, False)
        self.last_grant = Grant(
            person=event.person,
            request_factor=event.request_factor,
            occurred=datetime.now(UTC) - timedelta(seconds=age),
        )
        self._granted_to, self._granted_at = event.person, now()
        if (
            self.state.get(Aspect.RELAY)
            and self._opened_at > self._commanded_at
            and self._granted_at - self._opened_at < ACCESS_WINDOW
        ):
            self.changed_by = event.person
        self.grants.notify()

    def _update_changed_by(self, relay: bool) -> None:
        """Update who turned the relay: nobody, if no access explains the change."""
        if self.state.get(Aspect.RELAY) is relay:
            return
        time = now()
        if relay:
            self._opened_at = time
            by_access = time - self._granted_at < ACCESS_WINDOW
        else:
            dwell = self.info.dwell or DEFAULT_DWELL
            by_access = time - self._opened_at < dwell + ACCESS_WINDOW
        if by_access and self._granted_at > self._commanded_at:
            self.changed_by = self._granted_to
        else:
            self.changed_by = None

    @property
    def is_held_open(self) -> bool:
        """Return whether the relay is on for longer than the door opens for."""
        dwell = self.info.dwell or DEFAULT_DWELL
        is_longer = now() - self._opened_at > dwell + ACCESS_WINDOW
        return is_longer and self.state.get(Aspect.RELAY) is True

    def forget_people(self) -> None:
        """Forget who was granted access, and who turned the relay."""
        self.changed_by = self.last_grant = self._granted_to = None

    def update_info(self, info: DoorInfo) -> None:
        """Update the door from the panel's list."""
        self.info = info
        self.has_reader |= info.has_reader
        if info.kind is not DoorKind.SECOND_READER:
            # its inputs are those of its door
            self.aspects |= info.configured

    def add_aspect(self, aspect: Aspect) -> None:
        """Add an aspect that the panel has reported."""
        self.aspects.add(aspect)
        if aspect in (Aspect.PROPPED, Aspect.FORCED):
            # both alarms need the door position sensor
            self.aspects.add(Aspect.DPS)

    def _notify(self, aspect: Aspect) -> None:
        """Notify the subscribers of one aspect."""
        if (subscribers := self._updates.get(aspect)) is not None:
            subscribers.notify()
