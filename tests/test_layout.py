"""The house rules of ARCHITECTURE.md, read off the source: directions of imports, rooms of libraries, words."""

import ast
import re
import sys
from fnmatch import fnmatch

import pytest

LIGHT = {"engine.kernels.errors", "engine.kernels.names"}  # of kernels, what loaders may import at their top
MAY_IMPORT = {
    "engine.kernels": {"engine.kernels"},
    "loaders": {"loaders", "engine.kernels"},
    "engine": {"engine", "engine.kernels"},
    "scenes": {"scenes", "engine", "engine.kernels", "loaders"},
    "cli": {"cli", "scenes", "engine", "engine.kernels", "loaders", ""},
    "": {"", "cli", "scenes", "engine", "engine.kernels", "loaders"},
}
ROOMS = {
    "OpenGL": ["engine/gpu*", "engine/painters/*", "engine/outputs/*", "engine/rasterize/*"],
    "vispy": ["engine/gpu*", "engine/painters/*", "engine/outputs/*", "engine/rasterize/*", "cli/probe.py"],
    "glfw": ["engine/outputs/window*"],
    "openvr": ["engine/outputs/headset*", "cli/probe.py"],
    "av": ["engine/outputs/video*", "engine/inputs/*"],
    "llvmlite": ["engine/kernels/*", "engine/rasterize/*"],
    "numba": ["engine/kernels/*", "engine/rasterize/*"],
    "cupy": ["engine/kernels/*", "engine/rasterize/*"],
    "freetype": ["engine/glyphs.py", "engine/painters/*"],
    "imgui_bundle": ["engine/panel_host.py", "scenes/panels/*"],
    "platformdirs": ["engine/places.py"],
    "torch": ["engine/runners/*"],
    "onnxruntime": ["engine/runners/*"],
    "transformers": ["engine/runners/*"],
    "captum": ["engine/runners/*"],
    "openTSNE": ["engine/kernels/embed*"],
    "umap": ["engine/kernels/embed*"],
    "dask": ["engine/cluster.py"],
    "distributed": ["engine/cluster.py"],
    "aiohttp": ["loaders/source*.py"],
    "fsspec": ["loaders/source*.py"],
    "h5py": ["loaders/hdf5*"],
    "matplotlib": ["scenes/report/*"],
    "seaborn": ["scenes/report/*"],
    "plotly": ["scenes/report/*"],
    "PIL": ["engine/inputs/*"],
    "tokenizers": ["engine/inputs/*"],
    "numpy": ["*"],
}
POSIX_GUARD = "engine/posix.py"
POSIX_MODULES = {"fcntl", "resource", "termios", "pwd", "grp", "pty", "tty"}
POSIX_WORDS = re.compile(r"\bos\.fork\b|\bSIGALRM\b|/dev/shm\b|\bsetitimer\b")
NEUTRAL_WORDS = {"utils", "util", "common", "helpers", "helper", "base", "manager"}
OUTSIDE_PATHS = re.compile(r"(?<![\w.~-])/(?:work|root|home)/\w")
UNSAFE_CALLS = {"eval", "exec", "__import__"}
UNSAFE_ATTRIBUTES = {
    "pickle.load",
    "pickle.loads",
    "torch.load",
    "marshal.load",
    "marshal.loads",
    "yaml.load",
    "shelve.open",
}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
TEXT_SUFFIXES = (
    ".py",
    ".md",
    ".toml",
    ".cfg",
    ".ini",
    ".sh",
    ".in",
    ".vert",
    ".frag",
    ".glsl",
    ".comp",
    ".cu",
    ".cuh",
    ".h",
    ".json",
    "run",
    "Makefile",
)


