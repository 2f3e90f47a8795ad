"""Time of `import tensornaut` over time of `import numpy`, whole processes in turn. Must be <= 1.5.

Run: python tests/benchmarks/import_time.py [PAIRS]. The last line is the median ratio.
"""

import statistics
import subprocess
import sys
import time


def seconds(module: str) -> float:
    """Wall time of a fresh interpreter that imports this module."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return time.perf_counter() - start


def main(pairs: int) -> None:
    seconds("numpy"), seconds("tensornaut")  # warms the disk's cache and writes bytecode
    ratios = []
    for _ in range(pairs):
        numpy_s, tensornaut_s = seconds("numpy"), seconds("tensornaut")
        ratios.append(tensornaut_s / numpy_s)
        print(f"numpy {numpy_s:.3f} s, tensornaut {tensornaut_s:.3f} s, ratio {ratios[-1]:.2f}")
    print(f"{statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
