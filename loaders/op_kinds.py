"""Operators in the vocabulary of ONNX -> kinds of layers."""

from __future__ import annotations

__all__ = ["op_kind"]

OPERATORS = {
    "conv": (
        *("Conv", "ConvInteger", "ConvTranspose", "DeformConv", "QLinearConv", "FusedConv", "CausalConvWithState"),
        *("QLinearConvTranspose", "NhwcConv"),
    ),
    "linear": (
        *("Gemm", "MatMul", "MatMulInteger", "QLinearMatMul", "QGemm", "FusedMatMul", "FusedGemm", "MatMulNBits"),
        *("MatMulIntegerToFloat", "DynamicQuantizeMatMul", "LSTM", "GRU", "RNN", "Einsum", "LinearClassifier"),
        *("LinearRegressor", "QMoE", "MoE", "LinearAttention"),
    ),
    "norm": (
        *("BatchNormalization", "InstanceNormalization", "LayerNormalization", "GroupNormalization", "LRN"),
        *("RMSNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization", "LpNormalization"),
        *("SkipSimplifiedLayerNormalization", "MeanVarianceNormalization", "GroupNorm", "SkipGroupNorm"),
    ),
    "activation": (
        *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "FastGelu", "QuickGelu", "BiasGelu", "Sigmoid"),
        *("HardSigmoid", "HardSwish", "Swish", "Mish", "Tanh", "Softplus", "Softsign", "ThresholdedRelu", "Clip"),
        *("Softmax", "LogSoftmax", "Hardmax", "Silu", "BiasSoftmax", "QLinearSigmoid", "QLinearLeakyRelu", "Erf"),
    ),
    "pool": (
        *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "GlobalLpPool", "MaxRoiPool"),
        *("RoiAlign", "ReduceMean", "ReduceMax", "QLinearGlobalAveragePool", "QLinearAveragePool"),
    ),
    "merge": (
        "Add",
        "Sum",
        "Concat",
        "Mul",
        "Sub",
        "Div",
        "Max",
        "Min",
        "Mean",
        "QLinearAdd",
        "QLinearConcat",
        "QLinearMul",
    ),
    "attention": (
        *("Attention", "MultiHeadAttention", "GroupQueryAttention", "QAttention", "DecoderMaskedMultiHeadAttention"),
        *("PackedAttention", "PackedMultiHeadAttention", "SparseAttention", "LongformerAttention", "PagedAttention"),
    ),
    "embedding": ("EmbedLayerNormalization", "GatherBlockQuantized"),
}
KINDS_OF = {operator: kind for kind, operators in OPERATORS.items() for operator in operators}


def op_kind(operator: str) -> str:
    """One of KINDS: "other" for operators that neither hold weights nor shape the flow, or that are not known."""
    return KINDS_OF.get(operator, "other")
