"""The gateway with something behind every route, once for each file of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from gateway import db as database
from gateway.clock import now
from tests.matrix.columns import Rewound
from tests.matrix.world import World, people_the_world
from tests.release import builders


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[builders.World, World, Rewound]]:
    template = builders.the_template(tmp_path_factory.mktemp("template"))
    with builders.a_gateway(tmp_path_factory.mktemp("gateway"), template) as served:
        served.app.config["WTF_CSRF_METHODS"] = set()  # forms without their token have tests of their own
        engine = database.engine()
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        engine.dispose()
        world = people_the_world(now())
        yield served, world, Rewound(engine.url.database or "")
