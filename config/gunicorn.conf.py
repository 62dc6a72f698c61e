"""gunicorn's settings, taken from the gateway's own (gateway/settings.py)."""

from gateway.settings import current

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
