"""Films: H.264 in .mp4 or VP9 in .webm, encoded beside the drawing."""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ..gpu import Target, read_pixels
from ..gpu_functions import functions
from ..kernels.errors import InputError
from ..view import Eye, Frame
from . import part_file

__all__ = ["CODECS", "VideoSink"]

QUEUE_LENGTH = 4  # frames that may wait for the encoder
ENCODER_THREADS = 4  # fixed: x264's output depends on their number, and a film must not depend on the machine
# x264 works in blocks of this size. Where pictures do not fill the last ones, its macroblock tree lets one in a hundred
# of equal films differ (measured; none of 12,000 without the tree, none of 3,200 where pictures fill them).
BLOCK_PX = 16
BT709 = 1  # in FFmpeg's tables of primaries, transfer curves and matrices
LIMITED_RANGE = 1


@dataclass(frozen=True)
class Codec:
    """How a container is encoded. `crf_scale`: length of its quality scale over that of H.264."""

    encoder: str
    crf_scale: float
    options: dict[str, str]
    container_options: dict[str, str]


# No B-frames: every packet is one frame with its own time, from 0 on.
CODECS = {
    ".mp4": Codec("libx264", 1.0, {"bf": "0"}, {"movflags": "+faststart"}),
    ".webm": Codec("libvpx-vp9", 63 / 51, {"b:v": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}, {}),
}


class VideoSink:
    """Writes every frame's picture of one eye into a film of `rate` frames in a second.

    Encoding runs in a thread, at most 4 frames behind; the file appears under its name when closed, and equal frames
    give equal bytes. A frame stands at its `time_s`: exact frames one by one, live frames when they were drawn, and of
    several within 1/rate the first. Odd sizes get one more column or row, a copy of the last. Pictures of another size
    than `size_px` (width, height) are scaled into it. `crf`: quality on H.264's scale, 0 lossless to 51; `preset`: of
    x264. With fewer than `least_frames` (an interrupted film) no file appears. A failure of the encoder or of the disk
    is raised as InputError by the next `receive` or by `close`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        size_px: tuple[int, int],
        rate: int | float | Fraction,
        crf: int = 20,
        preset: str = "veryfast",
        target: int = 0,
        least_frames: int = 1,
    ) -> None:
        self._path = Path(path)
        if self._path.suffix.lower() not in CODECS:
            raise InputError(str(path), "output_suffix", found=self._path.suffix or "-", expected=" | ".join(CODECS))
        self._size_px = size_px
        self._rate = Fraction(rate).limit_denominator(1001)
        self._target = target
        self._least_frames = least_frames
        self._first_s: float | None = None
        self._last_slot = -1
        self._scaled: Target | None = None
        width, height = size_px
        self._part = part_file.begin(self._path)
        self._encoder = _Encoder(self._path, self._part, size_px, self._rate, crf, preset)
        self._worker = ThreadPoolExecutor(1, "encoder")
        opened: Future[None] | None = self._worker.submit(self._encoder.open)
        self._ring: deque[tuple[np.ndarray, Future[None] | None]] = deque()
        for _ in range(QUEUE_LENGTH + 1):
            self._ring.append((np.empty((height, width, 4), np.uint8), opened))
            opened = None

    def receive(self, frame: Frame, eye: Eye, framebuffer: int) -> None:
        """Hands the picture to the encoder, waiting for it when it is behind."""
        if eye.target != self._target:
            return
        if self._first_s is None:
            self._first_s = frame.time_s
        slot = round((frame.time_s - self._first_s) * self._rate)
        if slot <= self._last_slot:
            return
        pixels, encoded = self._ring[0]
        if encoded is not None:
            encoded.result()
        viewport = eye.viewport
        if eye.size_px != self._size_px:
            framebuffer, viewport = self._scale(framebuffer, viewport)
        picture = read_pixels(framebuffer, viewport, pixels)
        self._ring.popleft()
        self._ring.append((pixels, self._worker.submit(self._encoder.encode, picture, slot)))
        self._last_slot = slot

    def close(self) -> None:
        """Finishes the film with the frames it has got, if these are enough."""
        try:
            for _, encoded in self._ring:
                if encoded is not None:
                    encoded.result()
            if self._ring:
                self._worker.submit(self._encoder.finish).result()
            if self._ring and self._last_slot + 1 >= self._least_frames:
                part_file.finish(self._part, self._path)
        finally:
            self._ring.clear()
            self._worker.shutdown(wait=False, cancel_futures=True)
            part_file.discard(self._part)
            if self._scaled is not None:
                self._scaled.close()
                self._scaled = None

    def _scale(self, source: int, viewport: tuple[int, int, int, int]) -> tuple[int, tuple[int, int, int, int]]:
        """(framebuffer, viewport) of the picture in the film's size, with black bars if its shape differs."""
        gl = functions()
        width, height = self._size_px
        self._scaled = self._scaled or Target(width, height, depth=False)
        x, y, source_width, source_height = viewport
        scale = min(width / source_width, height / source_height)
        inner_width, inner_height = round(source_width * scale), round(source_height * scale)
        left, bottom = (width - inner_width) // 2, (height - inner_height) // 2
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._scaled.framebuffer)
        gl.glClearColor(0, 0, 0, 1)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, source)
        place = left, bottom, left + inner_width, bottom + inner_height
        bounds = x, y, x + source_width, y + source_height
        gl.glBlitFramebuffer(*bounds, *place, gl.GL_COLOR_BUFFER_BIT, gl.GL_LINEAR)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, 0)
        return self._scaled.framebuffer, (0, 0, width, height)


