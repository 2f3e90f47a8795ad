"""Both languages say the same things, and only things that are asked for."""

import ast
import importlib
import string

import pytest
from tensornaut.engine.kernels.errors import InputError
from tensornaut.scenes.strings import LANGUAGES, language, set_language, text

EN, ZH = LANGUAGES["en"], LANGUAGES["zh"]


@pytest.fixture(autouse=True)
def english():
    yield
    set_language("en")


@pytest.fixture(scope="module")
def asked(checkout, project_files):
    """Keys that the package spells out, and beginnings of those it puts together (`text(f"kind.{kind}")`)."""
    keys, beginnings = set(), set()
    for path in project_files:
        if path.endswith(".py") and not path.startswith(("tests/", "scenes/strings/")):
            for node in ast.walk(ast.parse((checkout / path).read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    keys.add(node.value)
                if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                    beginnings.add(node.values[0].value)
    return keys, tuple(beginning for beginning in beginnings if beginning.endswith("."))


def _placeholders(template):
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


def _error_messages():
    """Key -> English text of every error of the tree."""
    for module in ("loaders.errors", "engine.gpu"):
        importlib.import_module(f"tensornaut.{module}")
    messages, classes = {}, [InputError]
    while classes:
        messages.update(classes[-1].messages)
        classes.extend(classes.pop().__subclasses__())
    return messages


def test_both_languages_have_the_same_keys():
    assert {key for key in ZH if not key.startswith("error.")} == set(EN)


def test_every_error_has_its_chinese_and_no_other():
    assert {key for key in ZH if key.startswith("error.")} == {f"error.{key}" for key in _error_messages()}


def test_placeholders_agree():
    english = {**EN, **{f"error.{key}": message for key, message in _error_messages().items()}}
    assert {key: _placeholders(ZH[key]) for key in english} == {key: _placeholders(english[key]) for key in english}


def test_every_key_is_used(asked):
    keys, beginnings = asked
    assert [key for key in EN if key not in keys and not key.startswith(beginnings)] == []


def test_every_key_that_is_asked_for_exists(checkout, project_files):
    missing = []
    for path in project_files:
        if path.endswith(".py") and not path.startswith("tests/"):
            for node in ast.walk(ast.parse((checkout / path).read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "text" and node.args:
                    key = node.args[0]
                    if isinstance(key, ast.Constant) and key.value not in EN:
                        missing.append(f"{path}:{node.lineno} {key.value}")
    assert missing == []


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_tables_are_sorted(name):
    assert list(LANGUAGES[name]) == sorted(LANGUAGES[name])


def test_text_speaks_the_language_that_was_set():
    set_language("zh")
    assert (language(), text("legend.weight")) == ("zh", "权重")
    set_language("en")
    assert (language(), text("legend.weight")) == ("en", "weight")


def test_names_are_cleaned_on_the_way():
    assert text("scene.same_structure", name="a\x1b[2Jb") == "same structure as a\\x1b[2Jb"


def test_wrong_keys_facts_and_languages_fail():
    with pytest.raises(KeyError):
        text("no.such.key")
    with pytest.raises(KeyError):
        text("legend.floor")
    with pytest.raises(KeyError):
        set_language("fr")
    assert language() == "en"
