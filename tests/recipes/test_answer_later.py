"""Answers from a job, which may take its time."""

import socket

from salesbot import Choice, Reply, hookimpl, later

PLUGIN = "lookup"


def ask_the_archive(words):
    """Stands for an HTTP call: connections are refused in a turn, and welcome here."""
    with socket.create_server(("127.0.0.1", 0)) as archive:
        socket.create_connection(archive.getsockname(), timeout=5).close()
    return f"three books about {words}"


@hookimpl
def salesbot_handle_message(message, chat):
    if message.text.casefold().startswith("archive "):
        later("lookup:ask", {"words": message.text[8:]}, chat=chat)
        return Reply("One moment, I look into the archive.")


@hookimpl
def salesbot_run_job(job):
    found = ask_the_archive(job.data["words"])
    return Reply(f"The archive has {found}.", [Choice("menu", "Menu")])


def test_the_answer_comes_when_it_is_known(customer):
    first, second = customer.says("archive chess")
    assert first.text == "One moment, I look into the archive."
    assert second.text.startswith("The archive has three books about chess.")
