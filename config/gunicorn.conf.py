"""gunicorn's settings, taken from the gateway's own (gateway/settings.py)."""

import gc
import sys
from typing import Any

from gateway.settings import current

for _unused in (
    "greenlet",
    "requests",
    "rich",
    "tqdm",
):  # pydicom and structlog load them where they are there, for what no web worker does:
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]  # 10 MB in all; None says that there is none

_settings = current()

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = "gthread"  # gevent has more throughput but a poor tail
threads = _settings.threads
timeout = 60
graceful_timeout = 30
keepalive = 5
accesslog = None  # the audit trail is the record of access; a second one would hold identifiers
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
preload_app = True  # what all workers have alike is in memory once; tests/web/test_forking.py says why that is safe


def when_ready(_server: Any) -> None:
    """Before the first worker is forked: what is loaded by now stays, so that no collection writes to shared pages."""
    gc.collect()
    gc.freeze()
    gc.collect()
