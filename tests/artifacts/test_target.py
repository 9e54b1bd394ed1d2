"""A target directory: where it is, what lies in it, and whether its files belong together."""

from __future__ import annotations

import gzip
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from written import FIXTURES, Raw, manifest, metadata, resource, run_results, save

from aftershock.artifacts import (
    artifacts_from_bytes,
    find_manifest,
    find_project_root,
    read_artifacts,
    read_catalog,
    read_configs,
    read_patches,
    read_project,
    target,
)
from aftershock.artifacts.target import BUILDING, target_path
from aftershock.errors import ArtifactError
from aftershock.model import Artifacts, Project

if TYPE_CHECKING:
    from pathlib import Path

GREEN = FIXTURES / "artifacts" / "green"
WRITTEN = manifest(resource("model.shop.a"))


def root(tmp_path: Path, text: str = "name: shop\n") -> Path:
    (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
    return tmp_path


def refused(place: Path, **environ: str) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        read_artifacts(place, environ=environ)
    error = caught.value
    assert str(error) == f"{error.place}: {error.problem}. {error.remedy}."
    return error


def warned(run: Raw | None = None, sources: Raw | None = None, written: Raw = WRITTEN, *, at: Path) -> list[str]:
    save(at / "manifest.json", written)
    if run is not None:
        save(at / "run_results.json", run)
    if sources is not None:
        save(at / "sources.json", sources)
    return list(read_artifacts(at, environ={}).warnings)


@pytest.mark.parametrize("scenario", ["green", "model_error", "stale_error"])
def test_shops_files_belong_together(scenario: str) -> None:
    found = read_artifacts(FIXTURES / "artifacts" / scenario)
    assert found.warnings == ()
    assert found.run is not None
    assert found.freshness is not None
    assert [(file.kind, bool(file.path), bool(file.generated_at)) for file in found.files] == [
        ("manifest", True, True),
        ("run_results", True, True),
        ("sources", True, True),
        ("catalog", True, True),
    ]
    assert found.files[1].which == "build"


def test_a_target_directory_a_manifest_and_its_neighbours() -> None:
    by_file = read_artifacts(GREEN / "manifest.json.gz")
    assert by_file == read_artifacts(str(GREEN))
    assert by_file.run is not None


def test_a_manifest_alone(tmp_path: Path) -> None:
    save(tmp_path / "manifest.json", WRITTEN)
    found = read_artifacts(tmp_path)
    assert (found.run, found.freshness, found.warnings) == (None, None, ())
    assert [(file.kind, file.path) for file in found.files][1:] == [("run_results", ""), ("sources", ""), ("catalog", "")]
    assert read_catalog(tmp_path) is None


def test_a_manifest_from_memory() -> None:
    found = artifacts_from_bytes(json.dumps(WRITTEN).encode())
    assert set(found.project.nodes) == {"model.shop.a"}
    assert [(file.kind, file.path, file.dbt_version) for file in found.files] == [("manifest", "standard input", "1.11.0")]


@pytest.mark.parametrize(
    ("text", "environ", "target"),
    [
        ("name: shop\n", {}, "target"),
        ("name: shop\ntarget-path: build/out\n", {}, "build/out"),
        ("name: shop\ntarget-path: ''\n", {}, "target"),
        ("name: shop\ntarget-path: 7\n", {}, "target"),
        ("# target-path: old\nname: shop\n", {}, "target"),
        ("- target-path\n", {}, "target"),
        ("name: shop\ntarget-path: build\n", {"DBT_TARGET_PATH": "env"}, "env"),
        ("name: shop\ntarget-path: '{{ env_var(\"X\") }}'\n", {"DBT_TARGET_PATH": "env"}, "env"),
        ("name: shop\n", {"DBT_TARGET_PATH": ""}, "target"),
    ],
)
def test_a_projects_target_path(text: str, environ: dict[str, str], target: str, tmp_path: Path) -> None:
    project = root(tmp_path, text)
    assert target_path(project, environ) == project / target
    save(project / target / "manifest.json", WRITTEN)
    (project / "models" / "deep").mkdir(parents=True)
    for place in (project, project / "models" / "deep"):
        assert find_manifest(place, environ) == project / target / "manifest.json"


def test_an_absolute_target_path_and_the_environment_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    project = root(tmp_path / "project")
    save(tmp_path / "elsewhere" / "manifest.json", WRITTEN)
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "elsewhere"))
    assert set(read_artifacts(project).project.nodes) == {"model.shop.a"}
    assert refused(project).place == str(project / "target")
    monkeypatch.chdir(project)
    assert set(read_artifacts().project.nodes) == {"model.shop.a"}


