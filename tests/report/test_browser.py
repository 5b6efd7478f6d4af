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

    def __init__(self, browser: Any, path: Path, width: int = 1300, scheme: str = "light",
                 anchor: str = "") -> None:  # fmt: skip
        self.page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda m: self.said.append(m.text))
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.on("dialog", lambda d: (self.said.append(d.message), d.dismiss()))
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.goto(path.as_uri() + anchor)


@pytest.fixture
def ok(browser: Any, folder: Path) -> Iterator[Opened]:
    opened = Opened(browser, folder / "ok.html")
    yield opened
    opened.page.close()


def _use_every_control(page: Any) -> None:
    for select in page.query_selector_all("select"):
        for option in select.query_selector_all("option:enabled"):
            select.select_option(option.get_attribute("value"))
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.evaluate("document.querySelectorAll('.full thead button').forEach((b) => b.click())")
    page.fill("#cost-animals", "50")
    page.click("#theme")
    page.click("#theme")


@pytest.mark.parametrize("name", ["ok", "failed", "hostile"])
def test_page_is_silent_and_asks_nobody(browser: Any, folder: Path, name: str) -> None:
    opened = Opened(browser, folder / f"{name}.html")
    _use_every_control(opened.page)
    assert opened.said == []
    assert [u for u in opened.asked if not u.startswith(("file:", "data:", "blob:"))] == []
    opened.page.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("ok", 1300, "light"), ("ok", 1300, "dark"), ("ok", 400, "dark"), ("brief", 1300, "light")],
)
def test_accessible_with_every_control_used(
    browser: Any, folder: Path, name: str, width: int, scheme: str
) -> None:
    opened = Opened(browser, folder / f"{name}.html", width, scheme)
    if name != "brief":
        _use_every_control(opened.page)
    only = {"resultTypes": ["violations"]}
    found = axe.Axe().run(opened.page, options=only).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    opened.page.close()


WIDER = """() => [...document.querySelectorAll('table')].filter((t) =>
  t.getBoundingClientRect().width > 0
  && t.getBoundingClientRect().right > t.parentElement.getBoundingClientRect().right + 1)
  .map((t) => t.className)"""


@pytest.mark.parametrize("width", [1300, 400])
def test_no_table_is_wider_than_its_box(browser: Any, folder: Path, width: int) -> None:
    opened = Opened(browser, folder / "ok.html", width)
    opened.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert opened.page.evaluate(WIDER) == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    opened.page.close()


@pytest.mark.parametrize("width", [1300, 400])
def test_the_page_opens_on_its_conclusion(browser: Any, folder: Path, width: int) -> None:
    opened = Opened(browser, folder / "ok.html", width)
    box = opened.page.query_selector(".conclusion").bounding_box()
    assert box["y"] + box["height"] < 600
    opened.page.close()


def test_links_resolve_and_open_what_they_point_to(ok: Opened) -> None:
    hashes = ok.page.eval_on_selector_all(
        "a[href^='#']", "as => as.map((a) => a.getAttribute('href'))"
    )
    assert len(hashes) > 12
    for mark in hashes:
        assert ok.page.query_selector(f"[id='{mark[1:]}']"), mark


def test_choice_changes_curve_numbers_and_address(ok: Opened) -> None:
    page = ok.page
    before = page.inner_html("#explorer-svg"), page.inner_text("#readout")
    page.select_option("select[data-pick=therapy]", "cxcr4_block")
    page.select_option("select[data-pick=view]", "people")
    after = page.inner_html("#explorer-svg"), page.inner_text("#readout")
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert "therapy=cxcr4_block" in page.url


def test_a_shared_address_restores_the_choice(browser: Any, folder: Path) -> None:
    asked = "#explorer?therapy=cxcr4_block&population=crlm_resected"
    opened = Opened(browser, folder / "ok.html", anchor=asked)
    pick = "select[data-pick=population]"
    assert opened.page.eval_on_selector(pick, "s => s.value") == "crlm_resected"
    opened.page.close()


def test_costs_are_those_of_the_reader(ok: Opened) -> None:
    assert "cost" not in ok.page.inner_text(".candidates")
    ok.page.fill("#cost-animals", "50")
    assert "cost 600" in ok.page.inner_text(".candidates")


def test_sorting_orders_numbers_as_numbers(ok: Opened) -> None:
    page = ok.page
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    heads = page.query_selector_all("#table-intervals thead button")
    place = [h.inner_text() for h in heads].index("At risk")
    for up in (True, False):
        heads[place].click()
        cells = page.eval_on_selector_all(
            f"#table-intervals tbody tr > :nth-child({place + 1})",
            "cs => cs.map((c) => +c.dataset.s)",
        )
        assert cells == sorted(cells, reverse=not up)


def test_download_is_the_frame(ok: Opened) -> None:
    with ok.page.expect_download() as waiting:
        ok.page.click(".tools button[data-csv=answers]")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    assert text.startswith("therapy,therapy_label,kind,population")


def test_print_is_short_and_the_brief_is_one_page(browser: Any, folder: Path, tmp_path) -> None:
    pages = {}
    for name in ("ok", "brief"):
        opened = Opened(browser, folder / f"{name}.html")
        opened.page.pdf(path=tmp_path / f"{name}.pdf", prefer_css_page_size=True)
        pages[name] = (tmp_path / f"{name}.pdf").read_bytes().count(b"/Type /Page\n")
        opened.page.close()
    assert 1 < pages["ok"] <= 12
    assert pages["brief"] == 1
