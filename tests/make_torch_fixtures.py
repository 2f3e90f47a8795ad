"""Writes the small PyTorch files of tests/loaders/fixtures, and beside each an .npz with what is to be read from it.

Run: python tests/make_torch_fixtures.py. The same numbers each time; the bytes depend on the version of PyTorch.
"""

import argparse
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from torch import nn

FOLDER = Path(__file__).parent / "loaders" / "fixtures"
FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
SMALL_FLOATS = [getattr(torch, f"float8_{kind}") for kind in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz", "e8m0fnu")]
INTEGERS = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64]
DTYPES = [*FLOATS, *SMALL_FLOATS, *INTEGERS, torch.bool, torch.complex64, torch.complex128]


def numbers(dtype, shape, seed=0):
    """A tensor of any type; small floats of all bit patterns."""
    generator = torch.Generator().manual_seed(seed)
    if dtype in SMALL_FLOATS:
        return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8).view(dtype)
    if dtype.is_floating_point or dtype.is_complex:
        return torch.randn(shape, generator=generator, dtype=torch.complex128 if dtype.is_complex else None).to(dtype)
    return torch.randint(0, 2 if dtype is torch.bool else 120, shape, generator=generator).to(dtype)


def decoded(tensor):
    """The array that is to be read: small floats as float32, quantized numbers as the integers that are stored."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        return tensor.int_repr().numpy()
    if tensor.dtype is torch.bfloat16 or tensor.dtype in SMALL_FLOATS:
        return tensor.float().numpy()
    return tensor.resolve_conj().resolve_neg().numpy()


def flat(value, path=""):
    """Name -> tensor of all tensors in dictionaries and lists."""
    if isinstance(value, torch.Tensor):
        if value.layout is torch.sparse_coo:
            return {f"{path}.indices": value._indices(), f"{path}.values": value._values()}
        return {path: value}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    found = {}
    for key, inner in items:
        found |= flat(inner, f"{path}.{key}" if path else str(key))
    return found


class Block(nn.Module):
    """A residual block with a buffer that state_dict() leaves out, and settings."""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.register_buffer("scale", torch.arange(3.0), persistent=False)
        self.shortcut = nn.Sequential()
        self.activation = nn.ReLU()


def network():
    """A small network: stem, two blocks, head."""
    torch.manual_seed(1)
    blocks = OrderedDict(stem=nn.Conv2d(3, 4, 3), layer1=nn.Sequential(Block(4), Block(4)), fc=nn.Linear(4, 2))
    return nn.Sequential(blocks)


def checkpoint():
    """As training scripts save it: optimizer first, then settings, then the model."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return {
        "optimizer": optimizer.state_dict(),
        "epoch": 7,
        "best_prec1": 91.5,
        "arch": "resnet",
        "args": argparse.Namespace(lr=0.1, data="cifar", milestones=[80, 120]),
        "state_dict": model.state_dict(),
    }


def views():
    """Tensors that share a storage in many ways."""
    whole = torch.arange(24.0).reshape(2, 3, 4)
    square = torch.arange(9.0).reshape(3, 3)
    weight = nn.Parameter(torch.arange(6.0).reshape(2, 3))
    return {
        "whole": whole,
        "transposed": whole.transpose(0, 2),
        "permuted": whole.permute(1, 0, 2),
        "column": whole[:, 1],
        "strided": whole[:, ::2, 1::2],
        "behind": whole[1, 2],
        "expanded": torch.arange(3.0)[:, None].expand(3, 5),
        "square": square,
        "square transposed": square.t(),
        "scalar": torch.tensor(2.5),
        "item": whole[1, 1, 1],
        "empty": torch.zeros(0, 3),
        "encoder": {"weight": weight},
        "decoder": [weight, {"weight": weight}],
    }


def dtypes():
    """A tensor of each type."""
    return {str(dtype).removeprefix("torch."): numbers(dtype, (3, 5), seed) for seed, dtype in enumerate(DTYPES)}


def unusual():
    """Quantized, sparse, conjugated and negated tensors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain, complex_numbers = numbers(torch.float32, (3, 4)), numbers(torch.complex64, (2, 3))
        return {
            "qint8": torch.quantize_per_tensor(plain, 0.1, 3, torch.qint8),
            "quint8": torch.quantize_per_channel(plain, torch.ones(3) / 8, torch.zeros(3), 0, torch.quint8),
            "qint32": torch.quantize_per_tensor(plain, 0.001, 0, torch.qint32),
            "sparse": torch.eye(3).to_sparse(),
            "conjugated": complex_numbers.conj(),
            "negated": numbers(torch.complex64, (2, 3)).conj().imag,
        }


STATES = {"state": lambda: network().state_dict(), "checkpoint": checkpoint}
STATES |= {"views": views, "dtypes": dtypes, "unusual": unusual}


def main():
    """Every state in both containers, a whole network in the newer one: the older one keeps sources and their paths."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in STATES.items():
        state = make()
        torch.save(state, FOLDER / f"{name}.pt")
        torch.save(state, FOLDER / f"{name}.pth", _use_new_zipfile_serialization=False)
        np.savez_compressed(FOLDER / f"{name}.npz", **{key: decoded(item) for key, item in flat(state).items()})
    model = network()
    torch.save(model, FOLDER / "model.pt")
    expected = dict(model.named_parameters()) | dict(model.named_buffers())
    np.savez_compressed(FOLDER / "model.npz", **{key: decoded(item) for key, item in expected.items()})


if __name__ == "__main__":
    main()
