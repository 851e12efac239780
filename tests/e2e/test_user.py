"""From an empty Home Assistant to doors that open: one user's first hour, in order."""

from io import BytesIO
from pathlib import Path
import re

from PIL import Image
from playwright.sync_api import Page, expect
import pytest

from .conftest import Demo, call

pytestmark = pytest.mark.e2e

PANEL = "1070ABC"
FORM = "step-flow-form ha-form input"
MAX_FRAMES = 20
MAX_PICTURE_SIZE = 1_000_000


def submit_credentials(page: Page, secret: str) -> None:
    """Fill in the credentials of the demo's account."""
    page.locator(FORM).nth(0).fill("demo")
    page.locator(FORM).nth(1).fill(secret)
    page.keyboard.press("Enter")


def test_adds_the_integration(page: Page, demo: Demo) -> None:
    """The wrong secret first, then the right one, the panel, and what unlocking does."""
    page.goto(f"{demo.url}/config/integrations/dashboard/add?domain=prodatakey")
    page.get_by_text("OK", exact=True).first.click()
    submit_credentials(page, "wrong")
    expect(page.get_by_text("pdk.io rejected the client ID")).to_be_visible()
    submit_credentials(page, "demo-secret")
    page.get_by_text(f"Headquarters ({PANEL})").click()
    page.get_by_text("Submit").first.click()
    expect(page.get_by_text("How Headquarters unlocks doors")).to_be_visible()
    page.get_by_text("Submit").first.click()
    expect(page.get_by_text("Skip and finish")).to_be_visible(timeout=15000)
    page.get_by_text("Skip and finish").click()


def test_unlocks_a_door(page: Page, demo: Demo) -> None:
    """The lock's button reaches the panel, and the lock turns."""
    # the demo makes the dashboard once it has seen the panel
    expect(page.get_by_text("Doors", exact=True).first).to_be_visible(timeout=60000)
    page.goto(f"{demo.url}/doors-dashboard/doors")
    front = page.locator("hui-tile-card").filter(has_text="Front door").first
    front.get_by_role("button", name="Unlock").click()
    expect(front.get_by_text("Unlocked")).to_be_visible()
    assert demo.topics() == ["door.actuate.open"]
    front.get_by_role("button", name="Lock", exact=True).click()
    expect(front.get_by_text("Locked")).to_be_visible()
    assert demo.topics() == ["door.actuate.open", "door.actuate.close"]


def test_access_at_a_door(page: Page, demo: Demo, screenshots: Path) -> None:
    """A badge on the simulator's page arrives on the dashboard."""
    controller = page.context.new_page()
    controller.goto(demo.panel_url)
    door = controller.locator("article").filter(has_text="Front door").first
    door.get_by_role("button", name="Badge in").click()
    expect(door.get_by_text("Unlocked").first).to_be_visible()
    controller.screenshot(path=screenshots / "simulator.png", full_page=True)
    controller.close()
    page.goto(f"{demo.url}/doors-dashboard/doors-2")
    expect(page.get_by_text('to the device "Front door".').first).to_be_visible()


def test_warnings(page: Page, demo: Demo, screenshots: Path) -> None:
    """The dashboard warns of what needs a look, beside its door, and else of nothing."""
    page.goto(f"{demo.url}/doors-dashboard/doors")
    tiles = page.locator("hui-tile-card")
    badges = page.locator("hui-entity-badge")
    expect(tiles.filter(has_text="Front door")).to_be_visible()
    expect(tiles.filter(has_text="Forced open")).to_have_count(0)
    expect(badges.locator("visible=true")).to_have_count(0)
    for door, act in ((1, "force"), (2, "hold"), (4, "dnd")):
        demo.control("POST", f"panels/{PANEL}/doors/{door}/{act}")
    for text in ("Forced open", "Clear forced alarm", "Door position"):
        expect(tiles.filter(has_text=text)).to_be_visible()
    expect(tiles.filter(has_text="Do not disturb")).to_be_visible()
    expect(badges.filter(has_text="Garage")).to_contain_text("Unlocked")
    page.screenshot(path=screenshots / "dashboard.png")
    tiles.filter(has_text="Clear forced alarm").click()
    expect(tiles.filter(has_text="Forced open")).to_have_count(0)
    for door, act in ((1, "close"), (2, "lock"), (4, "dnd")):
        demo.control("POST", f"panels/{PANEL}/doors/{door}/{act}")
    expect(badges.locator("visible=true")).to_have_count(0)


def test_opens_a_door(page: Page, demo: Demo) -> None:
    """A tap opens a door once it is confirmed; what is rejected is said, and never done."""
    page.goto(f"{demo.url}/doors-dashboard/doors")
    front = page.locator("hui-tile-card").filter(has_text="Front door").first
    refused = {"commands": {"refuse": "The door is blocked."}}
    sent = len(demo.topics())
    for faults, answer in ((refused, "The door is blocked."), ({"commands": None}, "")):
        demo.control("PUT", f"panels/{PANEL}/faults", faults)
        front.get_by_role("button", name=re.compile("^Front door Locked")).click()
        expect(page.get_by_text("Open: Front door?")).to_be_visible()
        page.get_by_role("button", name="OK", exact=True).click()
        if answer:
            expect(page.get_by_text(answer).first).to_be_visible()
        sent += 1
        assert demo.topics()[sent - 1 :] == ["door.try.open"]
    expect(front.get_by_text("Unlocked")).to_be_visible()


