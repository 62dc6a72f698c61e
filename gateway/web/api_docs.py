"""`/api/docs`: the API's reference as a page of our own, made from the OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, render_template
from flask_smorest import Api
from marshmallow import Schema, fields

SPEC_OPTIONS: dict[str, Any] = {
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "security": [{"bearer": []}],
}
METHODS = ("get", "post", "put", "patch", "delete")


class ProblemSchema(Schema):
    """What every error is: problem JSON (RFC 9457) with a stable code."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    code = fields.String()
    request_id = fields.String()
    errors = fields.Dict(metadata={"description": "what was refused, field by field"})


class RoomsApi(Api):  # type: ignore[misc]  # flask-smorest is untyped
    """The frame of the API, with our own shape of errors."""

    ERROR_SCHEMA = ProblemSchema


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    tag: str
    parameters: list[dict[str, Any]]
    body: str
    answers: dict[str, str]

    @property
    def anchor(self) -> str:
        return f"{self.method}{self.path}".translate(str.maketrans("/{}", "-  ")).replace(" ", "")


def operations(spec: dict[str, Any]) -> Iterator[Operation]:
    """Every operation of an OpenAPI 3 description, in its order."""
    for path, item in spec.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield _operation(method, path, item, item[method])


def _operation(method: str, path: str, item: dict[str, Any], told: dict[str, Any]) -> Operation:
    answers = {code: _answer(each) for code, each in told["responses"].items()}
    return Operation(
        method=method,
        path=path,
        summary=told.get("summary", ""),
        description=told.get("description", ""),
        tag=(told.get("tags") or ["Other"])[0],
        parameters=[each for each in item.get("parameters", []) + told.get("parameters", []) if "name" in each],
        body=_schema(told.get("requestBody", {})),
        answers={code: text for code, text in answers.items() if code.isdigit()},
    )


def _answer(told: dict[str, Any]) -> str:
    return "Problem" if "$ref" in told else _schema(told) or str(told.get("description", ""))


def _schema(part: dict[str, Any]) -> str:
    """The name of the schema of a body or an answer."""
    for content in part.get("content", {}).values():
        schema = content.get("schema", {})
        if "items" in schema:
            return "list of " + _last(schema["items"])
        return _last(schema)
    return ""


def _last(schema: dict[str, Any]) -> str:
    name: str = schema.get("$ref", schema.get("type", ""))
    return name.rpartition("/")[2]


def install(app: Flask, api: Api) -> None:
    """Serve the page."""
    docs = Blueprint("api_docs", __name__)

    @docs.get("/api/docs")
    def show() -> str:
        """The reference."""
        spec = api.spec.to_dict()
        by_tag: dict[str, list[Operation]] = {}
        for each in operations(spec):
            by_tag.setdefault(each.tag, []).append(each)
        about = {tag["name"]: tag.get("description", "") for tag in spec.get("tags", [])}
        schemas = spec.get("components", {}).get("schemas", {})
        schemas.pop("PaginationMetadata", None)
        return render_template("web/api_docs.html", by_tag=by_tag, about=about, schemas=schemas)

    app.register_blueprint(docs)
