"""Sandbox the process that runs somebody else's notebook or script, by the kernel where possible and by Python.

Only the standard library is imported here, because the locks apply before anything else is loaded.

There are three locks:

* Landlock (Linux 5.13 or later): no file outside the scratch folder can be written, and only Python, the packages
  and the system's libraries can be read. The kernel enforces it, also against compiled code.
* seccomp (Linux on x86-64): no socket, no new process, no other program, no signal to another process.
* An audit hook (every system): the same for Python's own operations, with clear messages. Hostile code can bypass it,
so alone it protects against accidents, not attacks.

References: the kernel's pages ``userspace-api/landlock`` and ``userspace-api/seccomp_filter``; PEP 578, which says that
audit hooks are not a sandbox.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Sequence

_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE, _READ, _LIST, _TRUNCATE, _DEVICE = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _DEVICE
#: Rights over files that each version of Landlock knows: 13 at first, then linking, truncating, devices.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}


def landlock(write: Sequence[str], read: Sequence[str], look: Sequence[str]) -> bool:
    """Restrict this process and its future threads permanently to the named files.

    Parameters
    ----------
    write, read : sequence of str
        Folders (or files) that may be written and read, and those that may only be read.
    look : sequence of str
        Folders whose names may only be listed.

    Returns
    -------
    bool
        Whether the kernel applied the restriction.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(444, None, 0, 1)
    if version < 1:
        return False
    known = _KNOWN[min(version, 5)]
    tcp = 0b11 if version >= 4 else 0
    scope = 0b11 if version >= 6 else 0
    wanted = struct.pack("=QQQ", known, tcp, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(444, wanted, size, 0)
    if ruleset < 0:
        return False
    rules = [(path, known & ~_EXECUTE) for path in write]
    rules += [(path, _READ | _LIST) for path in read]
    rules += [(path, _LIST) for path in look]
    rules.append((os.devnull, known & (_READ | _WRITE | _TRUNCATE | _DEVICE)))
    for path, rights in rules:
        if not os.path.exists(path):
            continue
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = rights if os.path.isdir(path) else rights & _OF_FILES
        done = libc.syscall(445, ruleset, 1, struct.pack("=Qi", allowed, handle), 0)
        os.close(handle)
        if done < 0:
            os.close(ruleset)
            return False
    locked = libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return locked


_ALLOW, _KILL, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38
_X86_64 = 0xC000003E
#: System calls of x86-64 that a notebook has no use for.
_REFUSED = {
    "socket": 41, "connect": 42, "bind": 49, "listen": 50, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
    "ptrace": 101, "process_vm_writev": 311, "process_vm_readv": 310, "pidfd_open": 434, "pidfd_send_signal": 424,
    "pidfd_getfd": 438, "tkill": 200, "rt_sigqueueinfo": 129, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272,
    "setns": 308, "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "request_key": 249,
    "reboot": 169, "swapon": 167, "swapoff": 168, "init_module": 175, "finit_module": 313, "kexec_load": 246,
    "sethostname": 170, "settimeofday": 164, "clock_settime": 227, "setpriority": 141, "open_by_handle_at": 304,
    "shmget": 29, "msgget": 68, "semget": 64, "mq_open": 240, "memfd_create": 319, "memfd_secret": 447,
    "socketpair": 53, "userfaultfd": 323, "fanotify_init": 300, "io_setup": 206, "migrate_pages": 256,
    "sched_setscheduler": 144, "sched_setparam": 142, "sched_setattr": 314, "sched_setaffinity": 203, "ioprio_set": 251,
    "setrlimit": 160, "mknod": 133, "mknodat": 259, "chmod": 90, "fchmod": 91,
    "fchmodat": 268, "chown": 92, "fchown": 93, "lchown": 94, "fchownat": 260, "setxattr": 188, "lsetxattr": 189,
    "fsetxattr": 190, "removexattr": 197, "utimensat": 280, "utime": 132, "utimes": 235, "futimesat": 261,
}  # fmt: skip
_CLONE, _CLONE3 = 56, 435
#: Calls allowed on this process only, by the process in their first argument: kill, tgkill.
_ON_ITSELF = (62, 234)
_PRLIMIT, _FCNTL, _SET_PIPE_SIZE = 302, 72, 1031
#: prctl(PR_SET_DUMPABLE) would hide the files a process holds from whoever watches how much it holds.
_PRCTL, _SET_DUMPABLE = 157, 4
_THREAD = 0x00010000


def seccomp() -> bool:
    """Refuse sockets, new processes, other programs and signals to other processes, permanently for this process.

    Returns
    -------
    bool
        Whether the kernel applied it; only on Linux on x86-64.
    """
    if sys.platform != "linux" or platform.machine() != "x86_64" or struct.calcsize("P") != 8:
        return False
    program = _filter(os.getpid())
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    kept = ctypes.create_string_buffer(code, len(code))
    wanted = struct.pack("@HP", len(program), ctypes.addressof(kept))
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and libc.syscall(317, 1, 1, wanted) == 0


def _filter(own: int) -> list[tuple[int, int, int, int]]:
    """The filter as BPF steps (code, jump if true, jump if false, constant); ``own`` is this process's id."""
    load, equal, at_least, bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    steps = [
        (load, 0, 0, 4),
        (equal, 1, 0, _X86_64),
        (give, 0, 0, _KILL),
        (load, 0, 0, 0),
        (at_least, 0, 1, 0x40000000),  # the calls of the x32 interface
        (give, 0, 0, _REFUSE),
        (equal, 0, 1, _CLONE3),  # its flags lie in memory, out of reach: the C library then falls back to clone
        (give, 0, 0, _UNKNOWN),
        (equal, 0, 4, _CLONE),
        (load, 0, 0, 16),
        (bits, 0, 1, _THREAD),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _REFUSE),
    ]
    for number in _ON_ITSELF:
        steps += [(equal, 0, 4, number), (load, 0, 0, 16), (equal, 1, 0, own), (give, 0, 0, _REFUSE)]
        steps += [(give, 0, 0, _ALLOW)]
    steps += [(equal, 0, 4, _PRCTL), (load, 0, 0, 16), (equal, 0, 1, _SET_DUMPABLE)]
    steps += [(give, 0, 0, _REFUSE), (give, 0, 0, _ALLOW)]
    # prlimit64 may ask for a limit, its third argument being 0, and set none; a pipe may not be made larger.
    steps += [(equal, 0, 6, _PRLIMIT), (load, 0, 0, 32), (equal, 0, 3, 0), (load, 0, 0, 36), (equal, 0, 1, 0)]
    steps += [(give, 0, 0, _ALLOW), (give, 0, 0, _REFUSE)]
    steps += [(equal, 0, 4, _FCNTL), (load, 0, 0, 24), (equal, 0, 1, _SET_PIPE_SIZE)]
    steps += [(give, 0, 0, _REFUSE), (give, 0, 0, _ALLOW)]
    for number in sorted(_REFUSED.values()):
        steps += [(equal, 0, 1, number), (give, 0, 0, _REFUSE)]
    return [*steps, (give, 0, 0, _ALLOW)]


