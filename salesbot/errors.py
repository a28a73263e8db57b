"""The errors that salesbot raises itself; a reply or a status is made of them at the edge only."""

from __future__ import annotations


class SalesbotError(Exception):
    """Base of all of them; its text may be shown to staff, never to a customer.

    A `sentence` with places such as `{number}` is filled from `places`; the back office says the same
    in the language of whoever looks. So a sentence stands in the code as it is, without an f before it.
    """

    def __init__(self, sentence: str = "", **places: object) -> None:
        super().__init__(sentence.format(**places) if places else sentence)
        self.sentence = sentence
        self.places = places


class Mistyped(SalesbotError, ValueError):
    """What somebody typed can't be used; the text says what would do."""


class ConfigError(SalesbotError):
    """A setting cannot be used as it is; the text names it and says what would do."""


class DatabaseBusy(SalesbotError):
    """The database could not be written to before the deadline."""


class NotSent(SalesbotError):
    """A channel refused a message. `code` is the provider's, `retry_in` seconds or None for never."""

    def __init__(
        self, reason: str, *, code: str = "", retry_in: float | None = None, **places: object
    ) -> None:
        super().__init__(reason, **places)
        self.reason = str(self)
        self.code = code
        self.retry_in = retry_in


class ButtonsRefused(NotSent):
    """A channel refused a message that may be fine without its buttons: nothing was sent."""


class SendUnknown(SalesbotError):
    """Nobody can tell whether the provider took the message: it must not be sent again blindly."""


class OutOfStock(SalesbotError):
    """Fewer units are left than were asked for. `left` is how many."""

    def __init__(self, title: str, left: int) -> None:
        super().__init__(f"{title}: {left} left")
        self.title = title
        self.left = left


class CouponRefused(SalesbotError):
    """A coupon takes nothing off. `reason` is "unknown", "not now", "used up" or "nothing"."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the coupon is refused: {reason}")
        self.reason = reason


class NotForSale(SalesbotError):
    """The product is not offered (any more)."""


class WrongState(SalesbotError):
    """What was asked for does not fit the state that the row is in."""


class KeyringError(SalesbotError):
    """Something was encrypted or signed with a key that this shop's keyring does not hold."""


class BadLink(SalesbotError):
    """A signed link was changed, cut off, or made by somebody else."""


class PluginProblem(SalesbotError):
    """A plugin cannot be loaded, or did what plugins must not do; the text says what and where."""


class TransactionBroken(SalesbotError):
    """A plugin destroyed the transaction it ran in: the work must be done again without it.

    `seconds` are those that it took for that.
    """

    def __init__(self, plugin: str, reason: str) -> None:
        super().__init__(f"{plugin}: {reason}")
        self.plugin = plugin
        self.reason = reason
        self.seconds = 0.0
        self.recorded = False


class BackupError(SalesbotError):
    """A backup could not be made or restored; the text says what was in the way, and nothing is half done."""
