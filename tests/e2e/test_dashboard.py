"""A site of forty doors on a phone, a laptop and a large screen: no name is cut."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, expect
import pytest

from .conftest import Demo, call, furnish, log_in, running_demo

pytestmark = pytest.mark.e2e

PANEL = "3090GHI"
NAMES = (
    *("Main entrance, revolving door", "Staff entrance, parking level 2"),
    *("Hazardous materials storage", "Gym and changing rooms, 2nd floor"),
    *(f"Office {number}" for number in range(101, 137)),
)
FIRST_NAME, LAST_NAME = "Maximilian-Alexander", "Featherstonehaugh"
PERSON = f"{FIRST_NAME} {LAST_NAME}"
PEOPLE = [{"id": 1, "firstName": FIRST_NAME, "lastName": LAST_NAME}]
ENTRANCES = 2

# Every text that ends in dots because it does not fit, also inside of components.
CUT_TEXTS = """() => {
    const cut = [];
    const search = root => {
        for (const element of root.querySelectorAll("*")) {
            const dots = getComputedStyle(element).textOverflow === "ellipsis";
            if (dots && element.scrollWidth > element.clientWidth) {
                cut.push(element.textContent.trim());
            }
            if (element.shadowRoot) search(element.shadowRoot);
        }
    };
    search(document);
    return cut;
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo without the integration, and with a panel of forty doors."""
    sensors = dict.fromkeys(("dps", "rex", "forcedAlarm"), True)
    doors = [
        {"id": number, "name": name, **sensors}
        for number, name in enumerate(NAMES, start=1)
    ]
    panel = {"id": PANEL, "name": "Headquarters", "doors": doors, "people": PEOPLE}
    with running_demo(tmp_path_factory.mktemp("demo"), "--empty") as demo:
        demo.control("POST", "panels", panel)
        yield demo


@pytest.fixture(scope="module")
def page(browser: Browser, demo: Demo) -> Page:
    """Return a page, logged in; the panel is set up, and two doors are in an area."""
    page = log_in(browser, demo.url)
    flows = "config/config_entries/flow"
    step = call_api(page, "POST", flows, {"handler": "prodatakey"})
    credentials = {"client_id": "demo", "client_secret": "demo-secret"}
    for answer in (credentials, {"panel_id": PANEL}, {}):
        path = f"{flows}/{step['flow_id']}"
        step = call_api(page, "POST", path, answer)
        while step["type"] == "progress":
            page.wait_for_timeout(100)
            step = call_api(page, "GET", path)
    furnish(page, *NAMES[:ENTRANCES])
    show_view(page, step["result"]["entry_id"])
    return page


def call_api(
    page: Page, method: str, path: str, body: dict[str, str] | None = None
) -> Any:
    """Send a request to Home Assistant's REST API."""
    return page.evaluate(
        """([method, path, body]) =>
            document.querySelector("home-assistant").hass.callApi(method, path, body)""",
        [method, path, body],
    )


def show_view(page: Page, entry_id: str) -> None:
    """Put the views of a panel on a dashboard."""
    config = call(
        page,
        "call_service",
        domain="prodatakey",
        service="dashboard",
        service_data={"config_entry_id": entry_id},
        return_response=True,
    )["response"]
    call(page, "lovelace/dashboards/create", url_path="the-site", title="Site")
    for view, path in zip(config["views"], ("doors", "past"), strict=True):
        view["path"] = path
    call(page, "lovelace/config/save", url_path="the-site", config=config)


@pytest.mark.parametrize("width", [390, 1366, 1920])
def test_forty_doors(page: Page, demo: Demo, width: int) -> None:
    """All doors are shown, with their whole names and that of the last person."""
    page.set_viewport_size({"width": width, "height": 900})
    cards = page.locator("hui-tile-card")
    page.goto(f"{demo.url}/the-site/doors")
    for name in NAMES:
        expect(cards.get_by_text(name, exact=True)).to_be_visible()
    check_names(page)
    page.goto(f"{demo.url}/the-site/past")
    # the demo lets somebody in at each door of a new panel
    expect(cards.get_by_text(PERSON)).to_have_count(len(NAMES))
    check_names(page)


def check_names(page: Page) -> None:
    """Check that no name is cut; after a person's long one the time may be."""
    cut = page.evaluate(CUT_TEXTS)
    assert not [text for text in cut if not text.endswith(f"{PERSON} ·")]
