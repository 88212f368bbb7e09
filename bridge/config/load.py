"""Reads the configuration file, and says everything that is wrong with it at once, with line and column.

Every value is taken as the text that stands in the file and the model decides what it means, so that ``off``
is a word, ``0012`` a SKU and ``2026-09-16`` a version: YAML's own guessing never touches them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from bridge.config.model import Config
from bridge.config.problems import BadConfig, Problem, describe
from bridge.config.problems import Path as KeyPath
from bridge.config.secrets import Places, SecretMissing
from bridge.errors import ConfigError

LARGEST = 1 << 20
DEEPEST = 20
USUAL_PLACES = (Path("bridge.yaml"), Path("/etc/bridge/bridge.yaml"))
_START = "Write one with `bridge init`, or copy `config.example.yaml`."
_NULLS = ("", "~", "null", "Null", "NULL")


def find_config(asked: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The configuration file: the one asked for, ``$BRIDGE_CONFIG``, or one of the usual places."""
    environ = os.environ if environ is None else environ
    named = asked or environ.get("BRIDGE_CONFIG")
    if named:
        return Path(named)
    found = next((place for place in USUAL_PLACES if place.is_file()), None)
    if found is None:
        looked = ", ".join(f"./{place}" if not place.is_absolute() else str(place) for place in USUAL_PLACES)
        raise ConfigError(f"There is no configuration file. Looked at: {looked}.", advice=_START)
    return found


def load_config(path: str | Path, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration in ``path``; raises ``ConfigError`` with every problem found."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration file {path}.", advice=_START) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a usable path"
        raise ConfigError(f"{path} cannot be read: {reason}.") from None
    places = Places(os.environ if environ is None else environ, path.absolute().parent)
    return parse_config(content, name=str(path), places=places)


def parse_config(content: bytes | str, *, name: str = "bridge.yaml", places: Places | None = None) -> Config:
    """The configuration written in ``content``; ``name`` is what messages call the file."""
    reading = _Reading()
    values = reading.values(_compose(_as_text(content, name), name))
    try:
        config = Config.model_validate(values, context=places or Places())
    except ValidationError as refused:
        for error in refused.errors(include_url=False):
            where = tuple(part for part in error["loc"] if part != "[key]")
            place = reading.place(where, key=error["type"] == "extra_forbidden")
            reading.problems.append(Problem(*place, describe(error, where, reading.given.get(where))))
        raise BadConfig(name, reading.problems) from None
    if reading.problems:
        raise BadConfig(name, reading.problems)
    return config


def require_secrets(config: Config) -> None:
    """Raise ``SecretMissing`` naming every key or token that cannot be read."""
    missing = []
    for key, secret in config.secrets().items():
        try:
            secret.reveal()
        except SecretMissing as problem:
            missing.append(f"`{key}`: {problem}")
    if missing:
        raise SecretMissing("\n".join(missing))


def _as_text(content: bytes | str, name: str) -> str:
    if len(content) > LARGEST:
        raise BadConfig(name, [Problem(0, 0, "is larger than a configuration can be (1 MiB)")])
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise BadConfig(name, [Problem(line, 1, "is not UTF-8 text; save the file as UTF-8")]) from None


def _compose(text: str, name: str) -> yaml.MappingNode:
    try:
        root = _Composer(text).get_single_node()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise BadConfig(name, [Problem(*place, _syntax(problem))]) from None
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, max(0, problem.position)) + 1
        raise BadConfig(name, [Problem(line, 1, "a character that cannot stand in a text file")]) from None
    except (RecursionError, ValueError, IndexError, OverflowError):
        raise BadConfig(name, [Problem(0, 0, "is not YAML that can be read")]) from None
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        raise BadConfig(name, [Problem(0, 0, "is empty")], advice=_START)
    if not isinstance(root, yaml.MappingNode):
        place = (root.start_mark.line + 1, root.start_mark.column + 1)
        raise BadConfig(name, [Problem(*place, "must consist of `key: value` lines, `woo:` first")])
    return root


def _syntax(problem: yaml.MarkedYAMLError) -> str:
    """What the YAML reader said, in our words and without a word of the file (it may be a secret)."""
    said = str(problem.problem or "")
    if "'\\t'" in said:
        return "a tab stands where YAML wants spaces"
    if "single document" in str(problem.context or ""):
        return "holds several documents (`---`); a configuration is one"
    if said in (_ALIAS, _DEEP):
        return said
    if "quoted scalar" in str(problem.context or ""):
        return "a quotation mark is opened and never closed, or a `\\` is out of place"
    if "could not find expected ':'" in said or "mapping values are not allowed" in said:
        return "`:` is missing or out of place here; is the indentation right?"
    if "block end" in said or "expected" in said:
        return "this line does not fit the lines above; is the indentation right?"
    return "is not YAML here; put values with special characters in quotes"


_ALIAS = "anchors (`&`) and aliases (`*`) are not used here; put values that start with them in quotes"
_DEEP = "is nested too deeply"


class _Composer(yaml.SafeLoader):
    """YAML to nodes; refuses aliases (a few lines of them can fill the memory) and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise self._refusal(_ALIAS)
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._refusal(_DEEP)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def _refusal(self, text: str) -> yaml.MarkedYAMLError:
        mark: Any = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        return yaml.MarkedYAMLError(problem=text, problem_mark=mark)


@dataclass
class _Reading:
    """Nodes turned into plain values, remembering where each key and value stood."""

    marks: dict[KeyPath, tuple[yaml.Mark, yaml.Mark]] = field(default_factory=dict)
    given: dict[KeyPath, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def values(self, node: yaml.Node, path: KeyPath = ()) -> Any:
        self.marks.setdefault(path, (node.start_mark, node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.values(child, (*path, position)) for position, child in enumerate(node.value)]
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        value = None if plain and node.value in _NULLS else node.value
        self.given[path] = value
        return value

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                self._note(mark, "a key must be one word or text")
                continue
            key = str(key_node.value)
            if key in lines:
                self._note(mark, f"a key is written twice here: first on line {lines[key]}")
                continue
            lines[key] = mark.line + 1
            self.marks[(*path, key)] = (mark, value_node.start_mark)
            values[key] = self.values(value_node, (*path, key))
        return values

    def _note(self, mark: yaml.Mark, text: str) -> None:
        self.problems.append(Problem(mark.line + 1, mark.column + 1, text))

    def place(self, path: KeyPath, *, key: bool) -> tuple[int, int]:
        """Line and column of the key or value at ``path``, or of the nearest group around it."""
        known = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in self.marks)
        at_key, at_value = self.marks[known]
        mark = at_key if key or known != path else at_value
        return mark.line + 1, mark.column + 1
