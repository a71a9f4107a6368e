"""Fetching: a file arrives whole and unaltered, or the message says why and nothing is kept."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from accountability.errors import FetchError, SourceError
from accountability.records import cache, fetching
from accountability.records.cache import RemoteFile, cache_dir, located

CONTENT = bytes(range(256)) * 2000
#: The server of these tests stands on this machine.
fetch = partial(fetching.fetch, allow_local=True)

HASH = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """A loopback server whose answer a test chooses; ``failures`` answers fail before one succeeds."""

    daemon_threads = True
    how: str = "good"
    failures: int = 0
    asked: int = 0


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked += 1
        how = self.server.how
        if how != "good" and self.server.failures:
            self.server.failures -= 1
            if not self.server.failures:
                self.server.how = "good"
        if how.isdigit():
            self.send_error(int(how))
            return
        body = {"altered": CONTENT[::-1], "page": b"<!DOCTYPE html><p>Please log in.</p>"}.get(how, CONTENT)
        body = body * 3 if how == "long" else body
        body = body[:1000] if how == "short" else body
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if how == "cut" else body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_WAITS", (0.0, 0.0))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def remote(server: Server, path: str = "year/complaints.csv.gz", **changes: object) -> RemoteFile:
    url = f"http://127.0.0.1:{server.server_address[1]}/release/complaints%20all.csv.gz"
    return RemoteFile(**{"path": path, "url": url, "sha256": HASH, "bytes": len(CONTENT), **changes})


def everything(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_good_download_is_there_whole_and_not_fetched_again(server: Server, tmp_path: Path) -> None:
    files = [remote(server)]
    (path,) = fetch(files, tmp_path / "city")
    assert path == tmp_path / "city" / "year" / "complaints.csv.gz"
    assert path.read_bytes() == CONTENT
    assert everything(tmp_path) == ["city/year/complaints.csv.gz"]
    assert fetch(files, tmp_path / "city") == located(files, tmp_path / "city", "city") == [path]
    assert server.asked == 1


def test_an_altered_file_in_the_cache_is_replaced(server: Server, tmp_path: Path) -> None:
    files = [remote(server)]
    (path,) = fetch(files, tmp_path)
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(FetchError, match=r"complaints\.csv\.gz: altered"):
        located(files, tmp_path, "city")
    assert fetch(files, tmp_path)[0].read_bytes() == CONTENT


def test_a_progress_bar_is_shown_when_asked_for(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch([remote(server, "a")], tmp_path)
    assert capsys.readouterr().err == ""
    fetch([remote(server, "b")], tmp_path, progress=True)
    assert "100%" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("altered", rf"expected a file of 512,000 bytes with sha256 {HASH}, found 512,000 bytes"),
        ("short", "found 1,000 bytes.*The file was cut off or has changed"),
        ("page", "What came is a web page"),
        ("long", "expected 512,000 bytes .* more came"),
        ("cut", "failed 3 times.*connection was cut before the file was complete"),
        ("404", "answered with status 404.*--from"),
        ("500", "answered with status 500"),
    ],
)
def test_a_bad_answer_is_refused_and_nothing_is_kept(server: Server, tmp_path: Path, how: str, message: str) -> None:
    server.how = how
    with pytest.raises(FetchError, match=message) as caught:
        fetch([remote(server)], tmp_path)
    assert "Nothing was kept" in str(caught.value)
    assert "year/complaints.csv.gz" in str(caught.value)
    assert everything(tmp_path) == []
    assert server.asked == (3 if how in ("cut", "500") else 1)


@pytest.mark.parametrize("how", ["cut", "503"])
def test_a_passing_failure_is_tried_again(server: Server, tmp_path: Path, how: str) -> None:
    server.how, server.failures = how, 2
    assert fetch([remote(server)], tmp_path)[0].read_bytes() == CONTENT
    assert server.asked == 3


def test_after_a_failure_the_same_command_works(server: Server, tmp_path: Path) -> None:
    server.how = "altered"
    with pytest.raises(FetchError):
        fetch([remote(server)], tmp_path)
    server.how = "good"
    assert fetch([remote(server)], tmp_path)[0].read_bytes() == CONTENT


def test_without_a_server_the_message_is_plain(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    file = RemoteFile("a.csv", f"http://127.0.0.1:{port}/a.csv", HASH, None)
    with pytest.raises(FetchError, match="the server could not be reached") as caught:
        fetch([file], tmp_path)
    assert "0x" not in str(caught.value)
    assert everything(tmp_path) == []


def test_an_unknown_host_is_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="could not be reached"):
        fetch([RemoteFile("a.csv", "http://no-such-host.invalid/a.csv", HASH, None)], tmp_path)


def test_a_server_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"
        with pytest.raises(FetchError, match="did not answer within"):
            fetch([RemoteFile("a.csv", url, HASH, None)], tmp_path)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a.csv", "file:///etc/hosts", "a.csv"])
def test_only_web_addresses_are_fetched(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError, match="expected an http or https address"):
        fetch([RemoteFile("a.csv", url, HASH, None)], tmp_path)


@pytest.mark.parametrize("path", ["../a.csv", "/a.csv", "b/../../a.csv", "..\\a.csv", "C:\\a.csv", ""])
def test_a_declared_path_cannot_leave_the_cache(tmp_path: Path, path: str) -> None:
    file = RemoteFile(path, "http://127.0.0.1/a.csv", HASH, None)
    for call in (lambda: fetch([file], tmp_path), lambda: located([file], tmp_path, "city")):
        with pytest.raises(FetchError, match="path inside its source's cache folder"):
            call()


SMALL_DISK = """
import resource, sys
from pathlib import Path
from accountability.errors import FetchError, SourceError
from accountability.records.cache import RemoteFile
from accountability.records.fetching import fetch
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    fetch([RemoteFile("a.csv", sys.argv[1], sys.argv[2], 512_000)], Path(sys.argv[3]), allow_local=True)
except FetchError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system cannot limit the size of a file")
def test_a_file_that_may_not_grow_is_reported_as_no_room(server: Server, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, remote(server).url, HASH, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "there is no room for it (512,000 bytes)" in done.stdout
    assert cache.CACHE_VARIABLE in done.stdout
    assert everything(tmp_path) == []


def test_a_full_disk_while_copying_is_reported_and_leaves_nothing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "at_hand").mkdir()
    (tmp_path / "at_hand" / "complaints all.csv.gz").write_bytes(CONTENT)

    def full(self: object, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching._Counted, "write", full)
    with pytest.raises(FetchError, match="there is no room for it"):
        fetch([remote(server)], tmp_path / "city", from_dir=tmp_path / "at_hand")
    assert everything(tmp_path / "city") == []


