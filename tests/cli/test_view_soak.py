"""A window used at random for a while: it neither crashes nor makes OpenGL complain, and nobody is led astray.

TENSORNAUT_SOAK_SECONDS and TENSORNAUT_SOAK_SEED make it longer, and another one.
"""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.xvfb
SECONDS = float(os.environ.get("TENSORNAUT_SOAK_SECONDS", "10"))
SEED = os.environ.get("TENSORNAUT_SOAK_SEED", "1")


def test_random_use(checkout, display, cold):
    command = [sys.executable, str(checkout / "tests" / "benchmarks" / "window_soak.py"), str(SECONDS), SEED]
    done = subprocess.run(command, env=cold, capture_output=True, text=True, timeout=SECONDS + 90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "OpenGL faults 0, cameras astray 0" in done.stdout and done.stderr == ""
