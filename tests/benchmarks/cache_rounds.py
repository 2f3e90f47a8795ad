"""What the cache must bear, many times over: `stats` killed at any moment, and many of them at once.

Run: python tests/benchmarks/cache_rounds.py [rounds]. In each round `stats` begins with an empty cache and is killed
(SIGKILL) after a random time; the next run must print the same bytes as one without a cache and leave nothing but whole
entries. Then eight begin at once with an empty cache, a tenth as often. Prints last how many rounds held.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

COMMAND = [sys.executable, "-c", "import sys; from tensornaut.cli.main import main; sys.exit(main(sys.argv[1:]))"]
AT_ONCE = 8
LONG_AGO_NS = 10**18


def make_model(path):
    """Eight batches of the cache, each with a pyramid; a float16 tensor's summary is the largest."""
    dice = np.random.default_rng(0)
    save_file({f"{k}": dice.normal(0, 0.02, (1050, 4000)).astype(np.float16) for k in range(8)}, path)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


def started(model, home, *words):
    variables = {**os.environ, "XDG_CACHE_HOME": str(home)}
    return subprocess.Popen([*COMMAND, "stats", str(model), "--json", *words], env=variables, stdout=subprocess.PIPE)


def printed(process):
    output = process.communicate()[0]
    assert process.returncode == 0
    return output


def names(home):
    folder = home / "tensornaut" / "summaries"
    return [path.suffix for path in folder.iterdir()] if folder.exists() else []


def is_held(outputs, truth, home, whole):
    """Whether all outputs are the truth, and there is nothing but whole entries; says what is not so."""
    if outputs == {truth} and names(home) == [".entry"] * whole:
        return True
    print(f"wrong outputs: {len(outputs - {truth})}; left: {sorted(os.listdir(home / 'tensornaut' / 'summaries'))}")
    return False


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    dice, held, torn, early = random.Random(0), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        model, home = Path(folder, "model.safetensors"), Path(folder, "home")
        make_model(model)
        truth = printed(started(model, home, "--no-cache"))
        start_s = time.perf_counter()
        printed(started(model, home))
        whole_s, whole = time.perf_counter() - start_s, len(names(home))
        for _ in range(rounds):
            shutil.rmtree(home)
            process = started(model, home)
            time.sleep(dice.uniform(0.3, 1.0) * whole_s)
            process.kill()
            process.communicate()
            left = names(home)
            torn, early = torn + (".part" in left), early + (len(left) < whole)
            held += is_held({printed(started(model, home))}, truth, home, whole)
        for _ in range(rounds // 10):
            shutil.rmtree(home)
            outputs = {printed(process) for process in [started(model, home) for _ in range(AT_ONCE)]}
            held += is_held(outputs, truth, home, whole)
    print(f"killed before the last entry {early} times, while writing a part {torn} times")
    print(f"{held} of {rounds + rounds // 10} rounds held")


if __name__ == "__main__":
    main()
