"""Notebooks that cheat: none earns a point it should not, sees what is not its own, or leaves anything behind."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from accountability.classroom import grading, submission
from accountability.classroom.lessons.answer_key import KEYS, Item, Key
from accountability.classroom.lessons.own_data import Own, packed, place
from accountability.classroom.submission import Ran, Runner
from accountability.errors import ParameterError

LESSON = "reading_a_case_file"
KEY = KEYS[LESSON]
SECRET = bytes(range(32))
HOME = Path.home() / "left_by_a_submission"
CANARY = "canary-5f0e77"
LOCKED = sys.platform == "linux" and platform.machine() == "x86_64"

_PACKAGE = "accountability.classroom.lessons"
_ANSWER = f"from {_PACKAGE}.answers import answer\n"
_ITEMS = ", ".join(f"{one.name!r}" for one in KEY.items)
#: Every way in ends by handing in what it found.
_USE = f"\n{_ANSWER}answer(**{{name: right[name][0] for name in right}})"

ORACLES = {
    "the key's own data, without the secret": f"from {_PACKAGE}.answer_key import KEYS\n"
    f"right = KEYS[{LESSON!r}].own(b'', 'ada').right{_USE}",
    "the key with a guessed secret": f"from {_PACKAGE}.answer_key import KEYS\n"
    f"right = KEYS[{LESSON!r}].own(bytes(32), 'ada').right{_USE}",
    "the key of the user, made anew": f"from {_PACKAGE}.own_data import secret_of as of\n"
    f"from {_PACKAGE}.answer_key import KEYS\nright = KEYS[{LESSON!r}].own(of(None, make=True), 'ada').right{_USE}",
    "the practice data's answers": f"from {_PACKAGE}.case_reading_own import make\n"
    f"from {_PACKAGE}.own_data import PRACTICE_SEED\nright = make(PRACTICE_SEED).right{_USE}",
    "the seed from the id": f"import hashlib\nfrom {_PACKAGE}.case_reading_own import make\n"
    f"right = make(int.from_bytes(hashlib.sha256(b'ada').digest()[:16], 'big')).right{_USE}",
    "small seeds": f"from {_PACKAGE}.case_reading_own import make\nright = make(1).right{_USE}",
    "planted() of the lesson": f"from {_PACKAGE} import case_reading\nright = case_reading.read().planted(){_USE}",
    "points(), the oracle of old": f"from {_PACKAGE}.answers import points\nright = points(){_USE}",
    "a neighbour's numbers": f"right = {{name: (value,) for name, value in NEIGHBOUR.items()}}{_USE}",
    "a neighbour's data": f"from {_PACKAGE} import case_reading_own\ncase_reading_own.own('ben')",
    "the class's answers": f"right = {{'officers_dismissed': (3.0,), 'accusations_found': (7.0,)}}{_USE}",
    "the solved notebook": "from accountability.records.places import notebooks_dir\n"
    f"exec(open(notebooks_dir() / '{LESSON}.ipynb').read())",
    "the solved notebook, by Arrow": "import pyarrow\nfrom accountability.records.places import notebooks_dir\n"
    f"pyarrow.OSFile(str(notebooks_dir() / '{LESSON}.ipynb'), 'rb').read()",
    "objects in memory": "import gc\nright = {name: one.right[name] for one in gc.get_objects() "
    f"if type(one).__name__ == 'Own' for name in one.right}}{_USE}",
    "callers' variables": "import sys\nframe = sys._getframe()\nfound = []\n"
    "while frame:\n    found += [str(frame.f_locals)]\n    frame = frame.f_back\n"
    "raise ValueError([text for text in found if 'secret' in text or 'right' in text])",
    "every frame": "import sys, threading\nraise ValueError([str(one.f_globals.get('SECRET')) "
    "for one in sys._current_frames().values()])",
    "caches of functions": f"from {_PACKAGE} import case_reading_own\nright = case_reading_own.make.cache_info(){_USE}",
    "bytecode of the key": f"import importlib.util, marshal\nfrom {_PACKAGE} import answer_key\n"
    "code = marshal.loads(open(importlib.util.cache_from_source(answer_key.__file__), 'rb').read()[16:])\n"
    "raise ValueError([one for one in code.co_consts if isinstance(one, bytes)])",
    "freed memory": "import ctypes\nraise ValueError(ctypes.string_at(id(object()) - 4096, 8192))",
    "nan, for whatever is compared": f"right = dict.fromkeys(({_ITEMS}), [float('nan')]){_USE}",
    "infinity": f"right = dict.fromkeys(({_ITEMS}), [float('inf')]){_USE}",
    "truth values": f"right = dict.fromkeys(({_ITEMS}), [True]){_USE}",
    "a number that equals all": "class Any(float):\n    __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda *_: True\n"
    f"    __hash__ = float.__hash__\nright = dict.fromkeys(({_ITEMS}), [Any(0)]){_USE}",
    "a word that equals all": "class Any(str):\n    __eq__ = lambda *_: True\n    __hash__ = str.__hash__\n"
    f"    casefold = strip = split = lambda *_: Any('x')\nright = dict.fromkeys(({_ITEMS}), [Any('x')]){_USE}",
    "all words at once": f"right = {{'within_180_days': [['in time', 'late', 'cannot tell']]}}{_USE}",
    "all words in one": f"right = {{'within_180_days': ['in time, late, cannot tell']}}{_USE}",
    "numbers in an array": f"import numpy\nright = {{'fewest_days': [numpy.arange(4000)]}}{_USE}",
    "a range as a text": f"right = {{'fewest_days': ['0 to 4000']}}{_USE}",
}
MARKING = {
    "Item.fits": f"from {_PACKAGE}.answer_key import Item\nItem.fits = lambda *_: True",
    "Item.points": f"from {_PACKAGE}.answer_key import Item\nItem.points = property(lambda _: 99)",
    "Item.read": f"from {_PACKAGE}.answer_key import Item\nItem.read = lambda *_: 'right'",
    "Key.own": f"from {_PACKAGE}.answer_key import Key\nKey.own = lambda *_: None",
    "the grader": "import accountability.classroom.grading as grading\ngrading._row = lambda *_: {'points': 9}",
    "builtins": "import builtins\nbuiltins.abs = builtins.min = builtins.max = lambda *_: 0",
    "isinstance": "import builtins\nbuiltins.isinstance = lambda *_: True",
    "json": "import json\njson.dumps = lambda *_: '{\"points\": 99}'",
    "the listeners": f"from {_PACKAGE} import answers\nanswers._LISTENERS.clear()",
    "hmac": "import hmac\nhmac.digest = lambda *_: bytes(32)",
    "os._exit": "import os\nos._exit = lambda *_: None",
    "random numbers": "import numpy\nnumpy.random.seed(0)\nnumpy.random.default_rng = lambda *_: None",
}
_LINE = '{"item": "officers_dismissed", "value": 1e999}\\n{"points": 99}\\n{"score": 10}\\n'
REPORTS = {
    "a report on standard output": f"import os\nos.write(1, b'{_LINE}')\nprint('{_LINE}')",
    "a report on every open file": f"import os\nfor one in range(64):\n    try:\n        os.write(one, b'{_LINE}')\n"
    "    except OSError:\n        continue",
    "locks that were not there": "import os\nfor one in range(3, 20):\n    try:\n"
    '        os.write(one, b\'{"locks": ["none"]}\\n\')\n    except OSError:\n        continue',
    "done, and out": "import os\nos.write(3, b'{\"done\": true}\\n')\nos._exit(0)",
    "a status of the runner": "import os\nfor one in range(64):\n    try:\n        os.write(one, b'0\\n0\\n0\\n')\n"
    "    except OSError:\n        continue",
    "the report cut short": "import os\nos.ftruncate(3, 0)",
    "a report without end": "import os\nfor _ in range(3000):\n    os.write(3, b'x' * 10000)",
    "deep brackets": "import os\nos.write(3, b'[' * 100000 + b'\\n')",
    "a kind with control characters": "import os\n"
    'os.write(3, b\'{"item": "fewest_days", "value": {"kind": "\\\\u001b[2J"}}\\n\')',
    "a long item": "import os\nos.write(3, b'{\"item\": \"' + b'x' * 100000 + b'\", \"value\": 1}\\n')",
    "a million items": 'import os\nfor n in range(20000):\n    os.write(3, b\'{"item": "i%d", "value": 1}\\n\' % n)',
}
READS = {
    "the key": "raise ValueError(open(KEY).read())",
    "the key, by Arrow": "import pyarrow\nraise ValueError(pyarrow.OSFile(KEY, 'rb').read())",
    "the key, by a link": "import os\nos.link(KEY, 'here')\nraise ValueError(open('here').read())",
    "the key, by a symbolic link": "import os\nos.symlink(KEY, 'here')\nraise ValueError(open('here').read())",
    "another's submission": "raise ValueError(open(OTHER).read())",
    "the folder of submissions": "import os\nraise ValueError(os.listdir(os.path.dirname(OTHER)))",
    "the project's folder": "import os, accountability\n"
    "raise ValueError(os.listdir(os.path.dirname(os.path.dirname(accountability.__file__))))",
    "the runner's desk": "import os\nraise ValueError(os.listdir('..') + os.listdir('../..'))",
    "its own order": "raise ValueError(open('../job.json').read())",
    "the environment": "import os\nraise ValueError(dict(os.environ))",
    "the environment of the runner": "import os\nraise ValueError(open(f'/proc/{os.getppid()}/environ').read())",
    "the command line of the grader": "import os\nraise ValueError(open(f'/proc/{os.getppid()}/cmdline').read())",
    "the memory of the runner": "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').seek(0)",
    "open files of the runner": "import os\nraise ValueError(os.listdir(f'/proc/{os.getppid()}/fd'))",
    "all processes": "import os\nraise ValueError([one for one in os.listdir('/proc') if one.isdigit()])",
    "a way round /proc/self": "import os\nraise ValueError(os.listdir(f'/proc/self/../{os.getppid()}'))",
    "the shadow file": "raise ValueError(open('/etc/shadow').read())",
    "the home folder": "import os\nraise ValueError(os.listdir(os.path.expanduser('~root')))",
    "the temporary folder": "import os\nraise ValueError(os.listdir('/tmp'))",
}
ROOM = {
    "memory in a list": "held = []\nwhile True:\n    held.append(bytearray(1 << 26))",
    "memory in a file of memory": "import os\none = os.memfd_create('x')\nos.ftruncate(one, 1 << 40)",
    "memory in shared memory": "from multiprocessing import shared_memory\n"
    "shared_memory.SharedMemory('accountability', create=True, size=1 << 30)",
    "memory in pairs of sockets": "import socket\n[socket.socketpair() for _ in range(100)]",
    "memory in maps": "import mmap\nheld = [mmap.mmap(-1, 1 << 28) for _ in range(100)]",
    "memory in large pipes": "import fcntl, os\nheld = []\nfor _ in range(100):\n    held.append(os.pipe())\n"
    "    fcntl.fcntl(held[-1][1], 1031, 1 << 26)\n    os.write(held[-1][1], bytes(1 << 26))",
    "memory in files that are mapped, gone and closed": "import mmap, os, time\nheld = []\nfor n in range(20):\n"
    "    one = open(f'{n}', 'w+b', 0)\n    one.truncate(10**6)\n    held.append(mmap.mmap(one.fileno(), 10**6))\n"
    "    held[-1][:] = bytes(10**6)\n    one.close()\n    os.unlink(f'{n}')",
    "memory by a raised limit": "import resource, _ctypes\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "memory by a raised limit, past Python": "import gc, os, sys\n"
    "of = [one for one in gc.get_objects() if getattr(one, '__name__', '') == 'prlimit']\n"
    "of[0](os.getpid(), 9, (-1, -1))",
    "files that are gone and open": "held = []\nimport os, time\nfor n in range(20):\n"
    "    one = open(f'{n}', 'wb', 0)\n    os.unlink(f'{n}')\n    one.write(bytes(10**6))\n    held.append(one)\n"
    "time.sleep(9)",
    "many empty files": "import time\nfor n in range(4000):\n    open(f'{n}', 'w')\ntime.sleep(9)",
    "folders in folders": "import os\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')\nopen('f', 'w')",
    "a folder that forbids": "import os\nos.mkdir('closed', 0)\nos.umask(0o777)\nos.mkdir('more')",
    "names in every letter": "for n in range(1, 40):\n    open('a' + chr(n).replace('/', ''), 'w')",
    "a link to what is outside": f"import os\nos.symlink({str(Path.home())!r}, 'out')\nos.symlink('.', 'in')",
    "a pipe": "import os\nos.mkfifo('pipe')",
    "a socket in the folder": "import socket\nsocket.socket(socket.AF_UNIX).bind('s')",
    "output without end": "while True:\n    print('x' * 10**5)",
    "output past Python": "import os\nwhile True:\n    os.write(1, b'x' * 10**6)",
    "recursion": "def f():\n    return f()\nimport sys\nsys.setrecursionlimit(10**9)\nf()",
    "a thread that stays": "import threading, time\n"
    "threading.Thread(target=lambda: [time.sleep(.01) for _ in iter(int, 1)], daemon=False).start()",
    "an exit that never comes": "import atexit, time\natexit.register(lambda: time.sleep(99))",
    "signals ignored": "import signal\n"
    "for one in (signal.SIGXCPU, signal.SIGTERM, signal.SIGINT):\n    signal.signal(one, signal.SIG_IGN)",
    "a daemon": "import os\nif os.fork() == 0:\n    os.setsid()\n    os.execv('/bin/sleep', ['sleep', '60'])",
    "a process by multiprocessing": "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()",
    "a session of its own": "import os\nos.setsid()",
    "a new root": "import os\nos.chroot('.')",
    "the runner's limits": "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "the runner's end": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "the end of all": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "a file at home": f"open({str(HOME)!r}, 'w').write('x')",
    "the package changed": f"from {_PACKAGE} import answers\nopen(answers.__file__, 'a').write('#')",
    "a module planted": "import os, accountability\nopen(os.path.dirname(accountability.__file__) + '/evil.py', 'w')",
    "bytecode planted": "import accountability, importlib.util\n"
    "open(importlib.util.cache_from_source(accountability.__file__), 'wb').write(b'')",
    "a name looked up": "import socket\nsocket.getaddrinfo('example.org', 80)",
    "a fault with control characters": "raise ValueError('\\x1b]0;x\\a\\x1b[2J\\r\\n')",
}
#: Words and small counts, which a guess may hit.
CHANCE = {"within_180_days", "officers_dismissed", "accusations_found", "kappa_status"}
CHEATS = {
    f"{group}: {name}": source
    for group, part in (("oracle", ORACLES), ("marking", MARKING), ("report", REPORTS), ("read", READS), ("room", ROOM))
    for name, source in part.items()
}


def test_there_are_enough_of_them() -> None:
    assert len(CHEATS) >= 100


@pytest.fixture(scope="module")
def own() -> Own:
    return KEY.own(SECRET, "ada")


@pytest.fixture(scope="module")
def wrong(own: Own) -> dict[str, float | str]:
    """A neighbour's answers where they are not the student's own too."""
    other = KEY.own(SECRET, "ben").right
    return {name: value[0] for name, value in other.items() if not item(name).fits(value[0], own.right[name])}


def item(name: str) -> Item:
    return next(one for one in KEY.items if one.name == name)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runner, Path]]:
    """One runner for all, so that what one leaves behind the next would meet."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "submitted").mkdir()
    (folder / "submitted" / "ben.ipynb").write_text(CANARY)
    (folder / "class.key").write_text(CANARY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_TOKEN", CANARY)
        patch.setattr(submission, "LARGEST_FOLDER", 12_000_000)
        patch.setattr("tempfile.tempdir", str(folder))
        warm = f"import pyarrow\nfrom {_PACKAGE} import answer_key, case_reading_own\ncase_reading_own.make(1)"
        with Runner([warm]) as one:
            yield one, folder
    assert sorted(path.name for path in folder.iterdir()) == ["class.key", "submitted"], "something was left behind"


@pytest.fixture(scope="module")
def honest(runner: tuple[Runner, Path], own: Own) -> Ran:
    return attempt(runner, own, {}, f"{_ANSWER}answer(**{ {n: v[0] for n, v in own.right.items()}!r})")


def attempt(runner: tuple[Runner, Path], own: Own, wrong: dict[str, float | str], source: str) -> Ran:
    one, folder = runner
    key, other = folder / "class.key", folder / "submitted" / "ben.ipynb"
    names = f"KEY, OTHER, NEIGHBOUR = {str(key)!r}, {str(other)!r}, {wrong!r}"
    files = {place(LESSON, "ada"): packed(own.files)}
    return one.run([names, source], seconds=3, hidden=[folder / "submitted", key], files=files)


def points(key: Key, ran: Ran, own: Own) -> float:
    return grading.Marked(ran, own, ()).points(key)


def test_an_honest_one_has_them_all(honest: Ran, own: Own) -> None:
    assert points(KEY, honest, own) == sum(one.points for one in KEY.items)


@pytest.mark.parametrize("name", CHEATS)
def test_it_earns_nothing_and_sees_nothing(
    name: str, runner: tuple[Runner, Path], own: Own, wrong: dict[str, float | str]
) -> None:
    before = (Item.fits, Item.read, grading._row, dict(MappingProxyType(os.environ)))
    ran = attempt(runner, own, wrong, CHEATS[name])
    right = {one.name for one in KEY.items if one.name in ran.answers and _right(one, ran.answers[one.name], own)}
    hit = right - (CHANCE if name.startswith("oracle: ") else set())
    # The numbers of a key drawn anew in each run may hit one by chance; a key that is found earns them all.
    assert len(hit) <= (name == "oracle: the key of the user, made anew"), hit
    said = " ".join(str(fault) for fault in ran.faults) + str(ran.answers) + ran.stopped
    assert CANARY not in said
    assert SECRET.hex() not in said
    assert all(letter.isprintable() or letter == "\n" for letter in said)
    assert len(said) < 100_000
    assert not HOME.exists()
    if LOCKED:
        assert ran.locks == ("landlock", "seccomp", "audit hook")
    if name.startswith("read: ") and LOCKED:
        kinds = {fault.what.partition(":")[0] for fault in ran.faults}
        assert kinds & {"Blocked", "PermissionError", "FileNotFoundError"} or name == "read: the environment"
    assert before == (Item.fits, Item.read, grading._row, dict(os.environ))


def _right(one: Item, value: object, own: Own) -> bool:
    try:
        return one.fits(one.read(value), own.right[one.name])
    except ParameterError:
        return False


def test_the_next_one_is_untouched_by_all_of_them(runner: tuple[Runner, Path], own: Own, honest: Ran) -> None:
    again = attempt(runner, own, {}, f"{_ANSWER}answer(**{ {n: v[0] for n, v in own.right.items()}!r})")
    assert again == honest
