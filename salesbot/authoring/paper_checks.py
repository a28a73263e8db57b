"""Checks of what stands in a plugin's folder; nothing of it is run."""

from __future__ import annotations

import ast
import gettext
from collections.abc import Iterator
from pathlib import Path

from babel.messages.pofile import read_po
from packaging.requirements import InvalidRequirement, Requirement

from salesbot.authoring.looked import Looked, check, packages, readme, sources, tree
from salesbot.authoring.project import Project
from salesbot.services.sentences import placeholders, said_in

FEWEST_WORDS = 20
EXPLAINED = frozenset(
    {
        "salesbot_handle_message",
        "salesbot_filter_reply",
        "salesbot_search",
        "salesbot_order_changed",
        "salesbot_deliver",
        "salesbot_run_job",
    }
)
"""Hooks whose name does not say what a plugin does in them; the others' names do."""


@check("The metadata names it, describes it, and says its version")
def metadata(found: Looked, project: Project) -> None:
    """Who finds it, and under which name."""
    if not project.name.startswith("salesbot-"):
        found.problems.append(
            f"name: {project.name!r} does not begin with “salesbot-”, where people look for plugins"
        )
    for what in ("version", "description", "python"):
        if not getattr(project, what):
            found.problems.append(f"{what} is missing")
    found.problems += [
        f"the plugin's name {name!r} is not lower-case letters, digits and _"
        for name in project.plugins
        if not name.isidentifier() or name != name.lower()
    ]


@check("It says which versions of salesbot it fits, from and up to")
def compatibility(found: Looked, project: Project, running: str) -> None:
    """A range with both ends, which this very salesbot is in."""
    try:
        needed = [Requirement(line) for line in project.requires]
    except InvalidRequirement as exc:
        found.problems.append(str(exc))
        return
    ours = next((one for one in needed if one.name == "salesbot"), None)
    operators = {part.operator for part in ours.specifier} if ours else set()
    if ours is None:
        found.problems.append("salesbot is not among what it requires")
    elif not operators & {">=", "==", "~=", ">"} or not operators & {"<", "<=", "==", "~="}:
        found.problems.append(f"“{ours}” needs both ends, such as “salesbot >=0.1, <1”")
    elif not ours.specifier.contains(running, prereleases=True):
        found.problems.append(f"“{ours}” leaves out {running}, which looks it over now")


@check("A README and the module's first line say what it does")
def first_words(found: Looked, project: Project) -> None:
    """What people read before they install it."""
    if len(readme(project).split()) < FEWEST_WORDS:
        found.problems.append(f"there is no README of {FEWEST_WORDS} words or more")
    for path in sources(project):
        if path.stem in {"__init__", *project.plugins.values()} and not ast.get_docstring(tree(path)):
            found.problems.append(
                f"{path.relative_to(project.folder)} has no docstring; its first line is shown to staff"
            )


@check("Each hook that answers, changes or delivers says what it does there")
def hooks_explained(found: Looked, project: Project) -> None:
    """Whoever looks for the reason of an odd answer finds a sentence about each hook that could give it."""
    told = readme(project)
    for path in sources(project):
        module = tree(path)
        hooks = [pair for pair in hooks_in(module) if pair[0] in EXPLAINED]
        if len(hooks) == 1 and ast.get_docstring(module):
            continue  # what the module does is what this hook does
        for hook, function in hooks:
            if not ast.get_docstring(function) and hook not in told:
                place = f"{path.relative_to(project.folder)}:{function.lineno}"
                found.problems.append(
                    f"{place}: {function.name} has no docstring, and the README does not speak of {hook}"
                )


def hooks_in(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """(hook, function) for each implementation at the top of a module."""
    for node in module.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = (
                call.id
                if isinstance(call, ast.Name)
                else call.attr
                if isinstance(call, ast.Attribute)
                else ""
            )
            if name != "hookimpl":
                continue
            words = decorator.keywords if isinstance(decorator, ast.Call) else []
            named = [
                word.value.value
                for word in words
                if word.arg == "specname" and isinstance(word.value, ast.Constant)
            ]
            yield str(named[0]) if named else node.name, node


@check("Each of its languages has every sentence")
def translations(found: Looked, project: Project) -> None:
    """Each language has each sentence, with the same places to fill in, and is compiled."""
    said = {sentence for path in sources(project) for sentence in _sentences(tree(path))}
    languages: set[str] = set()
    for home in packages(project):
        own = said_in(home, ("templates/**", "migrations/**"))
        for source in sorted(home.glob("translations/*/LC_MESSAGES/messages.po")):
            found.problems += _not_compiled(source)
        for file in sorted(home.glob("translations/*/LC_MESSAGES/messages.mo")):
            languages.add(code := file.parts[-3])
            with file.open("rb") as opened:
                catalogue = gettext.GNUTranslations(opened)
            for one in own:
                words = (
                    {catalogue.ngettext(one.text, one.plural, count) for count in (1, 2, 5)}
                    if one.plural
                    else {catalogue.gettext(one.text)}
                )
                if words & {one.text, one.plural}:
                    found.problems.append(f"{code} lacks {one.text!r}")
                elif others := frozenset().union(*map(placeholders, words)) - one.placeholders:
                    found.problems.append(
                        f"{code} has {', '.join(sorted(others))} in {one.text!r}, which nobody fills in"
                    )
    if not languages and said:
        found.notes.append(f"{len(said)} sentences, in no language besides the one in the code")


def _not_compiled(source: Path) -> Iterator[str]:
    compiled = source.with_suffix(".mo")
    where = "/".join(source.parts[-4:])
    if not compiled.is_file():
        yield f"{where} is not compiled: pybabel compile -d {'/'.join(source.parts[-5:-3])}"
        return
    with source.open("rb") as opened:
        written = read_po(opened)
    with compiled.open("rb") as opened:
        catalogue = gettext.GNUTranslations(opened)
    for message in written:
        said = isinstance(message.id, str) and message.id and message.string and not message.fuzzy
        if said and catalogue.gettext(str(message.id)) != message.string:
            yield f"{where} is newer than its messages.mo: compile it again"
            return


def _sentences(module: ast.Module) -> Iterator[str]:
    """What stands in `_("…")`."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "_"
            and node.args
        ):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


@check("Its tests are conversations, and one says what a customer gets when it breaks")
def tests_there(found: Looked, project: Project) -> None:
    """Conversations, and a crash."""
    code = "\n".join(path.read_text("utf-8") for path in sorted((project.folder / "tests").glob("test_*.py")))
    if "customer" not in code:
        found.problems.append("no test in tests/ has a customer who says something")
    if "def test_a_crash" not in code:
        found.problems.append("no test in tests/ is called test_a_crash_…")
