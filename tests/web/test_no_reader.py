"""A web process never loads the engine that reads pixels: with it each would hold a gigabyte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway.settings import ROOT

ENGINES = {"rapidocr_onnxruntime", "onnxruntime", "cv2", "gateway.pixels.detect.reader"}
SERVED = """
import json, sys
from app import create_app
from gateway.catalogue.seen import looked_with
from gateway.pixels.rules import load_rules
from gateway.settings import current

client = create_app().test_client()
answers = [client.get(path).status_code for path in ("/", "/healthz", "/screening", "/api/openapi.json")]
looked_with(load_rules(current().policies_dir))  # the models by their digest, unread
print(json.dumps([answers, sorted(sys.modules)]))
"""


def test_a_web_process_that_has_answered_holds_no_engine(tmp_path: Path) -> None:
    environment = {**os.environ, "SLIDEGATE_DATA_DIR": str(tmp_path)}
    migrated = [sys.executable, "-m", "gateway.cli", "db", "upgrade"]
    subprocess.run(migrated, cwd=ROOT, env=environment, check=True, capture_output=True)
    ran = subprocess.run(
        [sys.executable, "-c", SERVED], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    answers, modules = json.loads(ran.stdout.splitlines()[-1])
    assert answers == [200, 200, 303, 200]
    assert "gateway.screening.pages" in modules
    assert not ENGINES & set(modules)
