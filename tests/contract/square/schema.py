"""Checks Square traffic against Square's OpenAPI files: what a client sends and what the simulator answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from bridge.sim.kernel.exchange import SimRequest, SimResponse, SimService
from bridge.sim.square.auth import DEFAULT_VERSION, INVENTORY_SWITCH
from bridge.sim.square.catalog_images import parts_of

REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "reference"
FILES = {"2025-08-20": "square-openapi.json", "2026-09-16": "square-openapi-2026-09-16.json"}
SIMULATED_ONLY = ("/_files/", "/_sim/")
READ_BACK = frozenset({"created_at"})
"""Fields Square returns although its schema does not know them; they come back in upserts."""


def require_schemas() -> None:
    """Skip the test when Square's OpenAPI files are not beside the project."""
    if not all((REFERENCE / name).exists() for name in FILES.values()):
        pytest.skip("Square's OpenAPI files (../shared/reference/square-openapi*.json) are not here")


@cache
def spec(version: str) -> Spec:
    """The specification that describes a ``Square-Version``."""
    name = FILES["2026-09-16" if version >= INVENTORY_SWITCH else "2025-08-20"]
    return Spec(json.loads((REFERENCE / name).read_text()))


@dataclass(frozen=True)
class Operation:
    """One endpoint of the specification and the names of its path parameters."""

    template: str
    pattern: re.Pattern[str]
    description: dict[str, Any]

    def request_schema(self) -> tuple[dict[str, Any] | None, bool]:
        """(schema of the JSON body, whether it travels as the ``request`` part of a multipart body)."""
        content = self.description.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            return content["multipart/form-data"]["schema"]["properties"]["request"], True
        return content.get("application/json", {}).get("schema"), False

    def response_schema(self, status: int) -> dict[str, Any]:
        """The schema of an answer with this status."""
        answers = self.description["responses"]
        chosen = answers.get(str(status)) or answers["200" if status < 300 else "default"]
        schema: dict[str, Any] = chosen["content"]["application/json"]["schema"]
        return schema


