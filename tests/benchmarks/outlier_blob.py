"""One planted outlier in a tensor of 10^9 weights must be seen from the overview as a blob, in both themes.

Writes a safetensors file of one bfloat16 (or float32) matrix of 31,744 x 31,744 normal numbers, a stretch of them
repeated, with one weight of so many sigmas; takes a snapshot of the overview in the outlier look, and says how large
the part of the picture at the place of the weight is whose color differs by CIE76 deltaE >= 20 from its surroundings,
that is from the median color of what is around it.

Exit code 1 when the blob is smaller than 3 x 3 px.

    python tests/benchmarks/outlier_blob.py [--side 31744] [--vector] [--dtype bfloat16] [--sigmas 40] [--folder /tmp]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from tensornaut.engine.rasterize.batch import eye_rows
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.focus import WHOLE, show_focus
from tensornaut.scenes.looks import Look
from tensornaut.scenes.network_scene import build, show_at
from tensornaut.scenes.style import THEMES
from tensornaut.scenes.views import view_named

STRETCH = 1 << 24  # numbers that repeat
SIZE = 1280, 720
DELTA_E = 20.0
AROUND_PX = 24  # of surroundings on every side
REACH_PX = 7  # from the place of the weight within which its blob lies


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=31_744)
    parser.add_argument("--vector", action="store_true", help="all numbers in one axis, as where many tensors are one")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--sigmas", type=float, default=40.0)
    parser.add_argument("--row", type=float, default=0.25, help="place of the outlier, share of the rows")
    parser.add_argument("--column", type=float, default=0.20)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        return check(Path(folder), arguments)


def check(folder: Path, arguments: argparse.Namespace) -> int:
    """Exit code."""
    model = folder / "planted.safetensors"
    start, item = write(model, arguments.side, arguments.dtype, arguments.vector)
    place = place_of(model, arguments.row, arguments.column, arguments.sigmas > 0)
    failed = False
    for theme in ("dark", "light"):
        where = arguments.side, arguments.row, arguments.column, arguments.sigmas, arguments.dtype
        with planted(model, start, item, *where):
            begun = time.perf_counter()
            shown = picture(folder, model, theme)
            taken_s = time.perf_counter() - begun
        high, wide, peak = blob(shown, place)
        failed |= min(high, wide) < 3
        print(f"{theme}: blob {wide} x {high} px with deltaE >= {DELTA_E:g}, at most {peak:.0f}; {taken_s:.1f} s")
    return int(failed)


@contextmanager
def planted(
    model: Path, start: int, item: int, side: int, row: float, column: float, sigmas: float, dtype: str
) -> Iterator[None]:
    """Puts an outlier at shares of rows and columns into a file of `write`; afterwards it is as before."""
    place = start + (int(row * side) * side + int(column * side)) * item
    with model.open("r+b") as file:
        file.seek(place)
        usual = file.read(item)
        file.seek(place)
        file.write(stored(np.float32(sigmas * 0.02), dtype))
    yield
    with model.open("r+b") as file:
        file.seek(place)
        file.write(usual)


def stored(values: np.ndarray | np.float32, dtype: str) -> bytes:
    bits = np.asarray(values, "<f4")
    return bits.tobytes() if dtype == "float32" else (bits.view("<u4") >> 16).astype("<u2").tobytes()


def write(path: Path, side: int, dtype: str, vector: bool = False) -> tuple[int, int]:
    """(place of the first number, bytes of one)."""
    item = 4 if dtype == "float32" else 2
    stretch = stored(np.random.default_rng(0).standard_normal(min(STRETCH, side * side)).astype("<f4") * 0.02, dtype)
    kind = {"float32": "F32", "bfloat16": "BF16"}[dtype]
    entry = {"dtype": kind, "shape": [side * side] if vector else [side, side], "data_offsets": [0, side * side * item]}
    header = json.dumps({"model.layer.weight": entry}).encode()
    left = side * side * item
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        while left > 0:
            file.write(stretch[: min(left, len(stretch))])
            left -= len(stretch)
    return 8 + len(header), item


def picture(folder: Path, model: Path, theme: str) -> np.ndarray:
    """(height, width, 3) uint8."""
    target = folder / "picture.png"
    options = ["--look", "outlier", "--theme", theme, "--size", "{}x{}".format(*SIZE)]
    subprocess.run([sys.executable, "-m", "tensornaut", "snapshot", model, target, *options], check=True)
    return decoded(target)


def decoded(path: Path) -> np.ndarray:
    """(height, width, 3) uint8."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def place_of(model: Path, row: float, column: float, upward: bool) -> tuple[int, int]:
    """(x, y) px in the overview of the outlier at shares of rows and columns."""
    built = build(open_network(str(model)), THEMES["dark"], Analysis(), Look("outlier"))
    show_at(built, SIZE[1])
    show_focus(built, WHOLE)
    view = view_named(built, "overview", SIZE[0] / SIZE[1])
    (grid,) = (part.grid for part in built.grids)
    index = [int(share * side) for share, side in zip((row, column), grid.shape, strict=True)]
    world = grid.origin + index[0] * grid.du + index[1] * grid.dv + (1 if upward else -1) * grid.dh
    eye = view.eye(SIZE, built.scene.length)
    x, y, depth = eye_rows(eye) @ (world - eye.position)
    return int(x / depth), int(SIZE[1] - y / depth)


def blob(shown: np.ndarray, place: tuple[int, int]) -> tuple[int, int, float]:
    """(height, width, largest deltaE) of the largest part around a place that stands out."""
    x, y = place
    around = shown[max(y - AROUND_PX, 0) : y + AROUND_PX + 1, max(x - AROUND_PX, 0) : x + AROUND_PX + 1]
    surroundings = np.median(lab(around).reshape(-1, 3), 0)
    near = shown[max(y - REACH_PX, 0) : y + REACH_PX + 1, max(x - REACH_PX, 0) : x + REACH_PX + 1]
    difference = np.linalg.norm(lab(near) - surroundings, axis=-1)
    high, wide = largest_rectangle(difference >= DELTA_E)
    return high, wide, float(difference.max())


def largest_rectangle(mask: np.ndarray) -> tuple[int, int]:
    """(height, width) of the largest full rectangle in a small mask, by its shorter side, then its area."""
    best = (0, 0)
    total = np.pad(mask.astype(int).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    for high in range(1, mask.shape[0] + 1):
        for wide in range(1, mask.shape[1] + 1):
            sums = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
            if (sums == high * wide).any() and (min(high, wide), high * wide) > (min(best), best[0] * best[1]):
                best = (high, wide)
    return best


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b*, D65, of sRGB."""
    share = rgb / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = linear @ np.array(to_xyz).T / np.array([0.95047, 1.0, 1.08883])
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], -1
    )


if __name__ == "__main__":
    sys.exit(main())
