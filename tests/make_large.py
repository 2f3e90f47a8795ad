"""A large checkpoint to measure with: a transformer of any size, with row scales, heavy tails and planted outliers.

Run: python tests/make_large.py OUT.safetensors --bytes 16e9 [--seed 0] [--shards N]. Every type of safetensors occurs.
The same arguments give the same bytes. Beside the file stands OUT.outliers.json: {"tensor", "index", "value"} of each
number that was planted, flat index, value as stored. With --shards OUT.safetensors.index.json and N parts are written.

Only a few million numbers are drawn. Each stretch of a tensor is a stretch of them from a random place, scaled row by
row, so no two blocks are the same, and the disk is the limit.
"""

from __future__ import annotations

import argparse
import json
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np

MOST_DRAWN, LEAST_DRAWN = 1 << 22, 1 << 14  # numbers
DRAWN_SHARE = 1 / 64  # of the bytes that are asked for
LEVELS = 8  # prepared scales of types whose bits are not made anew
LAYERS = 16
OUTLIERS = 3  # in each large matrix
OUTLIER_SIZE = 40.0  # times the scale of its row and more
MAIN_TYPES = ("BF16", "F32", "BF16", "F16", "BF16", "F8_E4M3", "BF16", "F32")  # of layers, by turns
RARE_TYPES = ("F64", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0", "F4", "C64", "BOOL")
RARE_TYPES += ("I8", "U8", "I16", "U16", "I32", "U32", "I64", "U64")
BITS = {"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "C64": 64, "BOOL": 8, "F4": 4}
BITS |= {f"{sign}{bits}": bits for sign in "IU" for bits in (8, 16, 32, 64)}
BITS |= {name: 8 for name in ("F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F8_E8M0")}
SMALL_FLOATS = {
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
}
PLANTED_TYPES = ("F32", "F16", "BF16", "F64")


@dataclass(frozen=True)
class Plan:
    """One tensor to write."""

    name: str
    dtype: str  # as safetensors names it
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def byte_count(self) -> int:
        return self.count * BITS[self.dtype] // 8


def write(path: str | Path, byte_count: int, seed: int = 0, shards: int = 1) -> list[Path]:
    """The files of a checkpoint of at most, and nearly, `byte_count` bytes of numbers."""
    path = Path(path)
    plans = planned(byte_count)
    numbers = Numbers(seed, byte_count)
    parts = _split(plans, shards)
    stem = path.name.removesuffix(".safetensors")
    names = [path.name] if shards == 1 else [f"{stem}-{k + 1:05d}-of-{shards:05d}.safetensors" for k in range(shards)]
    outliers: list[dict] = []
    for name, part in zip(names, parts, strict=True):
        _write_file(path.with_name(name), part, numbers, outliers)
    if shards > 1:
        places = {plan.name: name for name, part in zip(names, parts, strict=True) for plan in part}
        total = sum(plan.byte_count for plan in plans)
        index = {"metadata": {"total_size": total}, "weight_map": places}
        path.with_name(f"{path.name}.index.json").write_text(json.dumps(index, indent=1))
    path.with_name(f"{stem}.outliers.json").write_text(json.dumps(outliers, indent=1))
    return [path.with_name(name) for name in names]


def planned(byte_count: int) -> list[Plan]:
    """The tensors of a transformer: its width follows from its size, the last tensor's rows from what is left."""
    width = max(16, int(math.sqrt(byte_count / (LAYERS * 29))) // 16 * 16)
    plans = [Plan("model.embed_tokens.weight", "BF16", (width * 2, width))]
    for layer in range(LAYERS):
        plans += _layer(f"model.layers.{layer}", MAIN_TYPES[layer % len(MAIN_TYPES)], width, RARE_TYPES[layer])
    left = byte_count - sum(plan.byte_count for plan in plans)
    if left < 0:
        raise ValueError(f"{byte_count} bytes are too few for a transformer")
    rows = left // (2 * width)
    return plans + ([Plan("lm_head.weight", "BF16", (rows, width))] if rows else [])


def _layer(name: str, dtype: str, width: int, rare: str) -> list[Plan]:
    inner = width * 5 // 2
    square = [Plan(f"{name}.self_attn.{part}_proj.weight", dtype, (width, width)) for part in "qkvo"]
    return [
        Plan(f"{name}.input_layernorm.weight", "F32", (width,)),
        *square,
        Plan(f"{name}.post_attention_layernorm.weight", "F32", (width,)),
        Plan(f"{name}.mlp.gate_proj.weight", dtype, (inner, width)),
        Plan(f"{name}.mlp.up_proj.weight", dtype, (inner, width)),
        Plan(f"{name}.mlp.down_proj.weight", dtype, (width, inner)),
        Plan(f"{name}.buffer.{rare.lower()}", rare, (width // 8, width)),
    ]


class Numbers:
    """Stored numbers of any type, made from few that were drawn."""

    def __init__(self, seed: int, byte_count: int) -> None:
        self.seed = seed
        self.size = max(LEAST_DRAWN, min(MOST_DRAWN, int(byte_count * DRAWN_SHARE)))
        self.chunk = self.size // 4  # numbers made at a time
        drawn = np.random.default_rng(seed).standard_t(4, self.size).astype(np.float32)  # heavy tails
        self.base = np.concatenate([drawn, drawn[: self.chunk]])
        self.levels: dict[str, np.ndarray] = {}  # (LEVELS, n) bit patterns

    def chunks(self, plan: Plan, outliers: list[dict]) -> Iterator[bytes | memoryview]:
        """The tensor's bytes in pieces of whole rows. What was planted is added to `outliers`."""
        random = np.random.default_rng([self.seed, zlib.crc32(plan.name.encode())])
        cols = plan.shape[-1]
        rows = plan.count // cols
        planted = _positions(plan, random)
        together = max(1, self.chunk // cols)
        for first in range(0, rows, together):
            here = min(together, rows - first)
            stored = self._stored(plan.dtype, random, here, cols)
            start, stop = first * cols, (first + here) * cols
            for index, factor in planted.items():
                if start <= index < stop:
                    _plant(stored, plan, index, index - start, factor, outliers)
            yield stored.data.cast("B")

    def _stored(self, dtype: str, random: np.random.Generator, rows: int, cols: int) -> np.ndarray:
        """(n,) bit patterns of rows that have scales of their own."""
        place = int(random.integers(self.size))
        if dtype in ("F32", "F64", "F16", "BF16"):
            scales = (0.02 * random.lognormal(0, 0.5, (rows, 1))).astype(np.float32)
            return _patterns(self.base[place : place + rows * cols].reshape(rows, cols) * scales, dtype)
        if dtype == "C64":
            parts = self.base[place : place + rows * cols] * np.float32(random.uniform(0.01, 0.03))
            return np.stack([parts, parts[::-1]], 1).reshape(-1)
        if dtype not in self.levels:
            self.levels[dtype] = np.stack([_prepared(self.base, dtype, level) for level in range(LEVELS)])
        count = rows * cols * (4 if dtype == "F4" else 8) // 8
        level = int(random.integers(LEVELS))
        stretch = self.levels[dtype][level, place // 2 : place // 2 + count].copy()
        _vary(stretch, dtype, random, rows)
        return stretch


def _patterns(values: np.ndarray, dtype: str) -> np.ndarray:
    """(n,) numbers, flat, as they are stored; bfloat16 as words."""
    flat = values.reshape(-1)
    if dtype != "BF16":
        return flat.astype({"F32": np.float32, "F64": np.float64, "F16": np.float16}[dtype], copy=False)
    words = flat.view(np.uint32)
    words += 0x8000
    return np.ascontiguousarray(words.view(np.uint16)[1::2])


def _prepared(base: np.ndarray, dtype: str, level: int) -> np.ndarray:
    """(n,) bit patterns of the drawn numbers at one of several scales."""
    scale = 2.0 ** (level / 2)
    if dtype in SMALL_FLOATS:
        return (base * np.float32(0.5 * scale)).astype(SMALL_FLOATS[dtype]).view(np.uint8)
    if dtype == "F8_E8M0":
        return np.clip(127 + base * scale, 100, 150).astype(np.uint8)
    if dtype == "BOOL":
        return (base > 0.1 * level).view(np.uint8)
    if dtype == "F4":
        return np.clip(128 + base * 40 * scale, 0, 255).astype(np.uint8)
    bits = BITS[dtype]
    kind = np.dtype(f"{'i' if dtype[0] == 'I' else 'u'}{bits // 8}")
    numbers = np.abs(base) if kind.kind == "u" else base
    most = min(np.iinfo(kind).max, 1 << 40)
    return np.clip(numbers * np.float32(scale * 10 * bits**1.5 / 8), -most, most).astype(kind)


def _vary(stretch: np.ndarray, dtype: str, random: np.random.Generator, rows: int) -> None:
    """Changes prepared numbers so that no two rows of any tensor are the same."""
    runs = np.array_split(stretch, rows)
    if dtype in SMALL_FLOATS:
        for run in runs:
            run[:] = np.roll(run, int(random.integers(len(run))))
        return
    most = 2 if dtype == "BOOL" else 8
    for run in runs:
        run ^= run.dtype.type(random.integers(most))


def _positions(plan: Plan, random: np.random.Generator) -> dict[int, float]:
    """Flat indices of numbers to plant and how large they are, in scales."""
    if plan.dtype not in PLANTED_TYPES or len(plan.shape) < 2:
        return {}
    places = random.choice(plan.count, min(OUTLIERS, plan.count), replace=False)
    signs = random.choice([-1.0, 1.0], len(places))
    sizes = OUTLIER_SIZE * signs * np.arange(1, len(places) + 1)
    return dict(zip(places.tolist(), sizes.tolist(), strict=True))


def _plant(stored: np.ndarray, plan: Plan, index: int, place: int, factor: float, outliers: list[dict]) -> None:
    """Puts one number that is a multiple of 1/4, which all types hold exactly."""
    value = np.float32(factor / 4)
    stored[place] = np.array([value]).view(np.uint16)[1] if plan.dtype == "BF16" else value
    outliers.append({"tensor": plan.name, "index": index, "value": float(value)})


def _split(plans: list[Plan], shards: int) -> list[list[Plan]]:
    """The tensors in order, in `shards` runs of about equal bytes."""
    ends = np.cumsum([plan.byte_count for plan in plans])
    owner = np.minimum((ends - 1) * shards // ends[-1], shards - 1)
    return [[plan for plan, k in zip(plans, owner, strict=True) if k == shard] for shard in range(shards)]


def _write_file(path: Path, plans: list[Plan], numbers: Numbers, outliers: list[dict]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for plan in plans:
        ends = [offset, offset + plan.byte_count]
        header[plan.name] = {"dtype": plan.dtype, "shape": list(plan.shape), "data_offsets": ends}
        offset += plan.byte_count
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb", buffering=0) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for plan in plans:
            for chunk in numbers.chunks(plan, outliers):
                view = memoryview(chunk)
                while len(view):
                    view = view[file.write(view) :]


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a large checkpoint to measure with.")
    parser.add_argument("out", metavar="OUT.safetensors", type=Path)
    parser.add_argument("--bytes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shards", type=int, default=1)
    arguments = parser.parse_args()
    for path in write(arguments.out, int(arguments.bytes), arguments.seed, arguments.shards):
        print(path)


if __name__ == "__main__":
    main()
