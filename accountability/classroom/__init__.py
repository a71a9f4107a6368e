"""Teaching: make the editions of a lesson from its solved notebook, and grade submissions.

What grading protects against
-----------------------------
A submission runs in its own process, in a temporary folder, without the teacher's environment and key, with limits on
computing time, memory, file size and output. On Linux the kernel refuses every write outside the folder and every read
outside Python and the system's libraries (Landlock), and on x86-64 every socket, new process and signal to others
(seccomp). On every system an audit hook refuses the same in Python. So an endless loop, too much output, an exception,
a crash, a fork bomb, or an attempt to send or overwrite something costs the submission only its own points.

What it does not protect against
--------------------------------
- Without Landlock and seccomp (macOS, an old kernel, another processor) there is only the audit hook. It stops
  accidents; hostile code may bypass it. ``Scores.locks`` says which locks applied.
- Faults in the kernel. Grade strangers' work on a separate machine.
- Copied methods: the solved notebooks are public. Each student has other numbers, drawn from the teacher's key, which
  is not in the files handed out (docs/how_to/a_class.md).
- Use of memory and computing time up to the limits, by two submissions at a time.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
