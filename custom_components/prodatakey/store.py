"""Store what outlasts a restart of Home Assistant."""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .activity import Activity
from .const import DOMAIN
from .pdk import (
    AllDoors,
    Aspect,
    Door,
    DoorId,
    DoorInfo,
    Endpoint,
    Feature,
    Grant,
    Panel,
    SiteProblem,
)
from .pdk.parser import (
    MAX_MESSAGE_LENGTH,
    MAX_PROBLEM_SOURCES,
    as_dict,
    as_int,
    as_list,
    as_name,
    clean_text,
    parse_door_id,
    parse_endpoint_doors,
    required_address,
)

_LOGGER = logging.getLogger(__name__)

STORAGE_VERSION = 1
# A crash loses at most the changes of this many seconds.
SAVE_DELAY = 60

type Stored = dict[str, Any]


class PanelStore:
    """The storage of one panel."""

    def __init__(
        self, hass: HomeAssistant, panel_id: str, as_dict: Callable[[], Stored]
    ) -> None:
        """Initialize the storage; `as_dict` returns what to save."""
        self._store: Store[Stored] = Store(
            hass, STORAGE_VERSION, f"{DOMAIN}.{panel_id}", private=True
        )
        self._as_dict = as_dict
        self._save_pending = False

    async def async_load(self) -> Stored:
        """Return what was saved, empty for a new panel or a damaged file."""
        try:
            stored = await self._store.async_load()
        except HomeAssistantError, LookupError, NotImplementedError, TypeError:
            _LOGGER.warning("Could not load the stored states", exc_info=True)
            return {}
        return stored if isinstance(stored, dict) else {}

    @callback
    def async_schedule_save(self) -> None:
        """Save within a minute. Later calls do not postpone a scheduled save."""
        if not self._save_pending:
            self._save_pending = True
            self._store.async_delay_save(self._data_to_save, SAVE_DELAY)

    async def async_save(self) -> None:
        """Save now if a save is scheduled."""
        if self._save_pending:
            await self.async_save_now()

    async def async_save_now(self) -> None:
        """Save now; while Home Assistant stops, it saves at the end."""
        await self._store.async_save(self._data_to_save())

    async def async_move_doors(
        self, new_ids: Mapping[str, str], removed: Collection[str]
    ) -> None:
        """Give stored doors other ids, and remove some; save only what changes."""
        stored = await self.async_load()

        def moved(door_id: object) -> object:
            """Return the new id of a door, or the same one."""
            return new_ids.get(str(door_id), door_id)

        doors = list(map(as_dict, as_list(stored.get("doors"))))
        kept = [
            door | {key: moved(door.get(key)) for key in ("id", "primary_reader")}
            for door in doors
            if str(door.get("id")) not in removed
        ]
        modes = {
            key: mode | {"begun": [*map(moved, begun)]}
            for key in ("lockdown", "evacuation")
            if (begun := as_list((mode := as_dict(stored.get(key))).get("begun")))
        }
        held = {
            "held": [*map(moved, as_list(stored.get("held")))],
            "holds": [
                hold | {"door_id": moved(hold.get("door_id"))}
                for hold in map(as_dict, as_list(stored.get("holds")))
            ],
        }
        if kept != doors:
            await self._store.async_save(stored | modes | held | {"doors": kept})

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._store.async_remove()

    def _data_to_save(self) -> Stored:
        """Return what to save at this moment."""
        self._save_pending = False
        return self._as_dict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of an entry between the generations of PDK."""

    entry_id: str
    system_id: str | None
    """The system of PDK 2.0 that it moves to, None for PDK 1.0."""
    new_ids: dict[str, str]
    """The new ids of doors."""
    removed: list[str]
    """The doors that have none."""
    in_use: list[str]
    """Entities that must stay enabled, by their registry ids."""


class MoveStore:
    """The storage of the last move of one panel's entry."""

    def __init__(self, hass: HomeAssistant, panel_id: str) -> None:
        """Initialize the storage."""
        self._store: Store[Stored] = Store(
            hass, STORAGE_VERSION, f"{DOMAIN}.{panel_id}.move", private=True
        )

    async def async_load(self) -> Move | None:
        """Return the last move, None without one or if the file is damaged."""
        try:
            stored = await self._store.async_load()
        except HomeAssistantError, LookupError, NotImplementedError, TypeError:
            _LOGGER.warning("Could not load the last move", exc_info=True)
            return None
        return next(parse_stored([stored], _move_from_dict), None)

    async def async_save(self, move: Move) -> None:
        """Save a move at once."""
        await self._store.async_save(asdict(move))

    async def async_remove(self) -> None:
        """Remove the file."""
        await self._store.async_remove()


