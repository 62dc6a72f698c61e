"""Being told to stop: the first SIGINT or SIGTERM sets an event, however many follow."""

from __future__ import annotations

import queue
import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def when_told() -> threading.Event:
    """The event that is set once this process is told to stop. Call it in the main thread.

    A handler may interrupt itself, or whoever waits for the event, while they hold the event's lock; so it only
    puts a note down, which cannot lock up, and a thread that nothing interrupts sets the event.
    """
    told, stop = queue.SimpleQueue[int](), threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda number, _frame: told.put(number))

    def pass_on() -> None:
        told.get()
        stop.set()

    threading.Thread(target=pass_on, name="stopping", daemon=True).start()
    return stop
