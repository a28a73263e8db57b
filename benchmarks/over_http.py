"""Messages over HTTP, as many at once as come: `python -m benchmarks.over_http` (needs wrk)."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from flask import Flask

from benchmarks.contestants import BARE, BY_HAND, SALESBOT, bare_app, by_hand_app, fill, salesbot_app
from benchmarks.databases import database, line, parser
from benchmarks.twilio_posts import PATH, posts

SCRIPT = Path(__file__).with_name("posts.lua")
CONNECTIONS = 16
PER_SECOND = 3000
"""Posts that are made for each second of a round; no contestant answers more."""


@dataclass
class Served:
    """Requests a second and 99th percentile in milliseconds, round by round."""

    rate: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)


def app() -> Flask:
    """What gunicorn serves, as the environment says."""
    who, url, folder = (os.environ[f"BENCHMARK_{name}"] for name in ("WHO", "URL", "FOLDER"))
    if who == BARE:
        return bare_app()
    return (by_hand_app(url) if who == BY_HAND else salesbot_app(url, Path(folder)))[0]


@contextmanager
def served(who: str, url: str, folder: Path) -> Iterator[str]:
    """The address at which gunicorn serves a contestant, set up as `salesbot serve` sets it up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "benchmarks.over_http:app()"),
            *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--workers", "2", "--threads", "4"),
            *("--log-level", "error", "--no-control-socket"),
        ],
        env={**os.environ, "BENCHMARK_WHO": who, "BENCHMARK_URL": url, "BENCHMARK_FOLDER": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}{PATH}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5).close()
        except OSError as answered:
            if getattr(answered, "code", None) == 404:
                return
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start")


def load(address: str, seconds: int, customers: int, folder: Path, into: Served) -> None:
    """One round of wrk against one address, with posts that were never sent before."""
    file = folder / "posts"
    with file.open("w") as lines:
        for each in posts("hi", seconds * PER_SECOND, customers):
            lines.write(f"{each.signature}\t{each.body}\n")
    said = subprocess.run(
        [
            *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "--latency"),
            *("-s", SCRIPT, address, "--", file),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    into.rate.append(float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1]))
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    into.slow.append(float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


def compare(name: str, seconds: int, rounds: int, customers: int) -> dict[str, Served]:
    """All contestants in turns, `rounds` times, each with a server and a database of its own."""
    found = {who: Served() for who in (SALESBOT, BY_HAND, BARE)}
    with ExitStack() as stack:
        make_url = stack.enter_context(database(name))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        addresses = {}
        for who in found:
            own = folder / who.replace(" ", "_")
            url = "" if who == BARE else make_url(own)
            if url:
                fill(url, own, customers)
            addresses[who] = stack.enter_context(served(who, url, own))
        for address in addresses.values():  # what is made once and kept is made now
            load(address, 1, customers, folder, Served())
        for _round in range(rounds):
            for who, address in addresses.items():
                load(address, seconds, customers, folder, found[who])
    return found


def main() -> None:
    """Prints the table."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not there (Debian and Ubuntu: sudo apt install wrk)")
    arguments = parser(__doc__ or "")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=5, help="of one round")
    arguments.add_argument("--customers", type=int, default=200)
    chosen = arguments.parse_args()
    line("database", "who", "messages a second", "99 % within ms", "salesbot's speed")
    line(*["---"] * 5)
    for name in chosen.on:
        found = compare(name, chosen.seconds, chosen.rounds, chosen.customers)
        ours = found[SALESBOT].rate
        for who, one in found.items():
            speed = median(mine / other for mine, other in zip(ours, one.rate, strict=True))
            rate, slow = median(one.rate), median(one.slow)
            line(name, who, f"{rate:,.0f}", f"{slow:,.0f}", "" if who == SALESBOT else f"{speed:.2f}")


if __name__ == "__main__":
    main()
