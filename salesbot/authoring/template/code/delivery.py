import hmac
from hashlib import sha256

from salesbot import Delivered, NeedsStaff, Setting, hookimpl, setting


@hookimpl(specname="salesbot_settings")
def delivery_settings():
    return [Setting("myplugin_seed", "My plugin: what codes are made of", secret=True)]


@hookimpl
def salesbot_deliver(unit):
    """HTTP is welcome here. `unit.key` is the same each time the same unit is asked for."""
    if unit.kind != "myplugin":
        return None
    seed = setting("myplugin_seed")
    if not seed:
        return NeedsStaff("there is no secret yet: type one in the back office under Settings")
    code = hmac.new(seed.encode(), unit.key.encode(), sha256).hexdigest()[:12].upper()
    return Delivered(text=_("Your code for {title}:").format(title=unit.product.title), secret=code)
