"""What a survey finds, brought into the scene that somebody looks at: pyramids for peaks, all numbers for words.

Scales stay as they are: nothing that is seen jumps because a survey went on.
"""

from __future__ import annotations

from ..engine.cache import Cache
from ..loaders.network import Network
from .focus import reword
from .network_scene import NetworkScene
from .peaks import know_pyramid, lacking
from .survey import Survey

__all__ = ["SurveyFeed"]


class SurveyFeed:
    """The survey of a network whose files are on this machine; of others nothing is read that nobody asked for."""

    def __init__(self, network: Network, cache: Cache | None) -> None:
        is_near = not any(source.is_remote for source in network.tensors.sources)
        self._survey = Survey(network, cache) if is_near else None
        self._wanted: tuple[str, int] | None = None  # look, layer in focus

    @property
    def is_done(self) -> bool:
        """Whether nothing more will come."""
        return self._survey is None or self._survey.is_done

    @property
    def progress(self) -> tuple[int, int]:
        """(elements done, all of them); (0, 0) where there is nothing to tell."""
        return (0, 0) if self._survey is None or self._survey.is_done else self._survey.progress

    @property
    def faults(self) -> list[tuple[str, str]]:
        """(key of a tensor, message) of what could not be read; may be cleared."""
        return [] if self._survey is None else self._survey.faults

    def take(self, built: NetworkScene) -> bool:
        """Tells the scene what was found since. True: another picture is wanted."""
        if self._survey is None:
            return False
        if self._wanted != (built.look.name, built.focus[0]):
            self._wanted = built.look.name, built.focus[0]
            self._survey.first([*_tensors_of(built, built.focus[0]), *lacking(built)])
        changed = False
        for index, summary in self._survey.step():
            built.analysis.know(built.network.tensors[index], summary)
            if summary.pyramid is not None:
                know_pyramid(built, index, summary.pyramid)
                changed |= built.look.is_peak
            changed |= reword(built, index)
        return changed

    def close(self) -> None:
        """Ends the survey."""
        if self._survey is not None:
            self._survey.close()


def _tensors_of(built: NetworkScene, layer: int) -> list[int]:
    return [tray.tensor for tray in built.layout.layers[layer].volume.trays] if layer >= 0 else []
