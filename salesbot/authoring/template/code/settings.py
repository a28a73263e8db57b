from salesbot import Choice, Reply, Setting, hookimpl, setting


@hookimpl
def salesbot_settings():
    return [Setting("myplugin_hours", "My plugin: when somebody is there", default="9 to 5")]


@hookimpl(specname="salesbot_handle_message")
def say_the_hours(message):
    """Answers "my words hours" with what staff have typed."""
    if message.choice == "myplugin:hours" or message.text.casefold() == "my words hours":
        text = _("Somebody is there {hours}.").format(hours=setting("myplugin_hours"))
        return Reply(text, [Choice("menu", _("Menu"))])
    return None