def test_a_manifest_in_the_given_directory_comes_before_the_projects(tmp_path: Path) -> None:
    project = root(tmp_path)
    save(project / "target" / "manifest.json", manifest(resource("model.shop.b")))
    save(project / "old" / "manifest.json", WRITTEN)
    assert set(read_artifacts(project / "old", environ={}).project.nodes) == {"model.shop.a"}


def test_the_nearest_project_is_the_root(tmp_path: Path) -> None:
    inner = tmp_path / "packages" / "inner"
    inner.mkdir(parents=True)
    root(tmp_path)
    root(inner)
    assert find_project_root(inner / "models") == inner
    assert find_project_root(tmp_path / "packages") == tmp_path


def test_where_there_is_no_manifest(tmp_path: Path) -> None:
    nowhere = refused(tmp_path)
    assert (nowhere.place, nowhere.problem) == (str(tmp_path), "there is no manifest.json and no dbt_project.yml at or above it")
    assert refused(tmp_path / "none").problem == "there is no such directory"
    assert refused(tmp_path / ("x" * 5000)).problem == "there is no such directory"
    project = root(tmp_path)
    assert (refused(project).place, refused(project).problem) == (str(project / "target"), "there is no manifest.json")
    assert refused(project, DBT_TARGET_PATH="gone").place == str(project / "gone")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("target-path: '{{ env_var(\"X\") }}'\n", "its target-path is a template, which only dbt can fill in"),
        ("target-path: {{ env_var('X') }}\n", "it is not YAML ("),
        ("target-path: [\n", "it is not YAML ("),
        ("target-path: \x00\n", "it is not YAML ("),
        ("target-path: 2024-13-45\n", "it is not YAML ("),
        ("", "it is empty"),
    ],
)
def test_a_project_file_that_does_not_say_where(text: str, problem: str, tmp_path: Path) -> None:
    error = refused(root(tmp_path, text))
    assert error.place == str(tmp_path / "dbt_project.yml")
    assert error.problem.startswith(problem)
    assert "\n" not in error.problem


def test_a_project_file_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_bytes(b"target-path: \xff\n")
    assert refused(tmp_path).problem.startswith("it is not YAML (")


@pytest.mark.parametrize("name", ["run_results.json", "sources.json"])
def test_a_bad_neighbour_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    save(tmp_path / "manifest.json", WRITTEN)
    save(tmp_path / name, WRITTEN)
    error = refused(tmp_path)
    assert error.place == str(tmp_path / name)
    assert error.problem == "it is not what its name says: manifest/v12.json"


def test_a_bad_catalog_is_an_error_only_of_who_asks_for_it(tmp_path: Path) -> None:
    save(tmp_path / "manifest.json", WRITTEN)
    save(tmp_path / "catalog.json", WRITTEN)
    assert read_artifacts(tmp_path).files[3].path == str(tmp_path / "catalog.json")
    with pytest.raises(ArtifactError, match=r"catalog\.json: it is not what its name says"):
        read_catalog(tmp_path)


def test_the_catalog_of_a_directory() -> None:
    catalog = read_catalog(GREEN)
    assert catalog is not None
    assert "order_id" in catalog.tables["model.shop.fct_orders"].columns


A_RESULT = {"unique_id": "model.shop.a", "status": "success"}


def test_files_of_one_invocation_raise_no_warning(tmp_path: Path) -> None:
    sources = {"metadata": metadata("sources", 3, invocation_id="another"), "results": []}
    assert warned(run_results(A_RESULT), sources, at=tmp_path) == []


