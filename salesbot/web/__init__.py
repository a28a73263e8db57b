"""The pages and webhooks: parse, call one function below, commit."""

from __future__ import annotations

from flask import Flask

from salesbot.web import chatbot, checkout, delivery, health, opening, payments, phone, receipts, shop


def register(app: Flask) -> None:
    """Adds every blueprint."""
    opening.init(app)
    for module in (chatbot, payments, health, shop, checkout, receipts, delivery, phone):
        app.register_blueprint(module.blueprint)
