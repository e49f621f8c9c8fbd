"""A real headless Chromium, spoken to in WebDriver (W3C), as far as the tests of the page need it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
TAB, ENTER = "\ue004", "\ue007"


class Browser:
    def __init__(self, port: int, session: str) -> None:
        self._base = f"http://127.0.0.1:{port}/session/{session}"

    def open(self, page: Path) -> None:
        call(f"{self._base}/url", {"url": page.as_uri()})

    def run(self, script: str) -> Any:
        """The value that ``script`` returns."""
        return call(f"{self._base}/execute/sync", {"script": script, "args": []})

    def width(self, pixels: int) -> None:
        """Of the page itself: a window cannot be as narrow as a phone."""
        metrics = {"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        call(f"{self._base}/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": metrics})

    def press(self, *keys: str) -> None:
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        call(f"{self._base}/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def requested(self) -> list[str]:
        """Every address that the page asked for, and its own."""
        entries = [json.loads(e["message"])["message"] for e in call(f"{self._base}/se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in entries if e["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        """What Chromium's console says: errors of the script, and what the page's policy forbade."""
        return [entry["message"] for entry in call(f"{self._base}/se/log", {"type": "browser"})]


def call(address: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
        return json.load(answer)["value"]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Where Chromium is missing the test is not run, and says so; PACS_REQUIRE_BROWSER=1 makes that a failure."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        missing = "NOT RUN: no chromium and chromedriver here (on Debian: apt-get install chromium chromium-driver)"
        if os.environ.get("PACS_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        found = next(
            (m for line in process.stdout if (m := re.search(r"started successfully on port (\d+)", line))), None
        )
        assert found, "chromedriver did not start"
        options = {"binary": chromium, "args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}
        address = f"http://127.0.0.1:{found[1]}/session"
        session = call(address, {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        try:
            yield Browser(int(found[1]), session)
        finally:
            ending = urllib.request.Request(f"{address}/{session}", method="DELETE")  # noqa: S310
            urllib.request.urlopen(ending, timeout=60).close()  # noqa: S310
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
