"""Running the shop's processes: none is left behind, whatever becomes of the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 30.0
PROGRAM = """
from salesbot.cli.serving import Supervisor
Supervisor(["sleep", "600"], ["sleep", "601"]).run()
"""


def wait_for(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def children(number: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
def test_server_and_worker_end_with_the_process_that_looks_after_them(how):
    """A web server that is left behind would keep the port, and the shop could not be started again."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM]) as supervisor:
        assert wait_for(lambda: len(children(supervisor.pid)) == 2)
        pair = children(supervisor.pid)
        os.kill(supervisor.pid, how)
        supervisor.wait(PATIENCE)
    assert wait_for(lambda: not any(Path(f"/proc/{number}").exists() for number in pair))


PLUGIN = """
from datetime import timedelta
from pathlib import Path
from salesbot import Periodic, hookimpl


@hookimpl
def salesbot_periodic_jobs():
    return Periodic("tick:tick", every=timedelta(seconds=1))


@hookimpl
def salesbot_run_job(job):
    Path({heard!r}).write_text({word!r})
"""


@pytest.mark.parametrize("file", ["salesbot_tick.py", "salesbot_tick/jobs.py"])
def test_a_plugin_works_again_when_a_slip_is_put_right(tmp_path, file):
    """`--reload` after a save with a slip in the grammar, which keeps the plugin out, and one without."""
    code, heard = tmp_path / "code" / file, tmp_path / "heard"
    code.parent.mkdir(parents=True)
    if file.endswith("jobs.py"):
        code.with_name("__init__.py").write_text(
            "from salesbot_tick.jobs import salesbot_periodic_jobs, salesbot_run_job\n"
        )
    about = tmp_path / "code" / "salesbot_tick-1.0.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: salesbot-tick\nVersion: 1.0\n")
    about.joinpath("entry_points.txt").write_text("[salesbot.plugins]\ntick = salesbot_tick\n")

    def save(text):
        code.with_suffix(".new").write_text(text)
        code.with_suffix(".new").replace(code)

    save(PLUGIN.format(heard=str(heard), word="first"))
    shop = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "code"), os.environ.get("PYTHONPATH", "")]),
        "SALESBOT_INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/shop.db",
    }
    subprocess.run([sys.executable, "-m", "salesbot", "db", "upgrade"], check=True, cwd=tmp_path, env=shop)
    said = tmp_path / "said"
    program = """
import sys
from salesbot.cli.serving import Supervisor
Supervisor(["sleep", "600"], [sys.executable, "-m", "salesbot", "worker", "--reload"]).run()
"""
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, env=shop, stdout=output, stderr=output
        ) as supervisor,
    ):
        try:
            assert wait_for(lambda: heard.exists() and heard.read_text() == "first"), said.read_text()
            save("def broken(:\n")
            assert wait_for(lambda: "plugin tick is left out" in said.read_text()), said.read_text()
            assert wait_for(lambda: said.read_text().count("worker started") > 1), said.read_text()
            save(PLUGIN.format(heard=str(heard), word="second"))
            assert wait_for(lambda: heard.read_text() == "second"), said.read_text()
        finally:
            supervisor.terminate()
