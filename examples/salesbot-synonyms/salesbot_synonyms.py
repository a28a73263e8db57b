"""Finds products under the words that customers use for them, which staff type in the back office."""

from salesbot import Setting, hookimpl, search, setting


@hookimpl
def salesbot_settings():
    return [
        Setting(
            "synonyms", "Words for the same, such as: e-book = book, tune = sound", default="e-book = book"
        ),
    ]


@hookimpl
def salesbot_search(words):
    """Searches again with the shop's own words; None when the customer used them already."""
    known = synonyms()
    changed = " ".join(known.get(word, word) for word in words.casefold().split())
    return None if changed == words.casefold() else search(changed)


def synonyms():
    """The shop's word by the customer's."""
    pairs = (pair.partition("=") for pair in setting("synonyms").casefold().split(","))
    return {theirs.strip(): ours.strip() for theirs, _equals, ours in pairs}
