"""The table of kernels that compute what layers give: what tests, benchmarks and runners walk.

A kernel takes arrays by position (None for one that is left out), settings by name, and gives an array or a tuple of
them. Its name is that of the operator in the vocabulary of ONNX, where there is one. Where `compiled` names a module,
that has a function of the same name, equal to the definition but for the order in which numbers are added.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any

from . import activation, arithmetic, arrange, attention, conv, lookup, matmul, norm, pool, recurrent, resize, softmax
from . import reduce as reductions
from .bounds import refused

__all__ = ["KERNELS", "Function", "Kernel"]

Function = Callable[..., Any]
TEXTS = "tuple[str, ...]"
FITS: dict[str, Callable[[Any], bool]] = {  # by annotation of a setting
    "int": lambda value: isinstance(value, int),
    "float": lambda value: isinstance(value, int | float),
    "str": lambda value: isinstance(value, str),
    "Ints": lambda value: isinstance(value, tuple) and all(isinstance(each, int) for each in value),
    TEXTS: lambda value: isinstance(value, tuple) and all(isinstance(each, str) for each in value),
}


@dataclass(frozen=True)
class Kernel:
    """One kernel."""

    name: str
    definition: Function
    compiled: str = ""  # module of this package

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """Annotation of each setting, by name."""
        words = self._parameters.items()
        return {name: word.annotation for name, word in words if word.kind is word.KEYWORD_ONLY}

    @cached_property
    def inputs(self) -> tuple[int, int]:
        """(fewest, most) arrays; most -1: any number."""
        places = [word for word in self._parameters.values() if word.kind is not word.KEYWORD_ONLY]
        if any(word.kind is word.VAR_POSITIONAL for word in places):
            return sum(word.kind is not word.VAR_POSITIONAL for word in places), -1
        return sum(word.default is word.empty for word in places), len(places)

    @cached_property
    def fast(self) -> Function:
        """The compiled function, or the definition where there is none. The first time it is compiled or loaded."""
        if not self.compiled:
            return self.definition
        module = import_module(f".{self.compiled}", __package__)
        return getattr(module, self.definition.__name__)

    def check(self, count: int, settings: Mapping[str, Any]) -> None:
        """Raises InputError where so many arrays or these settings do not fit."""
        fewest, most = self.inputs
        if count < fewest or 0 <= most < count:
            raise refused(f"{count} inputs", f"{fewest} to {most}" if most != fewest else str(most))
        for name, value in settings.items():
            if name not in self.settings:
                raise refused(f"the setting {name}", "none of this name")
            if not FITS[self.settings[name]](value):
                raise refused(f"{name} = {str(value)[:60]}", self.settings[name])

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        return inspect.signature(self.definition).parameters


BY_MODULE: Mapping[str, Mapping[str, Function]] = {  # module with compiled functions: kernels
    "activation_numba": {
        "Erf": activation.erf,
        "Gelu": activation.gelu,
        "Mish": activation.mish,
        "QuickGelu": activation.quick_gelu,
        "Sigmoid": activation.sigmoid,
        "Silu": activation.silu,
        "Softplus": activation.softplus,
    },
    "conv_numba": {"Conv": conv.conv},
    "norm_numba": {
        "GroupNormalization": norm.group_norm,
        "InstanceNormalization": norm.instance_norm,
        "LayerNormalization": norm.layer_norm,
        "RMSNormalization": norm.rms_norm,
    },
    "softmax_numba": {"LogSoftmax": softmax.log_softmax, "Softmax": softmax.softmax},
    "": {
        "ArgMax": reductions.arg_max,
        "ArgMin": reductions.arg_min,
        "Attention": attention.attention,
        "AveragePool": pool.average_pool,
        "BatchNormalization": norm.batch_norm,
        "Cast": lookup.as_type,
        "CastLike": lookup.cast_like,
        "Celu": activation.celu,
        "Clip": activation.clip,
        "Concat": arrange.concat,
        "ConstantOfShape": lookup.constant_of_shape,
        "ConvTranspose": conv.conv_transpose,
        "CumSum": reductions.cum_sum,
        "DepthToSpace": arrange.depth_to_space,
        "Dropout": arrange.identity,
        "Elu": activation.elu,
        "Expand": arrange.expand,
        "Flatten": arrange.flatten,
        "GRU": recurrent.gru,
        "Gather": lookup.gather,
        "GatherElements": lookup.gather_elements,
        "GatherND": lookup.gather_nd,
        "Gemm": matmul.gemm,
        "GlobalAveragePool": pool.global_average_pool,
        "GlobalMaxPool": pool.global_max_pool,
        "HardSigmoid": activation.hard_sigmoid,
        "HardSwish": activation.hard_swish,
        "Identity": arrange.identity,
        "LRN": norm.local_response_norm,
        "LSTM": recurrent.lstm,
        "LeakyRelu": activation.leaky_relu,
        "Linear": matmul.linear,  # none of ONNX
        "MatMul": matmul.matmul,
        "MaxPool": pool.max_pool,
        "Mean": arithmetic.mean,
        "Mod": arithmetic.mod,
        "NonZero": lookup.non_zero,
        "OneHot": lookup.one_hot,
        "PRelu": activation.prelu,
        "Pad": arrange.pad,
        "Range": lookup.range_,
        "Relu": activation.relu,
        "Reshape": arrange.reshape,
        "Resize": resize.resize,
        "Selu": activation.selu,
        "Shape": lookup.shape_of,
        "Size": lookup.size_of,
        "Slice": arrange.slice_,
        "Softsign": activation.softsign,
        "SpaceToDepth": arrange.space_to_depth,
        "Split": arrange.split,
        "Squeeze": arrange.squeeze,
        "ThresholdedRelu": activation.thresholded_relu,
        "Swish": activation.silu,
        "Tanh": activation.tanh,
        "Tile": arrange.tile,
        "TopK": lookup.top_k,
        "Transpose": arrange.transpose,
        "Trilu": lookup.trilu,
        "Unsqueeze": arrange.unsqueeze,
        "Where": arithmetic.where,
        **arithmetic.BINARY,
        **arithmetic.FOLDED,
        **arithmetic.UNARY,
        **reductions.REDUCTIONS,
    },
}
KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {name: Kernel(name, function, where) for where, own in BY_MODULE.items() for name, function in own.items()}
)
