"""Coupons: codes as customers may type them, with either a percentage or an amount."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

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
        wrong: dict[str, str] = {}
        if (form.percent.data is None) == (form.amount.data is None):
            wrong["percent"] = gettext("Type either a percentage or an amount.")
        elif form.percent.data is not None and not 1 <= form.percent.data <= 100:
            wrong["percent"] = gettext("Type a number from 1 to 100.")
        if form.product.data is not None and form.category.data is not None:
            wrong["category"] = gettext("Choose a product or a category, not both.")
        if len(coupons.normal(form.code.data)) < coupons.SHORTEST:
            wrong["code"] = gettext("A code has at least %(n)d letters.", n=coupons.SHORTEST)
        for name, words in wrong.items():
            form[name].errors = [*form[name].errors, words]
        return not wrong

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """Keeps the code as it is looked for."""
        model.code = coupons.normal(model.code)
