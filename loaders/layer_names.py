"""What names of layers and tensors tell: where a layer comes in the flow, and what kind it is.

Written after the names that PyTorch, Keras and Hugging Face Transformers give. An order found here is a guess and is
marked as inferred wherever it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["TENSOR_WORD", "group_kind", "flow_rank", "leaf_kind", "natural_key"]

Rank = tuple[int, int, int]  # place among siblings: rank, number, sub-rank

TENSOR_WORD = re.compile(
    r"(?P<weight>(weight|kernel|gamma|w)(_|$)|in_proj_weight$|scale$)|(?P<bias>(bias|beta|b)(_|$)|in_proj_bias$|shift$)"
    r"|(?P<statistic>running_mean|running_var|moving_mean|moving_variance|num_batches_tracked)"
)
TENSOR_RANKS = {"weight": -20, "bias": -19, "statistic": -18}
# Each table: (rank, pattern of the whole name in lower case without its number), earlier patterns win.
OUTSIDE = (  # of repeated blocks
    (30, r"encoder|model|transformer|bert|backbone|down_?blocks?|layers?|blocks?|stages?|h|features|body|trunk"),
    (6, r"wpe|pos(ition)?.*|cls_token"),
    (5, r"patch.*"),
    (0, r".*(embed|wte|tok|word|vocab).*"),
    (5, r"stem|(conv_?|proj_?)?in|input.*|stft.*|front.*|preproc.*"),
    (10, r"conv_?|conv\dd_?"),
    (82, r".*norm_out"),
    (84, r"conv_?out|final.*|last.*|proj_?out"),
    (80, r"fc_?"),
    (86, r"(.*_)?(head|classifier|logits?|output|score|predictions?|cls)s?"),
    (70, r"ln_f|(.*_)?(norm|layernorm|layer_norm|ln|bn)_?"),
    (75, r".*pool.*"),
    (55, r"mid_?blocks?|bottleneck|middle.*"),
    (60, r"decoder|up_?blocks?"),
)
INSIDE = (
    (
        10,
        r"conv_?|conv\dd_?|depthwise.*|ln_attn|norm|(input|pre|attn|attention)_?(layer_?)?norm|layernorm_before|pre_?norm",
    ),
    (12, r"q|query|q_?proj|wq|to_q|q_lin|qkv(_proj)?|query_key_value|c_attn|in_proj.*"),
    (13, r"k|key|k_?proj|wk|to_k|k_lin"),
    (14, r"v|value|v_?proj|wv|to_v|v_lin"),
    (15, r"[qk]_(layer)?norm"),
    (18, r"self_attn_layer_norm"),
    (20, r"(self_?)?(attn|attention)|mha|mixer"),
    (22, r"sa_layer_norm|ls"),
    (26, r"(encoder_|cross_?|multihead_)(attn|attention)"),
    (35, r"post_attention_layernorm|(ffn?|mlp)_norm|layernorm_after|final_layer_norm|pre_feedforward_layernorm|ln_mlp"),
    (41, r"gate|router"),
    (42, r"(.*_)?experts?"),
    (40, r"mlp|ffn?|feed_?forward|moe"),
    (44, r"gate_proj|wi|w"),
    (45, r"up(_proj)?|expand|c_fc|intermediate|lin(ear)?|fc|dense_h_to_4h|gate_up_proj"),
    (60, r"o|o_?proj|wo|out(_proj|_lin)?|to_out|proj(ection)?|c_proj|dense|output|down(_proj)?|contract|dense_4h_to_h"),
    (65, r"(output_)?layer_?norm"),
    (80, r"downsample|shortcut|skip.*|identity"),
)
DEFAULT = 50
NUMBERED_NORM = re.compile(r"(batch_?|layer_?|group_?)?(norm|bn|ln|gn)_?")
GATED = {"w1": (44, 1, 0), "w3": (44, 3, 0), "w2": (60, 0, 0)}  # the feed-forward of LLaMA's first code


def _compiled(table: Sequence[tuple[int, str]]) -> tuple[re.Pattern[str], list[int]]:
    """One pattern whose number of the matching group tells the line of the table; the ranks of the lines."""
    patterns = [re.sub(r"\((?!\?)", "(?:", pattern) for _, pattern in table]
    return re.compile("|".join(f"({pattern})$" for pattern in patterns)), [rank for rank, _ in table]


TABLES = {False: _compiled(OUTSIDE), True: _compiled(INSIDE)}


def flow_rank(name: str, inside: bool) -> Rank:
    """The place of a module or tensor among its siblings. `inside`: of a repeated block."""
    tensor = TENSOR_WORD.match(name)
    if tensor:
        return TENSOR_RANKS[tensor.lastgroup or ""], 0, 0
    lower = name.lower()
    stem = lower.rstrip("0123456789")
    number = int(lower[len(stem) :][:15] or 0)
    if inside and lower in GATED:
        return GATED[lower]
    if number and NUMBERED_NORM.fullmatch(stem):
        return (35 if inside and number > 1 else 10), number, 1
    pattern, ranks = TABLES[inside]
    match = pattern.match(stem)
    rank = ranks[(match.lastindex or 1) - 1] if match else DEFAULT
    if inside and stem in ("fc", "linear", "lin") and number > 1:
        rank = 60
    return rank, number, 0


def natural_key(name: str) -> tuple[object, ...]:
    """Sorts "layer2" before "layer10"."""
    parts = re.split(r"([0-9]{1,15})", name)
    return tuple(int(part) if k % 2 else part for k, part in enumerate(parts))


EMBEDDING = re.compile(r"embed|wte|wpe|^pos(ition)?(_|$)|token|vocab|(^|_)emb($|_)", re.I)
NORM = re.compile(r"norm|(^|_)(ln|bn|gn)(_?[0-9f]+)?$|batchnorm|rms", re.I)
ATTENTION_LEAF = re.compile(
    r"^(q|k|v|o|qkv|query|key|value|query_key_value|c_attn|w[qkvo]|to_(q|k|v|out)|[qkvo]_proj)$", re.I
)
ATTENTION = re.compile(r"attn|attention|(^|_)mha($|_)", re.I)
OUTPUT = re.compile(r"(^|_)(lm_)?(head|classifier|logits?|output|score|predictions?)s?$", re.I)
CONV = re.compile(r"conv", re.I)


def group_kind(name: str) -> str:
    """The kind of a module with parts."""
    return "attention" if ATTENTION.search(name) else "group"


def leaf_kind(path: Sequence[str], tensor_names: Sequence[str], rank: int, is_last: bool) -> str:
    """The kind of a layer. `path`: names of its modules, its own last; `rank`: axes of its largest tensor;
    `is_last`: it holds the last matrix of the network."""
    inside = any(part.isdigit() for part in path[:-1])
    return _leaf_kind(
        path[-1], path[-2] if len(path) > 1 else "", tuple(tensor_names[:8]), rank, is_last and not inside
    )


@lru_cache(maxsize=4096)
def _leaf_kind(name: str, parent: str, tensor_names: tuple[str, ...], rank: int, is_last: bool) -> str:
    if NORM.search(name) or (rank < 2 and any(word.startswith(("running_", "gamma")) for word in tensor_names)):
        return "norm"
    if EMBEDDING.search(name) or (rank >= 2 and EMBEDDING.search(parent) and not CONV.search(name)):
        return "embedding"
    if ATTENTION_LEAF.search(name) or ATTENTION.search(name) or ATTENTION.search(parent):
        return "attention" if rank >= 2 or "bias" in tensor_names else "other"
    if rank >= 3:
        return "conv"
    if rank < 2:
        return "norm" if {"weight", "bias"} <= set(tensor_names) else "other"
    return "output" if is_last or (OUTPUT.search(name) and not parent.isdigit()) else "linear"
