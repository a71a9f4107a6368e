"""A class: the editions of a lesson made from its solved notebook, and the submissions graded.

What grading protects against
-----------------------------
A submission is run in a process of its own, in a scratch folder that is thrown away, without the teacher's
environment and key, with limits on computing time, memory, the size of files and of output. On Linux the kernel refuses
it every write outside the folder and every read outside Python and the system's libraries (Landlock), and on x86-64
every socket, new process and signal to others (seccomp). Everywhere, an audit hook refuses the same to Python.
So a loop without end, a flood of output, an exception, a crash, a fork bomb, an attempt to send or to overwrite
something costs the submission its own points.

What it does not protect against
--------------------------------
- Without Landlock and seccomp (macOS, an old kernel, another processor) the audit hook stands alone. It stops
  accidents; code written to get round it may succeed. ``Scores.locks`` says what held.
- The kernel itself: a fault in it can be used from inside. Grade strangers' work on a machine that holds nothing else.
- A classmate's method, or the class's: the solved notebooks are public. Numbers are each student's own, drawn from the
  teacher's key, which nothing that is handed out holds (docs/how_to/a_class.md).
- Use of the machine within the limits: memory and computing time up to them, two submissions at a time.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
