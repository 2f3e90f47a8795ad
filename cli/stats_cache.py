"""Batches of tensors whose summaries are kept together in the cache, so that many small tensors are few files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from ..engine.cache import Cache
from ..engine.fingerprint import Stored, fingerprint
from ..engine.kernels.summarize import TensorSummary
from ..engine.summaries import joined, parted, to_bytes
from ..loaders.network import Network, Tensor
from ..loaders.sparse import Sparse

__all__ = ["Batch", "batches"]

ELEMENTS = 1 << 22  # with which a batch is full
TENSORS = 1024


@dataclass
class Batch:
    """Neighbors in one file. Which they are follows from the file alone."""

    tensors: list[Tensor]
    _cache: Cache | None = None
    _key: str | None = None
    _done: list[bytes] = field(default_factory=list)

    @cached_property
    def readable(self) -> list[int]:
        """Places in the batch of tensors that hold numbers."""
        return [place for place, tensor in enumerate(self.tensors) if tensor.is_readable]

    def known(self, cache: Cache, is_whole: bool) -> dict[int, bytes]:
        """Summaries that the cache knows, by place in the batch: of all readable tensors, or none.

        `is_whole`: all tensors are wanted, so what is not known will be `add`ed and then stored.
        """
        key = self._fingerprint()
        body = cache.find(key) if key else None
        if body is not None:
            return dict(zip(self.readable, parted(body), strict=True))
        if is_whole and key:
            self._cache, self._key = cache, key
        return {}

    def add(self, summary: TensorSummary) -> None:
        """The next readable tensor's summary. After the last one all are stored, if the file is still what it was."""
        if self._cache is None or self._key is None:
            return
        self._done.append(to_bytes(summary))
        if len(self._done) == len(self.readable):
            if self._fingerprint() == self._key:
                self._cache.store(self._key, joined(self._done), self.tensors[0].source.mtime_ns)
            self._cache, self._done = None, []

    def _fingerprint(self) -> str | None:
        """None where there is nothing to know, or it depends on more than one file."""
        stored = [_stored(self.tensors[place]) for place in self.readable]
        source = self.tensors[0].source
        if not stored or isinstance(self.tensors[0].packed, Sparse):
            return None
        return fingerprint(source.path, source.size, source.mtime_ns, stored)


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


def _stored(tensor: Tensor) -> Stored:
    """What the cache must know of a tensor besides its file."""
    layout = type(tensor.packed).__name__, getattr(tensor.packed, "layout", ())
    facts = tensor.dtype, tensor.shape, tensor.count, tensor.fortran, tensor.big_endian, layout
    return Stored(tensor.place, min(tensor.byte_count, max(tensor.source.size - tensor.place, 0)), facts)
