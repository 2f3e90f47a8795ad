"""Opening a safetensors file with 100,000 tensors, against safetensors' own reader listing names and shapes.

Run: python tests/benchmarks/open_safetensors.py [PAIRS]. Prints the seconds of each pair, and last the median ratio.
"""

import json
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

from safetensors import safe_open
from tensornaut.loaders.open import open_network

TENSORS = 100_000
PARTS = ("self_attn.q_proj", "self_attn.o_proj", "mlp.experts.{}.gate_proj", "mlp.experts.{}.down_proj", "norm1")


def main() -> None:
    """Interleaved pairs: theirs, ours."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "many.safetensors")
        _write(path)
        ratios = []
        for _ in range(pairs):
            theirs, ours = _seconds(_theirs, path), _seconds(_ours, path)
            ratios.append(ours / theirs)
            print(f"safe_open + keys + shapes {theirs:.3f} s, open_network {ours:.3f} s")
    print(f"median ratio {statistics.median(ratios):.2f}")


def _write(path: Path) -> None:
    """Tensors of a mixture of experts, sorted by name as its usual writer does."""
    names = set()
    layer = 0
    while len(names) < TENSORS:
        for expert in range(256):
            names |= {f"model.layers.{layer}.{part.format(expert)}.weight" for part in PARTS}
        layer += 1
    names = sorted(names)[:TENSORS]
    entries = {
        name: {"dtype": "F32", "shape": [4, 2], "data_offsets": [32 * k, 32 * k + 32]} for k, name in enumerate(names)
    }
    header = json.dumps(entries, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(32 * len(names)))


def _theirs(path: Path) -> None:
    with safe_open(path, "np") as file:
        shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}
    assert len(shapes) == TENSORS


def _ours(path: Path) -> None:
    network = open_network(path)
    tensors = network.tensors
    shapes = tensors.dims.tolist(), tensors.dim_starts.tolist(), tensors.all_names()
    assert len(shapes[2]) == TENSORS


def _seconds(function, path: Path) -> float:
    start = time.perf_counter()
    function(path)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
