"""Web workers are forked from a process that has made the app, so it must hold nothing that a fork tears."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway.settings import ROOT

MADE = """
import json, os, threading

def held():
    return sorted(link for each in os.listdir("/proc/self/fd") if (link := os.path.realpath(f"/proc/self/fd/{each}")))

before = held()
from app import create_app
from gateway import db
create_app()
print(json.dumps([threading.active_count(), db._bound is None, held() == before]))
"""


def test_the_app_once_made_holds_no_thread_no_connection_and_no_file(tmp_path: Path) -> None:
    environment = {**os.environ, "SLIDEGATE_DATA_DIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", MADE], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert json.loads(ran.stdout.splitlines()[-1]) == [1, True, True]