def powerless() -> bool:
    """Give up what root may do beyond other users, but for reading; for this process and for good.

    Root could raise its limits again, and hold memory in pipes without end.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    kept = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: packages may belong to somebody else
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    held = ctypes.create_string_buffer(24)
    if libc.capget(header, held):
        return False
    effective, permitted, _ = struct.unpack_from("=III", held)
    wanted = ctypes.create_string_buffer(struct.pack("=6I", effective & kept, permitted & kept, 0, 0, 0, 0))
    return bool(libc.capset(header, wanted) == 0)


class Blocked(PermissionError):
    """The notebook tried something that is not allowed during grading."""


_REFUSALS = {
    "start another program": (
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"),
    ),
    "start another process": ("os.fork", "os.forkpty"),
    "send a signal": ("os.kill", "os.killpg", "signal.pthread_kill"),
    "change its limits": ("resource.setrlimit", "resource.prlimit"),
    "call compiled code by name": ("ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function"),
    "use the network": ("urllib.Request", "webbrowser.open"),
    "write to the system's log": ("syslog.syslog",),
}
_NEVER = {event: what for what, events in _REFUSALS.items() for event in events}
#: Operations that change the place named by their first arguments: how many of these are places.
_CHANGES = {
    "os.remove": 1, "os.rename": 2, "os.rmdir": 1, "os.mkdir": 1, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
    "os.chmod": 1, "os.chown": 1, "os.utime": 1, "os.chflags": 1, "os.setxattr": 1, "os.removexattr": 1,
    "shutil.rmtree": 1, "shutil.move": 2, "sqlite3.connect": 1,
}  # fmt: skip
_LOOKS = {"os.listdir", "os.scandir", "os.chdir"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def audit(scratch: str, hidden: Sequence[str]) -> None:
    """Check every Python operation on files, processes and sockets, and refuse those outside the scratch folder.

    Parameters
    ----------
    scratch : str
        The only folder that may be changed.
    hidden : sequence of str
        Files and folders that may not even be read: the submissions.
    """
    home = os.path.realpath(scratch)
    secret = tuple(os.path.realpath(path) for path in hidden)
    real, inside, decode = os.path.realpath, _inside, os.fsdecode

    def check(event: str, said: tuple[object, ...]) -> None:
        if event == "open":
            place, _, flags = said
            if not isinstance(place, (str, bytes, os.PathLike)):
                return
            at = real(decode(place))
            if isinstance(flags, int) and flags & _WRITES and not inside(at, home) and at != os.devnull:
                raise Blocked(f"not allowed while graded: write to {at}")
            if any(inside(at, folder) for folder in secret) and not inside(at, home):
                raise Blocked(f"not allowed while graded: read {at}")
        elif event in _NEVER:
            raise Blocked(f"not allowed while graded: {_NEVER[event]}")
        elif event.startswith("socket."):
            raise Blocked("not allowed while graded: use the network")
        elif event in _CHANGES:
            for place in said[: _CHANGES[event]]:
                if isinstance(place, (str, bytes, os.PathLike)) and decode(place) != ":memory:":
                    at = real(decode(place))
                    if not inside(at, home):
                        raise Blocked(f"not allowed while graded: change {at}")
        elif event in _LOOKS and said and isinstance(said[0], (str, bytes, os.PathLike)):
            at = real(decode(said[0]))
            if any(inside(at, folder) for folder in secret) and not inside(at, home):
                raise Blocked(f"not allowed while graded: read {at}")

    sys.addaudithook(check)


def readable(hidden: Sequence[str] = ()) -> list[str]:
    """Return the paths of Python, its packages, this package's code and data, and the system's libraries.

    Parameters
    ----------
    hidden : sequence of str
        Files and folders to exclude; a folder that contains one is replaced by its other contents.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Of the system's settings, those that its libraries ask for.
    etc = ("alternatives", "fonts", "group", "ld.so.cache", "localtime", "mime.types", "nsswitch.conf", "passwd", "ssl")
    system = ["/usr", "/lib", "/lib64", *(f"/etc/{name}" for name in etc)]
    system += ["/proc/cpuinfo", "/proc/meminfo", "/proc/self", "/sys/devices/system/cpu"]
    system += ["/dev/urandom", "/dev/random"]
    own = [package, os.path.join(os.path.dirname(package), "data"), sys.prefix, sys.base_prefix]
    # Several virtual environments in a row: the interpreter's own library lies in the last.
    library, program = os.path.dirname(os.path.realpath(os.__file__)), os.path.dirname(os.path.realpath(sys.executable))
    secret = [os.path.realpath(path) for path in hidden]
    return [part for folder in (*own, library, program, *system) for part in _without(folder, secret)]


def _without(folder: str, secret: Sequence[str]) -> list[str]:
    at = os.path.realpath(folder)
    if any(_inside(at, path) for path in secret):
        return []
    if not any(_inside(path, at) for path in secret):
        return [folder]
    return [part for name in sorted(os.listdir(at)) for part in _without(os.path.join(at, name), secret)]


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
