"""Headless Chromium as these tests use it: what a page looks like, what it logs, what axe finds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
AXE = Path("var/pages/axe/axe_playwright_python/axe.min.js")
TAKES_AT_MOST_S = 60
# Nothing may leave: every name that a page could ask for leads nowhere.
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND"
_RESULT = re.compile(r'<pre id="axe-result">(.*?)</pre>', re.S)
_RUN = """
<pre id="axe-result"></pre>
<script>%s</script>
<script>
axe.run(document, {resultTypes: ["violations"]}).then(function (found) {
  document.getElementById("axe-result").textContent = JSON.stringify(found.violations.map(
    function (one) { return {id: one.id, impact: one.impact, help: one.help,
      nodes: one.nodes.slice(0, 5).map(function (node) { return node.html; })}; }));
});
</script>
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page after it was shown: its document, and what the browser logged."""

    document: str
    logged: list[str]


class Browser:
    """One profile of headless Chromium. Raises `AssertionError` when it does not end well."""

    def __init__(self, profile: Path) -> None:
        found = next(filter(None, map(shutil.which, CHROMIUM)), None)
        assert found, "there is no Chromium; `make test-pages` installs it"
        self._command = [
            found,
            "--headless",
            "--no-sandbox",  # tests run as root in containers
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--enable-logging=stderr",
            "--log-level=0",
            NOWHERE,
            f"--user-data-dir={profile}",
        ]

    def show(self, page: Path, width: int = 1200) -> Shown:
        """The page's document after it was loaded."""
        done = self._run("--dump-dom", f"--window-size={width},1200", page.as_uri())
        return Shown(done.stdout, _console(done.stderr))

    def screenshot(self, page: Path, to: Path, width: int, height: int) -> None:
        self._run(f"--screenshot={to}", f"--window-size={width},{height}", page.as_uri())
        assert to.stat().st_size > 5_000

    def print(self, page: Path, to: Path) -> None:
        """The page as PDF, as it would be printed."""
        self._run("--no-pdf-header-footer", f"--print-to-pdf={to}", page.as_uri())
        assert to.read_bytes().startswith(b"%PDF")

    def violations(self, page: Path, width: int) -> list[dict[str, Any]]:
        """What axe finds wrong with a page."""
        assert AXE.exists(), "axe-core is not there; `make test-pages` installs it"
        html = page.read_text()
        copy = page.with_name(f"axe-{width}.html")
        copy.write_text(html.replace("</body>", _RUN % AXE.read_text() + "</body>"))
        done = self._run(
            "--virtual-time-budget=20000",
            "--dump-dom",
            f"--window-size={width},1200",
            copy.as_uri(),
        )
        copy.unlink()
        found = _RESULT.search(done.stdout)
        assert found, "axe gave no result"
        text = found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        violations: list[dict[str, Any]] = json.loads(text)
        return violations

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self._command, *arguments],
            capture_output=True,
            text=True,
            timeout=TAKES_AT_MOST_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done


def _console(log: str) -> list[str]:
    """What the page itself brought about: messages of its console, and loads that failed."""
    return [line for line in log.splitlines() if "CONSOLE" in line or "net::ERR" in line]
