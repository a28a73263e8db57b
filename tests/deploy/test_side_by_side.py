"""PostgreSQL, nginx with https, and salesbot side by side, as deploy/ sets them up on a server."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask_migrate import downgrade

from salesbot.app import create_app
from salesbot.migrations.support import FOLDER
from salesbot.options import BY_NAME, PREFIX
from salesbot.testing import twilio_webhooks
from salesbot.testing.shop import QUICK, close
from tests.support.needs import lacking
from tests.support.shops import migrated

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
NAME = "localhost"
ANA = "whatsapp:+4915123456789"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def certificate(folder):
    """A certificate for this machine, as certbot would bring one for the shop's name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "fullchain.pem"


class Server:
    """A small server: nginx in front, the shop behind it."""

    def __init__(self, folder, database, twilio):
        self.folder, self.port, self.inside = folder, free_port(), free_port()
        self.url = f"https://{NAME}:{self.port}"
        self.bundle = certificate(folder)
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SALESBOT_")},
            "DATABASE_URL": database,
            "PUBLIC_URL": self.url,
            "SALESBOT_INSTANCE": str(folder / "shop"),
            "SALESBOT_TRUSTED_PROXIES": "1",
            "SALESBOT_LOG_LEVEL": "WARNING",
            "TWILIO_ACCOUNT_SID": twilio.account,
            "TWILIO_AUTH_TOKEN": twilio.token,
            "TWILIO_WHATSAPP_NUMBER": twilio.number,
            "TWILIO_API_URL": twilio.url,
        }
        self.running = []

    def start_nginx(self):
        site = (DEPLOY / "nginx.conf").read_text()
        site = site.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
        site = site.replace("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;")
        site = site.replace("/etc/letsencrypt/live/shop.example.com", str(self.folder))
        site = site.replace("shop.example.com", NAME).replace("127.0.0.1:5000", f"127.0.0.1:{self.inside}")
        places = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        whole = self.folder / "nginx.conf"
        whole.write_text(
            f"daemon off;\npid {self.folder}/nginx.pid;\nerror_log {self.folder}/nginx.log;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{places}{site}}}\n"
        )
        self._start(["nginx", "-c", str(whole), "-e", f"{self.folder}/nginx.log"])

    def start_shop(self, *options):
        child = self._start([*SALESBOT, "serve", "--port", str(self.inside), "--workers", "1", *options])
        for _try in range(600):
            assert child.poll() is None, "the shop ended"
            try:
                if requests.get(f"{self.url}/health/ready", verify=self.bundle, timeout=5).ok:
                    return child
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise AssertionError("the shop is not ready")

    def stop(self, child):
        child.send_signal(signal.SIGTERM)
        assert child.wait(60) == 0

    def one_version_back(self):
        app = create_app(
            {**QUICK, "DATABASE_URL": self.env["DATABASE_URL"]}, instance_path=self.folder / "shop"
        )
        with app.app_context():
            downgrade(directory=str(FOLDER))
        close(app)

    def post(self, path, form, **headers):
        return requests.post(
            self.url + path, data=form, headers=headers, verify=self.bundle, timeout=30, allow_redirects=False
        )

    def get(self, path, **headers):
        return requests.get(
            self.url + path, headers=headers, verify=self.bundle, timeout=30, allow_redirects=False
        )

    def hears(self, twilio, text):
        """A customer's message, signed by Twilio for the address outside; what the shop answers."""
        number = twilio_webhooks.sid()
        form = {"MessageSid": number, "From": ANA, "To": twilio.number, "Body": text}
        form |= {"AccountSid": twilio.account, "NumMedia": "0"}
        address = "/webhooks/twilio/message"
        signed = twilio_webhooks.signature(self.url + address, form, twilio.token)
        answer = self.post(address, form, **{"X-Twilio-Signature": signed})
        assert answer.status_code == 200, answer.text
        return answer.text.replace("&amp;", "&")

    def _start(self, command):
        child = subprocess.Popen(command, env=self.env, cwd=self.folder)
        self.running.append(child)
        return child


SALESBOT = [sys.executable, "-m", "salesbot"]


@pytest.fixture
def server(tmp_path, make_postgres_database, twilio, monkeypatch):
    if shutil.which("nginx") is None:
        lacking("nginx", "there is none here (Debian and Ubuntu: sudo apt install nginx-light)")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{ROOT / 'plugins'}")
    small = Server(tmp_path, make_postgres_database(migrated), twilio)
    yield small
    for child in small.running:
        if child.poll() is None:
            child.terminate()
            child.wait(60)


def test_a_shop_behind_nginx_sells_and_survives_an_upgrade_and_the_way_back(server, twilio):
    server.start_nginx()
    shop = server.start_shop("--demo")

    hello = server.hears(twilio, "focus timer")
    assert "Focus Timer Pro" in hello
    assert f'action="{server.url}/webhooks/twilio/status?message=' in hello
    link = re.search(rf"{server.url}/pay/\S+?(?=\s|<)", server.hears(twilio, "Buy"))[0]
    path = urlsplit(link).path
    assert server.get(path).status_code == 200
    assert "Secure" in server.get("/admin/login").headers["Set-Cookie"], "the shop knows that it is https"

    unsigned = server.post("/webhooks/twilio/message", {"From": ANA, "MessageSid": "SM1"})
    assert unsigned.status_code == 403
    elsewhere = server.get("/admin/", Host="evil.example", **{"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in elsewhere.headers.get("Location", "")

    # Back to the version before and up again, while an order is open.
    server.stop(shop)
    server.one_version_back()
    shop = server.start_shop()

    page = server.post(path, {"method": "demo"})
    assert page.status_code == 303
    paid = server.post(urlsplit(page.headers["Location"]).path, {"result": "pay"})
    assert paid.status_code == 303
    deadline = time.monotonic() + 60
    while not twilio.messages and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "FOCUS-" in twilio.messages[0].body
    assert twilio.messages[0].status_callback.startswith(f"{server.url}/webhooks/twilio/status")
    server.stop(shop)


def test_the_unit_for_systemd_is_in_order(tmp_path):
    if shutil.which("systemd-analyze") is None:
        lacking("systemd", "there is no systemd-analyze here")
    unit = (DEPLOY / "salesbot.service").read_text()
    unit = unit.replace("/opt/salesbot/.venv/bin/salesbot", sys.executable).replace("User=salesbot\n", "")
    place = tmp_path / "salesbot.service"
    place.write_text(unit)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(place)], capture_output=True, text=True, check=False
    )
    about_us = [line for line in (result.stdout + result.stderr).splitlines() if "salesbot" in line]
    assert about_us == []


def test_the_files_for_containers_name_what_there_is():
    """Docker is nowhere in the tests, so what the files refer to is looked up."""
    compose = (DEPLOY / "compose.yaml").read_text()
    for name in ("Caddyfile", "Dockerfile"):
        assert name in compose
        assert (DEPLOY / name).is_file()
    asked = set(re.findall(r"\$\{(\w+)", compose + (DEPLOY / "Caddyfile").read_text().replace("{$", "${")))
    given = set(re.findall(r"(?m)^(\w+)=", (DEPLOY / "env.example").read_text()))
    assert asked == given
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*", "a shop's instance folder never gets into an image"
    for kept in (line[1:] for line in ignored if line.startswith("!")):
        assert (ROOT / kept).exists()
    for text in (compose, (DEPLOY / "salesbot.env").read_text()):
        for name in re.findall(rf"{PREFIX}(\w+)", text):
            assert name in BY_NAME or name == "INSTANCE"
