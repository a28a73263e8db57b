"""Does something every night, and is tested without waiting for one."""

from datetime import timedelta

from salesbot import Choice, Periodic, Reply, hookimpl, later, now

PLUGIN = "nightly"

nights = []


@hookimpl
def salesbot_handle_message(message, chat):
    if message.text.casefold() == "wake me":
        later("nightly:wake", chat=chat, after=timedelta(hours=8))
        return Reply("Sleep well.")


@hookimpl
def salesbot_periodic_jobs():
    return Periodic("nightly:count", every=timedelta(days=1))


@hookimpl
def salesbot_run_job(job):
    if job.name == "nightly:count":
        nights.append(now())
        return None
    return Reply("Good morning!", [Choice("menu", "Menu")])


def test_eight_hours_pass_in_a_moment(customer, clock):
    customer.says("wake me")
    clock.move(hours=7, minutes=59)
    assert "Good morning!" not in customer.replies[-1].text
    clock.move(minutes=1, seconds=1)
    assert customer.replies[-1].text.startswith("Good morning!")


def test_it_runs_once_a_night(customer, clock):
    nights.clear()
    for _ in range(3):
        clock.move(days=1, seconds=1)
        assert customer.says("hi")
    assert len(nights) == 3
