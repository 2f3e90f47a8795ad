"""Without a floor nothing is said of its squares."""

import pytest
from tensornaut.engine.scene import Labels, walk
from tensornaut.loaders.open import open_network
from tensornaut.scenes.analysis import Analysis
from tensornaut.scenes.groundless import leave_out_floor
from tensornaut.scenes.network_scene import build
from tensornaut.scenes.style import THEMES


@pytest.fixture
def demo(checkout):
    network = open_network(str(checkout / "assets" / "demo" / "digits.safetensors"))
    return build(network, THEMES["dark"], Analysis())


def said(built):
    return [
        text.text
        for _, node in walk(built.scene.root)
        if isinstance(node.drawable, Labels)
        for text in node.drawable.texts
    ]


def test_only_the_words_about_the_floor_are_left_out(demo):
    before = said(demo)
    leave_out_floor(demo)
    after = said(demo)
    assert [words for words in before if words not in after] == ["1 floor square = 16 × 16 weights"]
    assert len(after) == len(before) - 1
