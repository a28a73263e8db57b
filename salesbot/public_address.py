"""The address under which the world sees this shop."""

from __future__ import annotations

from flask import current_app, has_request_context, request

from salesbot.shop_state import setting


def base_url() -> str:
    """The shop's address as the world sees it, without a slash at the end."""
    configured: str = setting("PUBLIC_URL")
    if configured:
        return configured
    if has_request_context():
        return request.url_root.rstrip("/")
    return f"http://127.0.0.1:{current_app.config['PORT']}"