class Source:
    """One Python file of the package."""

    def __init__(self, checkout, path):
        self.path = path
        self.text = (checkout / path).read_text("utf-8")
        self.tree = ast.parse(self.text)
        parts = path.removesuffix(".py").split("/")
        self.package = parts[:-1]
        self.module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self):
        return _room(self.module)

    def imports(self):
        """(node, names, is relative, is inside a function) of each import; relative names are modules of ours."""
        inner = {id(node) for function in self.functions() for node in ast.walk(function)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node, [alias.name], False, id(node) in inner
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node, [node.module], False, id(node) in inner
            elif isinstance(node, ast.ImportFrom):
                base = self.package[: len(self.package) - node.level + 1] + (node.module or "").split(".")
                stem = ".".join(part for part in base if part)
                yield (
                    node,
                    [stem, *(f"{stem}.{alias.name}".lstrip(".") for alias in node.names)],
                    True,
                    id(node) in inner,
                )

    def functions(self):
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _room(module):
    if module == "engine.kernels" or module.startswith("engine.kernels."):
        return "engine.kernels"
    first = module.partition(".")[0]
    return first if first in MAY_IMPORT else ""


@pytest.fixture(scope="module")
def sources(checkout, project_files):
    paths = [path for path in project_files if path.endswith(".py") and not path.startswith("tests/")]
    return [Source(checkout, path) for path in paths]


@pytest.fixture(scope="module")
def edges(sources):
    """(source, module of ours that it imports, inside a function?)."""
    modules = {source.module for source in sources}
    found = []
    for source in sources:
        for _, names, is_relative, inner in source.imports():
            if is_relative:  # `from .a import b`: the module a.b where there is one, else a
                deeper = [name for name in names[1:] if name in modules]
                found += [(source, name, inner) for name in deeper or names[:1]]
    return found


def test_python_stands_in_its_folders_only(sources):
    folders = {source.path.partition("/")[0] for source in sources}
    assert folders <= {"__init__.py", "__main__.py", "cli", "engine", "loaders", "scenes"}


def test_names_say_what_is_inside(project_files):
    words = {path: set(re.split(r"[/._]", path)) for path in project_files}
    assert [path for path in project_files if words[path] & NEUTRAL_WORDS] == []


def test_imports_go_in_one_direction(edges):
    wrong = [(source.path, name) for source, name, _ in edges if _room(name) not in MAY_IMPORT[source.room]]
    assert wrong == []


def test_loaders_import_kernels_inside_functions_only(edges):
    """Kernels compile; a file is listed without waiting for that."""
    wrong = [
        (source.path, name)
        for source, name, inner in edges
        if source.room == "loaders" and _room(name) == "engine.kernels" and name not in LIGHT and not inner
    ]
    assert wrong == []


def test_no_module_imports_itself_through_others(edges):
    graph = {}
    for source, name, _ in edges:
        graph.setdefault(source.module, set()).add(name)
    done = set()

    def visit(module, trail):
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for name in sorted(graph.get(module, ())):
                visit(name, [*trail, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])


def test_imports_of_our_own_are_relative(sources):
    ours = {"tensornaut", "cli", "engine", "loaders", "scenes"}
    wrong = [
        (source.path, names[0])
        for source in sources
        for _, names, is_relative, _ in source.imports()
        if not is_relative and names[0].partition(".")[0] in ours
    ]
    assert wrong == []


def test_outside_libraries_stay_in_their_rooms(sources):
    wrong = []
    for source in sources:
        for _, names, is_relative, _ in source.imports():
            library = names[0].partition(".")[0]
            if is_relative or library in sys.stdlib_module_names:
                continue
            if not any(fnmatch(source.path, room) for room in ROOMS.get(library, [])):
                wrong.append((source.path, library))
    assert wrong == []


def test_nobody_but_the_command_line_prints_exits_or_catches_everything(sources):
    wrong = []
    for source in sources:
        if source.room == "cli" or source.path == "__main__.py":
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "print",
                "exit",
                "quit",
                "sys.exit",
                "os._exit",
            }:
                wrong.append(f"{source.path}:{node.lineno} {ast.unparse(node.func)}")
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                wrong.append(f"{source.path}:{node.lineno} catches everything")
    assert wrong == []


def _is_broad(caught):
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name) in {"Exception", "BaseException"} for name in names)


def test_what_only_posix_has_stands_behind_one_guard(sources):
    wrong = []
    for source in sources:
        imported = {names[0] for _, names, is_relative, _ in source.imports() if not is_relative}
        if source.path != POSIX_GUARD and (imported & POSIX_MODULES or POSIX_WORDS.search(source.text)):
            wrong.append(source.path)
    assert wrong == []


def test_nothing_in_the_package_can_run_what_a_file_says(sources):
    wrong = []
    for source in sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            allows = any(word.arg == "allow_pickle" and ast.unparse(word.value) != "False" for word in node.keywords)
            if name in UNSAFE_CALLS | UNSAFE_ATTRIBUTES or allows:
                wrong.append(f"{source.path}:{node.lineno} {name}")
        for _, names, is_relative, _ in source.imports():
            if not is_relative and names[0] in {"marshal", "shelve", "jinja2", "yaml"}:
                wrong.append(f"{source.path} imports {names[0]}")
    assert wrong == []


def test_no_text_names_a_folder_of_one_machine(checkout, project_files):
    wrong = []
    for path in project_files:
        if path.endswith(TEXT_SUFFIXES):
            for number, line in enumerate((checkout / path).read_text("utf-8").splitlines(), 1):
                if OUTSIDE_PATHS.search(line):
                    wrong.append(f"{path}:{number}")
    assert wrong == []


def test_files_and_functions_stay_short(sources):
    wrong = [source.path for source in sources if source.text.count("\n") > LONGEST_FILE]
    for source in sources:
        for function in source.functions():
            if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION:
                wrong.append(f"{source.path}:{function.lineno} {function.name}")
    assert wrong == []
