"""Names become modules: the order of the flow, repeated blocks, kinds of layers."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensornaut.loaders.open import open_network


@pytest.fixture
def opened(tmp_path):
    """Makes the network of a file that holds tensors of these names and shapes in this order."""
    path = tmp_path / "model.safetensors"
    return lambda shapes: _opened(path, shapes)


def _opened(path, shapes):
    entries = {name: {"dtype": "U8", "shape": list(shape), "data_offsets": [0, 0]} for name, shape in shapes.items()}
    at = 0
    for entry in entries.values():
        size = 1
        for side in entry["shape"]:
            size *= side
        entry["data_offsets"] = [at, at + size]
        at += size
    header = json.dumps(entries, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(at))
    return open_network(path)


def leaves(network):
    return [module for module in network.root.walk() if not module.children]


def kinds(network):
    return {module.path: module.kind for module in network.root.walk() if module.path}


def alphabetical(shapes):
    return dict(sorted(shapes.items()))


LLAMA = {"model.embed_tokens.weight": (9, 4)}
for _block in range(12):
    _path = f"model.layers.{_block}"
    LLAMA[f"{_path}.input_layernorm.weight"] = (4,)
    LLAMA |= {f"{_path}.self_attn.{name}_proj.weight": (4, 4) for name in "qkvo"}
    LLAMA[f"{_path}.post_attention_layernorm.weight"] = (4,)
    LLAMA |= {f"{_path}.mlp.{name}_proj.weight": (8, 4) for name in ("gate", "up", "down")}
LLAMA |= {"model.norm.weight": (4,), "lm_head.weight": (9, 4)}

GPT2 = {"wte.weight": (9, 4), "wpe.weight": (5, 4)}
for _block in range(11):
    _path = f"h.{_block}"
    for _name, _shape in [
        ("ln_1", (4,)),
        ("attn.c_attn", (4, 12)),
        ("attn.c_proj", (4, 4)),
        ("ln_2", (4,)),
        ("mlp.c_fc", (4, 16)),
        ("mlp.c_proj", (16, 4)),
    ]:
        GPT2 |= {f"{_path}.{_name}.weight": _shape, f"{_path}.{_name}.bias": _shape[-1:]}
GPT2 |= {"ln_f.weight": (4,), "ln_f.bias": (4,)}

RESNET = {"conv1.weight": (4, 3, 3, 3), "bn1.weight": (4,), "bn1.bias": (4,), "bn1.running_mean": (4,)}
for _layer in (1, 2):
    for _block in (0, 1):
        for _k in (1, 2):
            RESNET[f"layer{_layer}.{_block}.conv{_k}.weight"] = (4, 4, 3, 3)
            RESNET |= {f"layer{_layer}.{_block}.bn{_k}.{name}": (4,) for name in ("weight", "bias")}
        if (_layer, _block) == (2, 0):
            RESNET["layer2.0.downsample.0.weight"] = (4, 4, 1, 1)
RESNET |= {"fc.weight": (10, 4), "fc.bias": (10,)}

DEMO = {"stem.conv1.weight": (4, 1, 3, 3), "stem.conv1.bias": (4,), "stem.conv2.weight": (4, 4, 3, 3)}
DEMO["position.weight"] = (16, 4)
for _block in (0, 1):
    _path = f"blocks.{_block}"
    DEMO |= {f"{_path}.norm1.weight": (4,), f"{_path}.norm1.bias": (4,)}
    for _name in ("query", "key", "value", "projection"):
        DEMO |= {f"{_path}.attention.{_name}.weight": (4, 4), f"{_path}.attention.{_name}.bias": (4,)}
    DEMO |= {f"{_path}.norm2.weight": (4,), f"{_path}.norm2.bias": (4,)}
    DEMO |= {f"{_path}.mlp.expand.weight": (8, 4), f"{_path}.mlp.contract.weight": (4, 8)}
DEMO |= {"norm.weight": (4,), "norm.bias": (4,), "classifier.weight": (10, 4), "classifier.bias": (10,)}


@pytest.mark.parametrize("flow", [LLAMA, GPT2, RESNET, DEMO], ids=["llama", "gpt2", "resnet", "demo"])
def test_the_flow_is_found_behind_alphabetical_names(opened, flow):
    network = opened(alphabetical(flow))
    assert network.tensors.all_names() == list(flow)
    assert network.structure == "inferred" and any("guessed" in note for note in network.notes)


@pytest.mark.parametrize("flow", [LLAMA, GPT2, RESNET, DEMO], ids=["llama", "gpt2", "resnet", "demo"])
def test_an_order_that_a_writer_chose_is_kept(opened, flow):
    network = opened(flow)
    assert network.tensors.all_names() == list(flow)
    assert any("stores" in note for note in network.notes)


def test_tensors_of_one_layer_stand_together_whatever_the_file(opened):
    network = opened({"b.weight": (2, 2), "a.weight": (2, 2), "b.bias": (2,), "a.bias": (2,)})
    assert network.tensors.all_names() == ["b.weight", "b.bias", "a.weight", "a.bias"]


def test_repeated_blocks_are_marked(opened):
    found = kinds(opened(LLAMA))
    assert [path for path, kind in found.items() if kind == "block"] == [f"model.layers.{k}" for k in range(12)]
    found = kinds(opened(RESNET))
    assert [path for path, kind in found.items() if kind == "block"] == [
        *("layer1.0", "layer1.1", "layer2.0", "layer2.1")
    ]


def test_experts_are_no_blocks(opened):
    shapes = {
        f"layers.{k}.mlp.experts.{e}.{n}.weight": (2, 2) for k in (0, 1) for e in range(3) for n in ("up", "down")
    }
    blocks = [path for path, kind in kinds(opened(shapes)).items() if kind == "block"]
    assert blocks == ["layers.0", "layers.1"]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (LLAMA, {"model.embed_tokens": "embedding", "model.layers.0.self_attn.q_proj": "attention"}),
        (LLAMA, {"model.layers.3.self_attn": "attention", "model.layers.3.mlp.up_proj": "linear", "lm_head": "output"}),
        (GPT2, {"wte": "embedding", "wpe": "embedding", "h.0.ln_1": "norm", "h.0.attn.c_attn": "attention"}),
        (GPT2, {"h.10.mlp.c_proj": "linear", "ln_f": "norm"}),
        (RESNET, {"conv1": "conv", "bn1": "norm", "layer2.0.downsample.0": "conv", "fc": "output"}),
        (DEMO, {"stem.conv1": "conv", "position": "embedding", "blocks.1.attention.value": "attention"}),
        (DEMO, {"blocks.1.mlp.expand": "linear", "norm": "norm", "classifier": "output"}),
        ({"net.0.weight": (8, 4), "net.2.weight": (3, 8)}, {"net.0": "linear", "net.2": "output"}),
    ],
)
def test_layers_have_the_kind_that_names_and_shapes_tell(opened, shapes, expected):
    found = kinds(opened(shapes))
    assert {path: found[path] for path in expected} == expected


def test_flat_names_keep_their_order_and_are_grouped_by_beginnings(opened):
    shapes = {"enc_emb": (9, 4), "enc_w_ih": (4, 4), "enc_w_hh": (4, 4), "enc_b_ih": (4,), "fc_w": (9, 4), "fc_b": (9,)}
    network = opened(shapes | {"scale": ()})
    assert network.structure == "flat"
    assert [module.path for module in leaves(network)] == ["enc_emb", "enc_ih", "enc_hh", "fc", "scale"]
    assert network.tensors.all_names()[1:3] == ["enc_w_ih", "enc_b_ih"]


def test_tensors_beside_modules_are_layers_of_their_own(opened):
    network = opened({"vit.cls_token": (1, 1, 4), "vit.weight": (4,), "vit.bias": (4,), "vit.head.weight": (2, 4)})
    assert [module.tensor_range for module in leaves(network)] == [(0, 1), (1, 3), (3, 4)]


NAMES = st.lists(st.text("ab1.0/_weight", max_size=12), min_size=1, max_size=12, unique=True)


@given(NAMES, st.booleans())
def test_leaves_cover_all_tensors_in_order_for_any_names(tmp_path_factory, names, is_sorted):
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    network = _opened(path, {name: (1,) for name in (sorted(names) if is_sorted else names)})
    assert sorted(network.tensors.all_names()) == sorted(names)
    at = 0
    for module in leaves(network):
        assert module.tensor_range[0] == at
        at = module.tensor_range[1]
    assert at == len(names)
    for module in network.root.walk():
        if module.children:
            assert module.children[0].tensor_range[0] == module.tensor_range[0]
            assert module.children[-1].tensor_range[1] == module.tensor_range[1]


def test_names_as_deep_as_one_likes_make_a_tree_of_bounded_depth(opened):
    network = opened({"a." * 5000 + "weight": (1,), "a." * 5000 + "bias": (1,)})
    assert len(list(network.root.walk())) < 40


def test_numbers_are_ordered_as_numbers_whatever_their_length(opened):
    shapes = {f"layers.{'9' * 5000}.weight": (1,), "layers.10.weight": (1,), "layers.2.weight": (1,), "²": (1,)}
    names = opened(alphabetical(shapes)).tensors.all_names()
    assert names.index("layers.2.weight") < names.index("layers.10.weight")
