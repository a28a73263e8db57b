"""A real S3-compatible server on this machine: SeaweedFS, which checks signatures and their end as Amazon does."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config

ACCESS, SECRET = "shop", "a secret that only the shop knows"
ALONE = [
    "-ip=127.0.0.1",
    "-ip.bind=127.0.0.1",
    "-s3.iam=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-master.telemetry=false",
    "-volume.max=20",
    "-master.volumeSizeLimitMB=64",
]
LISTENERS = ("s3", "master", "volume", "filer")


def free_ports(count):
    """Ports that nobody uses; all are held at once, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _number in range(count)]
        return [one.getsockname()[1] for one in sockets]


def program():
    """The `weed` of this environment, or of one that it borrows packages from."""
    places = [
        Path(sys.executable).parent,
        *(Path(path).parents[2] / "bin" for path in sys.path if path.endswith("site-packages")),
    ]
    found = shutil.which("weed", path=os.pathsep.join(map(str, places)))
    assert found, 'no SeaweedFS here: pip install "salesbot-s3-files[test]"'
    return found


class Bucket:
    """The bucket of the shop, as its owner sees it."""

    name = "shop"

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}),
        )

    def put(self, name, content=b"read me"):
        self.client.put_object(Bucket=self.name, Key=name, Body=content)

    def remove(self, name):
        self.client.delete_object(Bucket=self.name, Key=name)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a server that is alone with us, and is gone with the tests."""
    folder = tmp_path_factory.mktemp("seaweed")
    keys = {"accessKey": ACCESS, "secretKey": SECRET}
    identity = {"name": "shop", "credentials": [keys], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "keys.json").write_text(json.dumps({"identities": [identity]}))
    ports = free_ports(2 * len(LISTENERS))
    listening = [f"-{name}.port{kind}={ports.pop()}" for name in LISTENERS for kind in ("", ".grpc")]
    endpoint = f"http://127.0.0.1:{listening[0].partition('=')[2]}"
    command = [
        program(),
        "server",
        "-s3",
        f"-dir={folder}",
        f"-s3.config={folder / 'keys.json'}",
        *ALONE,
        *listening,
    ]
    place = {**os.environ, "TMPDIR": str(folder)}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=place) as running,
    ):
        try:
            until = time.monotonic() + 60
            while not answers(f"{endpoint}/status"):
                if running.poll() is not None or time.monotonic() > until:
                    pytest.fail((folder / "log").read_text())
                time.sleep(0.1)
            yield endpoint
        finally:
            running.kill()
    shutil.rmtree(folder, ignore_errors=True)
    for port in listening:
        for socket_file in Path("/tmp").glob(f"seaweedfs-*-{port.partition('=')[2]}.sock"):
            socket_file.unlink(missing_ok=True)


def answers(address):
    try:
        with urlopen(address, timeout=2):  # noqa: S310 - the server of these tests
            return True
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def bucket(server):
    made = Bucket(server)
    made.client.create_bucket(Bucket=made.name)
    return made
