"""What is built and installed: the exact files, the same twice, usable from anywhere, with a light import."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

PACKAGE_FOLDERS = ("cli", "engine", "loaders", "scenes")
DATA_FOLDERS = ("assets", "shaders")
ROOT_FILES = ("__init__.py", "__main__.py")
METADATA = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt")


def _belongs_in_the_wheel(name):
    folder = name.partition("/")[0]
    return name in ROOT_FILES or folder in DATA_FOLDERS or (folder in PACKAGE_FOLDERS and name.endswith(".py"))


def _python(*words, **options):
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def _elsewhere(folder, **more):
    return {**os.environ, "PYTHONPATH": str(folder), **more}


@pytest.fixture(scope="module")
def tree(checkout, project_files, tmp_path_factory):
    """A copy of the checkout in a folder with a dot in its name, with an environment and an older build inside."""
    root = tmp_path_factory.mktemp("house") / "my-checkout.2"
    for name in project_files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / name, root / name)
    for junk in (".venv/lib/junk.py", "build/lib/tensornaut/old.py", "build/lib/other/__init__.py"):
        (root / junk).parent.mkdir(parents=True, exist_ok=True)
        (root / junk).write_text("junk")
    return root


def _build_wheel(tree, out):
    _python("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out, tree)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheels(tree, tmp_path_factory):
    """Two wheels built one after the other in the same tree."""
    return [_build_wheel(tree, tmp_path_factory.mktemp("wheel")) for _ in range(2)]


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    _python("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheels[1])
    return folder


def test_both_wheels_hold_exactly_the_files_of_the_package(wheels, project_files):
    expected = {f"tensornaut/{name}" for name in project_files if _belongs_in_the_wheel(name)}
    for wheel in wheels:
        names = zipfile.ZipFile(wheel).namelist()
        metadata = {name for name in names if ".dist-info/" in name}
        assert set(names) - metadata == expected
        assert sorted(name.partition(".dist-info/")[2] for name in metadata) == sorted(METADATA)


def test_the_source_archive_holds_the_project(tree, project_files, tmp_path):
    code = "import sys; from setuptools import build_meta; print(build_meta.build_sdist(sys.argv[1]))"
    archive = tmp_path / _python("-c", code, tmp_path, cwd=tree).splitlines()[-1]
    names = {name.partition("/")[2] for name in tarfile.open(archive).getnames()}
    assert {name for name in project_files if name != ".gitignore"} <= names
    assert not any("junk" in name or name.startswith(("build/", ".venv/")) for name in names)


def test_the_installed_package_works_from_another_folder(installed, tmp_path):
    environment = _elsewhere(installed, XDG_CACHE_HOME=str(tmp_path))
    report = json.loads(_python("-m", "tensornaut", "doctor", "--json", cwd=tmp_path, env=environment))
    where = _python("-c", "import tensornaut; print(tensornaut.__file__)", cwd=tmp_path, env=environment).strip()
    assert where.startswith(str(installed))
    assert (
        report["tensornaut"]
        == _python("-c", "import tensornaut; print(tensornaut.__version__)", cwd=tmp_path, env=environment).strip()
    )


def test_an_installed_package_has_its_command(installed):
    assert [path.name for path in (installed / "bin").iterdir()] == ["tensornaut"]


def test_importing_loads_numpy_at_most(installed, tmp_path):
    code = (
        "import sys; before = set(sys.modules); import tensornaut;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    loaded = set(_python("-c", code, cwd=tmp_path, env=_elsewhere(installed)).split())
    assert loaded <= {"tensornaut", "numpy"}
