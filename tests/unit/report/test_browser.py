"""The page of the report in headless Chromium: no request, no error, narrow and wide screens."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from axe_core_python.selenium import Axe
from matplotlib.figure import Figure
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from rainscore.report.page import Number, Picture, Section, Table, write_report

BROWSER = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    BROWSER is None or DRIVER is None,
    reason="Chromium and its driver are absent: apt-get install chromium chromium-driver",
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with wide and narrow tables, pictures, main numbers and a slider."""
    folder = tmp_path_factory.mktemp("report")
    picture = folder / "map.svg"
    figure = Figure(figsize=(14, 4))
    figure.subplots().plot([0, 1])
    figure.savefig(picture)
    granule = "3B-HHR.MS.MRG.3IMERG.20190108-S023000-E025959.0150.V07B_46.617N_2.488E_320x320km"
    shown = Picture(picture, f"A map. A caption of {granule}.", "A map", "96 maps")
    slides = [Picture(picture, "A map", f"0{hour}:00 UTC", "one half-hour") for hour in range(3)]
    methods = ["gradient boosting", "U-Net", "climatology", "quality index"]
    values = {"method": methods, "skill": [0.37, 0.36, float("nan"), -1.5]}
    wide = {f"measure of the skill {i} [mm/h]": [0.5, 0.25, 1e-3, 1234.5] for i in range(14)}
    interval = {"skill_low": [0.3, 0.2, 0.0, -2], "skill_high": [0.4, 0.4, 0.0, -1]}
    tables = [
        Table(pd.DataFrame(values | interval), "Skill", "8 days"),
        Table(pd.DataFrame(values | wide), "All measures", "8 days"),
    ]
    numbers = [Number("CRPS skill", "0.36", "95 % interval [0.29, 0.43]")] * 3
    sections = [
        Section("Summary", "What was run.", [shown], tables, numbers, slides),
        Section("Skill", "More.", [shown], tables),
    ]
    path = folder / "report.html"
    write_report(
        path,
        title="A run",
        world="simulated",
        period="2019-01",
        sections=sections,
        provenance={"sha256": 64 * "0"},
    )
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser without a window that records console messages and requests."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    profile = tmp_path_factory.mktemp("profile")
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.fixture
def opened(browser: webdriver.Chrome, page: Path) -> webdriver.Chrome:
    """The browser with the page, loaded anew."""
    browser.set_window_size(1200, 900)
    browser.get(page.as_uri())
    return browser


def column(browser: webdriver.Chrome, number: int) -> list[str]:
    """Texts of a column of the first table, from the top."""
    script = (
        "return [...document.querySelector('table').tBodies[0].rows]"
        ".map(row => row.cells[arguments[0]].textContent.trim())"
    )
    return browser.execute_script(script, number)


def test_the_page_has_no_console_message_and_asks_for_nothing_else(
    browser: webdriver.Chrome, page: Path
) -> None:
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(page.as_uri())
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [event for event in events if event["method"] == "Network.requestWillBeSent"]
    addresses = {event["params"]["request"]["url"] for event in requests}
    # The browser's own empty page has addresses of the scheme chrome.
    assert {a for a in addresses if not a.startswith(("data:", "chrome"))} == {page.as_uri()}


@pytest.mark.parametrize("width", [390, 768, 1200, 1920])
def test_nothing_is_wider_than_the_screen(opened: webdriver.Chrome, width: int) -> None:
    # A browser without a window has no minimum width when a device is emulated.
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        assert opened.execute_script("return window.innerWidth") == width
        assert opened.execute_script("return document.documentElement.scrollWidth") <= width
        cut = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth)"
        assert opened.execute_script(f"return {cut}.length") == 0
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_wide_picture_is_readable_on_a_phone_and_stays_where_it_was_scrolled(
    opened: webdriver.Chrome,
) -> None:
    metrics = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    opened.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        visible = "[...document.querySelectorAll('.slide .across')].find(e => e.clientWidth)"
        assert opened.execute_script(f"return {visible}.scrollWidth") > 700
        assert opened.execute_script(f"return {visible}.clientWidth") < 390
        opened.execute_script(f"{visible}.scrollLeft = 200")
        opened.find_elements(By.CSS_SELECTOR, ".slider button")[1].click()
        assert opened.execute_script(f"return {visible}.scrollLeft") == 200
    finally:
        opened.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_click_on_a_heading_sorts_by_value_with_missing_values_last(
    opened: webdriver.Chrome,
) -> None:
    button = opened.find_elements(By.CSS_SELECTOR, "th button")[1]
    button.click()
    values = [text.split(" ")[0] for text in column(opened, 1)]
    assert values == ["−1.50", "0.36", "0.37", "–"]
    button.click()
    assert [text.split(" ")[0] for text in column(opened, 1)] == ["0.37", "0.36", "−1.50", "–"]
    opened.find_elements(By.CSS_SELECTOR, "th button")[0].click()
    assert column(opened, 0) == sorted(column(opened, 0), key=str.lower)


def test_the_slider_shows_one_map_with_its_time(opened: webdriver.Chrome) -> None:
    def shown() -> list[str]:
        slides = opened.find_elements(By.CSS_SELECTOR, ".slide")
        return [str(s.get_attribute("data-name")) for s in slides if s.is_displayed()]

    step_back, step_on = opened.find_elements(By.CSS_SELECTOR, ".slider button")
    assert shown() == ["00:00 UTC"]
    step_on.click()
    assert shown() == ["01:00 UTC"]
    assert opened.find_element(By.CSS_SELECTOR, ".slider output").text == "01:00 UTC"
    step_back.click()
    step_back.click()
    assert shown() == ["02:00 UTC"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_barrier(opened: webdriver.Chrome, scheme: str) -> None:
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    found = Axe().run(opened)["violations"]
    serious = [f"{v['id']}: {v['help']}" for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_on_paper_all_maps_are_printed(opened: webdriver.Chrome) -> None:
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    slides = opened.find_elements(By.CSS_SELECTOR, ".slide")
    assert all(slide.is_displayed() for slide in slides)
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
