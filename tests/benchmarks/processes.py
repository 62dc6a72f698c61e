"""The processes of a gateway, and what the system tells of their memory."""

from __future__ import annotations

from pathlib import Path


def gunicorns(pid: int) -> list[int]:
    """gunicorn and its web workers, below a process."""
    return [each for each in _below(pid) if b"gunicorn" in Path(f"/proc/{each}/cmdline").read_bytes()]


def workers(pid: int) -> list[int]:
    """The web workers alone: what gunicorn has forked."""
    served = gunicorns(pid)
    return [each for each in served if told(each, "status", "PPid") in served]


def told(pid: int, file: str, what: str) -> int:
    """A number of /proc (proc(5)); of memory in kB."""
    return int(Path(f"/proc/{pid}/{file}").read_text().partition(f"\n{what}:")[2].split()[0])


def _below(pid: int) -> list[int]:
    """A process and all that it has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(each for task in tasks for child in task.read_text().split() for each in _below(int(child)))]
