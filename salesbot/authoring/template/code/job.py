from datetime import timedelta

from salesbot import Choice, Reply, hookimpl, later


@hookimpl(specname="salesbot_handle_message")
def promise_to_remind(message, chat):
    """Answers "my words remind" now, and once more in an hour."""
    if message.choice == "myplugin:remind" or message.text.casefold() == "my words remind":
        later("myplugin:remind", {"name": chat.customer.name}, chat=chat, after=timedelta(hours=1))
        return Reply(_("I'll write to you in an hour."), [Choice("menu", _("Menu"))])
    return None


@hookimpl
def salesbot_run_job(job):
    """HTTP and waiting are welcome here; what is returned goes to the chat that asked."""
    text = _("{name}, you wanted to be reminded.").format(name=job.data["name"])
    return Reply(text, [Choice("menu", _("Menu"))])
