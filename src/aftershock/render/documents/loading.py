"""Templates by name: the user's own before ours, and both rendered with one clear error where the user's is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from jinja2 import BaseLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

from aftershock.errors import ConfigError
from aftershock.jinja.refusal import CannotRender
from aftershock.render.documents.bounds import MAX_SOURCE
from aftershock.render.documents.environment import DocumentEnvironment
from aftershock.render.documents.filters import FILTER_NAMES
from aftershock.render.documents.forms import ENDINGS, TEMPLATES
from aftershock.render.documents.inert import HTML, MARKDOWN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jinja2 import Environment

    from aftershock.render.documents.view import View

OURS = "aftershock/"
"""Before a name: ours, whatever the user has under it."""

SUFFIX = ".j2"
WRONG = (
    TemplateError,
    CannotRender,
    RecursionError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    AssertionError,
    SyntaxError,
    MemoryError,
)
"""What a template of a user's can raise: jinja2's own errors, our refusals, and what Python says of a wrong expression."""


LAID_OUT = {"markdown": MARKDOWN, "text": TEXT, "html": HTML}
"""How values are made inert in the forms that templates lay out."""


class Loader(BaseLoader):
    """A user's folder first, then ours; nothing outside of either.

    Args:
        folder: the user's folder; None for ours alone.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002  # jinja2's signature
        """A template's text and its file.

        Raises:
            TemplateNotFound: there is none of this name.
            ConfigError: the user's own cannot be read, or lies elsewhere.
        """
        plain = template.removeprefix(OURS)
        if not _is_name(plain):
            raise TemplateNotFound(template, f"there is no template {template!r}: a name has letters, digits, dots, - and _")
        if self.folder is not None and plain == template and (own := own_file(self.folder, plain)) is not None:
            return _read(own), str(own), lambda: True
        from importlib.resources import files

        ours = files("aftershock.render") / "templates" / "documents" / plain
        if not ours.is_file():
            raise TemplateNotFound(
                template,
                f"there is no template {template!r}; ours are: {', '.join(name for name in TEMPLATES if name.split('.')[1:] == plain.split('.')[1:]) or TEMPLATES[0]}",
            )
        return ours.read_text("utf-8"), f"{OURS}{plain}", lambda: True


def _is_name(name: str) -> bool:
    parts = name.split("/")
    return all(part and part.strip(".") and all(char.isalnum() or char in "._-" for char in part) for part in parts)


def own_file(folder: Path, name: str) -> Path | None:
    """A user's own template, None where there is none of this name.

    Raises:
        ConfigError: it, or the folder, is a link that leads out of the folder in which it should be.
    """
    file = folder / name
    if not file.is_file():
        return None
    root = folder.resolve()
    for place, inside in ((folder, folder.parent.resolve()), (file, root)):
        if not place.resolve().is_relative_to(inside):
            raise ConfigError(str(place), "is a link that leads out of the folder of aftershock.yml, or of its templates", "Put the file itself there")
    return file


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(4 * MAX_SOURCE + 1)
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read ({error.strerror})", "Check its permissions") from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), "is not UTF-8", "Save it as UTF-8") from None
    if len(text) > MAX_SOURCE:
        raise ConfigError(str(file), f"has more than {MAX_SOURCE:,} characters", "A template of a document is shorter; it may be another file")
    return text


class Press(NamedTuple):
    """What renders the documents of one call: an environment for each form, made once."""

    folder: Path | None
    environments: dict[str, DocumentEnvironment]

    def printed(self, view: View, name: str, form: str, clock: tuple[str, str]) -> str:
        """A view through the template of this name.

        Args:
            view: what it says.
            name: the template's name without its endings: ``notification``.
            form: one of `LAID_OUT`.
            clock: the moment of writing as it is shown, and the zone.

        Raises:
            ConfigError: the user's own template is wrong, or does too much.
        """
        environment = self.environments.get(form)
        if environment is None:
            environment = self.environments[form] = DocumentEnvironment(LAID_OUT[form], Loader(self.folder))
        file = f"{name}.{ENDINGS[form]}{SUFFIX}"
        try:
            return environment.rendered(file, values(view, clock))
        except WRONG as error:
            if self.folder is None:
                raise
            raise wrong(error, self.folder, file) from None


def values(view: View, clock: tuple[str, str]) -> dict[str, object]:
    """The variables of every template."""
    found: dict[str, object] = {name: getattr(view, name) for name in view.__struct_fields__ if name != "heading"}
    found["field"] = {field.name: field for field in view.every_field()}
    found["section"] = {section.name: section for section in view.sections}
    return {**found, "now": clock[0], "zone": clock[1]}


def wrong(error: BaseException, folder: Path, file: str) -> ConfigError:
    """The one error for a user's template, with its file and line."""
    place = f"{error.filename or folder / file}:{error.lineno}" if isinstance(error, TemplateSyntaxError) else _line(error, folder) or str(folder / file)
    return ConfigError(place, _problem(error), _remedy(error))


def _line(error: BaseException, folder: Path) -> str:
    """The innermost line of a template that the error passed through, a user's own before ours."""
    found, ours = "", ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(str(folder)):
            found = f"{name}:{trace.tb_lineno}"
        elif name.startswith(OURS):
            ours = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found or ours


def _problem(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "calls itself, or nests too deeply"
    if isinstance(error, (SyntaxError, MemoryError)):
        return "nests too deeply for Python"
    if isinstance(error, TemplateError) and error.message:
        return " ".join(error.message.split()).rstrip(".")[:1000]
    said = " ".join(str(error).split()).rstrip(".")[:300]
    return said if isinstance(error, CannotRender) else f"{type(error).__name__}: {said}" if said else type(error).__name__


def _remedy(error: BaseException) -> str:
    message = getattr(error, "message", "") or ""
    if "filter named" in message:
        return f"Filters are: {', '.join(FILTER_NAMES)}"
    return "aftershock templates eject writes ours, with the names that a template has"
