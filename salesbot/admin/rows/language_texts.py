"""A form field for what a row says in the shop's other languages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from wtforms import Field

from salesbot.services import languages, shop


class _Boxes:
    """One group of boxes a language."""

    def __call__(self, field: LanguageTexts, **_kwargs: Any) -> Markup:
        groups = [
            Markup('<fieldset class="sb-language"><legend>{}</legend>{}</fieldset>').format(
                languages.name(code).capitalize(),
                Markup("").join(self._box(field, code, name) for name in field.names),
            )
            for code in field.codes()
        ]
        return Markup("").join(groups)

    def _box(self, field: LanguageTexts, code: str, name: str) -> Markup:
        key, text = field.key(code, name), (field.data or {}).get(code, {}).get(name, "")
        if name in field.tall:
            box = Markup(
                '<textarea class="form-control" id="{0}" name="{0}" rows="3" lang="{1}"{3}>{2}</textarea>'
            )
        else:
            box = Markup('<input class="form-control" id="{0}" name="{0}" lang="{1}" value="{2}"{3}>')
        places = field.places.get(name)
        data = Markup(' data-places="{}"').format(places) if places else ""
        label = Markup('<label for="{}">{}</label>').format(key, field.names[name])
        return Markup('<div class="form-group">{}{}</div>').format(
            label, box.format(key, code.replace("_", "-"), text, data)
        )


class LanguageTexts(Field):
    """The texts of a row by language and name; `names` maps each name to its label.

    `tall` are the names with a large box, with the most characters of each or None; the others take
    `longest`. `places` are what may stand in a text in braces, by its name.
    Of languages that the shop does not speak now, what is there stays as it is.
    """

    widget = _Boxes()

    def __init__(
        self,
        label: Any = None,
        validators: Any = (),
        *,
        names: Mapping[str, Any],
        longest: int,
        tall: Mapping[str, int | None] = MappingProxyType({"description": None}),
        places: Mapping[str, str] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        self.names, self.longest = names, longest
        self.tall, self.places = tall, places
        super().__init__(label, validators, **kwargs)

    def codes(self) -> list[str]:
        """The languages that there are boxes for."""
        return list(shop.setting("LANGUAGES")[1:])

    def key(self, code: str, name: str) -> str:
        """What a box is called in the form."""
        return f"{self.name}-{code}-{name}"

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Takes what stands in the row, and over it what was typed."""
        self.process_errors = []
        texts = {code: dict(own) for code, own in (data or {}).items()} if isinstance(data, dict) else {}
        self.object_data = self.data = texts
        if not formdata:
            return
        for code in self.codes():
            typed = {name: formdata.get(self.key(code, name)) for name in self.names}
            if all(text is None for text in typed.values()):
                continue
            own = {name: text.strip() for name, text in typed.items() if text and text.strip()}
            self.data = {**self.data, code: own}
            for name, text in own.items():
                longest = self.tall.get(name) if name in self.tall else self.longest
                if longest is not None and len(text) > longest:
                    label = f"{languages.name(code)}: {self.names[name]}"
                    words = gettext("%(label)s: at most %(n)d characters.", label=label, n=longest)
                    self.process_errors.append(words)
        self.data = {code: own for code, own in self.data.items() if own}