def parse_stored[T](stored: object, parse: Callable[[Stored], T]) -> Iterator[T]:
    """Yield stored objects, without those that are damaged or of another version."""
    for each in stored if isinstance(stored, list) else ():
        if isinstance(each, dict):
            try:
                yield parse(each)
            except (LookupError, TypeError, ValueError) as err:
                _LOGGER.debug("Ignored a stored %s", type(err).__name__)


def parse_door_ids(stored: object) -> Iterator[DoorId]:
    """Yield stored ids of doors, without those that are damaged."""
    for each in as_list(stored):
        if (door_id := parse_door_id(each)) is not None:
            yield door_id


def _move_from_dict(stored: Stored) -> Move:
    """Return a stored move. Raises TypeError."""
    move = Move(**stored)
    if not (
        isinstance(move.system_id, str | None)
        and isinstance(move.new_ids, dict)
        and isinstance(move.removed, list)
        and isinstance(move.in_use, list)
    ):
        raise TypeError("invalid move")
    return move


def panel_as_dict(panel: Panel, kept_endpoints: Iterable[object]) -> Stored:
    """Return what is stored of a panel, and its endpoints of the other generation."""
    return {
        "site": asdict(panel.info),
        "doors": [door_as_dict(door) for door in panel.doors.values()],
        "endpoints": [
            *kept_endpoints,
            *map(endpoint_as_dict, panel.endpoints.values()),
        ],
        "problems": {
            problem: sorted(sources) for problem, sources in panel.problems.items()
        },
    }


def restore_panel(panel: Panel, stored: Stored, features: Container[Feature]) -> None:
    """Restore the doors and problems of a panel; nobody is notified."""
    for door in parse_stored(stored.get("doors"), door_from_dict):
        panel.doors[door.id] = door
    if Feature.SITE_PROBLEMS in features:
        panel.problems = problems_from_dict(as_dict(stored.get("problems")))
        panel.assumed_problems.update(panel.problems)


def all_doors_as_dict(all_doors: AllDoors) -> Stored:
    """Return what is stored of a lockdown or an evacuation."""
    return {"requested": all_doors.requested, "begun": [*all_doors.begun]}


def restore_all_doors(all_doors: AllDoors, stored: Stored) -> None:
    """Restore a lockdown or an evacuation, after the doors."""
    all_doors.restore(
        requested=stored.get("requested") is True,
        begun=parse_door_ids(stored.get("begun")),
    )


def door_as_dict(door: Door) -> Stored:
    """Return what is stored of a door."""
    return {
        "id": door.id,
        "name": door.info.name,
        "type": door.info.type,
        "icon": door.info.icon,
        "primary_reader": door.info.primary_reader,
        "dwell": door.info.dwell,
        "hardware": door.info.hardware,
        "firmware": door.info.firmware,
        "serial": door.info.serial,
        "state": door.state.as_dict(),
        "aspects": sorted(door.aspects),
        "changed_by": door.changed_by,
        "has_reader": door.has_reader,
        "last_grant": door.last_grant and _grant_as_dict(door.last_grant),
        "entries": door.entries,
    }


