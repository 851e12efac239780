"""Two automations that a new user makes with the mouse: they run when they should, and only then."""

from collections.abc import Iterator
from pathlib import Path
import time

from playwright.sync_api import Browser, FloatRect, Page, expect
import pytest

from .conftest import Demo, call, furnish, log_in, running_demo

pytestmark = pytest.mark.e2e

PANEL = "panels/1070ABC"
FRONT, WAREHOUSE = 1, 5
CONNECTION = "binary_sensor.headquarters_connection"
VENTILATION = "switch.ventilation"
SERVER_ROOM = "lock.server_room"
AMELIA = "Amelia Hartmann"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo with the integration."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="module")
def page(browser: Browser, demo: Demo) -> Page:
    """Return a page, logged in; two doors are in the area Entrance."""
    page = log_in(browser, demo.url)
    furnish(page, "Front door", "Warehouse gate")
    return page


class Editor:
    """The automation editor."""

    def __init__(self, page: Page, url: str) -> None:
        """Open the editor of a new automation."""
        self._page = page
        self.form = page.locator("ha-automation-sidebar")
        page.goto(f"{url}/config/automation/edit/new")

    def add(self, button: str, *path: str, choice: str) -> None:
        """Press a button, find a target in the tree, and choose what it offers."""
        self._page.get_by_role("button", name=button).click()
        *parents, target = (
            self._page.locator(f'wa-tree-item[title="{title}"]').first for title in path
        )
        for parent in parents:
            parent.locator("[part~=expand-button]").first.click()
        target.click()
        self._page.get_by_text(choice).first.click()
        expect(self.form.get_by_text(choice)).to_be_visible()

    def save(self, name: str) -> None:
        """Save the automation."""
        self._page.get_by_text("Save", exact=True).click()
        dialog = self._page.locator("ha-dialog").filter(has_text="Cancel")
        dialog.locator("input").first.fill(name)
        dialog.get_by_role("button", name="Save").click()
        # the editor opens anew with what is saved
        expect(self._page.get_by_text("Traces")).to_be_visible()

    def show(self, trigger: str, picture: Path) -> None:
        """Take a picture that shows the form of the trigger."""
        rows = self._page.locator("ha-automation-trigger-row")
        # the target next to the name is a button of its own
        rows.get_by_text(trigger).first.click(position={"x": 5, "y": 5})
        expect(self.form.get_by_text(trigger)).to_be_visible()
        expect(self._page.locator("ha-toast")).to_have_count(0)
        without_menu = FloatRect(x=256, y=0, width=1024, height=820)
        self._page.screenshot(path=picture, clip=without_menu)


def wait_for_state(page: Page, entity_id: str, state: str) -> None:
    """Wait for a state of an entity."""
    page.wait_for_function(
        """([id, state]) =>
            document.querySelector("home-assistant").hass.states[id]?.state === state""",
        arg=[entity_id, state],
        timeout=90000,
    )


def runs(page: Page, entity_id: str) -> int:
    """Return how often an automation has run."""
    item: str = page.evaluate(
        """id => document.querySelector("home-assistant").hass.states[id].attributes.id""",
        entity_id,
    )
    traces = call(page, "trace/list", domain="automation", item_id=item)
    return len([trace for trace in traces if trace["script_execution"] == "finished"])


def have_an_outage(page: Page, demo: Demo) -> None:
    """Take the panel offline until it is missed, and put it back."""
    demo.control("POST", f"{PANEL}/offline")
    wait_for_state(page, SERVER_ROOM, "unavailable")
    demo.control("POST", f"{PANEL}/online")
    wait_for_state(page, CONNECTION, "on")


def event(topic: str, name: str, seconds_ago: float = 0) -> dict[str, object]:
    """Return an event of the front door."""
    body = {"doorId": FRONT, "personId": 1}
    occurred = round((time.time() - seconds_ago) * 1000)
    metadata = {"occurred": occurred, "personName": AMELIA}
    return {
        "topic": topic,
        "payload": {"id": name, "body": body, "metadata": metadata},
    }


def emit(demo: Demo, *events: dict[str, object]) -> None:
    """Emit events."""
    demo.control("POST", f"{PANEL}/emit", {"events": events})


def test_person(page: Page, demo: Demo, screenshots: Path) -> None:
    """When Amelia Hartmann is let in at the front door, switch the ventilation on."""
    editor = Editor(page, demo.url)
    editor.add(
        "Add trigger", "Entrance", "Front door", "Access", choice="Access granted"
    )
    editor.form.locator("ha-checkbox").click()
    editor.form.get_by_text("Add", exact=True).click()
    editor.form.locator("ha-selector-text input").last.fill(AMELIA)
    editor.add("Add action", "Devices", "Ventilation", choice="Turn on switch")
    editor.save("Ventilation for Amelia")
    editor.show("Access granted", screenshots / "automation_person.png")
    automation = "automation.ventilation_for_amelia"
    wait_for_state(page, automation, "on")
    wait_for_state(page, VENTILATION, "off")

    demo.control("POST", f"{PANEL}/doors/{FRONT}/badge", {"person": 2})
    granted = event("door.request.allowed", "badge")
    emit(demo, granted)
    wait_for_state(page, VENTILATION, "on")

    call(
        page,
        "call_service",
        domain="switch",
        service="turn_off",
        target={"entity_id": VENTILATION},
    )
    wait_for_state(page, VENTILATION, "off")
    have_an_outage(page, demo)
    fresh = event("door.input.dps.opened", "fresh")
    emit(demo, fresh, granted, event("door.request.allowed", "late", 600))
    demo.control("POST", f"{PANEL}/doors/3/hold")
    wait_for_state(page, SERVER_ROOM, "unlocked")
    wait_for_state(page, VENTILATION, "off")
    demo.control("POST", f"{PANEL}/doors/{FRONT}/badge", {"person": 1})
    wait_for_state(page, VENTILATION, "on")
    assert runs(page, automation) == 2


def test_area(page: Page, demo: Demo, screenshots: Path) -> None:
    """When any door of the entrance is forced, notify."""
    message = "A door of the entrance is forced open"
    editor = Editor(page, demo.url)
    editor.add("Add trigger", "Entrance", choice="Door forced open")
    editor.add(
        "Add action", "Devices", "Demo phone", choice="Send a notification message"
    )
    expect(editor.form.get_by_text("Title", exact=True)).to_be_visible()
    field = editor.form.locator("ha-selector-text input").first
    # the form is drawn anew, and empty, while it learns what the phone can do
    while field.input_value() != message:
        field.fill(message)
        page.wait_for_timeout(500)
    editor.save("Forced door of the entrance")
    editor.show("Door forced open", screenshots / "automation_forced.png")
    automation = "automation.forced_door_of_the_entrance"
    wait_for_state(page, automation, "on")

    forced = event("door.alarm.forced", "forced")
    emit(demo, forced)
    page.get_by_text("Notifications", exact=True).first.click()
    expect(page.get_by_text(message)).to_be_visible()

    have_an_outage(page, demo)
    emit(demo, forced)
    demo.control("POST", f"{PANEL}/doors/{WAREHOUSE}/force")
    expect(page.get_by_text(message)).to_have_count(2)
    assert runs(page, automation) == 2
