"""What a phone asks for to keep the back office on its home screen and to be told of news there."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, json, url_for
from flask_babel import gettext

from salesbot.services import shop

blueprint = Blueprint("staff_app", __name__)
"""Outside of `/admin`: browsers ask for both without saying who sits in front of them."""

GROUND = "#14171b"


def init(app: Flask) -> None:
    """Registers the addresses."""
    app.register_blueprint(blueprint)


@blueprint.get("/staff-worker.js")
def worker() -> Response:
    """The service worker, from where it may look after the whole back office."""
    answer: Response = current_app.send_static_file("admin-worker.js")
    answer.headers["Content-Type"] = "text/javascript; charset=utf-8"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.get("/staff.webmanifest")
def manifest() -> Response:
    """What the back office is called on a home screen, and how it looks there."""
    home = url_for("admin.index")
    sizes = {"admin-icon-192.png": "192x192", "admin-icon-512.png": "512x512"}
    said = {
        "id": home,
        "name": gettext("%(shop)s, back office", shop=shop.setting("SHOP_NAME")),
        "short_name": str(shop.setting("SHOP_NAME"))[:30],
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "icons": [
            {
                "src": url_for("static", filename=name),
                "sizes": size,
                "type": "image/png",
                "purpose": "any maskable",
            }
            for name, size in sizes.items()
        ],
    }
    answer = Response(json.dumps(said), mimetype="application/manifest+json")
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