def door_from_dict(stored: Stored) -> Door:
    """Return a stored door; an unusable field counts as missing. Raises ValueError."""
    if (door_id := parse_door_id(stored.get("id"))) is None:
        raise ValueError("invalid id")
    state, dwell = as_dict(stored.get("state")), stored.get("dwell")
    aspects = as_list(stored.get("aspects"))
    return Door(
        DoorInfo(
            id=door_id,
            name=as_name(stored.get("name")),
            type=as_name(stored.get("type")),
            icon=as_name(stored.get("icon")),
            primary_reader=parse_door_id(stored.get("primary_reader")),
            dwell=dwell if isinstance(dwell, int | float) else None,
            hardware=as_name(stored.get("hardware")),
            firmware=as_name(stored.get("firmware")),
            serial=as_name(stored.get("serial")),
        ),
        state={
            aspect: value
            for aspect in Aspect
            if isinstance(value := state.get(aspect), bool)
        },
        aspects=[aspect for aspect in Aspect if aspect in aspects],
        changed_by=as_name(stored.get("changed_by")),
        has_reader=stored.get("has_reader") is True,
        last_grant=next(
            parse_stored([stored.get("last_grant")], _grant_from_dict), None
        ),
        entries=max(as_int(stored.get("entries")) or 0, 0),
    )


def _grant_as_dict(grant: Grant) -> Stored:
    """Return what is stored of a granted access."""
    return {
        "person": grant.person,
        "request_factor": grant.request_factor,
        "occurred": grant.occurred.isoformat(),
    }


def _grant_from_dict(stored: Stored) -> Grant:
    """Return a stored granted access. Raises LookupError, TypeError or ValueError."""
    occurred = dt_util.parse_datetime(stored["occurred"], raise_on_error=True)
    return Grant(
        person=as_name(stored["person"]),
        request_factor=as_name(stored["request_factor"]),
        occurred=dt_util.as_utc(occurred),
    )


def endpoint_as_dict(endpoint: Endpoint) -> Stored:
    """Return what is stored of an endpoint."""
    return {
        "io_link_id": endpoint.io_link_id,
        "address": endpoint.address,
        "io_link_type": endpoint.io_link_type,
        "io_link_name": endpoint.io_link_name,
        "doors": [asdict(door) for door in endpoint.doors],
        "db_gain": endpoint.db_gain,
        "occurred": endpoint.occurred and endpoint.occurred.isoformat(),
    }


def endpoint_from_dict(stored: Stored) -> Endpoint:
    """Return a stored endpoint. Raises LookupError, TypeError or ValueError."""
    if (io_link_id := as_int(stored["io_link_id"])) is None:
        raise ValueError("invalid endpoint")
    gain = stored["db_gain"]
    return Endpoint(
        io_link_id=io_link_id,
        address=required_address(stored),
        io_link_type=as_name(stored["io_link_type"]),
        io_link_name=as_name(stored["io_link_name"]),
        doors=parse_endpoint_doors(stored["doors"]),
        db_gain=gain if isinstance(gain, int | float) else None,
        occurred=stored["occurred"] and dt_util.parse_datetime(stored["occurred"]),
    )


def problems_from_dict(stored: Mapping[str, object]) -> dict[SiteProblem, set[str]]:
    """Return stored problems of a site, without unknown ones."""
    return {
        problem: {
            each
            for each in as_list(stored.get(problem))[:MAX_PROBLEM_SOURCES]
            if isinstance(each, str)
        }
        for problem in SiteProblem
        if problem in stored
    }


def activity_as_dict(activity: Activity) -> Stored:
    """Return what is stored of an activity, without its person."""
    return {
        "message": activity.message,
        "topic": activity.topic,
        "occurred": activity.occurred.isoformat(),
    }


def activity_from_dict(stored: Stored) -> Activity:
    """Return a stored activity. Raises LookupError, TypeError or ValueError."""
    return Activity(
        message=clean_text(str(stored["message"]), MAX_MESSAGE_LENGTH),
        topic=as_name(stored["topic"]),
        occurred=dt_util.parse_datetime(stored["occurred"], raise_on_error=True),
    )
