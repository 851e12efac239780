"""The demo's dashboard of the doors, and its doors in Assist."""

from itertools import chain, count
import re
from typing import Any

from .home_assistant import HomeAssistantClient

DASHBOARD = "doors-dashboard"
EXPOSED = re.compile(r"lock\..*|sensor\..*_last_person|switch\..*_lockdown")


async def show_panels(
    hass: HomeAssistantClient, entries: list[dict[str, Any]]
) -> dict[str, list[str]]:
    """Add the views of each panel without any to the dashboard; keep the others.

    Return the titles of each entry's views.
    """
    new = {
        entry["entry_id"]: await hass.act(
            "prodatakey.dashboard", {"config_entry_id": entry["entry_id"]}
        )
        for entry in entries
    }
    views = await _get_views(hass)
    titles = {view.get("title") for view in views}
    for view in (view for each in new.values() for view in each["views"]):
        if view["title"] not in titles:
            used = {each.get("path") for each in views}
            free = (f"doors-{number}" for number in count(2))
            path = next(each for each in chain(["doors"], free) if each not in used)
            views.append(view | {"path": path})
    await _save_views(hass, views)
    return {
        entry_id: [view["title"] for view in each["views"]]
        for entry_id, each in new.items()
    }


async def hide_panel(hass: HomeAssistantClient, titles: list[str]) -> None:
    """Remove the views of a panel that is gone."""
    views = await _get_views(hass)
    await _save_views(hass, [view for view in views if view.get("title") not in titles])


async def _save_views(hass: HomeAssistantClient, views: list[dict[str, Any]]) -> None:
    """Save the views of the dashboard."""
    config = {"title": "Doors", "views": views}
    await hass.send("lovelace/config/save", url_path=DASHBOARD, config=config)


async def _get_views(hass: HomeAssistantClient) -> list[dict[str, Any]]:
    """Return the views of the dashboard; create it if there is none."""
    dashboards = await hass.send("lovelace/dashboards/list")
    if any(each["url_path"] == DASHBOARD for each in dashboards):
        config = await hass.send("lovelace/config", url_path=DASHBOARD)
        views: list[dict[str, Any]] = config.get("views", [])
        return views
    fields = {"url_path": DASHBOARD, "title": "Doors", "icon": "mdi:door"}
    await hass.send("lovelace/dashboards/create", **fields)
    return []


async def expose_doors(hass: HomeAssistantClient) -> None:
    """Expose to Assist what is asked about doors, as the settings of voice assistants do.

    Home Assistant exposes door positions by itself.
    """
    states = await hass.call("GET", "/api/states")
    entity_ids = [each["entity_id"] for each in states]
    await hass.send(
        "homeassistant/expose_entity",
        assistants=["conversation"],
        entity_ids=[each for each in entity_ids if EXPOSED.fullmatch(each)],
        should_expose=True,
    )
