#!/usr/bin/env python3
"""Fetches the parts of other projects that our pages use into salesbot/static/vendor.

Run it after changing package.json (`npm install` there renews the lock file). The result is
committed, so that nobody who only runs the shop needs npm:

    python tools/vendor/vendor.py
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent.parent / "salesbot" / "static" / "vendor"

# The weights and the alphabets that darkly asks Google for, and latin-ext for names.
LATO = [
    f"lato-{alphabet}-{weight}-{style}"
    for weight, style in ((400, "normal"), (400, "italic"), (700, "normal"))
    for alphabet in ("latin-ext", "latin")
]
FONT_AWESOME = MODULES / "@fortawesome" / "fontawesome-free"


def main() -> None:
    """Install what the lock file names, exactly, and rebuild the vendor folder from it."""
    subprocess.run(["npm", "ci"], cwd=HERE, check=True)
    shutil.rmtree(TARGET, ignore_errors=True)
    _darkly(TARGET / "bootswatch")
    _lato(TARGET / "lato")
    _font_awesome(TARGET / "fontawesome")
    _copy(MODULES / "jquery", TARGET / "jquery", "dist/jquery.min.js", "LICENSE.txt")
    _chart_js(TARGET / "chartjs")
    _versions(TARGET / "README.md")


def _copy(source: Path, target: Path, *names: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / Path(name).name)


def _darkly(target: Path) -> None:
    """Bootswatch's theme without its request to Google's font server."""
    _copy(MODULES / "bootswatch", target, "LICENSE")
    css = (MODULES / "bootswatch" / "dist" / "darkly" / "bootstrap.min.css").read_text("utf-8")
    css, found = re.subn(r"@import url\([^)]*\);", "", css)
    if found != 1:
        raise SystemExit(f"expected one @import in darkly, found {found}: look at it again")
    (target / "darkly.min.css").write_text(css, "utf-8")


def _lato(target: Path) -> None:
    """The font's files and one style sheet that names them."""
    source = MODULES / "@fontsource" / "lato"
    _copy(source, target, "LICENSE", *(f"files/{name}.woff2" for name in LATO))
    rules: list[str] = []
    for sheet in ("400.css", "400-italic.css", "700.css"):
        css = (source / sheet).read_text("utf-8")
        for name, rule in re.findall(r"/\* (lato-\S+) \*/\s*(@font-face \{.*?\})", css, re.DOTALL):
            if name in LATO:
                only_woff2 = re.sub(r",\s*url\([^)]*\.woff\) format\('woff'\)", "", rule)
                rules.append(only_woff2.replace("./files/", "./"))
    if len(rules) != len(LATO):
        raise SystemExit(f"expected {len(LATO)} faces of Lato, found {len(rules)}")
    (target / "lato.css").write_text("\n".join(rules) + "\n", "utf-8")


def _font_awesome(target: Path) -> None:
    """The icons' style sheets and woff2 files; the ttf files are for browsers nobody has."""
    _copy(FONT_AWESOME, target, "LICENSE.txt")
    (target / "css").mkdir()
    for name in ("all.min.css", "v4-shims.min.css"):
        css = (FONT_AWESOME / "css" / name).read_text("utf-8")
        css = re.sub(r',url\([^)]*\.ttf\) format\("truetype"\)', "", css)
        if ".ttf" in css:
            raise SystemExit(f"{name} still names a ttf file: look at it again")
        (target / "css" / name).write_text(css, "utf-8")
    fonts = sorted((FONT_AWESOME / "webfonts").glob("*.woff2"))
    _copy(FONT_AWESOME / "webfonts", target / "webfonts", *(font.name for font in fonts))


def _chart_js(target: Path) -> None:
    """The charts, without the name of a map that is not here."""
    _copy(MODULES / "chart.js", target, "dist/chart.umd.min.js", "LICENSE.md")
    script = target / "chart.umd.min.js"
    script.write_text(re.sub(r"\n?//# sourceMappingURL=\S+\s*$", "\n", script.read_text("utf-8")), "utf-8")


def _versions(readme: Path) -> None:
    """Say what lies here, in which version, under which licence."""
    lock = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    lines = [
        "# Parts of other projects",
        "",
        "Made by `tools/vendor/vendor.py`; do not edit. Licences lie beside the files.",
        "",
        "| package | version | licence |",
        "|---|---|---|",
    ]
    for path, package in sorted(lock["packages"].items()):
        if path:
            name = path.removeprefix("node_modules/")
            lines.append(f"| {name} | {package['version']} | {package['license']} |")
    readme.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
