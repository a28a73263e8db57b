"""The program itself, and who works with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from salesbot import models
from salesbot.admin.exceptions.shorthand import CREATED, INTERNAL, names, record
from salesbot.admin.rules import SYSTEM, Rules
from salesbot.models.audit import AUDIT_WORDS
from salesbot.models.staff import ROLES

EXCEPTIONS: Mapping[type[Any], Rules] = {
    models.Presence: record(
        many=_("Who is here"), one=_("entry"), audited=False, group=SYSTEM, in_menu=False, needs=INTERNAL
    ),
    models.Notice: record(
        many=_("News"), one=_("news"), audited=False, group=SYSTEM, in_menu=False, needs=INTERNAL, large=True
    ),
    models.NewsChoice: record(
        many=_("Who hears of what"), one=_("choice"), group=SYSTEM, in_menu=False, needs=INTERNAL
    ),
    models.NoticeMail: record(
        many=_("News by e-mail"),
        one=_("e-mail"),
        audited=False,
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        large=True,
    ),
    models.PushDevice: record(
        many=_("Devices that are told"),
        one=_("device"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        first=names("staff name created_at told_at"),
        never=names("endpoint p256dh epoch"),
        not_in_audit=names("endpoint p256dh told_at"),
        labels={"told_at": _("Told last"), **CREATED},
    ),
    models.NoticePush: record(
        many=_("News on devices"),
        one=_("news"),
        audited=False,
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        large=True,
    ),
    models.StaffUser: Rules(
        many=_("Staff"),
        one=_("staff member"),
        group=SYSTEM,
        icon="fa-user-shield",
        needs=dict.fromkeys(
            ("index_view", "details_view", "create_view", "edit_view", "delete_view", "action_view"), "run"
        ),
        opens="edit_view",
        first=names("name email role active last_sign_in_at"),
        not_in_list=names("created_at"),
        not_in_form=names("epoch language zone created_at last_sign_in_at"),
        never=names("password_hash epoch"),
        labels={
            "email": _("E-mail"),
            "active": _("May sign in"),
            "last_sign_in_at": _("Last signed in"),
            **CREATED,
        },
        helps={
            "name": _("Colleagues see it beside what this person does."),
            "role": _("Owners may do everything; managers sell; agents answer; viewers look."),
            "active": _("Off: this person is signed out at once, and hears no news."),
        },
        choices={"role": ROLES},
        sort="name",
    ),
    models.PluginFailure: record(
        many=_("Plugin failures"),
        one=_("failure"),
        group=SYSTEM,
        icon="fa-bug",
        needs=INTERNAL,
        in_menu=False,
        search=names("plugin error"),
        large=True,
        empty=_("No plugin has failed."),
    ),
    models.ContentTemplate: record(
        many=_("Templates for buttons"),
        one=_("template"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        first=names("shape sid account created_at"),
        labels={"shape": _("Name"), "sid": _("Id at Twilio"), "account": _("Account"), **CREATED},
        empty=_("None yet: each is made when a message needs it first."),
    ),
    models.MessageTemplate: record(
        many=_("Stored templates"),
        one=_("template"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        first=names("name language status use text"),
    ),
    models.Job: record(
        many=_("Jobs of plugins"),
        one=_("job"),
        group=SYSTEM,
        icon="fa-clock-rotate-left",
        needs=INTERNAL,
        in_menu=False,
        never=names("data"),
        search=names("name error"),
        large=True,
        empty=_("No job waits."),
    ),
    models.PluginUsage: record(
        audited=False,
        many=_("Calls of plugins"),
        one=_("plugin"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        sort="name",
    ),
    models.WebhookTrouble: record(
        audited=False,
        many=_("Wrong calls"),
        one=_("call"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        sort="kind",
    ),
    models.WorkerBeat: record(
        audited=False,
        many=_("Workers"),
        one=_("worker"),
        group=SYSTEM,
        in_menu=False,
        needs=INTERNAL,
        sort="name",
    ),
    models.PluginState: record(
        many=_("Plugin switches"), one=_("switch"), group=SYSTEM, in_menu=False, needs=INTERNAL, sort="name"
    ),
    models.ShopSetting: record(
        many=_("Stored settings"), one=_("setting"), group=SYSTEM, in_menu=False, needs=INTERNAL, sort="name"
    ),
    models.AuditEntry: record(
        audited=False,
        many=_("Audit"),
        one=_("entry"),
        group=SYSTEM,
        icon="fa-clock-rotate-left",
        needs=INTERNAL,
        first=names("at who what model title changes ip"),
        not_in_list=names("row"),
        labels={
            "at": _("When"),
            "who": _("Who"),
            "what": _("Did what"),
            "model": _("Kind"),
            "title": _("What it was"),
            "changes": _("From what to what"),
            "ip": _("From which address"),
            "row": _("Number"),
        },
        choices={"what": AUDIT_WORDS},
        filters=names("who what model row at ip"),
        search=names("who title"),
        large=True,
        empty=_("Nobody has changed anything yet."),
    ),
    models.ShopRevision: record(
        audited=False, many=_("Revision"), one=_("revision"), group=SYSTEM, in_menu=False, needs=INTERNAL
    ),
}
