"""Who may do what in the back office: one table from action to the least role that has it."""

from __future__ import annotations

from collections.abc import Mapping

from flask_login import current_user

VIEWER, AGENT, MANAGER, OWNER = "viewer", "agent", "manager", "owner"
_RANK = {VIEWER: 1, AGENT: 2, MANAGER: 3, OWNER: 4}

LEAST_ROLE: Mapping[str, str] = {
    "look": VIEWER,
    "answer": AGENT,  # write to customers, take chats over, settle messages
    "deliver": AGENT,  # resend what was paid for
    "money": MANAGER,  # say that money has arrived
    "change": MANAGER,  # the catalogue, keys, customers
    "delete": MANAGER,
    "export": MANAGER,
    "run": OWNER,  # settings, plugins, staff
}


def staff_name() -> str:
    """Whoever is signed in, as timelines and chats name them."""
    return str(current_user)[:120]


def may(action: str) -> bool:
    """Whether whoever is signed in may do `action`; an unknown action is the owner's alone."""
    if not current_user.is_authenticated:
        return False
    least = LEAST_ROLE.get(action, OWNER)
    return _RANK.get(current_user.role, 0) >= _RANK[least]
