"""The program of networks like GPT-2 (its own, minGPT, nanoGPT), which are known by the names of their tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..engine.kernels.errors import InputError
from ..engine.runners.program import Feed, Program
from ..loaders.network import Network
from .program_steps import Steps, shapes_of
from .strings import text

__all__ = ["gpt_program"]

TABLE = "wte.weight"
BLOCK = re.compile(r"h\.(\d+)\.ln_1\.weight")
HEAD_SETTINGS = ("n_head", "num_attention_heads", "num_heads")
HEADS = {  # by width and blocks, of models that were published with these
    **{(48, 3): 3, (128, 4): 4, (192, 6): 6, (384, 6): 6, (512, 8): 16},
    **{(768, 6): 12, (768, 12): 12, (1024, 24): 16, (1280, 36): 20, (1600, 48): 25},
}
LONGEST = 1 << 14  # tokens


@dataclass(frozen=True)
class _Sizes:
    prefix: str  # before the names of all tensors
    blocks: int
    width: int
    heads: int
    longest: int  # tokens
    turned: bool  # weights stand as (inputs, outputs)
    exact: bool  # gelu by way of the error function, not of tanh


def gpt_program(network: Network) -> Program | None:
    """Tokens (n, t) -> logits (n, t, vocabulary), and probabilities; None for another network.

    Raises InputError where the number of heads is not known.
    """
    shapes = shapes_of(network)
    sizes = _sizes(network, shapes)
    if sizes is None:
        return None
    steps = Steps(network)
    if not any(key in network.metadata for key in HEAD_SETTINGS):
        steps.notes.append(text("run.note.heads", count=sizes.heads))
    if sizes.exact:
        steps.notes.append(text("run.note.gelu"))
    at = sizes.prefix
    count = steps.add("Shape", "tokens.count", at + "wpe", "tokens", start=1, end=2)
    zero, one = steps.constant("zero", 0), steps.constant("one", 1)
    scalar = steps.add("Squeeze", "tokens.number", at + "wpe", count)
    places = steps.add("Range", "places", at + "wpe", zero, scalar, one)
    token = steps.add("Gather", at + "wte", at + "wte", steps.tensor(at + TABLE), "tokens")
    place = steps.add("Gather", at + "wpe", at + "wpe", steps.tensor(at + "wpe.weight"), places)
    value = steps.add("Add", at + "embedding", at + "wpe", token, place)
    mask = _mask(steps, sizes, count)
    for number in range(sizes.blocks):
        value = _block(steps, sizes, f"{at}h.{number}", value, mask)
    value = steps.layer("LayerNormalization", at + "ln_f", value, epsilon=1e-5)
    head = "lm_head" if "lm_head.weight" in shapes else at + "wte"
    steps.add("Linear", "logits", head, value, steps.tensor(f"{head}.weight"))
    steps.add("Softmax", "probabilities", head, "logits", axis=-1)
    return steps.program((Feed("tokens", ("n", "t"), "int64"),), "logits", "probabilities")


def _sizes(network: Network, shapes: Mapping[str, tuple[int, ...]]) -> _Sizes | None:
    prefix = next((name[: -len(TABLE)] for name in shapes if name.endswith(TABLE)), None)
    if prefix is None or len(shapes.get(prefix + "wpe.weight", ())) != 2 or len(shapes[prefix + TABLE]) != 2:
        return None
    found = (BLOCK.fullmatch(name.removeprefix(prefix)) for name in shapes if name.startswith(prefix))
    numbers = sorted(int(match[1]) for match in found if match)
    (longest, width), first = shapes[prefix + "wpe.weight"], f"{prefix}h.0"
    inner = shapes.get(f"{first}.attn.c_attn.weight")
    if numbers != list(range(len(numbers))) or not numbers or inner not in ((3 * width, width), (width, 3 * width)):
        return None
    stated = next((network.metadata[key] for key in HEAD_SETTINGS if key in network.metadata), "")
    heads = int(stated) if stated.isdigit() and len(stated) < 6 else HEADS.get((width, len(numbers)), 0)
    if heads < 1 or width % heads:
        raise InputError(network.name, "run_heads", width=width)
    turned = inner == (width, 3 * width)
    exact = not turned and f"{first}.attn.bias" not in shapes
    return _Sizes(prefix, len(numbers), width, heads, min(longest, LONGEST), turned, exact)


def _mask(steps: Steps, sizes: _Sizes, count: str) -> str:
    """The name of a matrix (tokens, tokens): true where a token may look at another."""
    layer = sizes.prefix + "wpe"
    sides = steps.add("Concat", "mask.shape", layer, count, count, axis=0)
    full = steps.constant("causal", np.tri(sizes.longest, dtype=bool))
    return steps.add("Slice", "mask", layer, full, steps.constant("corner", [0, 0]), sides)


def _linear(steps: Steps, sizes: _Sizes, path: str, value: str) -> str:
    if not sizes.turned:
        return steps.layer("Linear", path, value)
    turned = steps.add("Transpose", f"{path}.turned", path, steps.tensor(f"{path}.weight"))
    bias = steps.tensor(f"{path}.bias")
    return steps.add("Linear", path, path, value, turned, *([bias] if bias else []))


def _block(steps: Steps, sizes: _Sizes, path: str, value: str, mask: str) -> str:
    """Attention and MLP, each added to what came in: (n, tokens, width) -> the same shape."""
    normed = steps.layer("LayerNormalization", f"{path}.ln_1", value, epsilon=1e-5)
    attended = _attention(steps, sizes, f"{path}.attn", normed, mask)
    value = steps.add("Add", f"{path}.attn.add", f"{path}.attn.c_proj", value, attended)
    normed = steps.layer("LayerNormalization", f"{path}.ln_2", value, epsilon=1e-5)
    wide = _linear(steps, sizes, f"{path}.mlp.c_fc", normed)
    kind = "none" if sizes.exact else "tanh"
    wide = steps.add("Gelu", f"{path}.mlp.gelu", f"{path}.mlp.c_fc", wide, approximate=kind)
    narrow = _linear(steps, sizes, f"{path}.mlp.c_proj", wide)
    return steps.add("Add", f"{path}.mlp.add", f"{path}.mlp.c_proj", value, narrow)


def _attention(steps: Steps, sizes: _Sizes, path: str, value: str, mask: str) -> str:
    inner, where = f"{path}.c_attn", f"{path}.c_proj"
    joined = _linear(steps, sizes, inner, value)
    parts = []
    for number, part in enumerate(("query", "key", "value")):
        bounds = [steps.constant(f"{path}.{part}.{k}", [(number + k) * sizes.width]) for k in (0, 1)]
        own = steps.add("Slice", f"{path}.{part}.part", inner, joined, *bounds, steps.constant("last", [2]))
        parts.append(steps.heads(f"{path}.{part}", inner, own, sizes.heads))
    query, key, mixed_in = parts
    turned = steps.add("Transpose", f"{path}.key.turned", inner, key, perm=(0, 1, 3, 2))
    product = steps.add("MatMul", f"{path}.product", where, query, turned)
    scale = steps.constant("scale", (sizes.width // sizes.heads) ** -0.5)
    scaled = steps.add("Mul", f"{path}.scaled", where, product, scale)
    scores = steps.add("Where", f"{path}.scores", where, mask, scaled, steps.constant("never", -np.inf))
    weights = steps.add("Softmax", f"{path}.softmax", where, scores, axis=-1)
    mixed = steps.add("MatMul", f"{path}.mixed", where, weights, mixed_in)
    joined = steps.add("Transpose", f"{path}.joined", where, mixed, perm=(0, 2, 1, 3))
    return _linear(steps, sizes, where, steps.reshape(f"{path}.rows", where, joined, 0, 0, -1))