def test_a_cache_that_cannot_be_written_is_reported(server: Server, tmp_path: Path) -> None:
    (tmp_path / "city").write_text("a file where the folder should be")
    with pytest.raises(FetchError, match=rf"could not be written.*{cache.CACHE_VARIABLE}"):
        fetch([remote(server)], tmp_path / "city")
    with pytest.raises(FetchError, match="missing"):
        located([remote(server)], tmp_path / "city", "city")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_reported(server: Server, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(FetchError, match="Permission denied"):
            fetch([remote(server)], tmp_path / "city")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    "place", ["year/complaints.csv.gz", "city/year/complaints.csv.gz", "city/complaints all.csv.gz"]
)
def test_files_at_hand_are_copied_and_left_alone(server: Server, tmp_path: Path, place: str) -> None:
    origin = tmp_path / "at_hand" / place
    origin.parent.mkdir(parents=True)
    origin.write_bytes(CONTENT)
    before = origin.stat()
    (path,) = fetch([remote(server)], tmp_path / "city", from_dir=tmp_path / "at_hand")
    assert path.read_bytes() == CONTENT
    assert everything(tmp_path / "city") == ["year/complaints.csv.gz"]
    after = origin.stat()
    assert (after.st_mtime_ns, after.st_ino, after.st_size) == (before.st_mtime_ns, before.st_ino, before.st_size)
    assert server.asked == 0


def test_wrong_and_missing_files_at_hand_are_all_named_and_none_is_copied(server: Server, tmp_path: Path) -> None:
    at_hand = tmp_path / "at_hand"
    at_hand.mkdir()
    (at_hand / "a.csv").write_bytes(CONTENT)
    (at_hand / "b.csv").write_bytes(CONTENT[:-1])
    files = [remote(server, name, url=f"http://127.0.0.1/{name}") for name in ("a.csv", "b.csv", "c.csv")]
    with pytest.raises(FetchError, match="Nothing was copied") as caught:
        fetch(files, tmp_path / "city", from_dir=at_hand)
    assert "b.csv: sha256" in str(caught.value)
    assert "c.csv: not in" in str(caught.value)
    assert "a.csv" not in str(caught.value)
    assert not (tmp_path / "city").exists()


