from salesbot_myplugin import models

from salesbot import Choice, Reply, hookimpl


@hookimpl
def salesbot_migrations():
    return "migrations"


@hookimpl(specname="salesbot_handle_message")
def count_the_visit(message, chat):
    """Answers "my words count" with a number that goes up."""
    if message.choice == "myplugin:count" or message.text.casefold() == "my words count":
        count = models.count_visit(chat.customer.id)
        return Reply(_("You came {count} times.").format(count=count), [Choice("menu", _("Menu"))])
    return None


@hookimpl
def salesbot_export_customer(customer):
    return {"visits": models.visits_of(customer.id)}


@hookimpl
def salesbot_erase_customer(customer):
    models.forget(customer.id)


@hookimpl
def salesbot_customers_joined(customer, other):
    models.hand_over(other.id, customer.id)
