"""Do not disturb as a state, by a command that only toggles it: a closed loop.

What counts is the state after the effect of our toggle. The panel answers a toggle at
once, and the door's controller acts later; somebody else may toggle in between, and no
report says whose toggle it is about. So all reports of the time that a controller may
take are awaited, and the last one counts. docs/reliability.md has a table of the cases.
"""

import asyncio
from contextlib import AbstractContextManager

from .clock import now
from .commands import ActuateDoNotDisturb, run_to_completion, waiting_to_send
from .doors import Door
from .errors import NotConfirmedError
from .events import DoorEvent
from .models import Aspect
from .panel import Panel

# How long a controller may take to act after the panel's answer, in seconds.
CONFIRMATION_TIMEOUT = 5.0
# One toggle, and one back if it went the wrong way.
MAX_TOGGLES = 2


async def set_do_not_disturb(
    panel: Panel,
    door: Door,
    value: bool,
    during: AbstractContextManager[None] | None = None,
) -> bool:
    """Turn do not disturb on or off; return when that is so for certain.

    Return whether that changed it: False if it was so before. It takes
    CONFIRMATION_TIMEOUT after the panel's answer, unless it is reported to be so already.
    Another call for the same door waits for its turn. All of it is done even
    if the caller is cancelled, except while it waits; `during` is entered as long as it
    takes. Raises NotConfirmedError and CommandError.
    """
    return await run_to_completion(_set(panel, door, value), during)


async def _set(panel: Panel, door: Door, value: bool) -> bool:
    """Turn do not disturb on or off, in turn; return whether that changed it."""
    with waiting_to_send():
        await door.toggling.acquire()
    try:
        return await _toggle_to(panel, door, value)
    except NotConfirmedError:
        door.mark_assumed(Aspect.FORCE_CLOSE)
        raise
    finally:
        door.toggling.release()


async def _toggle_to(panel: Panel, door: Door, value: bool) -> bool:
    """Toggle until the value is reported; back once, and no more.

    Return whether that changed it. A toggle goes the wrong way for certain only if the
    state before was not known, and one report says the other value. Raises
    NotConfirmedError if the value is not certain.
    """
    for toggles in range(MAX_TOGGLES):
        known = door.state.is_known(Aspect.FORCE_CLOSE)
        if door.state.is_known_as(Aspect.FORCE_CLOSE, value):
            return False
        reports = await _toggle(panel, door)
        if reports and reports[-1] is value:
            # back from the wrong way is as it was before
            return toggles == 0
        if known or reports != [not value]:
            break
    raise NotConfirmedError


async def _toggle(panel: Panel, door: Door) -> list[bool | None]:
    """Toggle once, and return what was reported from then on, without repetitions.

    None stands for a report that may be about the time before. Without reports, or if
    some may be missing, the list is empty.
    """
    reports: list[bool | None] = []

    def handle_report(event: DoorEvent, held_since: float) -> None:
        value = None if held_since < sent else event.value
        if event.aspect is Aspect.FORCE_CLOSE and reports[-1:] != [value]:
            reports.append(value)

    gap_count, sent = panel.gap_count, now()
    with door.reports.subscribed(handle_report):
        await panel.send(ActuateDoNotDisturb(door.id))
        await asyncio.sleep(CONFIRMATION_TIMEOUT)
    return reports if panel.gap_count == gap_count else []
