"""Dask: a small cluster inside this process, or the deployment's own by its address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import cast

import dask
import structlog
from distributed import Client, LocalCluster

from gateway.errors import SlidegateError
from gateway.jobs.handlers import READER
from gateway.jobs.lanes import Lane, Lanes
from gateway.settings import current

THREADS, READERS = 2, 1
LOOPBACK = "127.0.0.1:0"  # Dask always has an HTTP server, by default on every address: ours has no routes
QUIET: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


class NoScheduler(SlidegateError):
    """The Dask scheduler named in the settings does not answer."""

    code = "no-scheduler"
    title = "The Dask scheduler named by the setting 'dask' does not answer"


@contextmanager
def lanes() -> Iterator[Lanes]:
    """Where work is sent. Embedded (`settings.dask` empty), nothing listens but on loopback. Raises NoScheduler."""
    with dask.config.set(QUIET):
        if current().dask:
            with _remote(current().dask) as client:
                yield _of(client, max(1, sum(client.nthreads().values())), _readers(client))
            return
        cluster = LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=THREADS + READERS,
            resources={READER: READERS},
            memory_limit=0,
            dashboard_address=LOOPBACK,
            worker_dashboard_address=LOOPBACK,
            silence_logs=logging.ERROR,
        )
        with cluster, Client(cluster) as client:
            yield _of(client, THREADS, READERS)


def _remote(address: str) -> Client:
    try:
        return Client(address, timeout="5s")
    except (OSError, TimeoutError, ValueError):
        raise NoScheduler from None


def _readers(client: Client) -> int:
    """How many items that need a reader the workers take at once, by the resource that they were started with.

    Where no worker has one, such an item waits there for the first that has, and nothing else does.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    count = int(sum(each["resources"].get(READER, 0) for each in workers))
    if not count:
        structlog.get_logger("gateway.jobs.cluster").error("no-reader", resource=f"{READER}=1")
    return max(1, count)


def _of(client: Client, at_once: int, readers: int) -> Lanes:
    usual, reading = (client.get_executor(pure=False, retries=0, **named) for named in ({}, {"resources": {READER: 1}}))
    return Lanes(Lane(cast(Executor, usual), at_once), Lane(cast(Executor, reading), readers))
