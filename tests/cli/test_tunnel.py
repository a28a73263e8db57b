"""A tunnel's address counts in the shop for as long as the tunnel is open."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from salesbot.cli import tunnel
from salesbot.database import transaction
from salesbot.public_address import base_url
from salesbot.services import shop

ROOT = Path(__file__).resolve().parents[2]
CLOUDFLARED = """#!/bin/sh
test "$4" = http://127.0.0.1:5000 || exit 9
echo 'INF Thank you for trying. See https://developers.cloudflare.com' >&2
echo 'INF |  https://calm-river.trycloudflare.com  |' >&2
exec sleep 60
"""


@pytest.fixture
def app(app):
    """Nobody has fixed the address from outside."""
    app.config.update(FIXED=app.config["FIXED"] - {"PUBLIC_URL"}, PUBLIC_URL="")
    return app


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a program into a folder that is the only one to look for tunnels in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def put(name, text="#!/bin/sh\n"):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)

    return put


def test_the_address_counts_while_the_tunnel_is_open_and_the_one_before_comes_back(app, install):
    install("cloudflared", CLOUDFLARED)
    with app.app_context(), transaction():
        shop.save("PUBLIC_URL", "https://before.example")
    shell = {name: value for name, value in os.environ.items() if name != "PUBLIC_URL"}
    shell |= {
        "SALESBOT_INSTANCE": app.instance_path,
        "DATABASE_URL": app.config["DATABASE_URL"],
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "salesbot", "tunnel"]
    with subprocess.Popen(command, env=shell, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        said = ""
        for line in child.stdout:
            said += line
            if "Stop it" in line:
                break
        with app.app_context():
            assert base_url() == "https://calm-river.trycloudflare.com"
        child.send_signal(signal.SIGINT)
        child.stdout.read()
    assert "https://calm-river.trycloudflare.com/webhooks/twilio/message#rc=3&rp=ct,rt,5xx" in said
    with app.app_context():
        assert base_url() == "https://before.example"


def test_without_a_program_it_says_where_to_get_one(app, install):
    result = app.test_cli_runner().invoke(args=["tunnel"])
    assert result.exit_code == 1
    assert "https://ngrok.com/download" in result.output


def test_an_address_from_the_environment_is_not_changed_behind_its_back(app, install):
    install("ngrok")
    app.config["FIXED"] |= {"PUBLIC_URL"}
    result = app.test_cli_runner().invoke(args=["tunnel"])
    assert result.exit_code == 1
    assert "wins" in result.output


def test_a_program_that_ends_at_once_changes_nothing(app, install):
    install("ngrok", "#!/bin/sh\necho 'authentication failed'\n")
    result = app.test_cli_runner().invoke(args=["tunnel", "ngrok"])
    assert result.exit_code == 1
    assert "authentication failed" in result.output
    with app.app_context():
        assert not base_url().startswith("https")


def test_any_other_program_goes_with_its_own_arguments(install):
    install("mytunnel")
    command, pattern = tunnel._chosen("mytunnel", ["-R", "80:localhost:5000"], "http://127.0.0.1:5000")
    assert command == ["mytunnel", "-R", "80:localhost:5000"]
    assert re.search(pattern, "open at https://mine.example now")[0] == "https://mine.example"
    logged = 'lvl=info msg="started tunnel" addr=http://127.0.0.1:5000 url=https://calm.ngrok-free.app'
    assert re.search(tunnel.PROGRAMS["ngrok"].address, logged)[0] == "https://calm.ngrok-free.app"
