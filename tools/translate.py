"""Keeps the catalogues of every language true: `python tools/translate.py [code of a new language]`.

One file holds a language: translations/<code>.po. This tool gathers the sentences of the core, the
back office and the built-in plugins into it, and compiles from it what each package ships. A sentence
that several packages say is translated once. What is missing is named, and the exit status is 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from salesbot.services.sentences import OFFICE, Sentence, placeholders, said_in

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ROOT / "translations"
TWO_FORMS = {
    "es": "nplurals=2; plural=(n != 1);",
    "pt": "nplurals=2; plural=(n > 1);",
}
"""CLDR, which Babel follows, has a third form here for whole millions; these catalogues do without it."""

STAFF = (
    "salesbot/admin/",
    "salesbot/templates/admin/",
    "salesbot/doctor/",
    "salesbot/newsmail.py",
    "salesbot/newspush.py",
    *(f"salesbot/services/{name}.py" for name in ("delivery_texts", "key_import", "quick_answers", "words")),
)
NO_ERRORS = (
    *(f"{folder}/**" for folder in ("authoring", "backup", "cli", "demo", "migrations", "testing", "web")),
    *("channels/mail.py", "fulfilment/downloads.py", "errors.py"),
)
"""Of the core: what only those read who run the shop in a terminal."""
HEAD = {"Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}


@dataclass(frozen=True)
class Part:
    """What ships catalogues of its own: a package's folder, or the back office in it."""

    name: str
    home: Path
    sources: tuple[tuple[Path, tuple[str, ...]], ...]
    errors: Path | None = None
    """The folder whose errors it says, too."""

    def sentences(self) -> dict[str, Sentence]:
        """Its sentences by their first form; the files are named from the project's folder."""
        found: dict[str, Sentence] = {}
        said = [(folder, one) for folder, leave_out in self.sources for one in said_in(folder, leave_out)]
        if self.errors is not None:
            said += [(self.errors, one) for one in said_in(self.errors, NO_ERRORS, errors=True)]
        for folder, one in said:
            known = found[one.text].files if one.text in found else ()
            files = [(folder / file).relative_to(ROOT).as_posix() for file in one.files]
            places = tuple(dict.fromkeys([*known, *files]))
            found[one.text] = Sentence(one.text, one.plural, places, one.is_error)
        return found

    def compiled(self, code: str) -> Path:
        """Where its compiled catalogue belongs."""
        return self.home / "translations" / code / "LC_MESSAGES" / "messages.mo"


def parts() -> list[Part]:
    """What customers read comes first, so that a translator can begin with it."""
    core, plugins = ROOT / "salesbot", sorted((ROOT / "plugins").glob("salesbot_*"))
    shared = ((core / "admin", ()), (core / "templates" / "admin", ()), (core / "templates" / "phone", ()))
    return [
        Part("salesbot", core, ((core, OFFICE),)),
        *(Part(folder.name, folder, ((folder, ()),)) for folder in plugins),
        Part("salesbot.admin", core / "admin", shared, core),
    ]


def is_for_staff(sentence: Sentence) -> bool:
    """Whether no customer reads it."""
    return sentence.is_error or all(file.startswith(STAFF) for file in sentence.files)


def languages() -> list[str]:
    """The codes of all languages besides English, which stands in the code."""
    return sorted(path.stem for path in LANGUAGES.glob("*.po"))


@cache
def read(code: str) -> Catalog:
    """A language as its file holds it; an empty catalogue when there is no file yet."""
    path = LANGUAGES / f"{code}.po"
    if not path.exists():
        return Catalog(locale=Locale.parse(code))
    with path.open("rb") as file:
        return read_po(file, locale=code)


def problems(code: str, *, customers: bool = False) -> Iterator[str]:
    """What a language lacks, all of it or what customers read: one line for each sentence.

    A line has the file that says it, the sentence, and what is wrong with the translation.
    """
    seen: set[str] = set()
    for part in parts():
        for sentence in part.sentences().values():
            if sentence.text in seen or (customers and is_for_staff(sentence)):
                continue
            seen.add(sentence.text)
            where = f"{code}: {sentence.files[0]}: {sentence.text!r}"
            forms = translation(read(code), sentence)
            if not forms:
                yield f"{where} has no translation"
            for form in forms:
                # One of a pair may leave the number out, as in "one key".
                has, needs = placeholders(form), sentence.placeholders
                if not has <= needs or (not sentence.plural and has != needs):
                    yield f"{where} is {form!r}, which needs {sorted(needs)} and has {sorted(has)}"


def translation(catalogue: Catalog, sentence: Sentence) -> tuple[str, ...]:
    """The translated forms; none when one of them is missing or only guessed."""
    message = catalogue.get(sentence.text)
    if message is None or message.fuzzy:
        return ()
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return tuple(forms) if all(forms) and (len(forms) > 1) == bool(sentence.plural) else ()


def updated(code: str) -> bytes:
    """A language's file anew: every sentence that is said today, in order, and no other."""
    new = _catalogue(code)
    for part in parts():
        for sentence in part.sentences().values():
            known = new.get(sentence.text)
            files = [*(known.locations if known is not None else ()), *((file, 0) for file in sentence.files)]
            new[sentence.text] = _message(code, sentence, files)
    buffer = BytesIO()
    write_po(buffer, new, width=100, include_lineno=False)
    return buffer.getvalue()


def compiled(code: str, part: Part) -> bytes:
    """What a part ships of a language: its own translated sentences."""
    mine = _catalogue(code)
    for sentence in part.sentences().values():
        if translation(read(code), sentence):
            mine[sentence.text] = _message(code, sentence, [])
    buffer = BytesIO()
    write_mo(buffer, mine)
    return buffer.getvalue()


def _message(code: str, sentence: Sentence, files: list[tuple[str, int]]) -> Message:
    forms = translation(read(code), sentence)
    if sentence.plural:
        text: str | tuple[str, ...] = forms or ("",) * _catalogue(code).num_plurals
        return Message((sentence.text, sentence.plural), text, dict.fromkeys(files))
    return Message(sentence.text, forms[0] if forms else "", dict.fromkeys(files))


class _Quiet(Catalog):
    """A catalogue whose head says nothing of when and by whom: the same sentences make the same file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [head for head in super().mime_headers if head[0] in HEAD]

    @mime_headers.setter
    def mime_headers(self, headers: list[tuple[str, str]]) -> None:
        self._set_mime_headers(headers)


def _catalogue(code: str) -> Catalog:
    catalogue = _Quiet(locale=Locale.parse(code), fuzzy=False)
    catalogue.header_comment = (
        f"# {Locale.parse(code).english_name}; docs/languages.md says how to work on it."
    )
    if code in TWO_FORMS:
        catalogue.mime_headers = [("Plural-Forms", TWO_FORMS[code])]
    return catalogue


def main() -> int:
    """Brings all languages up to date, and those that are named."""
    LANGUAGES.mkdir(exist_ok=True)
    wrong: list[str] = []
    for code in sorted({*languages(), *sys.argv[1:]}):
        (LANGUAGES / f"{code}.po").write_bytes(updated(code))
        for part in parts():
            part.compiled(code).parent.mkdir(parents=True, exist_ok=True)
            part.compiled(code).write_bytes(compiled(code, part))
        wrong += problems(code)
    print("\n".join(wrong) or "Every sentence is there in every language.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
