"""The demo's dashboard of the doors, and its locks in Assist."""

from typing import Any

from .home_assistant import HomeAssistantClient

DASHBOARD = "doors-dashboard"


async def show_panels(hass: HomeAssistantClient, entries: list[dict[str, Any]]) -> None:
    """Add a view to the dashboard for each panel without one; keep the others."""
    new = [
        await hass.act("prodatakey.dashboard", {"config_entry_id": entry["entry_id"]})
        for entry in entries
    ]
    views = await _get_views(hass)
    titles = {view.get("title") for view in views}
    for view in new:
        if view["title"] not in titles:
            path = f"doors-{len(views) + 1}" if views else "doors"
            views.append(view | {"path": path})
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


async def expose_locks(hass: HomeAssistantClient) -> None:
    """Expose all locks to Assist, as the settings of voice assistants do."""
    states = await hass.call("GET", "/api/states")
    entity_ids = [each["entity_id"] for each in states]
    await hass.send(
        "homeassistant/expose_entity",
        assistants=["conversation"],
        entity_ids=[each for each in entity_ids if each.startswith("lock.")],
        should_expose=True,
    )