class _Encoder:
    """A film being written. Used by one thread only."""

    def __init__(self, path: Path, part: Path, size_px: tuple[int, int], rate: Fraction, crf: int, preset: str) -> None:
        self._path = path
        self._part = part
        self._size_px = size_px
        self._rate = rate
        self._crf = crf
        self._preset = preset

    def open(self) -> None:
        """Begins the file."""
        self._av: Any = importlib.import_module("av")
        codec = CODECS[self._path.suffix.lower()]
        with self._explained():
            options = {"fflags": "+bitexact", **codec.container_options}
            self._container = self._av.open(str(self._part), "w", options=options)
            self._stream = self._container.add_stream(codec.encoder, self._rate)
        width, height = self._size_px
        self._stream.width, self._stream.height = width + width % 2, height + height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": str(round(self._crf * codec.crf_scale)), **codec.options}
        if codec.encoder == "libx264":
            self._stream.options["preset"] = self._preset
            if self._stream.width % BLOCK_PX or self._stream.height % BLOCK_PX:
                self._stream.options["x264-params"] = "mbtree=0"
        context = self._stream.codec_context
        context.time_base = 1 / self._rate
        context.thread_count = ENCODER_THREADS
        context.color_primaries = context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE
        self._reformatter = self._av.video.reformatter.VideoReformatter()
        self._picture = self._av.VideoFrame(self._stream.width, self._stream.height, "rgba")

    def encode(self, pixels: np.ndarray, slot: int) -> None:
        """Adds one frame, (height, width, 4) uint8 with the top row first, at `slot` / rate seconds."""
        height, width, _ = pixels.shape
        plane = self._picture.planes[0]
        rows = np.frombuffer(plane, np.uint8).reshape(self._picture.height, -1, 4)
        rows[:height, :width] = pixels
        rows[:height, width : self._picture.width] = pixels[:, -1:]
        rows[height:, : self._picture.width] = rows[height - 1 : height, : self._picture.width]
        frame = self._reformatter.reformat(
            self._picture, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.pts, frame.time_base = slot, 1 / self._rate
        with self._explained():
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Writes what the encoder still holds, and the file's index."""
        with self._explained():
            self._container.mux(self._stream.encode(None))
            self._container.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (self._av.FFmpegError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(str(self._path), "output_unwritable", reason=reason) from error
