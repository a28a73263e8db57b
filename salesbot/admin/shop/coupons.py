"""Coupons: codes as customers may type them, with either a percentage or an amount."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from sqlalchemy import inspect

from salesbot.admin.rows.fields import amount_example, largest
from salesbot.admin.rows.views import ShopModelView
from salesbot.services import coupons


class CouponView(ShopModelView):
    """Coupons."""

    def validate_form(self, form: Any) -> bool:
        """Whether the parts fit together; what doesn't is said at the field."""
        if not super().validate_form(form):
            return False
        if "code" not in form:  # the little forms for deleting and for actions
            return True
        wrong = {**_takes_off(form), **self._counts(form)}
        if form.starts_at.data and form.ends_at.data and form.ends_at.data <= form.starts_at.data:
            wrong["ends_at"] = gettext("The end must come after the start.")
        if form.product.data is not None and form.category.data is not None:
            wrong["category"] = gettext("Choose a product or a category, not both.")
        if len(coupons.normal(form.code.data)) < coupons.SHORTEST:
            wrong["code"] = gettext("A code has at least %(n)d letters.", n=coupons.SHORTEST)
        for name, words in wrong.items():
            form[name].errors = [*form[name].errors, words]
        return not wrong

    def _counts(self, form: Any) -> dict[str, str]:
        """What is wrong with how often it may be used, by field."""
        wrong = {}
        for name, least in (("uses_allowed", 0), ("uses_per_customer", 1)):
            if form[name].data is not None and form[name].data < least:
                most = largest(inspect(self.model).columns[name].type)
                wrong[name] = gettext("Type a number from %(least)s to %(most)s.", least=least, most=most)
        return wrong

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Keeps the code as it is looked for."""
        model.code = coupons.normal(model.code)


def _takes_off(form: Any) -> dict[str, str]:
    """What is wrong with how much it takes off, by field."""
    percent, amount = form.percent.data, form.amount.data
    if (percent is None) == (amount is None):
        return {"percent": gettext("Type either a percentage or an amount.")}
    if percent is not None and not 1 <= percent <= 100:
        return {"percent": gettext("Type a number from 1 to 100.")}
    return {} if amount is None or amount > 0 else {"amount": amount_example()}
