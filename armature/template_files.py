"""The templates of a bundle: each file read and checked once, its links followed to the files that they lead to."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from armature.bundle import Bundle, BundleError, name_fault
from armature.problems import Problem, ProblemCode
from armature.shape import problem_at
from armature.templates.checks import check_template
from armature.templates.limits import MAX_TEMPLATE_BYTES
from armature.templates.links import TemplateLink, linked_parameter_files, linked_templates
from armature.templates.nearest import Nearest
from armature.templates.reading import JsonDocument, JsonSyntaxError, read_json
from armature.templates.relative_links import handed_links
from armature.templates.template import Template

MAX_READ_BYTES = 64 * 1024**2
"""A template above ARM's 4 MB is refused, but read up to here, so that its largest resources can be named."""


@dataclass(frozen=True)
class TemplateFile:
    """A template file; `template` is None when it can't be read."""

    path: str
    template: Template | None = None


@dataclass(frozen=True)
class LinkedFiles:
    """A root template with every file that it links to, directly or through others; the root comes first.

    `parameter_files` are the files with parameters that deployment resources in them link to, by path, as far as they
    can be read. `are_all_known` is False when a link's target is only known when ARM evaluates it.
    """

    files: tuple[TemplateFile, ...] = ()
    are_all_known: bool = True
    parameter_files: Mapping[str, JsonDocument] = field(default_factory=dict)

    @property
    def templates(self) -> list[Template]:
        """Those that could be read."""
        return [file.template for file in self.files if file.template is not None]


class TemplateFiles:
    """Reads templates as they are asked for; `problems` holds what was found wrong with any of them."""

    def __init__(self, bundle: Bundle, nearest: Nearest, allowed_hosts: Collection[str] = ()) -> None:
        self._bundle = bundle
        self._nearest = nearest
        self._allowed_hosts = allowed_hosts
        self._files: dict[str, TemplateFile] = {}
        self.problems: list[Problem] = []

    def file(self, path: str) -> TemplateFile:
        """The template at a path that the bundle holds."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def linked(self, root: str, listed: Iterable[str] = (), parameters: Mapping[str, Any] | None = None) -> LinkedFiles:
        """The template at `root` and all that it links to, and the files `listed` with all that they link to.

        `parameters` are what is known of the root's parameters. All of them must be in the bundle.
        """
        found: dict[str, TemplateFile] = {}
        parameter_files: dict[str, JsonDocument] = {}
        are_all_known = True
        waiting = [root, *listed]
        while waiting:
            path = waiting.pop(0)
            if path in found:
                continue
            found[path] = file = self.file(path)
            if file.template is None:
                continue
            given, folder = parameters if path == root else None, root.rpartition("/")[0]
            for link in linked_templates(file.template, parameters=given, artifacts_folder=folder):
                if link.host is not None and link.host not in self._allowed_hosts:
                    self.problems.append(_foreign_link(file.template, link, link.host))
                if link.path is None:
                    are_all_known = are_all_known and not link.is_in_bundle
                elif link.path in self._bundle.entries:
                    waiting.append(link.path)
                else:
                    self.problems.append(self._missing_link(file.template, link, link.path))
            parameter_files |= self._parameter_files(file.template, given, folder)
            handed = (link.target for link in handed_links(file.template))
            waiting += [target for target in handed if target is not None and target in self._bundle.entries]
        return LinkedFiles(tuple(found.values()), are_all_known, parameter_files)

    def _read(self, path: str) -> TemplateFile:
        try:
            content = self._bundle.read(path, MAX_READ_BYTES)
        except BundleError as error:
            self.problems += error.problems
            return TemplateFile(path)
        template, problems = check_template(content, file=path, nearest=self._nearest)
        self.problems += problems
        if template is None:
            return TemplateFile(path)
        return TemplateFile(path, template)

    def _parameter_files(
        self, template: Template, given: Mapping[str, Any] | None, folder: str
    ) -> dict[str, JsonDocument]:
        found: dict[str, JsonDocument] = {}
        for link in linked_parameter_files(template, parameters=given, artifacts_folder=folder):
            if link.host is not None and link.host not in self._allowed_hosts:
                self.problems.append(_foreign_link(template, link, link.host))
            if link.path is None or link.path in found:
                continue
            if link.path not in self._bundle.entries:
                self.problems.append(self._missing_link(template, link, link.path, "parameter file"))
            elif (file := self._parameter_file(link.path)) is not None:
                found[link.path] = file
        return found

    def _parameter_file(self, path: str) -> JsonDocument | None:
        try:
            document = read_json(self._bundle.read(path, MAX_TEMPLATE_BYTES), file=path)
        except BundleError as error:
            self.problems += error.problems
            return None
        except JsonSyntaxError as error:
            code, step = ProblemCode.TEMPLATE_SYNTAX, "Correct the parameter file."
            self.problems.append(Problem(code, f"{error.message}.", step, path, "", error.line, error.column))
            return None
        return document

    def _missing_link(self, template: Template, link: TemplateLink, path: str, what: str = "template") -> Problem:
        near = self._nearest.find_file(path, self._bundle.entries)
        hint = f"Did you mean {near}? " if near else ""
        where = "is not in the bundle" if name_fault(path) is None else "is outside the bundle"
        return problem_at(
            template.document,
            link.pointer,
            ProblemCode.LINKED_TEMPLATE_MISSING,
            f"The linked {what} {path} {where}.",
            f"{hint}Add the file, or correct the link.",
        )


def _foreign_link(template: Template, link: TemplateLink, host: str) -> Problem:
    """What Azure reads from elsewhere was not checked, and may be another template by then."""
    return problem_at(
        template.document,
        link.pointer,
        ProblemCode.LINKED_TEMPLATE_FOREIGN,
        f"The link leads to {host}, not into the bundle: what is there can't be checked, and may change.",
        "Put the template into the bundle, and link to it by relativePath. An operator of the app can allow the host "
        "(ARMATURE_ALLOWED_TEMPLATE_HOSTS).",
    )
