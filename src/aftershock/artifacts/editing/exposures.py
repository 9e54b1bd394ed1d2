"""The exposures that an edited YAML file declares: all that is known of them is written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftershock.artifacts.editing.parts import Reads, is_template, listed, mapping

if TYPE_CHECKING:
    from aftershock.artifacts.editing.parts import Json, Resources


def edit_exposures(resources: Resources, package: str, path: str, new: dict[str, Json]) -> None:
    """Make a file's exposures those that its entries declare.

    Args:
        resources: the project.
        package: the package that the file is in.
        path: the file, relative to it.
        new: the entries, by name.
    """
    known = {
        node.name: node.unique_id for node in resources.project.nodes.values() if node.exposure is not None and node.path == path and node.package == package
    }
    for name, unique_id in known.items():
        if name not in new:
            resources.remove(unique_id)
    for name, entry in new.items():
        if is_template({key: value for key, value in entry.items() if key != "description"}):
            resources.doubt(path, f"the exposure {name} is a template there", [known[name]] if name in known else ())
            continue
        told = {key: entry.get(key) for key in ("type", "owner", "maturity", "url", "label")}
        unique_id = known.get(name, f"exposure.{package}.{name}")
        base = resources.get(unique_id) if name in known else {"config": {"enabled": True}}
        _reads(resources, unique_id, path, entry.get("depends_on"), base)
        meta, tags = (entry.get(key, mapping(entry.get("config")).get(key)) for key in ("meta", "tags"))
        more = {key: value for key, value in (("meta", meta), ("tags", tags)) if value is not None}
        resource = {
            **base,
            **told,
            **more,
            "unique_id": unique_id,
            "resource_type": "exposure",
            "name": name,
            "package_name": package,
            "original_file_path": path,
        }
        resource["config"] = {**(base.get("config") or {}), "enabled": mapping(entry.get("config")).get("enabled", True)}
        resources.add(resource)


def _reads(resources: Resources, unique_id: str, path: str, written: object, base: Json) -> None:
    """Note what an exposure reads: refs, sources, and metrics by their names."""
    text = "\n".join(str(item) for item in listed(written))
    like = tuple((base.get("depends_on") or {}).get("nodes") or ())
    kept = tuple(parent for parent in like if parent.startswith("metric.") and parent.rpartition(".")[2] in text)
    resources.reads[unique_id] = Reads(path, text, kept, like)
