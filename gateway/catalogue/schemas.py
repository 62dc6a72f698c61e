"""What the API tells of datasets."""

from __future__ import annotations

from marshmallow import Schema, fields

ROUGHLY = {"description": "a number, or 'fewer than 5'"}


class TermSchema(Schema):
    """A term of data use."""

    id = fields.String(metadata={"description": "id in the Data Use Ontology"})
    text = fields.String()


class DatasetSchema(Schema):
    """A dataset, as everybody may read of it."""

    slug = fields.String(metadata={"description": "names the dataset in an application"})
    title = fields.String()
    summary = fields.String()
    site = fields.String()
    patients = fields.String(metadata=ROUGHLY)
    studies = fields.String(metadata=ROUGHLY)
    slides = fields.String(metadata=ROUGHLY)
    body_parts = fields.List(fields.String())
    stains = fields.List(fields.String())
    modalities = fields.List(fields.String())
    terms = fields.List(fields.Nested(TermSchema))
    deid_policy = fields.String(metadata={"description": "de-identification policy, unless an approval names another"})
