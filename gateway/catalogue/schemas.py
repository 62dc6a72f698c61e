"""What the API takes and tells of datasets, cohorts and sites."""

from __future__ import annotations

from marshmallow import EXCLUDE, RAISE, Schema, fields

from gateway.catalogue.cohorts import FACETS

ROUGHLY = {"description": "about so many, or 'fewer than 10'"}


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


class NewCustodianSchema(Schema):
    """Who shall answer for a site."""

    class Meta:
        unknown = EXCLUDE

    account = fields.String(required=True, metadata={"description": "id of the account"})


class SiteToldSchema(Schema):
    """A site, and the accounts that answer for it."""

    id = fields.String()
    code = fields.String()
    name = fields.String()
    custodians = fields.List(fields.String())


class ChoiceSchema(Schema):
    """What is chosen; of the values of a facet any will do."""

    class Meta:
        unknown = RAISE
        include = {key: fields.List(fields.String(), load_default=list) for key in FACETS}  # noqa: RUF012


class HolderSchema(Schema):
    """A dataset, and how many of the patients are in it."""

    slug = fields.String()
    title = fields.String()
    count = fields.String(metadata=ROUGHLY)


class ValueSchema(Schema):
    """A value of a facet, and how many patients there would be with it."""

    value = fields.String()
    count = fields.String(metadata=ROUGHLY)


class FacetSchema(Schema):
    """Something to choose by."""

    key = fields.String()
    title = fields.String()
    values = fields.List(fields.Nested(ValueSchema))


class CohortSchema(Schema):
    """What a choice finds."""

    patients = fields.String(metadata=ROUGHLY)
    datasets = fields.List(fields.Nested(HolderSchema))
    facets = fields.List(fields.Nested(FacetSchema))
