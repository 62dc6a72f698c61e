"""Dask: a small cluster inside this process, or the deployment's own by its address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import cast

import dask
from distributed import Client, LocalCluster

from gateway.errors import SlidegateError
from gateway.settings import current

THREADS = 2
LOOPBACK = "127.0.0.1:0"  # Dask always has an HTTP server, by default on every address: ours has no routes
QUIET: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}


class NoScheduler(SlidegateError):
    """The Dask scheduler named in the settings does not answer."""

    code = "no-scheduler"
    title = "The Dask scheduler named by the setting 'dask' does not answer"


@contextmanager
def executor() -> Iterator[tuple[Executor, int]]:
    """Where work is sent, and how many items it can do at once.

    Embedded (`settings.dask` empty), nothing listens but on loopback. Raises NoScheduler.
    """
    with dask.config.set(QUIET):
        if current().dask:
            with _remote(current().dask) as client:
                yield _of(client), max(1, sum(client.nthreads().values()))
            return
        cluster = LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=THREADS,
            memory_limit=0,
            dashboard_address=LOOPBACK,
            worker_dashboard_address=LOOPBACK,
            silence_logs=logging.ERROR,
        )
        with cluster, Client(cluster) as client:
            yield _of(client), THREADS


def _remote(address: str) -> Client:
    try:
        return Client(address, timeout="5s")
    except (OSError, TimeoutError, ValueError):
        raise NoScheduler from None


def _of(client: Client) -> Executor:
    return cast(Executor, client.get_executor(pure=False, retries=0))
