"""JupyterLab opens on copies of the notebooks, a study runs in it without an error, and the explorer answers in one."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from conftest import full
from playwright.sync_api import Browser, Page, expect

from accountability.publish import workspace

STUDY = "how_long_cases_stay_open"
# Milliseconds; on a busy machine a kernel takes its time.
WAIT = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose study has no outputs yet, so that those found later are of this run."""
    folder = tmp_path_factory.mktemp("lab") / "work"
    workspace.prepare("synthetic", folder)
    path = folder / f"{STUDY}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def answering(address: str) -> None:
    """Wait until a server that has said where it is listens there."""
    limit = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", int(re.search(r":(\d+)/", address)[1])), 2):
                return
        except ConnectionRefusedError:
            assert time.monotonic() < limit, "the server said where it is and does not answer there"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A server started as a user starts it, with settings of its own; ended with its kernels."""
    own = {f"JUPYTER_{name}_DIR": str(folder.parent / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {f"JUPYTERLAB_{name}_DIR": str(folder.parent / name) for name in ("SETTINGS", "WORKSPACES")}
    own |= {"IPYTHONDIR": str(folder.parent / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    command = [
        sys.executable,
        "-m",
        "accountability.cli",
        "lab",
        "--folder",
        str(folder),
        "--no-browser",
        "--port",
        "0",
    ]
    server = subprocess.Popen(
        [*command, "--", "--allow-root"],
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stderr is not None
    said = []
    try:
        for line in server.stderr:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+/lab\S*token=\w+", line):
                answering(found[0])
                yield found[0]
                break
        else:
            pytest.fail("".join(said))
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.stderr.close()
        server.wait(timeout=20)


def test_what_is_said_to_a_kernel_is_encrypted(address: str, folder: Path) -> None:
    root, token = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/.*token=(\w+)", address).groups()
    headers = {"Authorization": f"token {token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{root}/api/kernels", b"{}", headers)) as got:
        kernel = json.load(got)["id"]
    joined = json.loads(next(folder.parent.rglob(f"kernel-{kernel}.json")).read_text(encoding="utf-8"))
    ended = urllib.request.Request(f"{root}/api/kernels/{kernel}", headers=headers, method="DELETE")
    with urllib.request.urlopen(ended) as got:
        assert got.status == 204
    assert (joined["ip"], "curve_publickey" in joined) == ("127.0.0.1", True)


def test_nothing_is_answered_without_the_token_or_under_another_name(address: str) -> None:
    root, token = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/.*(token=\w+)", address).groups()

    def status(query: str, **headers: str) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{root}/api/contents?{query}", headers=headers)) as got:
                return int(got.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert status(token) == 200
    assert status("") == 403
    assert status("token=guess") == 403
    assert status(token, Host="evil.example") == 403
    port = int(root.rpartition(":")[2])
    table = Path("/proc/net/tcp")
    if not table.is_file():
        pytest.skip("which addresses a port is open on is read from /proc")
    sockets = [line.split() for line in table.read_text().splitlines()[1:]]
    loopback = socket.inet_aton("127.0.0.1")[::-1].hex().upper()
    listening = "0A"
    assert {one[1] for one in sockets if one[3] == listening and one[1].endswith(f":{port:04X}")} == {
        f"{loopback}:{port:04X}"
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(WAIT)
    yield page
    page.close()


def open_notebook(page: Page, address: str, name: str) -> chromium.Heard:
    root, token = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/.*(token=\w+)", address).groups()
    heard = chromium.listen(page, "http://127.0.0.1:", root.replace("http", "ws"))
    page.goto(f"{root}/lab/tree/{name}?reset&{token}")
    expect(page.locator(".jp-NotebookPanel:visible .jp-Cell").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=WAIT)
    return heard


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_the_explorer_answers_in_jupyterlab_and_saves_a_report(page: Page, address: str, folder: Path) -> None:
    heard = open_notebook(page, address, workspace.START)
    run_all(page)
    explorer = page.frame_locator("iframe[title=Explorer]")
    answer, figure = explorer.locator("#answer"), explorer.locator("#figure img")
    expect(answer).to_contain_text("95 % interval", timeout=WAIT)
    before = figure.get_attribute("src")
    explorer.get_by_label("confidence", exact=True).fill("0.8")
    explorer.get_by_label("confidence", exact=True).press("Tab")
    expect(answer).to_contain_text("80 % interval", timeout=WAIT)
    assert figure.get_attribute("src") != before
    explorer.get_by_role("button", name="Save as report").click()
    expect(explorer.get_by_role("status")).to_contain_text("Report: ", timeout=2 * WAIT)
    assert [path.name for path in (folder / "reports" / "synthetic").glob("*confidence*")] == [
        f"{STUDY}+confidence=0.8"
    ]
    assert heard.outside == []
    assert heard.errors == []


@pytest.mark.skipif(not full(), reason="runs with --full: the explorer's run in JupyterLab is shorter")
def test_a_study_runs_whole_in_jupyterlab_without_an_error(page: Page, address: str, folder: Path) -> None:
    heard = open_notebook(page, address, f"{STUDY}.ipynb")
    run_all(page)
    expect(page.get_by_text("Python 3 (ipykernel) | Busy")).to_be_visible(timeout=WAIT)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=2 * WAIT)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saving completed")).to_be_visible(timeout=WAIT)
    notebook = json.loads((folder / f"{STUDY}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert [output["output_type"] for output in outputs if output["output_type"] in ("error", "stream")] == []
    assert any("image/png" in output.get("data", {}) for output in outputs)
    html = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    assert "share of cases still open by days" in html, "the estimand stands with its table"
    assert heard.outside == []
    assert heard.errors == []
