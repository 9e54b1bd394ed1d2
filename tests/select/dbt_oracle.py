"""dbt-core's own node selector over a manifest file, and selector expressions to ask both it and ours."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping
    from pathlib import Path

    from aftershock.model import Node, Project, Run

KINDS = ("exposure", "metric", "semantic_model", "saved_query", "unit_test")
INDIRECT = ("eager", "cautious", "buildable", "empty")


class DbtSelector:
    """One manifest, linked once; ``root`` is where its project's files are, for the method ``path``."""

    def __init__(self, content: Mapping[str, Any], root: Path, run: Run | None = None) -> None:
        from dbt.artifacts.schemas.manifest import WritableManifest
        from dbt.compilation import Linker
        from dbt.contracts.graph.manifest import Manifest
        from dbt.contracts.graph.nodes import GenericTestNode
        from dbt.flags import set_from_args
        from dbt.graph import Graph, NodeSelector

        set_from_args(Namespace(), {})
        manifest = Manifest.from_writable_manifest(WritableManifest.upgrade_schema_version(dict(content)))
        for unique_id, node in content["nodes"].items():  # dbt takes every test of a written manifest for a singular one; parsed ones are not
            if node.get("test_metadata"):
                manifest.nodes[unique_id] = GenericTestNode.from_dict(node)
        linker = Linker()
        linker.link_graph(manifest)
        results = [Namespace(unique_id=result.unique_id, status=result.status) for result in run.results.values()] if run else None
        state: Any = Namespace(manifest=None, results=results)
        self.selector = NodeSelector(Graph(linker.graph), manifest, state, include_empty_nodes=True)
        self.root = root

    def select(self, include: tuple[str, ...], exclude: tuple[str, ...], indirect: str) -> frozenset[str]:
        from dbt.flags import set_from_args
        from dbt.graph import parse_difference
        from dbt_common.events.contextvars import task_contextvars

        set_from_args(Namespace(indirect_selection=indirect), {})
        with task_contextvars(project_root=str(self.root)):
            return frozenset(self.selector.get_selected(parse_difference(include, exclude), warn_on_no_nodes=False))

    def select_definition(self, name: str, selectors: Mapping[str, Any]) -> frozenset[str]:
        from dbt.config.selectors import SelectorConfig
        from dbt.flags import set_from_args
        from dbt_common.events.contextvars import task_contextvars

        set_from_args(Namespace(indirect_selection="eager"), {})
        config = SelectorConfig.selectors_from_dict({"selectors": [{"name": key, "definition": value["definition"]} for key, value in selectors.items()]})
        with task_contextvars(project_root=str(self.root)):
            return frozenset(self.selector.get_selected(config[name]["definition"], warn_on_no_nodes=False))


def make_tree(content: Mapping[str, Any], root: Path) -> Path:
    """Empty files where the root project's resources lie, since dbt looks for paths on disk."""
    name = content["metadata"].get("project_name")
    for section in ("nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"):
        for resource in content.get(section, {}).values():
            paths = [resource["original_file_path"], (resource.get("patch_path") or "").partition("://")[2]]
            for path in paths if resource["package_name"] == name else ():
                if path:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    (root / path).touch()
    return root


def patches(content: Mapping[str, Any]) -> dict[str, str]:
    """The YAML file that describes each resource."""
    resources = {**content["nodes"], **content["sources"], **content.get("functions", {})}
    return {key: node["patch_path"].partition("://")[2] for key, node in resources.items() if node.get("patch_path")}


def criteria(project: Project, configs: Mapping[str, Mapping[str, Any]], run: Run | None = None) -> list[str]:
    """Criteria without graph operators: every method with values that this project has, and some that it has not."""
    found: set[str] = {"*", "", "nothing_has_this_name", "test_type:generic", "test_type:singular", "test_type:unit", "test_type:data", "package:this"}
    found |= {f"version:{kind}" for kind in ("latest", "old", "prerelease", "none")} | {
        "path:models",
        "path:models/*",
        "path:**/*.yml",
        "models/",
        "path:models/**",
    }
    for node in project.nodes.values():
        found |= _of_node(node)
    for config in configs.values():
        found |= set(_of_config("config", config))
    found |= {f"result:{result.status}" for result in run.results.values() if " " not in result.status} if run else set()
    return sorted(text for text in found if not set(text) & {" ", ","})


def _of_node(node: Node) -> set[str]:
    folder, _, file = node.path.rpartition("/")
    dotted = ".".join(node.fqn)
    found = {node.name, dotted, ".".join(node.fqn[1:]), f"fqn:{node.package}", f"package:{node.package}", f"package:{node.package[:3]}*", f"file:{file}", file}
    found |= {f"resource_type:{node.resource_type}", f"path:{node.path}", f"path:{folder or 'models'}", f"{folder}/*", f"file:{file[:4]}*"}
    found |= {f"tag:{tag}" for tag in node.tags} | {f"tag:{tag[:2]}*" for tag in node.tags}
    found |= {f"{'.'.join(node.fqn[:-1])}.*", f"*{node.name[3:]}", f"*.{node.name[:4]}*", f"?{node.name[1:]}", f"[{node.name[0]}-z]*"}
    if node.version:
        found |= {node.label, f"{node.name}_v{node.version}", f"{node.package}.{node.label}"}
    if node.group:
        found |= {f"group:{node.group}", f"group:{node.group[:2]}*"}
    if node.access:
        found.add(f"access:{node.access}")
    if node.source:
        source = node.source.source_name
        found |= {
            f"source:{source}",
            f"source:{source}.{node.name}",
            f"source:{node.package}.{source}.*",
            f"source:*.{node.name[:3]}*",
            f"source:{source[:2]}*",
        }
    if node.test and node.test.name:
        found |= {f"test_name:{node.test.name}", f"test_name:{node.test.name[:3]}*"}
    if node.resource_type in KINDS:
        kind = node.resource_type
        found |= {f"{kind}:{node.name}", f"{kind}:{node.package}.{node.name}", f"{kind}:{node.name[:3]}*", f"{kind}:*"}
    return found


def _of_config(path: str, value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, item in value.items() if "-" not in key and "." not in key for text in _of_config(f"{path}.{key}", item)]
    items = value if isinstance(value, list) else [value]
    return [f"{path}:{str(item).lower() if isinstance(item, bool) else item}" for item in items if isinstance(item, (str, bool, int)) and len(str(item)) < 60]


def compose(atoms: list[str], chance: random.Random) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """A random ``(include, exclude, indirect)`` out of criteria."""

    def one() -> str:
        before = chance.choice(["", "", "+", "1+", "2+", "0+", "@"])
        after = "" if before == "@" else chance.choice(["", "", "+", "+1", "+2", "+0"])
        return f"{before}{chance.choice(atoms)}{after}"

    def term() -> str:
        return ",".join(one() for _ in range(chance.choice([1, 1, 1, 2, 3])))

    include = tuple(" ".join(term() for _ in range(chance.choice([1, 1, 2, 3]))) for _ in range(chance.choice([0, 1, 1, 1, 2])))
    exclude = tuple(term() for _ in range(chance.choice([0, 0, 1, 2])))
    return include, exclude, chance.choice(INDIRECT)