class Spec:
    """One OpenAPI file: finds operations and validates values against its schemas."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = DRAFT4.create_resource(document)
        self._registry: Any = Registry().with_resource("urn:square", resource)
        self._validators: dict[int, Any] = {}
        self._operations: dict[tuple[str, int], list[Operation]] = {}
        for template, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", template))
            for method, description in methods.items():
                shape = (method.upper(), template.count("/"))
                self._operations.setdefault(shape, []).append(Operation(template, pattern, description))
        for some in self._operations.values():
            some.sort(key=lambda operation: operation.template.count("{"))

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation a request goes to; fixed paths win over parametrised ones."""
        some = self._operations.get((method, path.count("/")), ())
        return next((one for one in some if one.pattern.fullmatch(path)), None)

    def errors(self, schema: dict[str, Any], value: Any) -> Iterator[str]:
        """What is wrong with a value, in words; known slips of the published schemas are let pass."""
        key = id(schema)
        if key not in self._validators:
            absolute = json.loads(json.dumps(schema).replace('"#/components', '"urn:square#/components'))
            self._validators[key] = OAS30Validator(absolute, registry=self._registry)
        for error in self._validators[key].iter_errors(value):
            if not _tolerated(error, str(schema.get("$ref", "")).endswith("/UpdateOrderRequest")):
                where = "/".join(str(part) for part in error.absolute_path)
                yield f"{where or '(body)'}: {error.message[:300]}{_inner(error)}"

    def unknown(self, schema: dict[str, Any], value: Any, where: str = "") -> Iterator[str]:
        """Properties of a value that its schema does not name (the schemas themselves allow any)."""
        parts = list(self._parts(schema))
        if isinstance(value, list):
            for part in parts:
                if "items" in part:
                    for index, one in enumerate(value):
                        yield from self.unknown(part["items"], one, f"{where}/{index}")
        if not isinstance(value, dict):
            return
        known: dict[str, Any] = {}
        for part in parts:
            known.update(part.get("properties", {}))
        free = [part["additionalProperties"] for part in parts if part.get("additionalProperties")]
        for name, inner in value.items():
            if name in known:
                yield from self.unknown(known[name], inner, f"{where}/{name}")
            elif free:
                if isinstance(free[0], dict):
                    yield from self.unknown(free[0], inner, f"{where}/{name}")
            elif known and name not in READ_BACK:
                yield f"{where}/{name}: not a property of this schema"

    def _parts(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in schema:
            node: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            yield from self._parts(node)
            return
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for inner in schema.get(word, ()):
                yield from self._parts(inner)


def _inner(error: Any) -> str:
    deepest = [one for one in error.context or () if one.absolute_path != error.absolute_path]
    if not deepest:
        return ""
    worst = max(deepest, key=lambda one: len(one.absolute_path))
    return f" [{'/'.join(str(part) for part in worst.absolute_path)}: {worst.message[:200]}]"


def _tolerated(error: Any, sparse: bool) -> bool:
    """The mismatches between the published schemas and what Square really takes and sends.

    ``sparse``: an order update sends only what changes, whatever an order's schema requires.
    """
    path = [str(part) for part in error.absolute_path]
    if sparse and error.validator == "required" and path[:1] == ["order"]:
        return True
    if error.context:
        # an anyOf of a schema and null: let pass when the schema's own complaints are tolerated
        real = [one for one in error.context if one.validator not in ("enum", "type") or len(one.path)]
        return bool(real) and all(_tolerated(one, sparse) for one in real)
    return "risk_evaluation" in path or path[-1:] in (["number_value"], ["number_filter"])


class CheckedSquare:
    """A Square service that checks every request and answer passing through; ``violations`` says what broke.

    ``strict`` also refuses properties a request's schema does not name. Answers are not judged when a fault
    has just been acted out on them.
    """

    def __init__(self, service: SimService, *, strict: bool = True) -> None:
        require_schemas()
        self.service, self.strict = service, strict
        self.violations: list[str] = []
        self.checked: dict[str, int] = {}

    def handle(self, request: SimRequest) -> SimResponse:
        """Check, pass on, check."""
        if request.path.startswith(SIMULATED_ONLY):
            return self.service.handle(request)
        book = spec(request.headers.get("square-version") or DEFAULT_VERSION)
        operation = book.operation(request.method, request.path)
        name = f"{request.method} {request.path}"
        if operation is None:
            self.violations.append(f"{name}: no such operation")
            return self.service.handle(request)
        self.checked[operation.template] = self.checked.get(operation.template, 0) + 1
        for problem in self._request_problems(book, operation, request):
            self.violations.append(f"request {name} {problem}")
        struck = self._struck()
        answer = self.service.handle(request)
        if self._struck() == struck:
            for problem in self._answer_problems(book, operation, answer):
                self.violations.append(f"answer {answer.status} {name} {problem}")
        return answer

    def assert_clean(self) -> None:
        """Fail the test with the first violations, or when nothing was checked at all."""
        assert self.checked, "no Square traffic was checked"
        assert not self.violations, "\n".join(self.violations[:20])

    def _struck(self) -> int:
        faults = getattr(self.service, "faults", None)
        return sum(faults.struck.values()) if faults is not None else 0

    def _request_problems(self, book: Spec, operation: Operation, request: SimRequest) -> Iterator[str]:
        named = {one["name"] for one in operation.description.get("parameters", ()) if one["in"] == "query"}
        for name, _ in request.query:
            if self.strict and name not in named:
                yield f"query: {name} is not a parameter"
        schema, multipart = operation.request_schema()
        if schema is None or (not request.body and not operation.description["requestBody"].get("required")):
            return
        try:
            body = json.loads(parts_of(request)["request"][1]) if multipart else request.json()
        except (KeyError, ValueError) as problem:
            yield f"body: {problem}"
            return
        yield from book.errors(schema, body)
        if self.strict:
            yield from book.unknown(schema, body)

    def _answer_problems(self, book: Spec, operation: Operation, answer: SimResponse) -> Iterator[str]:
        try:
            body = answer.json()
        except ValueError:
            yield "body: not JSON"
            return
        yield from book.errors(operation.response_schema(answer.status), body)


def call(service: SimService, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """A call without the SDK: (status, body). ``headers`` in Python spelling (``square_version=…``)."""
    path, _, query = target.partition("?")
    url = f"http://127.0.0.1{path}" + (f"?{urlencode(parse_qsl(query))}" if query else "")
    sent = {"authorization": "Bearer sandbox-square-token"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    raw = b"" if body is None else json.dumps(body).encode()
    answer = service.handle(SimRequest.from_url(method, url, sent, raw))
    return answer.status, answer.json() or {}
