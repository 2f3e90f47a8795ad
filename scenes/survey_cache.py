"""Batches of tensors whose summaries are kept together in the cache, so that many small tensors are few files.

Their pyramids are kept beside, in an entry of their own: who wants the summaries only does not read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np

from ..engine.cache import Buffer, Cache
from ..engine.fingerprint import Stored, fingerprint
from ..engine.kernels.decode import matrix_shape
from ..engine.kernels.matrix_runs import LEVEL_SIDE
from ..engine.kernels.pyramid import Pyramid
from ..engine.kernels.summarize import TensorSummary
from ..engine.summaries import joined, parted, to_bytes
from ..loaders.network import Network, Tensor
from ..loaders.sparse import Sparse
from .survey_parts import has_pyramid, is_plain

__all__ = ["Batch", "batches", "numbered_batches"]

ELEMENTS = 1 << 22  # with which a batch is full
TENSORS = 1024
FEW = 512  # elements of a tensor, on average
PYRAMIDS = "-pyramids"  # behind the key of an entry
PYRAMIDS_SHARE = 0.4  # of the cache that one run fills with pyramids at most; summaries have room behind them


@dataclass
class Batch:
    """Neighbors in one file. Which they are follows from the file alone."""

    tensors: list[Tensor]
    _cache: Cache | None = None
    _key: str | None = None
    _done: list[bytes] = field(default_factory=list)
    _made: list[Pyramid] = field(default_factory=list)
    levels: dict[int, Pyramid] = field(default_factory=dict)  # by place, as far as the cache knew them

    @cached_property
    def readable(self) -> list[int]:
        """Places in the batch of tensors that hold numbers."""
        return [place for place, tensor in enumerate(self.tensors) if tensor.is_readable]

    @property
    def _is_worth_it(self) -> bool:
        """False for tensors so small that reading them takes less time than reading their summaries."""
        few = sum(tensor.count for tensor in self.tensors) < FEW * len(self.tensors)
        return not (few and all(is_plain(tensor) for tensor in self.tensors))

    @cached_property
    def _with_pyramid(self) -> list[int]:
        return [place for place in self.readable if has_pyramid(self.tensors[place])]

    def known(self, cache: Cache, is_whole: bool, with_pyramids: bool = False) -> dict[int, Buffer]:
        """Summaries that the cache knows, by place in the batch: of all readable tensors, or none.

        `is_whole`: all tensors are wanted, so what is not known will be `add`ed and then stored. `with_pyramids`: none
        where their pyramids are not known as well; these are in `levels` then.
        """
        key = self._fingerprint() if self._is_worth_it else None
        body = cache.find(key) if key else None
        if body is not None and with_pyramids:
            self.levels = self.pyramids(cache)
        if body is not None and (not with_pyramids or len(self.levels) == len(self._with_pyramid)):
            return dict(zip(self.readable, parted(body), strict=True))
        if is_whole and key:
            self._cache, self._key = cache, key
        return {}

    def pyramids(self, cache: Cache) -> dict[int, Pyramid]:
        """Pyramids that the cache knows, by place in the batch: of all tensors that have one, or none."""
        key = self._fingerprint() if self._with_pyramid else None
        body = cache.find(key + PYRAMIDS) if key else None
        if body is None:
            return {}
        shapes = [matrix_shape(self.tensors[place].shape) for place in self._with_pyramid]
        return dict(zip(self._with_pyramid, _levels(body, shapes), strict=True))

    def add(self, summary: TensorSummary) -> None:
        """The next readable tensor's summary. After the last one all are stored, if the file is still what it was."""
        if self._cache is None or self._key is None:
            return
        self._done.append(to_bytes(summary))
        self._made += [summary.pyramid] if summary.pyramid is not None else []
        if len(self._done) == len(self.readable):
            if self._fingerprint() == self._key:
                self._store(self._cache, self._key)
            self._cache, self._done, self._made = None, [], []

    def _store(self, cache: Cache, key: str) -> None:
        changed_ns = self.tensors[0].source.mtime_ns
        cache.store(key, joined(self._done), changed_ns)
        if self._made:
            cache.store(key + PYRAMIDS, _buffers(self._made), changed_ns, PYRAMIDS_SHARE)

    def _fingerprint(self) -> str | None:
        """None where there is nothing to know, or it depends on more than one file, or on one elsewhere."""
        stored = [_stored(self.tensors[place]) for place in self.readable]
        source = self.tensors[0].source
        if not stored or isinstance(self.tensors[0].packed, Sparse):
            return None
        return fingerprint(source.path, source.size, source.mtime_ns, stored)


def numbered_batches(network: Network) -> Iterator[tuple[int, Batch]]:
    """(number of the first tensor, batch) of all but inner tensors in order; the last batch may hold inner ones too."""
    number = 0
    for batch in batches(network):
        if number >= len(network.tensors):
            return
        yield number, batch
        number += len(batch.tensors)


def batches(network: Network) -> Iterator[Batch]:
    """All tensors in order, inner ones last."""
    batch: list[Tensor] = []
    elements = 0
    for tensor in chain(network.tensors, network.inner_tensors):
        if batch and (
            len(batch) == TENSORS
            or elements >= ELEMENTS
            or tensor.source != batch[0].source
            or isinstance(tensor.packed, Sparse) != isinstance(batch[0].packed, Sparse)
        ):
            yield Batch(batch)
            batch, elements = [], 0
        batch.append(tensor)
        elements += tensor.count
    if batch:
        yield Batch(batch)


def _buffers(levels: list[Pyramid]) -> list[Buffer]:
    """Levels as bytes, without a copy."""
    columns = (column for level in levels for column in level.columns)
    return [np.ascontiguousarray(column).reshape(-1).view(np.uint8).data for column in columns]


def _levels(body: Buffer, shapes: list[tuple[int, int]]) -> Iterator[Pyramid]:
    """The levels of matrices of these shapes, whose bytes `_buffers` gave."""
    place = 0
    for rows, columns in shapes:
        sides = -(-rows // LEVEL_SIDE), -(-columns // LEVEL_SIDE)
        found = []
        for kind in (np.float32, np.float32, np.float32, np.uint16):
            found.append(np.frombuffer(body, kind, sides[0] * sides[1], place).reshape(sides).copy())
            place += found[-1].nbytes
        yield Pyramid(*found)


def _stored(tensor: Tensor) -> Stored:
    """What the cache must know of a tensor besides its file."""
    layout = type(tensor.packed).__name__, getattr(tensor.packed, "layout", ())
    facts = tensor.dtype, tensor.shape, tensor.count, tensor.fortran, tensor.big_endian, layout
    return Stored(tensor.place, min(tensor.byte_count, max(tensor.source.size - tensor.place, 0)), facts)
