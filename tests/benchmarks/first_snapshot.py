"""Time of a first snapshot of the demo model over that of `import numba`, whole processes in turn.

Warm, with bytecode written and kernels compiled as after any earlier use, it must be <= 3; cold, where home, caches and
temporary files are new and empty each time, <= 5. Bytecode is what an installation writes, so it is there in both.

Run: python tests/benchmarks/first_snapshot.py [PAIRS]. The last two lines are the median ratios.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
MODEL = CHECKOUT / "assets/demo/digits.safetensors"
COMPILE = "from tensornaut.engine.kernel_cache import compile_here; compile_here()"
OURS = ("TENSORNAUT_", "NUMBA_", "XDG_", "PYTHONDONTWRITEBYTECODE", "TMPDIR")


def surroundings(folder: Path) -> dict[str, str]:
    """Variables of a process that has its home and its temporary files in a folder, and writes bytecode."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder)}


def seconds(words: list[str], variables: dict[str, str]) -> float:
    """Wall time of a fresh interpreter."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], env=variables, check=True)
    return time.perf_counter() - start


def ratio(name: str, folder: Path) -> float:
    """Time of the snapshot over that of the import, printed too. Reads and leaves caches in the folder."""
    picture = folder / "picture.png"
    numba_s = seconds(["-c", "import numba"], surroundings(folder))
    snapshot_s = seconds(["-m", "tensornaut", "snapshot", str(MODEL), str(picture)], surroundings(folder))
    picture.unlink()
    print(f"{name}: numba {numba_s:.3f} s, snapshot {snapshot_s:.3f} s, ratio {snapshot_s / numba_s:.2f}", flush=True)
    return snapshot_s / numba_s


def main(pairs: int) -> None:
    warm, cold = [], []
    with tempfile.TemporaryDirectory() as lasting:
        seconds(["-c", COMPILE], surroundings(Path(lasting)))
        ratio("first, not counted", Path(lasting))  # writes bytecode
        for _ in range(pairs):
            warm.append(ratio("warm", Path(lasting)))
            with tempfile.TemporaryDirectory() as empty:
                cold.append(ratio("cold", Path(empty)))
    print(f"cold {statistics.median(cold):.3f}")
    print(f"warm {statistics.median(warm):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
