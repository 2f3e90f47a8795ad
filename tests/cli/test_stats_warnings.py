"""Warnings of `stats`, with planted oddities."""

import numpy as np
import pytest
from safetensors import numpy as reference
from tensornaut.cli.main import main


@pytest.fixture
def planted(tmp_path):
    random = np.random.default_rng(0)

    def weights(rows=300, columns=400):
        return random.normal(0, 0.02, (rows, columns)).astype(np.float32)

    tensors = {"calm": weights(), "dead": weights(), "far": weights(), "holes": weights(), "clipped": weights()}
    tensors["dead"][[7, 100, 299]] = 0
    tensors["far"][5, 5] = 2
    tensors["holes"][0, :3] = [np.nan, np.nan, np.inf]
    tensors["clipped"] = np.clip(tensors["clipped"], -0.03, 0.5)
    tensors["tied"] = tensors["calm"].copy()
    tensors["turned"] = tensors["calm"].reshape(400, 300)
    tensors["alike"] = np.random.default_rng(1).permutation(tensors["calm"].ravel()).reshape(300, 400)
    tensors["ones"], tensors["more_ones"] = np.ones(50, np.float32), np.ones(50, np.float32)
    tensors["zero"] = np.zeros((4, 5), np.float32)
    tensors["full"] = np.clip(random.normal(0, 100, (50, 60)), -128, 127).astype(np.int8)
    path = tmp_path / "model.safetensors"
    reference.save_file(tensors, path)
    return path


def test_every_planted_oddity_is_told_and_nothing_else(planted, capsys):
    assert main(["stats", str(planted), "--warnings"]) == 0
    count, *lines = capsys.readouterr().out.splitlines()
    found = dict(line.strip().split(": ", 1) for line in lines if "NaN" not in line)
    assert count == f"Warnings: {len(lines)}" and len(lines) == 8
    twins = {name for name in ("calm", "tied") if name in found}
    assert len(twins) == 1 and found[twins.pop()].startswith("the same values as")
    found = {name: words for name, words in found.items() if name not in ("calm", "tied")}
    assert set(found) == {"dead", "far", "holes", "clipped", "zero", "full"}
    assert found["dead"] == "3 of 300 rows are all zero"
    assert found["far"].startswith("outliers: 2 is ") and "standard deviations" in found["far"]
    assert "  holes: 2 of 120,000 values are NaN" in lines and found["holes"] == "1 of 120,000 values are infinite"
    assert found["clipped"].startswith("saturated: 6.") and found["clipped"].endswith("= -0.03")
    assert found["zero"] == "all 20 values are zero"
    assert "= -128, " in found["full"] and found["full"].endswith("= 127")


def test_the_table_marks_them_and_lists_them_below(planted, capsys):
    assert main(["stats", str(planted)]) == 0
    table, _, below = capsys.readouterr().out.partition("\nWarnings: 8\n")
    marked = {line.split()[0] for line in table.splitlines() if line.endswith(" !")}
    assert {"dead", "far", "holes", "clipped", "zero", "full"} <= marked and len(marked) == 7
    assert below.count("\n  ") == 7 and "ones" not in below


def test_a_calm_file_has_none(planted, capsys):
    assert main(["stats", str(planted), "--warnings", "--filter", "ones"]) == 0
    assert capsys.readouterr().out == "No warnings\n"


def test_twins_are_told_across_storage_orders_and_archives(tmp_path, capsys):
    square = np.random.default_rng(0).normal(0, 1, (30, 30))
    arrays = {"a": square, "b": square.copy(), "columns": np.asfortranarray(square), "turned": square.T.copy()}
    np.savez_compressed(tmp_path / "model.npz", **arrays)
    assert main(["stats", str(tmp_path / "model.npz"), "--warnings"]) == 0
    assert capsys.readouterr().out == "Warnings: 1\n  b: the same values as a\n"


def test_warnings_speak_chinese(planted, capsys):
    assert main(["stats", str(planted), "--warnings", "--language", "zh"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("警告：8") and "300 行中有 3 行全为零" in out
    from tensornaut.scenes.strings import set_language

    set_language("en")
