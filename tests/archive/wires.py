"""A wire to a real server that breaks on purpose, when it has carried so many bytes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Wire:
    """`left`: bytes that it still carries; None: any. `stalls`: then it is silent, else it is cut.

    `waits_behind`: bytes of one connection, counted from when this is set, behind which it waits until it `goes_on`.
    """

    address: str = ""
    left: int | None = None
    stalls: bool = False
    breaks: Callable[[], None] = lambda: None
    broken: threading.Event = field(default_factory=threading.Event)
    waits_behind: int | None = None
    waiting: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def carry(self, near: socket.socket, far: socket.socket) -> None:
        """Answers, as far as they come."""
        carried = 0
        with suppress(OSError):
            while piece := far.recv(4096):
                carried = 0 if self.waits_behind is None else carried + len(piece)
                if self.waits_behind is not None and carried > self.waits_behind:
                    self.waiting.set()
                    self.goes_on.wait(60)
                if self.left is not None and self.left < len(piece):
                    near.sendall(piece[: self.left])
                    self._break(near)
                    break
                near.sendall(piece)
                if self.left is not None:
                    self.left -= len(piece)
        _shut(near, far)

    def _break(self, near: socket.socket) -> None:
        self.left = 0
        self.broken.set()
        self.breaks()
        if self.stalls:
            self.ended.wait(30)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def a_wire_to(address: str) -> Iterator[Wire]:
    """A wire on a free port of the loopback, to the server at `http://host:port`."""
    scheme, _, there = address.partition("://")
    host, _, port = there.partition("/")[0].partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    path = there.partition("/")[2]
    wire = Wire(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}" + (f"/{path}" if path else ""))

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((host, int(port)))
            except OSError:
                near.close()
                continue
            threading.Thread(target=_asked, args=(near, far), daemon=True).start()
            threading.Thread(target=wire.carry, args=(near, far), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)


def _asked(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while piece := near.recv(65536):
            far.sendall(piece)
        far.shutdown(socket.SHUT_WR)
