"""The page in a real browser: silent, offline, accessible, printable, and its choices work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="chromium is not installed"
    ),
]
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


class Opened:
    """A page with what it said and asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1400, scheme: str = "light") -> None:
        self.page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.said.append(m.text))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("dialog", lambda d: (self.said.append(d.message), d.dismiss()))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.goto(path.as_uri())


@pytest.fixture
def ok(browser: Any, folder: Path) -> Iterator[Opened]:
    opened = Opened(browser, folder / "ok.html")
    yield opened
    opened.page.close()


def _use_every_control(page: Any) -> None:
    for select in page.query_selector_all("select"):
        options = [o.get_attribute("value") for o in select.query_selector_all("option:enabled")]
        for value in options:
            select.select_option(value)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.evaluate("document.querySelectorAll('thead th button').forEach((b) => b.click())")
    page.click("#theme")
    page.click("#theme")


@pytest.mark.parametrize("name", ["ok", "failed", "hostile"])
def test_page_is_silent_and_asks_nobody(browser: Any, folder: Path, name: str) -> None:
    opened = Opened(browser, folder / f"{name}.html")
    _use_every_control(opened.page)
    assert opened.said == []
    assert [u for u in opened.asked if not u.startswith(("file:", "data:"))] == []
    opened.page.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        ("failed", 1400, "light"), ("failed", 400, "dark"),
        ("bundled", 1400, "dark"), ("bundled", 400, "light"),
    ],
)  # fmt: skip
def test_accessible_with_every_control_used(
    browser: Any, folder: Path, name: str, width: int, scheme: str
) -> None:
    opened = Opened(browser, folder / f"{name}.html", width, scheme)
    _use_every_control(opened.page)
    only = {"resultTypes": ["violations"]}
    found = axe.Axe().run(opened.page, options=only).response["violations"]
    serious = [
        (v["id"], v["nodes"][0]["html"][:200])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.page.close()


def test_contents_links_resolve(ok: Opened) -> None:
    links = ok.page.eval_on_selector_all(".contents a", "as => as.map((a) => a.hash.slice(1))")
    assert len(links) == 15
    for key in links:
        assert ok.page.query_selector(f"section[id='{key}']"), key


def test_choice_of_therapy_changes_curve_and_numbers(ok: Opened) -> None:
    page = ok.page

    def state() -> tuple[str, str]:
        return page.inner_html("#explorer-svg"), page.inner_text("#readout")

    seen = {state()}
    for pick, value in (("therapy", "CXCL12 fully neutralised for life"), ("source", "prior"),
                        ("horizon", "5")):  # fmt: skip
        page.select_option(f"select[data-pick={pick}]", value)
        seen.add(state())
    assert len(seen) == 4
    assert "assumed, not learnt" in page.inner_text("#readout")


def test_filter_shows_only_chosen_rows(ok: Opened) -> None:
    page = ok.page
    page.select_option("select[data-filter=measure]", "risk_ratio")
    shown = page.eval_on_selector_all(
        "#table-effects-regimen tbody tr:not([hidden])", "rs => rs.map((r) => r.dataset.measure)"
    )
    assert set(shown) == {"risk_ratio"}


def test_sorting_orders_numbers_as_numbers(ok: Opened) -> None:
    page = ok.page
    heads = page.query_selector_all("#table-intervals thead button")
    place = [h.inner_text() for h in heads].index("At risk")
    for expected in (sorted, lambda v: sorted(v, reverse=True)):
        heads[place].click()
        cells = page.eval_on_selector_all(
            f"#table-intervals tbody tr > :nth-child({place + 1})",
            "cs => cs.map((c) => JSON.parse(c.dataset.values)[0])",
        )
        assert cells == expected(cells)


def test_download_holds_full_precision_and_no_formula(browser: Any, folder: Path) -> None:
    opened = Opened(browser, folder / "hostile.html")
    with opened.page.expect_download() as waiting:
        opened.page.click("button[data-csv='table-answers']")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("Answer,For whom,Measure,Posterior median")
    assert "\n\"'=1+1" in text
    opened.page.close()


def test_theme_button_changes_the_page(ok: Opened) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    before = ok.page.evaluate(colour)
    ok.page.click("#theme")
    assert ok.page.evaluate(colour) != before


def test_print_cuts_no_figure(ok: Opened, tmp_path: Path) -> None:
    page = ok.page
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1017})  # A4 less margins at 96 px per inch
    size = "fs => fs.map((f) => f.getBoundingClientRect())"
    tall = [box["height"] for box in page.eval_on_selector_all("figure", size)]
    wide = [box["right"] for box in page.eval_on_selector_all("figure svg", size)]
    assert max(tall) < 1017
    assert max(wide) <= 700
    page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n") > 10


def test_small_print_of_the_first_screen(browser: Any, folder: Path) -> None:
    opened = Opened(browser, folder / "failed.html")
    box = opened.page.query_selector(".verdict").bounding_box()
    assert box["y"] + box["height"] < 900
    opened.page.close()
