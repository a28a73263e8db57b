"""Settings that staff type, one of them secret."""

from salesbot import Choice, Reply, Setting, hookimpl, setting

PLUGIN = "office"


@hookimpl
def salesbot_settings():
    return [
        Setting("office_hours", "When somebody is there", default="9 to 5"),
        Setting("office_key", "The key of the calendar", secret=True),
    ]


@hookimpl
def salesbot_handle_message(message):
    if message.text.casefold() == "hours":
        return Reply(f"We are here {setting('office_hours')}.", [Choice("menu", "Menu")])


def test_staff_type_them_and_the_secret_is_never_shown(customer, staff):
    owner = staff("owner")
    owner.get("/admin/settings/")
    typed = {"office.office_hours": "10 to 4", "office.office_key": "open sesame"}
    page = owner.post("/admin/settings/", typed, follow_redirects=True)
    assert "open sesame" not in page.text
    assert "We are here 10 to 4." in customer.says("hours")[0].text
