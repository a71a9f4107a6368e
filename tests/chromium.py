"""A real browser for the tests: Debian's Chromium, driven by playwright, cut off from everything but this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with its own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESK, PHONE = (1280, 900), (390, 844)


def program() -> str:
    """The installed browser; where there is none the test is skipped by name, and in CI it fails."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is not None:
        return found
    why = "no Chromium on this machine (Debian and Ubuntu: apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def launched() -> Iterator[Browser]:
    path = program()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Heard:
    """What a page said and asked for while it was open."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def listen(page: Page, *allowed: str) -> Heard:
    """Note errors, dialogs and every request that leaves the places allowed."""
    heard = Heard()

    def said(message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            heard.errors.append(str(getattr(message, "text", "")))

    def asked(request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith(("data:", "blob:", "about:", *allowed)):
            heard.outside.append(url)

    def opened(dialog: object) -> None:
        heard.errors.append(f"a dialog: {getattr(dialog, 'message', '')}")
        dialog.dismiss()

    page.on("console", said)
    page.on("pageerror", lambda error: heard.errors.append(str(error)))
    page.on("request", asked)
    page.on("dialog", opened)
    return heard
