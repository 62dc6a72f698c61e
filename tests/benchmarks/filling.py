"""A catalogue of many instances, and manifests of other releases that hold them, made up by the database itself."""

from __future__ import annotations

from sqlalchemy import text

from gateway import db as database

AT_ONCE = 100_000  # rows in one transaction, so that others have their turn between two
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)",
    "postgresql": "WITH n(i) AS (SELECT generate_series(CAST(:first AS int), CAST(:last AS int)))",
}
NAMED = {"sqlite": "printf('%012d', i)", "postgresql": "lpad(CAST(i AS text), 12, '0')"}
INSTANCES = """
{numbers}
INSERT INTO instance (id, archive_id, series_id, locator, size, version, state, reason, header_sha256, uid, sop_class,
    image_type, modality, transfer_syntax, burned_in, label_in_image, manufacturer, model, instance_number, "rows",
    columns, total_rows, total_columns, frame_count)
SELECT 'zzz' || {named}, archive_id, series_id, 'filled/' || {named} || '.dcm', size, version, state, '',
    header_sha256, '1.2.826.0.1.3680043.8.498.' || {named}, sop_class, image_type, modality,
    transfer_syntax, '', '', '', '', 1, "rows", columns, total_rows, total_columns, frame_count
FROM n, (SELECT * FROM instance WHERE state = 'indexed' LIMIT 1) AS one
"""
ENTRIES = """
{numbers}
INSERT INTO manifest_entry (release_id, uid, study_uid, series_uid, instance_id, site, position, undecided, released,
    reason, flavour, transfer_syntax, frame_count, size, stand_in, facts, refused_texts)
SELECT release_id, '2.25.9' || {named}, '2.25.91' || {named}, '2.25.92' || {named}, 'zzz' || {named}, site,
    CAST(1000 + i AS int), undecided, released, '', flavour, transfer_syntax, frame_count, size, stand_in, facts,
    refused_texts
FROM n, (SELECT * FROM manifest_entry WHERE released ORDER BY length(CAST(facts AS text)) LIMIT 1) AS one
"""
MANIFEST = 10  # of so many instances one is in the manifest of the release, behind all that was there


def fill(count: int) -> None:
    """So many instances, each tenth of them in the release that there is; the planner is told."""
    kind = database.engine().dialect.name
    words = {"numbers": NUMBERS[kind], "named": NAMED[kind]}
    for statement, rows in ((INSTANCES, count), (ENTRIES, count // MANIFEST)):
        for first in range(1, rows + 1, AT_ONCE):
            with database.transaction() as db:
                span = {"first": first, "last": min(rows, first + AT_ONCE - 1)}
                db.execute(text(statement.format(**words)), span)
    with database.transaction() as db:
        db.execute(text("ANALYZE"))
