"""Opening a PyTorch file of 1 GB, against torch.load of it.

Run: python tests/benchmarks/open_torch.py [PAIRS [TENSORS]]. Prints the seconds of each pair, last the median ratio.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from tensornaut.loaders.open import open_network

TOTAL_BYTES = 1 << 30


def main() -> None:
    """Interleaved pairs in one warm process: theirs, ours."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    tensors = int(sys.argv[2]) if len(sys.argv) > 2 else 128
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.pt")
        _write(path, tensors)
        ratios = []
        for _ in range(pairs):
            theirs, ours = _seconds(_theirs, path, tensors), _seconds(_ours, path, tensors)
            ratios.append(ours / theirs)
            print(f"torch.load {theirs:.4f} s, open_network {ours:.4f} s")
    print(f"median ratio {statistics.median(ratios):.4f} (1/{1 / statistics.median(ratios):.0f})")


def _write(path: Path, tensors: int) -> None:
    """Square matrices of the blocks of a transformer, a vector beside each."""
    side = int((TOTAL_BYTES // 4 // (tensors // 2)) ** 0.5)
    names = ("attn.q", "attn.k", "attn.v", "attn.o", "mlp.up", "mlp.down")
    state = {}
    for k in range(tensors // 2):
        layer = f"blocks.{k // len(names)}.{names[k % len(names)]}"
        state[f"{layer}.weight"], state[f"{layer}.bias"] = torch.rand(side, side), torch.zeros(side)
    torch.save(state, path)


def _theirs(path: Path, tensors: int) -> None:
    assert len(torch.load(path)) == tensors


def _ours(path: Path, tensors: int) -> None:
    assert len(open_network(path).tensors) == tensors


def _seconds(function, path: Path, tensors: int) -> float:
    start = time.perf_counter()
    function(path, tensors)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