def test_different_invocations(tmp_path: Path) -> None:
    other = run_results(A_RESULT, metadata=metadata("run-results", 6, invocation_id="two", generated_at="2026-02-01T00:00:00Z"))
    (warning,) = warned(other, at=tmp_path)
    assert warning == (
        "manifest.json (2026-03-01T06:00:00.123456Z) and run_results.json (2026-02-01T00:00:00Z) are of different dbt invocations: "
        "the project may have changed between them."
    )
    unknown = run_results(A_RESULT, metadata=metadata("run-results", 6, invocation_id=None))
    assert warned(unknown, at=tmp_path / "unknown") == []


def test_different_versions(tmp_path: Path) -> None:
    other = run_results(A_RESULT, metadata=metadata("run-results", 6, dbt="1.9.0"))
    assert warned(other, at=tmp_path) == ["manifest.json is of dbt 1.11.0, run_results.json of dbt 1.9.0."]


@pytest.mark.parametrize(("which", "typed"), [("generate", "docs generate"), *((word, word) for word in ("compile", "list", "parse", "show", "docs"))])
def test_results_of_a_command_that_builds_nothing(which: str, typed: str, tmp_path: Path) -> None:
    (warning,) = warned(run_results(A_RESULT, args={"which": which}), at=tmp_path)
    assert warning.startswith(f"run_results.json is of 'dbt {typed}', which builds nothing")


@pytest.mark.parametrize("args", [{}, {"which": None}])
def test_results_of_an_unknown_command_are_taken_as_they_are(args: Raw, tmp_path: Path) -> None:
    assert warned(run_results(A_RESULT, args=args), at=tmp_path) == []


@pytest.mark.parametrize("which", sorted(BUILDING))
def test_results_of_a_command_that_builds(which: str, tmp_path: Path) -> None:
    assert warned(run_results(A_RESULT, args={"which": which}), at=tmp_path) == []


def test_results_of_nodes_that_the_manifest_does_not_have(tmp_path: Path) -> None:
    off = manifest(resource("model.shop.a"), disabled={"model.shop.off": [resource("model.shop.off")]})
    strangers = ({"unique_id": f"model.shop.{name}", "status": "success"} for name in ("x", "off", "y"))
    (warning,) = warned(run_results(A_RESULT, *strangers), written=off, at=tmp_path)
    assert warning.startswith("run_results.json names 2 of 4 nodes that manifest.json does not have (model.shop.x)")


def test_sources_that_the_manifest_does_not_have(tmp_path: Path) -> None:
    names = ("raw.gone", "raw.off", "raw.here")
    results = [{"unique_id": f"source.shop.{name}", "status": "pass"} for name in names]
    sources = {"metadata": metadata("sources", 3), "results": results}
    written = manifest(resource("source.shop.raw.here"), disabled={"source.shop.raw.off": [resource("source.shop.raw.off")]})
    assert warned(None, sources, written, at=tmp_path) == ["sources.json names 1 sources that manifest.json does not have (source.shop.raw.gone)."]


def test_a_manifest_that_is_not_whole(tmp_path: Path) -> None:
    written = manifest(
        resource("model.shop.a", depends_on={"nodes": ["model.shop.gone", "model.shop.off", "model.shop.also_gone"]}),
        disabled={"model.shop.off": [resource("model.shop.off")]},
    )
    (warning,) = warned(written=written, at=tmp_path)
    assert warning.startswith("manifest.json is not whole: nodes depend on 2 that it does not have (model.shop.also_gone)")


def test_every_warning_is_a_sentence(tmp_path: Path) -> None:
    written = manifest(resource("model.shop.a", depends_on={"nodes": ["model.shop.gone"]}))
    run = run_results({"unique_id": "x.y.z", "status": "?"}, metadata=metadata("run-results", 6, dbt="1.0.0", invocation_id="two"))
    warnings = warned(run, {"metadata": metadata("sources", 3), "results": [{"unique_id": "q"}]}, written, at=tmp_path)
    assert len(warnings) == 5
    assert all(text.endswith(".") and "\n" not in text for text in warnings)


