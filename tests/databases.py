"""The whole suite on PostgreSQL: with TEST_POSTGRESQL=1 what a test puts into an SQLite file is put into a
database of a real server instead, which this process starts, and stops at its end.

Where the file would be there is a note of the database's name, so that a test that copies a data directory copies the
database as well.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from glob import glob
from pathlib import Path
from pwd import getpwnam
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

from gateway import db
from gateway.settings import Settings
from tests.conftest import free_port

WANTED = "TEST_POSTGRESQL"
OWNER = "postgres"  # PostgreSQL does not run as root
OPTIONS = "-c max_connections=300 -c listen_addresses=127.0.0.1"
FAST = " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"  # nothing here outlives the machine


def programs() -> Path | None:
    """The folder of the newest server's programs, as Debian has it; None without one."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda each: int(each.split("/")[4]))
    return Path(found[-1]).parent if found else None


class Server:
    """A PostgreSQL of its own on a free port."""

    def __init__(self, folder: Path, options: str = OPTIONS + FAST) -> None:
        self.port, self._folder, self._options = free_port(), folder, options
        self._bin = programs()
        assert self._bin is not None, "no PostgreSQL on this machine: apt-get install postgresql"
        shutil.chown(folder, OWNER) if os.getuid() == 0 else None
        folder.chmod(0o700)
        self._run("initdb", "-A", "trust", "-U", "slidegate", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8")

    def start(self) -> None:
        """Start, and wait until it answers."""
        options = f"-p {self.port} -c unix_socket_directories='{self._folder}' {self._options}"
        self._run("pg_ctl", "-w", "-t", "60", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` is a crash: connections are cut, and nothing is flushed."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql://slidegate@127.0.0.1:{self.port}/{database}"

    def make(self, database: str, template: str = "template0") -> None:
        """A new database; a copy of another, whose connections are ended."""
        engine = create_engine(make_url(self.url("postgres")).set(drivername="postgresql+psycopg"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            connection.execute(text(ending), {"name": template})
            connection.exec_driver_sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        as_owner = {"user": OWNER, "group": getpwnam(OWNER).pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        command = [str(self._bin / program), "-D", str(self._folder / "data"), *arguments]  # type: ignore[operator]
        with (self._folder.parent / f"{self._folder.name}.out").open("ab") as told:
            subprocess.run(command, check=True, stdout=told, stderr=told, cwd="/", **as_owner)  # type: ignore[call-overload]


@cache
def server() -> Server:
    """The server of this process."""
    folder = Path(tempfile.mkdtemp(prefix="slidegate-postgresql-"))
    made = Server(folder)
    made.start()
    atexit.register(lambda: (made.stop(), shutil.rmtree(folder, ignore_errors=True)))
    return made


def instead_of(url: str) -> str:
    """The URL of the database that stands for an SQLite file."""
    path = Path(make_url(url).database or "")
    note = path.with_name(path.name + ".postgresql")
    if note.exists():
        name, place = note.read_text("utf-8").split("\n")
        if place == str(path):
            return server().url(name)
        template = name
    else:
        template = "template0"
    name = f"t{uuid4().hex}"
    server().make(name, template)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{name}\n{path}", "utf-8")
    return server().url(name)


OF_SQLITE = (  # by their SQL, or their processes, or because they look into the file; see tests/test_postgresql.py
    "tests/audit/test_pages.py::test_the_page_says_loudly_that_the_log_was_bent",
    "tests/audit/test_reading.py::TestTheChain",
    "tests/people/test_sign_in.py::test_the_database_does_not_hold_what_the_cookie_holds",
    "tests/projects/test_keys.py::test_a_destroyed_key_is_not_left_in_the_pages_of_the_database",
    "tests/trail/test_fitness.py::test_a_bent_log_stops_them",
    "tests/trail/test_leases.py::test_a_lease_that_cannot_be_recorded_is_not_given",
    "tests/trail/test_leases.py::test_frames_that_cannot_be_made_durable_stop",
    "tests/trail/test_leases.py::test_no_frame_left_a_killed_worker",
    "tests/trail/test_leases.py::test_a_whole_instance_in_flight",
    "tests/trail/test_leases.py::test_after_a_restart_of_the_host",
    "tests/trail/test_leases.py::test_a_failed_recovery_keeps",
    "tests/trail/test_sequencer.py::test_only_the_elected_sequencer_works",
    "tests/jobs/test_jobs.py::test_a_killed_workers_item",
    "tests/trail/test_record.py::test_the_database_refuses_to_bend_the_log",
    "tests/trail/test_sequencer.py::test_a_bent",
    "tests/trail/test_sequencer.py::test_the_database_refuses_to_bend_tree_and_checkpoints",
)


def of_sqlite(node: str) -> bool:
    """Whether a test is about SQLite itself."""
    return node.startswith(OF_SQLITE)


def install() -> None:
    """Take the place of SQLite in this process, and in those that get `environment`."""
    opened = db._opened

    def replaced(url: str) -> Any:
        chosen = instead_of(url) if url.startswith("sqlite") else url
        os.environ["SLIDEGATE_DATABASE_URL"] = chosen  # for the commands that a test starts
        return opened(chosen)

    db._opened = replaced


def told(settings: Settings) -> str:
    """What a gateway in a process of its own has to be told to use the same database; nothing for its own SQLite."""
    asked = bool(os.environ.get(WANTED)) and not settings.database_url
    return instead_of(settings.database) if asked else settings.database_url
