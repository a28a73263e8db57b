"""Quick answers: words of customers and what they get, with a button that leads on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext
from sqlalchemy import func, select
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from salesbot.admin.access import asked
from salesbot.admin.rows.views import ShopModelView
from salesbot.admin.shop import trial
from salesbot.errors import WrongState
from salesbot.extensions import db
from salesbot.models import Category, Product, QuickAnswer
from salesbot.services import misunderstood, quick_answers, shop

_NAMED = {"person": lazy_gettext("A person"), "menu": lazy_gettext("The menu")}


class QuickAnswerView(ShopModelView):
    """Quick answers."""

    create_template = edit_template = "admin/quick_answer_form.html"
    form_overrides_here = {"words": TextAreaField, "text": TextAreaField, "leads_to": SelectField}

    def _read_form(self, model: Any, columns: dict[str, Any], names: list[str]) -> None:
        super()._read_form(model, columns, names)
        self.form_overrides.update(self.form_overrides_here)
        places = " ".join(f"{{{place}}}" for place in quick_answers.PLACES)
        self.form_args["words"] |= {
            "validators": [InputRequired()],
            "render_kw": {"rows": 2, "maxlength": quick_answers.LONGEST_WORDS},
        }
        self.form_args["text"] |= {
            "validators": [InputRequired()],
            "render_kw": {"rows": 4, "maxlength": quick_answers.LONGEST_TEXT, "data-places": places},
        }
        self.form_args["leads_to"] = {"choices": [], "validate_choice": False}
        self.form_args["texts"] |= {
            "tall": {"words": quick_answers.LONGEST_WORDS, "text": quick_answers.LONGEST_TEXT},
            "longest": quick_answers.LONGEST_BUTTON,
            "places": {"text": places},
        }

    def create_form(self, obj: Any = None) -> Any:
        """An empty form, or one with the words of a message that was not understood."""
        form = super().create_form(obj)
        form.leads_to.choices = _choices(form.leads_to.object_data)
        number = asked.number(request.args, "message")
        heard = misunderstood.words_of(number) if request.method == "GET" and number else None
        if heard is not None:
            if heard.language == shop.setting("LANGUAGES")[0]:
                form.words.data = heard.words
            else:
                form.texts.data = {heard.language: {"words": heard.words}}
        return form

    def edit_form(self, obj: Any = None) -> Any:
        """The form of an answer."""
        form = super().edit_form(obj)
        form.leads_to.choices = _choices(form.leads_to.object_data)
        return form

    def validate_form(self, form: Any) -> bool:
        """Whether words and texts can be used; what can't is said at the field."""
        if not super().validate_form(form):
            return False
        if "words" not in form:  # the little forms for deleting and for actions
            return True
        wrong: dict[str, list[str]] = {}
        number = asked.number(request.args, "id")  # none for a new one
        others = {code: own for code, own in (form.texts.data or {}).items() if code in form.texts.codes()}
        texts: dict[str, Mapping[str, str]] = {
            "": {name: form[name].data or "" for name in ("words", "text")},
            **others,
        }
        for code, own in texts.items():
            for name, problem in (
                ("words", quick_answers.problem_with_words(own.get("words", ""), number)),
                ("text", quick_answers.problem_with_text(own.get("text", ""))),
            ):
                if problem:
                    said = f"{form.texts.names[name]} ({code}): {problem}" if code else problem
                    wrong.setdefault("texts" if code else name, []).append(said)
        if not quick_answers.phrases(texts[""]["words"]):
            wrong.setdefault("words", []).append(gettext("Type the words of your customers."))
        if form.leads_to.data not in dict(_flat(form.leads_to.choices)):
            wrong["leads_to"] = [gettext("This is not there any more. Choose something else.")]
        for name, words in wrong.items():
            form[name].errors = [*form[name].errors, *words]
        return not wrong

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Lets every process hear of it with its next message."""
        if is_created and (db.session.scalar(select(func.count(QuickAnswer.id))) or 0) > quick_answers.MOST:
            raise WrongState(
                gettext("There can be %(n)d quick answers. Delete one first.", n=quick_answers.MOST)
            )
        shop.changing()

    def on_model_delete(self, model: Any) -> None:
        """Lets every process hear of it with its next message."""
        shop.changing()


def _choices(present: str | None) -> dict[str, list[Any]]:
    """What a button may lead to, in groups; what is chosen now stays there to be seen."""
    menu = {
        number: next(iter(titles.values()))
        for number, titles in trial.menu_lines().items()
        if number not in _NAMED and number.partition(":")[0] not in {"category", "product", "language"}
    }
    shelves = select(Category.id, Category.title).order_by(Category.position, Category.id)
    things = select(Product.id, Product.title).where(Product.active).order_by(Product.title)
    groups: dict[str, list[Any]] = {
        gettext("Nothing more"): [SelectChoice("", gettext("No button but the one to the menu"))],
        gettext("People and menu"): [SelectChoice(*pair) for pair in {**_NAMED, **menu}.items()],
        gettext("Categories"): [
            SelectChoice(f"category:{number}", title) for number, title in db.session.execute(shelves)
        ],
        gettext("Products"): [
            SelectChoice(f"product:{number}", title) for number, title in db.session.execute(things)
        ],
    }
    groups = {name: choices for name, choices in groups.items() if choices}
    if present and present not in dict(_flat(groups)):
        groups[gettext("Now")] = [
            SelectChoice(present, gettext("%(id)s, which is not there now", id=present))
        ]
    return groups


def _flat(groups: Mapping[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(choice.value, choice.label) for choices in groups.values() for choice in choices]
