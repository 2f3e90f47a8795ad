"""Pictures without ground: nothing is said of the floor that is not there."""

from __future__ import annotations

from ..engine.scene import Labels, walk
from .network_scene import NetworkScene
from .strings import text

__all__ = ["leave_out_floor"]


def leave_out_floor(built: NetworkScene) -> None:
    """Takes the words about squares of the floor out of the legend that is shown."""
    words = text("legend.floor", n=f"{built.scene.floor_step:g}")
    for _, node in walk(built.scene.root):
        if isinstance(node.drawable, Labels):
            node.drawable.texts = [said for said in node.drawable.texts if said.text != words]
