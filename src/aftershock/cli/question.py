"""What is asked about an incident: the options that ``assess`` and ``plan`` share, and the report that answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

import aftershock
from aftershock.cli import inputs, options
from aftershock.cli.completion import complete_nodes
from aftershock.cli.terminal import reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from aftershock import Detection, ProjectLineage, Proposal, Report

Command = TypeVar("Command", bound="Callable[..., Any]")

SLUGS = [category.value for category in aftershock.Category]
LEVELS = click.Choice([level.value for level in aftershock.Severity], case_sensitive=False)

_OPTIONS = (
    click.argument("nodes", nargs=-1, metavar="[NODE]...", shell_complete=complete_nodes),
    click.option("--category", type=click.Choice(SLUGS), metavar="SLUG", help=f"What happened to them: {', '.join(SLUGS)}."),
    click.option("--column", "columns", multiple=True, metavar="NAME", help="A column of the failing nodes: only what it reaches is affected. Repeatable."),
    click.option("--since", default="", metavar="TIME", help="When the data became bad: 2026-03-01T06:00, UTC or with a zone."),
    click.option("--until", default="", metavar="TIME", help="When it stopped being bad."),
    click.option("--detected-at", default="", metavar="TIME", help="When it was noticed; deadlines count from here. Default: now."),
    click.option("--unconfirmed", is_flag=True, help="A data loss that is inferred, or whose rows an intact upstream has."),
    click.option("--severity", type=LEVELS, metavar="P0|P1|P2|P3", help="Your own level instead of the policy's; needs --reason."),
    click.option("--reason", default="", metavar="TEXT", help="Why."),
    options.target_dir,
    click.option("--manifest", metavar="FILE", type=options.FILE, help="A manifest instead of a directory; - reads standard input."),
    click.option("--select", "-s", multiple=True, metavar="SELECTOR", help="Failing nodes in dbt's selector grammar. Repeatable."),
    click.option("--exclude", multiple=True, metavar="SELECTOR", help="Nodes to take away from --select. Repeatable."),
    options.dialect,
    options.variables,
    options.config,
    options.no_cache,
)


class Question(NamedTuple):
    """What is asked, in the words of the command line."""

    nodes: tuple[str, ...]
    category: str | None
    columns: tuple[str, ...]
    since: str
    until: str
    detected_at: str
    unconfirmed: bool
    severity: str | None
    reason: str
    target_dir: str | None
    manifest: str | None
    select: tuple[str, ...]
    exclude: tuple[str, ...]
    dialect: str
    given_vars: str
    config: str | None
    no_cache: bool

    @classmethod
    def taken(cls, given: dict[str, Any], *, named: bool = True) -> Question:
        """The question in what click hands over; only the command's own options are left there.

        Args:
            given: what click hands over.
            named: whether it has to name a node; else what nobody names is what detect finds.

        Raises:
            UsageError: nothing is asked about, or options contradict each other.
        """
        question = cls(**{name: given.pop(name) for name in cls._fields}).validated()
        if named and not question.names:
            raise aftershock.UsageError("NODE", "nothing is named", "Name what failed, or select it with --select")
        return question

    @property
    def names(self) -> bool:
        """Whether it names what failed."""
        return bool(self.nodes or self.select)

    def validated(self) -> Question:
        """Itself.

        Raises:
            UsageError: options contradict each other.
        """
        if self.names and self.category is None:
            raise aftershock.UsageError("--category", "it must be given", f"Use one of: {', '.join(SLUGS)}")
        if self.columns and not self.names:
            raise aftershock.UsageError("--column", "it is about failing nodes", "Name them, or leave it out")
        if self.exclude and not self.select:
            raise aftershock.UsageError("--exclude", "it takes away from --select", "Give --select too")
        if inputs.STDIN in self.nodes and self.manifest == inputs.STDIN:
            raise aftershock.UsageError("-", "NODE - and --manifest - both read standard input", "Give one of them otherwise")
        return self


def asked(command: Command) -> Command:
    """A command with the options of a `Question`, as keyword arguments of the same names, before its own."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def answer(question: Question, ask: Callable[..., Report], *, reads: bool = False) -> Report:
    """The report that ``ask`` gives.

    Args:
        question: what is asked.
        ask: :func:`aftershock.assess`, or what takes the same arguments.
        reads: whether it reads the project's SQL even where no column is named.

    Raises:
        AftershockError: there is no answer: files, names or options are not what they should be.
    """
    piped = inputs.names_from_stdin() if inputs.STDIN in question.nodes else []
    found = inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)
    names = [name for name in question.nodes if name != inputs.STDIN] + piped
    selected: tuple[str, ...] = ()
    if question.select:
        selected = aftershock.find(found.artifacts, question.select, question.exclude, policy=found.policy, configs=found.configs, patches=found.patches)
    with reading() as progress:
        reader = _reader(question, found, progress) if question.columns or reads else None
        return ask(
            found.artifacts,
            names,
            question.category,
            selected=selected,
            policy=found.policy,
            since=question.since,
            until=question.until,
            detected_at=question.detected_at,
            columns=question.columns,
            reader=reader,
            confirmed=not question.unconfirmed,
            severity=question.severity,
            reason=question.reason,
            skip_files=bool(piped),
            patches=found.patches if found.manifest is not None else None,
        )


def found(question: Question) -> tuple[inputs.Inputs, Detection, tuple[tuple[Proposal, Report], ...]]:
    """What was read, what detect finds there where a question names nothing, and the assessment of each incident.

    Raises:
        UsageError: an option of the question is about a node.
        AftershockError: as :func:`answer`; or there is nothing to detect anything from.
    """
    about_nodes = {"--category": question.category, "--severity": question.severity, "--unconfirmed": question.unconfirmed}
    for option, value in about_nodes.items():
        if value:
            raise aftershock.UsageError(option, "it is about failing nodes", "Name them, or leave it out for what aftershock detect finds")
    read = inputs.read(question.target_dir, question.manifest, question.config, cached=not question.no_cache)
    detection = aftershock.detect(read.artifacts, policy=read.policy, catalog=read.catalog())
    times = {"since": question.since, "until": question.until, "detected_at": question.detected_at}
    return read, detection, aftershock.assess_found(read.artifacts, detection, policy=read.policy, **times)


def _reader(question: Question, found: inputs.Inputs, progress: Callable[[int, int], None] | None) -> ProjectLineage:
    variables = aftershock.variables(question.given_vars) if question.given_vars else None
    return found.lineage(question.dialect, variables=variables, cached=not question.no_cache, progress=progress)
