"""Words that make ``dbt --select`` choose one node and no other.

dbt has no selector for a unique_id, and a name that also belongs to a folder, another package or another version quietly selects those too.
So a word is only given out after the whole project was asked who else would answer to it.
"""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from aftershock.errors import SelectionError
from aftershock.model import TEST_TYPES
from aftershock.select.methods import is_fqn_match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aftershock.graph import LineageGraph
    from aftershock.model import Node

BARE = re.compile(r"\w[\w-]*")
"""Names in which dbt sees no operator, method, wildcard, path or option."""

SEPARATORS = re.compile(r"[\s,\x00-\x1f\x7f]")
"""Characters at which dbt, or its pattern for selectors, cuts a word."""

WILDCARDS = frozenset("*?[]")
OPERATORS = re.compile(r"[*?\[\]+]")


class Selectors:
    """An index over a graph's enabled nodes, built in one pass: who answers to a bare word, and who is in a file."""

    def __init__(self, graph: LineageGraph) -> None:
        self._graph = graph
        self._nodes = graph.nodes
        self._known: dict[str, str | None] = {}

    @cached_property
    def _answers(self) -> Counter[str]:
        """How many nodes answer to each word without a dot."""
        words: list[str] = []
        for node in self._nodes.values():
            words += _answers_to(node)
        return Counter(words)

    @cached_property
    def _files(self) -> Mapping[str, list[Node]]:
        """Nodes by the name of their file, with its suffix and without."""
        files: dict[str, list[Node]] = {}
        for node in self._nodes.values():
            name = _basename(node.path)
            for known in {name, _stem(name)}:
                files.setdefault(known, []).append(node)
        return files

    @cached_property
    def _sources(self) -> Sequence[Node]:
        return [node for node in self._nodes.values() if node.source is not None]

    def exact(self, unique_id: str) -> str:
        """One word for ``--select`` that chooses exactly this node (and, as always, the tests on it).

        The bare name where nothing else in the project answers to it, else ``fqn:package.folder.name,package:package,file:name.sql``;
        ``source:…`` for a source.

        Raises:
            SelectionError: every word that could be written also selects something else.
        """
        found = self.find(unique_id)
        if found is None:
            raise SelectionError(unique_id, "no dbt selector chooses this node alone", "Rename it, or its file or folder, without spaces, commas and wildcards")
        return found

    def find(self, unique_id: str) -> str | None:
        """As :meth:`exact`, but None where there is no such word."""
        if unique_id not in self._known:
            self._known[unique_id] = self._find(self._nodes[unique_id])
        return self._known[unique_id]

    def _find(self, node: Node) -> str | None:
        if node.source is not None:
            return next((form for form in _source_forms(node) if self._source_matches(form) == {node.unique_id}), None)
        if self._answers[node.name] == 1 and BARE.fullmatch(node.name) and node.name in _answers_to(node):
            return node.name
        return next((form for form in _forms(node) if self._matches(form) == self._alone(node.unique_id)), None)

    def _matches(self, form: str) -> set[str]:
        """What the parts ``method:value`` of ``form`` select together.

        Each part takes the tests on its nodes along before the parts are intersected, so that a test may pass by its own name in one
        part and by its nodes in the others.
        """
        wanted = dict(part.split(":", 1) for part in form.split(","))
        near = self._in_file(wanted.get("file", "*"))
        found = {node.unique_id for node in near if _is_match(wanted, (node,))}
        for test in {child for node in near for child in (node.unique_id, *self._graph.children(node.unique_id)) if self._is_test(child)}:
            if _is_match(wanted, [self._nodes[item] for item in (test, *self._graph.parents(test))]):
                found.add(test)
        return found

    def _alone(self, unique_id: str) -> set[str]:
        """The node and the tests on it."""
        return {unique_id, *(child for child in self._graph.children(unique_id) if self._is_test(child))}

    def _is_test(self, unique_id: str) -> bool:
        return self._nodes[unique_id].resource_type in TEST_TYPES

    def _in_file(self, pattern: str) -> Iterable[Node]:
        """Nodes that may be in such a file: all of them where the name is not certain."""
        return self._files.get(pattern, ()) if WILDCARDS.isdisjoint(pattern) else self._nodes.values()

    def _source_matches(self, form: str) -> set[str]:
        *package, source, table = form.removeprefix("source:").split(".")
        return {
            node.unique_id
            for node in self._sources
            if node.source is not None
            and fnmatchcase(node.package, package[0] if package else "*")
            and fnmatchcase(node.source.source_name, source)
            and fnmatchcase(node.name, table)
        }


def _is_match(wanted: Mapping[str, str], nodes: Sequence[Node]) -> bool:
    """Whether each part is met by one of the nodes."""
    return all(any(METHODS[method](node, value) for node in nodes) for method, value in wanted.items())


def _is_in_file(node: Node, pattern: str) -> bool:
    name = _basename(node.path)
    return fnmatchcase(name, pattern) or fnmatchcase(_stem(name), pattern)


METHODS: dict[str, Callable[[Node, str], bool]] = {
    "fqn": lambda node, value: node.resource_type != "source" and is_fqn_match(node, value),
    "package": lambda node, value: fnmatchcase(node.package, value),
    "file": _is_in_file,
    "resource_type": lambda node, value: node.resource_type == value,
}
"""The methods that exact selectors are made of, as dbt evaluates them."""


def _answers_to(node: Node) -> set[str]:
    """Every word without a dot that dbt takes for this node: its name, its package, its first folder; versions answer to theirs too."""
    if node.resource_type == "source":
        return set()
    fqn = node.fqn
    heads = [part.partition(".")[0] for part in fqn[:2]]
    if node.version and node.resource_type == "model":
        return {*heads, *fqn[-2:-1], "_".join(fqn[-2:])}
    return {*heads, *fqn[-1:]}


def _forms(node: Node) -> Iterator[str]:
    """Ever longer ways to say this node, the readable one first."""
    if not node.fqn:
        return
    for escape in (_folded, _spelled):
        parts = [f"fqn:{'.'.join(escape(part) for part in node.fqn)}", f"package:{_package(node.package)}"]
        if node.path:
            parts.append(f"file:{escape(_basename(node.path))}")
        yield ",".join(parts)
        yield ",".join([*parts, f"resource_type:{node.resource_type}"])


def _source_forms(node: Node) -> Iterator[str]:
    name = node.source.source_name if node.source is not None else ""
    for escape in (_folded, _spelled):
        words = [escape(word).replace(".", "?") for word in (node.package, name, node.name)]
        yield f"source:{'.'.join(words[1:])}"
        yield f"source:{'.'.join(words)}"


def _folded(part: str) -> str:
    """``*`` for a part that dbt would cut in two; the others with their own wildcards and operators made literal."""
    return "*" if SEPARATORS.search(part) else _literal(part)


def _spelled(part: str) -> str:
    """As :func:`_folded`, but only the characters at which dbt would cut are left open."""
    return "".join("?" if SEPARATORS.match(char) else _literal(char) for char in part)


def _literal(text: str) -> str:
    return OPERATORS.sub(lambda match: f"[{match[0]}]", text)


def _package(name: str) -> str:
    """``package:this`` is the root project to dbt, whatever a package is called."""
    return "[t]his" if name == "this" else _spelled(name)


def _basename(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name
