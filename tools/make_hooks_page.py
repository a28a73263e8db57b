"""Writes docs/hooks.md from the code: each hook, who uses it with an example, and the values.

Usage: make_hooks_page.py. The tests compare the page with what this would write.
"""

from __future__ import annotations

import ast
import configparser
import inspect
from dataclasses import dataclass
from pathlib import Path

from salesbot import hookspecs, messages, plugin_loading

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "hooks.md"
COMMAND = ".venv/bin/python tools/make_hooks_page.py"

_SECOND = (
    "A second implementation of a hook in one module has a name of its own and says which hook it "
    'is: `@hookimpl(specname="salesbot_handle_message")`.'
)


@dataclass(frozen=True)
class Use:
    """One plugin's implementation of a hook."""

    plugin: str
    path: Path
    source: str
    is_example: bool


def uses() -> dict[str, list[Use]]:
    """Who implements each hook, built-ins and examples; the shortest code first, examples before all."""
    found: dict[str, list[Use]] = {name: [] for name in plugin_loading.HOOKS}
    for plugin, path, is_example in [*_built_ins(), *_examples()]:
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and (hook := _hook_of(node)) in found:
                found[hook].append(Use(plugin, path, _source(text, node), is_example))
    for implementations in found.values():
        implementations.sort(key=lambda use: (not use.is_example, use.source.count("\n")))
    return found


def _built_ins() -> list[tuple[str, Path, bool]]:
    return [
        (name, ROOT / "plugins" / f"salesbot_{name}" / "__init__.py", False)
        for name in plugin_loading.BUILT_IN
    ]


def _examples() -> list[tuple[str, Path, bool]]:
    found = []
    for setup in sorted((ROOT / "examples").glob("*/setup.cfg")):
        parser = configparser.ConfigParser()
        parser.read(setup, encoding="utf-8")
        for line in parser["options.entry_points"]["salesbot.plugins"].strip().splitlines():
            plugin, _equals, module = line.partition(" = ")
            package = setup.parent / module / "__init__.py"
            found.append((plugin, package if package.is_file() else setup.parent / f"{module}.py", True))
    return found


def _hook_of(node: ast.FunctionDef) -> str:
    """The hook that a function implements, "" for other functions."""
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(call, ast.Name) and call.id == "hookimpl":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            named = [ast.literal_eval(word.value) for word in keywords if word.arg == "specname"]
            return str(named[0]) if named else node.name
    return ""


def _source(text: str, node: ast.FunctionDef) -> str:
    first = min(decorator.lineno for decorator in node.decorator_list)
    return "\n".join(text.splitlines()[first - 1 : node.end_lineno])


def page() -> str:
    """The whole page."""
    specs = [
        node for node in ast.parse(inspect.getsource(hookspecs)).body if isinstance(node, ast.FunctionDef)
    ]
    used = uses()
    lines = [
        "# Hooks",
        "",
        f"<!-- Made from the code by {COMMAND}; change the code, not this page. -->",
        "",
        _text(inspect.getdoc(hookspecs) or ""),
        "",
        "A plugin implements what it wants of these, and leaves out the arguments that it does not need:",
        "",
        *[f"- [`{spec.name}`](#{spec.name}): {_first_sentence(spec)}" for spec in specs],
        "",
        _SECOND,
        "",
    ]
    for spec in specs:
        lines += [*_hook(spec, used[spec.name]), ""]
    lines += ["## The values", "", _text(inspect.getdoc(messages) or ""), ""]
    lines += ["All of them come from `salesbot`: `from salesbot import Reply, Choice, hookimpl`.", ""]
    text = inspect.getsource(messages)
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            lines += [*_value(text, node), ""]
    return "\n".join(lines).rstrip() + "\n"


def _hook(spec: ast.FunctionDef, used: list[Use]) -> list[str]:
    who = ", ".join(
        f"[{use.plugin}](../{use.path.relative_to(ROOT).as_posix()})"
        for use in sorted(used, key=lambda use: (use.is_example, use.plugin))
    )
    lines = [f"## {spec.name}", "", "```python", _signature(spec), "```", ""]
    lines += [_text(ast.get_docstring(spec) or ""), "", f"Used by: {who or 'nobody'}."]
    if used:
        lines += ["", "```python", used[0].source, "```"]
    return lines


def _signature(function: ast.FunctionDef, *, without_self: bool = False) -> str:
    if without_self:
        function.args.args = function.args.args[1:]
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{function.name}({ast.unparse(function.args)}){returns}"


def _value(text: str, node: ast.ClassDef) -> list[str]:
    fields = [
        (ast.get_source_segment(text, item) or "").replace("field(default_factory=dict)", "{}")
        for item in node.body
        if isinstance(item, ast.AnnAssign)
    ]
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    lines = [f"### {node.name}", "", _text(ast.get_docstring(node) or "")]
    if fields:
        lines += ["", "```python", *fields, "```"]
    if methods:
        lines += [""]
    for method in methods:
        told = (ast.get_docstring(method) or "").replace("\n", " ")
        lines += [f"- `{_signature(method, without_self=True)}`: {told}"]
    return lines


def _first_sentence(spec: ast.FunctionDef) -> str:
    return (ast.get_docstring(spec) or "").partition("\n\n")[0].replace("\n", " ")


def _text(docstring: str) -> str:
    """Paragraphs on one line each, as Markdown readers expect them."""
    return "\n\n".join(
        paragraph.replace("\n", " ") for paragraph in inspect.cleandoc(docstring).split("\n\n")
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written.")