def test_configs_are_whole_and_of_every_section(tmp_path: Path) -> None:
    written = manifest(
        resource("model.shop.a", config={"materialized": "table", "anything": {"x": [1]}}),
        resource("source.shop.raw.b", config={"enabled": True}),
        resource("metric.shop.c", config=None),
        resource("exposure.shop.d"),
        resource("model.shop.e", config="nonsense"),
    )
    save(tmp_path / "manifest.json", {**written, "functions": None, "unit_tests": {"unit_test.shop.f": "nonsense"}})
    assert read_configs(tmp_path / "manifest.json") == {
        "model.shop.a": {"materialized": "table", "anything": {"x": [1]}},
        "source.shop.raw.b": {"enabled": True},
        "metric.shop.c": {},
        "exposure.shop.d": {},
        "model.shop.e": {},
    }
    with pytest.raises(ArtifactError):
        read_configs(save(tmp_path / "list.json", []))  # type: ignore[arg-type]


def test_patches_are_paths_within_their_project(tmp_path: Path) -> None:
    written = manifest(
        resource("model.shop.a", patch_path="shop://models/_models.yml"),
        resource("source.shop.raw.b", patch_path="shop://models/_sources.yml"),
        resource("function.shop.f", patch_path="shop://functions/_functions.yml"),
        resource("model.shop.c", patch_path=None),
        resource("model.shop.d"),
    )
    assert read_patches(save(tmp_path / "manifest.json", written)) == {
        "model.shop.a": "models/_models.yml",
        "source.shop.raw.b": "models/_sources.yml",
        "function.shop.f": "functions/_functions.yml",
    }


class Shelf:
    """A store that keeps one project and remembers what it was asked."""

    def __init__(self) -> None:
        self.kept: dict[Path, Project] = {}
        self.asked: list[Path] = []

    def get(self, source: Path, type_: type[Project]) -> Project | None:
        assert type_ is Project
        self.asked.append(source)
        return self.kept.get(source)

    def put(self, source: Path, value: Project) -> None:
        self.kept[source] = value


def test_a_store_is_asked_first_and_keeps_what_was_decoded(tmp_path: Path) -> None:
    shelf = Shelf()
    path = tmp_path / "manifest.json.gz"
    shutil.copy(GREEN / "manifest.json.gz", path)
    first = read_artifacts(tmp_path, store=shelf)
    assert shelf.kept == {path: first.project}
    path.write_bytes(gzip.compress(b"{}"))
    second: Artifacts = read_artifacts(tmp_path, store=shelf)
    assert second.project is first.project
    assert shelf.asked == [path, path]
    with pytest.raises(ArtifactError):
        read_project(path)


def test_what_is_no_manifest_is_not_kept(tmp_path: Path) -> None:
    shelf = Shelf()
    with pytest.raises(ArtifactError):
        read_artifacts(save(tmp_path / "manifest.json", {}), store=shelf)
    assert shelf.kept == {}


def test_the_oddest_places(tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"environ": {}}
    save(tmp_path / "my target" / "manifest 2.json", WRITTEN)
    assert set(read_artifacts(tmp_path / "my target" / "manifest 2.json", **arguments).project.nodes) == {"model.shop.a"}
    assert refused(save(tmp_path / "run_results.json", run_results())).problem == "it is not a manifest (run-results/v6.json)"


def test_a_catalog_says_when_it_was_written_without_being_read(tmp_path: Path) -> None:
    beginning = b'{"metadata": {"dbt_schema_version": "x", "generated_at": "2026-03-01T05:00:00Z"}, "nodes": {'
    for name, content in (("catalog.json", beginning), ("catalog.json.gz", gzip.compress(beginning)), ("empty.json", b""), ("broken.gz", b"no")):
        (tmp_path / name).write_bytes(content)
    found = [target._written_at(tmp_path / name) for name in ("catalog.json", "catalog.json.gz", "empty.json", "broken.gz")]
    assert found == ["2026-03-01T05:00:00Z", "2026-03-01T05:00:00Z", "", ""]
