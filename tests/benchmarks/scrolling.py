"""A hundred thousand photos of one month in a real browser: how long its main thread is busy at a time while somebody scrolls."""

import io
import json
import random
import shutil
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.benchmarks import generate
from tests.benchmarks.measure import Row, World, say
from tests.benchmarks.processes import Server, serving

LONGEST_TASK = 0.100  # seconds
FIRST_SCREEN = 350e3  # bytes
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SCREENS = {
    "desktop": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True},
}  # fmt: skip
FLING = 6000  # pixels of a turn of the wheel that goes end to end
READING = 250  # pixels of one by somebody who looks at what passes


def measure(world: World) -> list[Row]:
    """Wheel and scrubber, end to end, over 100,000 photos of one month and over a long timeline."""
    found = shutil.which("chromium")
    if found is None:
        return [Row("scrolling", "not measured: Chromium is missing")]
    count = 100_000
    say(f"generating a month of {count} photos")
    data = generate.catalog_of(world.scratch / "month", count, is_one_month=True)
    with serving(data, "--no-watch", "--no-work") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(OPTIONS))
        try:
            rows = [Row(f"{count} photos of one month in Chromium: the main thread's longest task", "")]
            for size in SCREENS if not world.is_quick else ("desktop",):
                rows += _scrolled(browser, server, size, world)
            rows.append(_first_screen(browser, server))
            return rows
        finally:
            browser.close()


def _scrolled(browser: Browser, server: Server, size: str, world: World) -> list[Row]:
    rows = []
    ways: tuple[tuple[str, Callable[[Page, World], None]], ...] = (
        ("opening", lambda page, _: page.wait_for_timeout(500)),
        ("the wheel, end to end", _wheel_to_the_end),
        ("the wheel, looking at what passes", _wheel_slowly),
        ("the scrubber, end to end", _scrub),
    )
    for what, go in ways:
        say(f"{what}, {size}")
        page = _opened(browser, server, size, is_traced=True)
        went_from = page.evaluate("scrollY")
        go(page, world)
        longest, work = _longest_task(browser)
        noticed = page.evaluate("window.longest")
        went_to = page.evaluate("scrollY")
        rows.append(
            Row(
                f"  {what}, {size}", f"{longest * 1000:.0f} ms",
                f"at most {work * 1000:.0f} ms of the processor; "
                f"as the page sees it {f'{noticed:.0f} ms' if noticed else 'none over 50 ms'}; {abs(went_to - went_from):.0f} px",
                "", f"<= {LONGEST_TASK * 1000:.0f} ms", longest <= LONGEST_TASK,
            )
        )  # fmt: skip
        page.context.close()
    return rows


def _opened(browser: Browser, server: Server, size: str, is_traced: bool = False) -> Page:
    """The timeline, its grid at work. The pictures are always the same few: there are no files behind these photos."""
    context = browser.new_context(**SCREENS[size])  # type: ignore[arg-type]
    name, _, value = server.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{server.port}"}])
    thumbs = _thumbs()
    context.route("**/media/**", lambda route: _answer(route, thumbs))
    context.add_init_script(
        """window.longest = 0
        new PerformanceObserver(list => { for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration) })
          .observe({type: "longtask", buffered: true})"""
    )
    page = context.new_page()
    if is_traced:
        browser.start_tracing(
            page=page, categories=["disabled-by-default-devtools.timeline", "devtools.timeline", "toplevel"]
        )
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_selector(".canvas .tile")
    return page


def _answer(route: Route, thumbs: list[bytes]) -> None:
    key = route.request.url.rsplit("/", 2)[1]
    route.fulfill(body=thumbs[int(key[:8], 16) % len(thumbs)], content_type="image/jpeg")


def _thumbs() -> list[bytes]:
    chance = random.Random(generate.SEED)
    made = []
    for _ in range(8):
        data = io.BytesIO()
        noise = Image.frombytes("RGB", (20, 15), chance.randbytes(900)).resize((200, 150), Image.Resampling.BICUBIC)
        noise.save(data, "JPEG", quality=70)
        made.append(data.getvalue())
    return made


def _wheel_to_the_end(page: Page, world: World) -> None:
    page.mouse.move(700 if page.viewport_size and page.viewport_size["width"] > 1000 else 200, 400)
    for turn in range(4000):
        page.mouse.wheel(0, FLING)
        page.wait_for_timeout(15)
        if turn % 25 == 24:
            page.wait_for_timeout(300)  # looks where they are
            if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 2"):
                return
    raise RuntimeError("the wheel never came to the end")


def _wheel_slowly(page: Page, world: World) -> None:
    page.mouse.move(200, 400)
    for _ in range(world.amount(600, 200)):
        page.mouse.wheel(0, READING)
        page.wait_for_timeout(30)


def _scrub(page: Page, world: World) -> None:
    box = page.locator(".scrubber").bounding_box()
    assert box is not None
    handle = page.locator(".scrubber .here")
    page.evaluate("scrollBy(0, 50)")
    page.wait_for_timeout(100)
    start = handle.bounding_box()
    assert start is not None
    x, y = start["x"] + start["width"] / 2, start["y"] + start["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    steps = world.amount(200, 80)
    for step in range(steps):
        page.mouse.move(x, y + (box["y"] + box["height"] - y) * step / steps)
        page.wait_for_timeout(200 if step % 20 == 19 else 20)
    page.mouse.up()
    page.wait_for_timeout(500)


def _longest_task(browser: Browser) -> tuple[float, float]:
    """Seconds that the longest task on the main thread of the page's process took by the clock, and the most that one took of the
    processor, from a trace. On a machine that does other things the second says more."""
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {(each["pid"], each["tid"]) for each in events if each.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [
        each
        for each in events
        if each.get("ph") == "X"
        and each["name"] in ("RunTask", "ThreadControllerImpl::RunTask")
        and (each["pid"], each["tid"]) in mains
    ]
    if not tasks:
        raise RuntimeError("the trace holds no tasks")
    return max(each["dur"] for each in tasks) / 1e6, max(each.get("tdur", 0) for each in tasks) / 1e6


def _first_screen(browser: Browser, server: Server) -> Row:
    """All bytes until nothing more is asked for, scripts and pieces of the list included; real thumbs are some 5 kB larger or smaller."""
    sizes: dict[str, int] = {}
    context = browser.new_context(**SCREENS["desktop"])  # type: ignore[arg-type]
    name, _, value = server.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": f"http://127.0.0.1:{server.port}"}])
    thumbs = _thumbs()
    context.route("**/media/**", lambda route: _answer(route, thumbs))
    page = context.new_page()
    page.on("requestfinished", lambda asked: sizes.update({asked.url: asked.sizes()["responseBodySize"]}))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.wait_for_load_state("networkidle")
    media = sum(size for url, size in sizes.items() if "/media/" in url)
    script = sum(size for url, size in sizes.items() if url.endswith((".js", ".css")))
    total = sum(sizes.values())
    context.close()
    return Row(
        "  first screen of that month, everything", f"{total / 1000:.0f} kB",
        f"thumbs {media / 1000:.0f} kB, script and style {script / 1000:.0f} kB", "", "<= 350 kB", total <= FIRST_SCREEN,
    )  # fmt: skip