def test_a_folder_at_hand_that_does_not_exist_is_named(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="nowhere: expected a folder with the files"):
        fetch([remote(server)], tmp_path / "city", from_dir=tmp_path / "nowhere")


def test_what_is_not_fetched_is_listed_with_the_command(server: Server, tmp_path: Path) -> None:
    files = [remote(server, "a.csv"), remote(server, "b.csv")]
    fetch(files[:1], tmp_path)
    with pytest.raises(FetchError, match="accountability fetch city") as caught:
        located(files, tmp_path, "city")
    assert "1 of the 2 files" in str(caught.value)
    assert "b.csv: missing" in str(caught.value)
    assert "accountability fetch city --from" in str(caught.value)


def test_the_variable_moves_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path / "elsewhere"))
    assert cache_dir() == (tmp_path / "elsewhere").resolve()
    monkeypatch.delenv(cache.CACHE_VARIABLE)
    assert cache_dir().name == "accountability"
    assert cache_dir().is_absolute()


def test_parts_left_by_a_killed_process_are_swept_after_a_day(server: Server, tmp_path: Path) -> None:
    (tmp_path / "year").mkdir()
    old, fresh = (tmp_path / "year" / f".complaints.csv.gz.{n}.part" for n in (1, 2))
    for part in (old, fresh):
        part.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    fetch([remote(server)], tmp_path)
    assert not old.exists()
    assert fresh.exists()


def test_two_processes_at_once_both_end_with_the_whole_file(server: Server, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=fetch, args=([remote(server)], tmp_path)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "year" / "complaints.csv.gz").read_bytes() == CONTENT
    assert everything(tmp_path) == ["year/complaints.csv.gz"]


def test_importing_the_module_loads_no_network_library() -> None:
    code = "import sys, accountability.records.cache; print({'pooch', 'requests', 'tqdm'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


LOCAL = ["127.0.0.1", "localhost", "[::1]", "10.0.0.7", "169.254.169.254", "192.168.1.1", "0.0.0.0", "2130706433"]


@pytest.mark.parametrize("host", LOCAL)
def test_nothing_is_fetched_from_this_machine_or_a_private_network(host: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"private network.*--allow-local"):
        fetching.fetch([RemoteFile("a.csv", f"http://{host}:9/a.csv", HASH, None)], tmp_path / "city")
    assert list(tmp_path.rglob("*.csv*")) == []


def test_a_redirect_to_a_private_network_is_not_followed(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def public(file: RemoteFile, url: str) -> None:
        asked.append(url)
        if len(asked) > 1:
            raise FetchError(f"{url}: private network")

    monkeypatch.setattr(fetching, "_public", public)
    import requests

    answer = requests.Response()
    monkeypatch.setattr(answer, "close", lambda: None)
    answer.status_code, answer.url = 302, "http://example.org/a.csv"
    answer.headers["location"] = "http://169.254.169.254/latest"

    def downloader(url: str, out: object, _: object) -> None:
        hooks["response"](answer)

    hooks: dict = {}

    def made(**given: object) -> object:
        hooks.update(given["hooks"])
        return downloader

    monkeypatch.setattr("pooch.HTTPDownloader", made)
    with pytest.raises(FetchError, match="private network"):
        fetching.fetch([RemoteFile("a.csv", "http://example.org/a.csv", HASH, None)], tmp_path / "city")
    assert asked == ["http://example.org/a.csv", "http://169.254.169.254/latest"]


@pytest.mark.parametrize("name", ["../a.csv", "/etc/hostname", "sub/../../a.csv", "linked.csv", "linked/a.csv"])
def test_a_declared_file_never_stands_outside_its_folder(name: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "a.csv").write_text("x\n", encoding="utf-8")
    (home / "linked.csv").symlink_to(tmp_path / "a.csv")
    (home / "linked").symlink_to(tmp_path)
    with pytest.raises(SourceError, match="inside"):
        cache.inside(name, home)
