"""Trains the demo model: handwritten digits of 8 x 8 pixels, three convolutions, one attention block, a classifier.

`python tests/train_demo.py [--out assets/demo] [--seed 5]` writes the model as safetensors and ONNX, checkpoints along
its training and a few images that it never saw. The same seed, versions and processor give the same files. Needs torch,
scikit-learn, safetensors and onnx.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

STEM, WIDTH, HEADS, HIDDEN = 16, 48, 3, 192  # channels of the first convolution, of tokens, and inside the MLP
TOKENS = 16  # 4 x 4 places
CLASSES = 10
BRIGHTEST = 16  # value of a white pixel in scikit-learn's images

STEPS, WARMUP, BATCH = 4000, 100, 128
LEARNING_RATE, WEIGHT_DECAY, SMOOTHING = 3e-3, 0.2, 0.05
CHECKPOINTS = (0, 15, 30, 50, 75, 100, 130, 170, 230, 330, 500, 750, 1100, 1700, 2600, STEPS)
HELD_BACK = 360  # images
SAMPLES = 2  # of each class
OPSET = 17


class Attention(nn.Module):
    """Every token looks at all others: (images, TOKENS, WIDTH) -> the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.projection = nn.Linear(WIDTH, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            part(tokens).unflatten(2, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        attention = (query @ key.transpose(2, 3) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        return self.projection((attention @ value).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Works on each token alone: (images, TOKENS, WIDTH) -> the same shape."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Linear(WIDTH, HIDDEN)
        self.contract = nn.Linear(HIDDEN, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.contract(self.expand(tokens).relu())


class Block(nn.Module):
    """Attention and MLP, each added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.norm2 = nn.LayerNorm(WIDTH)
        self.mlp = Mlp()

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class Stem(nn.Module):
    """Images (n, 1, 8, 8) -> (n, WIDTH, 4, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, STEM, 3, padding=1)
        self.conv2 = nn.Conv2d(STEM, WIDTH, 3, padding=1, stride=2)
        self.conv3 = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return self.conv3(self.conv2(self.conv1(image).relu()).relu()).relu()


class Digits(nn.Module):
    """Images (n, 1, 8, 8) float32, 0 black to 1 white -> logits (n, CLASSES)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        self.position_embedding = nn.Embedding(TOKENS, WIDTH)
        self.blocks = nn.ModuleList([Block()])
        self.norm = nn.LayerNorm(WIDTH)
        self.classifier = nn.Linear(WIDTH, CLASSES)

    def forward(self, image: Tensor) -> Tensor:
        tokens = self.stem(image).flatten(2).transpose(1, 2) + self.position_embedding.weight
        for block in self.blocks:
            tokens = block(tokens)
        return self.classifier(self.norm(tokens.mean(1)))


def split() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(training images, labels, held-back images, labels): float32 (n, 1, 8, 8), 0 to 1; int64 (n,). Always alike."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    images = torch.from_numpy(digits.images[order, None].astype(np.float32) / BRIGHTEST)
    labels = torch.from_numpy(digits.target[order].astype(np.int64))
    return images[HELD_BACK:], labels[HELD_BACK:], images[:HELD_BACK], labels[:HELD_BACK]


def accuracy(model: Digits, images: Tensor, labels: Tensor) -> float:
    """Part of the images that the model names right."""
    with torch.no_grad():
        return (model(images).argmax(1) == labels).float().mean().item()


def varied(images: Tensor) -> Tensor:
    """The images, each turned, sized, slanted and moved a little at random."""
    count = len(images)
    angle = torch.empty(count).uniform_(-0.2, 0.2)
    size, slant = torch.empty(count).uniform_(0.9, 1.15), torch.empty(count).uniform_(-0.15, 0.15)
    move = torch.empty(count, 2).uniform_(-0.2, 0.2)
    cos, sin = size * angle.cos(), size * angle.sin()
    source_from_target = torch.stack(
        [torch.stack([cos, slant - sin, move[:, 0]], 1), torch.stack([sin, cos, move[:, 1]], 1)], 1
    )
    grid = functional.affine_grid(source_from_target, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def train(model: Digits, images: Tensor, labels: Tensor) -> Iterator[int]:
    """Steps done, at each of CHECKPOINTS; the model changes in between."""
    matrices = [value for value in model.parameters() if value.ndim > 1]
    vectors = [value for value in model.parameters() if value.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.98),
    )
    for step in range(STEPS + 1):
        if step in CHECKPOINTS:
            yield step
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * min((step + 1) / WARMUP, 0.5 + 0.5 * np.cos(np.pi * step / STEPS))
        chosen = torch.randint(len(images), (BATCH,))
        loss = functional.cross_entropy(model(varied(images[chosen])), labels[chosen], label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def save(model: Digits, path: Path, dtype: torch.dtype, **metadata: str) -> None:
    """Writes the weights as safetensors."""
    from safetensors.torch import save as as_bytes

    content = as_bytes({name: value.to(dtype) for name, value in model.state_dict().items()}, metadata)
    path.write_bytes(with_ordered_metadata(content))


def with_ordered_metadata(content: bytes) -> bytes:
    """The safetensors file with its metadata sorted: the library writes them in another order every time."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]


def save_samples(images: Tensor, labels: Tensor, path: Path) -> None:
    """Writes the first SAMPLES images of each class: `images` (n, 8, 8) uint8 from 0 to 16, `labels` (n,) uint8."""
    chosen = torch.cat([(labels == label).nonzero()[:SAMPLES, 0] for label in range(CLASSES)])
    pixels = (images[chosen, 0] * BRIGHTEST).round().to(torch.uint8).numpy()
    np.savez(path, images=pixels, labels=labels[chosen].to(torch.uint8).numpy())


class Graph:
    """An ONNX graph in the making. A node's name is the name of its module, and so is what comes out of it."""

    def __init__(self, model: Digits) -> None:
        from onnx import numpy_helper

        self.nodes: list = []
        self.initializers = [numpy_helper.from_array(value.numpy(), name) for name, value in model.state_dict().items()]

    def add(self, kind: str, name: str, *inputs: str, **attributes: object) -> str:
        """Adds a node; the name of its output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def layer(self, kind: str, name: str, value: str, **attributes: object) -> str:
        """Adds a node with the weight and the bias of a module."""
        return self.add(kind, name, value, f"{name}.weight", f"{name}.bias", **attributes)

    def constant(self, name: str, values: np.ndarray) -> str:
        """Adds a value that is not learned."""
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def reshape(self, name: str, value: str, *shape: int) -> str:
        """Adds a node that gives `value` a shape."""
        return self.add("Reshape", name, value, self.constant(f"{name}.shape", np.array(shape, np.int64)))


def stem_graph(graph: Graph, image: str) -> str:
    """Adds the convolutions; the name of their output."""
    value = image
    for number, stride in ((1, 1), (2, 2), (3, 1)):
        name = f"stem.conv{number}"
        convolved = graph.layer("Conv", name, value, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[stride, stride])
        value = graph.add("Relu", f"stem.relu{number}", convolved)
    return value


def attention_graph(graph: Graph, name: str, tokens: str) -> str:
    """Adds the attention to rows of tokens."""
    orders = {"query": (0, 2, 1, 3), "key": (0, 2, 3, 1), "value": (0, 2, 1, 3)}
    heads = {}
    for part, order in orders.items():
        rows = graph.layer("Gemm", f"{name}.{part}", tokens, transB=1)
        split_up = graph.reshape(f"{name}.{part}.split", rows, -1, TOKENS, HEADS, WIDTH // HEADS)
        heads[part] = graph.add("Transpose", f"{name}.{part}.heads", split_up, perm=order)
    scores = graph.add("MatMul", f"{name}.scores", heads["query"], heads["key"])
    scale = graph.constant(f"{name}.scale", np.float32((WIDTH // HEADS) ** -0.5))
    scaled = graph.add("Mul", f"{name}.scaled", scores, scale)
    weights = graph.add("Softmax", f"{name}.softmax", scaled, axis=-1)
    mixed = graph.add("MatMul", f"{name}.mixed", weights, heads["value"])
    joined = graph.add("Transpose", f"{name}.joined", mixed, perm=(0, 2, 1, 3))
    return graph.layer("Gemm", f"{name}.projection", graph.reshape(f"{name}.rows", joined, -1, WIDTH), transB=1)


def block_graph(graph: Graph, name: str, tokens: str) -> str:
    """Adds the block to rows of tokens."""
    normed = graph.layer("LayerNormalization", f"{name}.norm1", tokens, axis=-1, epsilon=1e-5)
    tokens = graph.add("Add", f"{name}.attention.add", tokens, attention_graph(graph, f"{name}.attention", normed))
    normed = graph.layer("LayerNormalization", f"{name}.norm2", tokens, axis=-1, epsilon=1e-5)
    expanded = graph.add("Relu", f"{name}.mlp.relu", graph.layer("Gemm", f"{name}.mlp.expand", normed, transB=1))
    return graph.add("Add", f"{name}.mlp.add", tokens, graph.layer("Gemm", f"{name}.mlp.contract", expanded, transB=1))


def save_onnx(model: Digits, path: Path, **metadata: str) -> None:
    """Writes the model as ONNX: `image` (n, 1, 8, 8) -> `logits` (n, CLASSES); initializers named as the tensors."""
    import onnx
    from onnx import TensorProto, helper

    graph = Graph(model)
    places = graph.reshape("tokens.split", stem_graph(graph, "image"), -1, WIDTH, TOKENS)
    ordered = graph.add("Transpose", "tokens", places, perm=(0, 2, 1))
    placed = graph.add("Add", "position_embedding", ordered, "position_embedding.weight")
    rows = graph.reshape("tokens.rows", placed, -1, WIDTH)
    tokens = graph.reshape("tokens.joined", block_graph(graph, "blocks.0", rows), -1, TOKENS, WIDTH)
    pooled = graph.add("ReduceMean", "pool", tokens, axes=[1], keepdims=0)
    graph.layer("LayerNormalization", "norm", pooled, axis=-1, epsilon=1e-5)
    weights = ["norm", "classifier.weight", "classifier.bias"]
    graph.nodes.append(helper.make_node("Gemm", weights, ["logits"], "classifier", transB=1))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 1, 8, 8])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", CLASSES])
    whole = helper.make_graph(graph.nodes, metadata["name"], [image], [logits], graph.initializers)
    made = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    made.producer_name, made.doc_string = "tensornaut", metadata["description"]
    helper.set_model_props(made, metadata)
    onnx.checker.check_model(made, full_check=True)
    onnx.save(made, path)


def main() -> None:
    """Trains, writes the files and says how good the model is."""
    parser = argparse.ArgumentParser(description="Trains the demo model and writes its files.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "assets" / "demo")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(arguments.seed)
    images, labels, unseen_images, unseen_labels = split()
    model = Digits()
    checkpoints = arguments.out / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    for step in train(model, images, labels):
        right = f"{accuracy(model, unseen_images, unseen_labels):.4f}"
        print(f"step {step:5}: {right} of the held-back images right")
        path = checkpoints / f"step-{step:05}.safetensors"
        save(model, path, torch.float16, name="digits", step=str(step), held_back_accuracy=right)
    facts = {
        "name": "digits",
        "description": "Handwritten digits, 8 x 8, 10 classes",
        "held_back_accuracy": right,
    }
    save(model, arguments.out / "digits.safetensors", torch.float32, **facts)
    save_onnx(model, arguments.out / "digits.onnx", **facts)
    save_samples(unseen_images, unseen_labels, arguments.out / "digits_samples.npz")
    print(f"{sum(value.numel() for value in model.parameters()):,} parameters, {right} of the held-back images right")


if __name__ == "__main__":
    main()