def test_badge_as_a_picture(page: Page, demo: Demo, screenshots: Path) -> None:
    """A badge at the simulated panel, and what Home Assistant does: as a picture that moves."""
    controller = page.context.new_page()
    for each, url in (
        (controller, demo.panel_url),
        (page, f"{demo.url}/doors-dashboard/doors"),
    ):
        each.set_viewport_size({"width": 600, "height": 520})
        each.goto(url)
    front = page.locator("hui-tile-card").filter(has_text="Front door").first
    expect(front.get_by_text("Locked")).to_be_visible(timeout=30000)
    door = controller.locator("article").filter(has_text="Front door").first
    door.scroll_into_view_if_needed()
    frames = [side_by_side(controller, page)]
    door.get_by_role("button", name="Badge in").click()
    expect(front.get_by_text("Unlocked")).to_be_visible()
    for _ in range(MAX_FRAMES):
        frames.append(side_by_side(controller, page))
        if front.get_by_text("Locked", exact=True).is_visible():
            break
        page.wait_for_timeout(500)
    frames.append(side_by_side(controller, page))
    picture = screenshots / "badge.gif"
    frames[0].save(
        picture,
        save_all=True,
        append_images=frames[1:],
        duration=[2000, *[700] * (len(frames) - 2), 3000],
        loop=0,
        optimize=True,
    )
    assert picture.stat().st_size <= MAX_PICTURE_SIZE
    controller.close()
    page.set_viewport_size({"width": 1280, "height": 900})


def side_by_side(*pages: Page) -> Image.Image:
    """Return a picture of pages, side by side."""
    shots = [Image.open(BytesIO(page.screenshot())) for page in pages]
    width = sum(shot.width for shot in shots)
    picture = Image.new("RGB", (width, shots[0].height))
    left = 0
    for shot in shots:
        picture.paste(shot, (left, 0))
        left += shot.width
    return picture.quantize(64)


def test_looks_at_a_door(page: Page, demo: Demo, screenshots: Path) -> None:
    """The device page has all entities of the door."""
    page.goto(f"{demo.url}/config/devices/dashboard?domain=prodatakey")
    page.get_by_text("Front door", exact=True).first.click()
    for name in ("Door position", "Request to exit", "Do not disturb", "Access"):
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
    page.screenshot(path=screenshots / "device.png")


def test_queries_the_signal(page: Page, demo: Demo) -> None:
    """The developer tools run the actions and show their answers."""
    for action, answer in (
        ("discover_endpoints", "0013a200400a393b"),
        ("query_signal", "db_gain: 40"),
    ):
        page.goto(f"{demo.url}/config/tools/action?service=prodatakey.{action}")
        page.get_by_text("YAML mode").click()
        page.locator("ha-code-editor .cm-content").first.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(
            f"action: prodatakey.{action}\ndata:\n  config_entry_id: {entry_id(page)}\n"
        )
        page.get_by_role("button", name="Perform action").click()
        expect(page.get_by_text(answer).first).to_be_visible(timeout=15000)


def entry_id(page: Page) -> str:
    """Return the id of the panel's entry."""
    (entry,) = call(page, "config_entries/get", domain="prodatakey")
    return str(entry["entry_id"])


def test_gives_new_credentials(page: Page, demo: Demo) -> None:
    """Rejected credentials are asked for again, and the doors come back."""
    demo.control(
        "PUT",
        "faults",
        {
            "token": {"status": 401},
            "ous": {"status": 401},
            "panel_token": {"status": 401},
            # the token at hand may still be good
            "handshake": {"mode": "http", "status": 401, "count": 1},
        },
    )
    demo.control("POST", f"panels/{PANEL}/kick", {"how": "close"})
    page.goto(f"{demo.url}/config/integrations/dashboard")
    page.get_by_text("Reconfigure").or_(page.get_by_text("Sign in again")).first.click(
        timeout=90000
    )
    ended = dict.fromkeys(("token", "ous", "panel_token", "handshake"))
    demo.control("PUT", "faults", ended)
    submit_credentials(page, "demo-secret")
    done = page.get_by_text("The new credentials work")
    expect(done).to_be_visible(timeout=15000)


def test_follows_a_migration(page: Page, demo: Demo) -> None:
    """The site moves on the simulator's page, the repair is submitted, the lock works."""
    controller = page.context.new_page()
    controller.goto(demo.panel_url)
    controller.get_by_role("button", name="Migrate to PDK 2.0").click()
    page.goto(f"{demo.url}/config/repairs")
    page.get_by_text("Headquarters has moved to PDK 2.0").click()
    expect(page.get_by_text("experimental").first).to_be_visible()
    page.get_by_text("Submit", exact=True).first.click()
    expect(page.get_by_text("The issue is repaired").first).to_be_visible(timeout=30000)
    page.goto(f"{demo.url}/doors-dashboard/doors")
    front = page.locator("hui-tile-card").filter(has_text="Front door").first
    front.get_by_role("button", name="Unlock").click()
    expect(front.get_by_text("Unlocked")).to_be_visible()
    assert demo.topics()[-1] == "open"
    door = controller.locator("article").filter(has_text="Front door").first
    expect(door.get_by_text("Unlocked").first).to_be_visible()
    controller.close()
