"""What every test stands on: the checkout's files, no window on anybody's desktop, repeatable random inputs on CI.

And homes for processes that tests start: `cold`, an empty one, and `warm`, in which all kernels were compiled.
"""

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_OURS = {
    ".git",
    ".venv",
    "build",
    "dist",
    "__pycache__",
    ".hypothesis",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
}

COMPILE = """
import time
from tensornaut.engine.kernel_cache import Compilation
compilation = Compilation()
while not compilation.is_done():
    time.sleep(0.05)
assert not compilation.failed
"""

settings.register_profile("tensornaut", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tensornaut")

for variable in ("DISPLAY", "WAYLAND_DISPLAY"):  # tests that need a display start their own
    os.environ.pop(variable, None)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="module")
def context():
    """An OpenGL context without a window."""
    from tensornaut.engine.gpu import Context, GraphicsError

    try:
        made = Context.offscreen()
    except GraphicsError as error:
        pytest.skip(f"no EGL: {error}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def display():
    """The name of a virtual X display, 1280 x 720; tests of windows drive it by xdotool."""
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x720x24", "-noreset", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    if not number:
        server.wait()
        pytest.skip("Xvfb gives no display")
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def press_close_button(display):
    """A function that does to a window, by its X id, what the close button does."""
    return partial(_ask_to_close, display)


@pytest.fixture(scope="session")
def project_files() -> list[str]:
    """The project's files relative to the checkout, sorted: those that git tracks, without git all."""
    try:
        listing = subprocess.check_output(["git", "ls-files", "-z"], cwd=CHECKOUT, stderr=subprocess.DEVNULL)
        names = [name for name in listing.decode().split("\0") if name and (CHECKOUT / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        names = list(_walk())
    return sorted(names)


def _ask_to_close(display, window):
    """Sends what a window manager sends when the close button is pressed."""
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))

    class ClientMessage(ctypes.Structure):
        _fields_ = [
            ("type", ctypes.c_int),
            ("serial", ctypes.c_ulong),
            ("send_event", ctypes.c_int),
            ("display", ctypes.c_void_p),
            ("window", ctypes.c_ulong),
            ("message_type", ctypes.c_ulong),
            ("format", ctypes.c_int),
            ("data", ctypes.c_long * 5),
            ("rest", ctypes.c_long * 12),
        ]

    x11.XInternAtom.restype = ctypes.c_ulong
    protocols, delete = (x11.XInternAtom(connection, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    message = ClientMessage(33, 0, 1, connection, window, protocols, 32, (ctypes.c_long * 5)(delete))
    x11.XSendEvent(connection, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(connection)


def _walk():
    for folder, folders, files in os.walk(CHECKOUT):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info")]
        yield from (Path(folder, name).relative_to(CHECKOUT).as_posix() for name in files)


def _environment_in(home):
    """Variables of a process whose home is `home`; nothing of ours or numba's is inherited."""
    ours = ("TENSORNAUT_", "NUMBA_", "XDG_")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**variables, "HOME": str(home)}


@pytest.fixture
def cold(tmp_path):
    """Variables of processes in an empty home."""
    return _environment_in(tmp_path)


@pytest.fixture(scope="session")
def warm(tmp_path_factory):
    """Variables of processes in a home where a worker has compiled all kernels."""
    variables = _environment_in(tmp_path_factory.mktemp("home"))
    subprocess.run([sys.executable, "-c", COMPILE], env=variables, check=True, timeout=300)
    return variables


class WebServer(ThreadingHTTPServer):
    """Sends the files of a folder on loopback, in parts, unless told to do it badly."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), _WebAnswers)
        self.folder, self.url = folder, f"http://127.0.0.1:{self.server_port}"
        self.knows_parts = True  # False: sends the whole file whatever part is asked for
        self.admits_it = False  # says in advance that it knows no parts
        self.knows_size = True
        self.cuts = 0  # of the next answers so many end in the middle
        self.adds_bytes = 0  # to the size that it states
        self.parts = []  # (path, first, count) that were asked for
        self.sent_bytes = 0

    def handle_error(self, request, client_address):
        """Who asked has gone: nothing."""


class _WebAnswers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        """Nothing."""

    def do_HEAD(self):
        self._answer(False)

    def do_GET(self):
        self._answer(True)

    def _answer(self, with_body):
        server, path = self.server, self.server.folder / unquote(self.path.partition("?")[0]).lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        length, asked = path.stat().st_size, self.headers.get("Range")
        size, first, end = length + server.adds_bytes, 0, length
        if asked and server.knows_parts:
            first, last = map(int, asked.removeprefix("bytes=").split("-"))
            end = min(last + 1, length)
            server.parts.append((path.name, first, last + 1 - first))
        self.send_response(206 if asked and server.knows_parts else 200)
        self.send_header("ETag", f'"{path.stat().st_mtime_ns:x}"')
        if server.admits_it:
            self.send_header("Accept-Ranges", "none")
        if server.knows_size:
            self.send_header("Content-Length", end - first if asked and server.knows_parts else size)
        if asked and server.knows_parts:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{size}")
        self.end_headers()
        self.close_connection = not server.knows_size
        if with_body:
            self._send(path, first, end - first)

    def _send(self, path, first, count):
        with path.open("rb") as file:
            file.seek(first)
            body = file.read(count)
        if self.server.cuts:
            self.server.cuts -= 1
            body, self.close_connection = body[: len(body) // 2], True
        with suppress(OSError):
            self.wfile.write(body)
            self.server.sent_bytes += len(body)


@pytest.fixture
def web(tmp_path):
    """A web server on loopback, with the files of its `folder`."""
    pytest.importorskip("aiohttp", reason="fsspec reads http by it")
    folder = tmp_path / "web"
    folder.mkdir()
    server = WebServer(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def python():
    """Runs a script in a process of its own, gives what it printed."""

    def run(code, variables, *arguments, cwd=None):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        done = subprocess.run(command, env=variables, cwd=cwd, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
