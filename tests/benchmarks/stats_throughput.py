"""`tensornaut stats` of a large checkpoint against `cat FILE > /dev/null`, each from a cold page cache, in turns.

Run: python tests/benchmarks/stats_throughput.py [FILE | BYTES] [PAIRS]. Without a file one of BYTES (16e9, or what fits
on the disk) is written to a temporary folder. Compiled kernels are in the cache; summaries and pyramids are not, both
are made and kept in each run. Prints the seconds and the peak resident memory of each run, then the highest peak, and
last the median of the ratios of pairs: cat's time / ours.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

USUAL_BYTES = 16e9
SPARE_BYTES = 4e9  # left free on the disk
MAKE = Path(__file__).parent.parent / "make_large.py"
STATS = "import sys; from tensornaut.cli.main import main; sys.exit(main(['stats', *sys.argv[1:], '--json']))"
COMPILE = "from tensornaut.engine.kernel_cache import compile_here; compile_here()"


def forget(path):
    """Drops the file's pages from memory; asks no rights."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def timed(command, home):
    """(seconds, peak resident bytes) of a process."""
    start_s = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"XDG_CACHE_HOME": home})
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return seconds, usage.ru_maxrss * 1024


def compare(path, pairs, home):
    """Prints the pairs. `home`: folder of a cache."""
    size, ratios, peaks = os.path.getsize(path), [], []
    timed([sys.executable, "-c", COMPILE], home)
    for _ in range(pairs):
        forget(path)
        cat_s, _ = timed(["sh", "-c", 'exec cat "$1" > /dev/null', "sh", str(path)], home)
        forget(path)
        shutil.rmtree(Path(home, "tensornaut", "summaries"), ignore_errors=True)
        ours_s, peak = timed([sys.executable, "-c", STATS, str(path)], home)
        ratios.append(cat_s / ours_s)
        peaks.append(peak)
        cat, ours = (f"{seconds:.2f} s = {size / seconds / 1e9:.2f} GB/s" for seconds in (cat_s, ours_s))
        print(f"cat {cat}   stats {ours}, {peak >> 20} MiB   ratio {ratios[-1]:.2f}", flush=True)
    print(f"{size / 1e9:.1f} GB, peak resident {max(peaks) >> 20} MiB")
    print(f"median ratio {statistics.median(ratios):.2f}")


def main():
    given = sys.argv[1] if len(sys.argv) > 1 else str(USUAL_BYTES)
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        if os.path.exists(given):
            compare(given, pairs, folder)
            return
        count = min(float(given), shutil.disk_usage(folder).free - SPARE_BYTES)
        path = Path(folder, "large.safetensors")
        subprocess.run([sys.executable, MAKE, path, "--bytes", str(count)], check=True, stdout=subprocess.DEVNULL)
        compare(path, pairs, folder)


if __name__ == "__main__":
    main()
