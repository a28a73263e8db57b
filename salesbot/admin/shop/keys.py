"""Licence keys: looked at by their last letters, deleted while nobody has bought them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from salesbot.admin.rows.views import ShopModelView
from salesbot.errors import WrongState


class LicenceKeyView(ShopModelView):
    """Keys are added on their product's page."""

    def on_model_delete(self, model: Any) -> None:
        """Refuses a key that somebody has paid for."""
        if model.delivery_id is not None:
            raise WrongState(gettext("This key is sold: its buyer still needs it."))
