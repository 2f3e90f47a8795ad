"""Flying by hand: a camera with a level horizon that is moved by held directions, mouse and wheel.

Whoever paces the frames calls `update(delta_s)`; no clock is read here, and the same inputs give the same flight at any
frame rate. All speeds follow the scale: they are shares of the distance to the nearest thing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from .commands import Command, Undo
from .flight import Flight, Key, angles, level_pose
from .view import Eye, perspective

__all__ = ["Camera", "FlyControls", "Surroundings", "movement_commands"]

DIRECTIONS = {  # right, up, toward the eye; of the camera, but up and down of the world
    "forward": (0, 0, -1),
    "back": (0, 0, 1),
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "up": (0, 1, 0),
    "down": (0, -1, 0),
}
KEYS = {"forward": "W", "back": "S", "left": "A", "right": "D", "up": "E", "down": "Q", "fast": "Shift"}
LOOK_RAD_PER_PX = math.radians(0.1)
ORBIT_RAD_PER_PX = math.radians(0.25)
STEEPEST_RAD = math.radians(89)
PACE = 1.2  # of the distance to the nearest thing, in a second
SLOWEST, FASTEST = 0.05, 20.0
FAST = 4.0
PACE_PER_NOTCH = 1.25
NEARER_PER_NOTCH = 0.85  # of the distance that is left
EASE_S = 0.9  # from view to view
SPEED_UP_S = 0.12  # time constants of exponential approach
DOLLY_S = 0.08
RELEASE_S = 0.25 / 4  # an orbit let go stands still after 250 ms
TURN_MEMORY_S = 0.03
STILL = 1e-3  # shares of speed, notches, rad/s that nobody sees


@dataclass(frozen=True)
class Camera:
    """Where the eye is and looks. yaw turns from -z to +x, pitch up is positive, as `flight.angles` gives them."""

    position: np.ndarray  # (3,) float64
    yaw_rad: float
    pitch_rad: float
    fov_y_rad: float

    @property
    def world_from_eye(self) -> np.ndarray:
        """(4, 4) float64."""
        return level_pose(self.position, self.yaw_rad, self.pitch_rad)

    @property
    def forward(self) -> np.ndarray:
        """(3,) float64, unit length."""
        return -self.world_from_eye[:3, 2]


@dataclass(frozen=True)
class Surroundings:
    """Where a camera begins, and what there is to fly to."""

    position: np.ndarray  # (3,) float64
    target: np.ndarray  # (3,) float64, what it looks at
    fov_y_rad: float
    lower: np.ndarray  # (n, 3) float64, n >= 1, boxes of all that one flies to; flat where data lie in a sheet
    upper: np.ndarray  # (n, 3) float64
    closest: float = 1.0  # distance below which moving gets no slower and up to which the wheel brings, world units
    height: np.ndarray | float = 0.0  # (n,) how far data may stand up from a box and down: the near plane spares it


class FlyControls:
    """A camera that starts where its surroundings say, and comes back there by `home`."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.pace = PACE
        self._held: set[str] = set()
        self.enter(surroundings)

    def enter(self, place: Surroundings) -> None:
        """Begins anew in another scene; what is held stays held."""
        position, target = np.asarray(place.position, float), np.asarray(place.target, float)
        self._home = Key(EASE_S, position, target, place.fov_y_rad)
        self._lower, self._upper = (np.atleast_2d(side).astype(float) for side in (place.lower, place.upper))
        self._closest = place.closest
        self._height = np.outer(np.broadcast_to(place.height, len(self._lower)), (0.0, 1.0, 0.0))
        yaw_rad, pitch_rad = angles(self._home.target - self._home.position)
        self.camera = Camera(position, yaw_rad, pitch_rad, place.fov_y_rad)
        self._drift = np.zeros(3)  # velocity over `pace * reach`
        self._flight: Flight | None = None
        self._next: Flight | None = None  # begins when `_flight` ends
        self._flown_s = 0.0
        self._dolly = 0.0  # notches still to go
        self._toward: np.ndarray | None = None
        self._pivot: np.ndarray | None = None
        self._turned = np.zeros(2)  # orbit px since the last update
        self._turning = np.zeros(2)  # orbit px per second
        self._orbiting = False

    def hold(self, direction: str, pressed: bool) -> None:
        """Moves on as long as it is held: forward, back, left, right, up, down; with fast, faster."""
        (self._held.add if pressed else self._held.discard)(direction)
        if pressed and direction in DIRECTIONS:
            self._dolly = 0.0
            self.stop()

    def look(self, right_px: float, down_px: float) -> None:
        """Turns the head by a mouse movement."""
        self.stop()
        self._turn(right_px * LOOK_RAD_PER_PX, -down_px * LOOK_RAD_PER_PX)

    def begin_orbit(self, point: np.ndarray | None = None) -> None:
        """Takes hold of the scene at a point; None: at what is in the middle of the picture."""
        self.stop()
        self._orbiting = True
        self._turned[:] = self._turning[:] = 0
        if point is None:
            forward = self.camera.forward
            point = self.camera.position + forward * self._reach_along(forward)
        self._pivot = np.asarray(point, float)

    def orbit(self, right_px: float, down_px: float) -> None:
        """Turns the scene about the point taken hold of; the point stays where it is in the picture."""
        self._turned += right_px, down_px

    def end_orbit(self) -> None:
        """Lets go; the turn dies away."""
        self._orbiting = False

    def wheel(self, notches: float, toward: np.ndarray | None = None) -> None:
        """While moving: faster or slower. Else: nearer to what lies in the direction `toward` (None: the middle)."""
        self.stop()
        if self._held & DIRECTIONS.keys():
            self.pace = min(max(self.pace * PACE_PER_NOTCH**notches, SLOWEST), FASTEST)
            return
        self._dolly += notches
        self._toward = toward

    def go_to(self, position: np.ndarray, target: np.ndarray, fov_y_rad: float | None = None) -> Undo:
        """Eases to a view in 900 ms; what comes back eases to where the camera was."""
        camera, undo = self.camera, self._way_back()
        ahead = camera.position + camera.forward * self._reach_along(camera.forward)
        start = Key(0.0, camera.position, ahead, camera.fov_y_rad)
        goal = Key(EASE_S, np.asarray(position, float), np.asarray(target, float), fov_y_rad or camera.fov_y_rad)
        self.follow(Flight([start, goal]))
        return undo

    def tour(self, flight: Flight) -> Undo:
        """Eases to the first view of a flight and leaves it at once, until the end or until a hand takes over."""
        undo = self._way_back()
        pose, fov_y_rad = flight.camera_at(flight.start_s)
        if np.allclose(pose, self.camera.world_from_eye, atol=1e-3) and abs(fov_y_rad - self.camera.fov_y_rad) < 1e-6:
            self.follow(flight, flight.departure_s)
            return undo
        position, forward = pose[:3, 3], -pose[:3, 2]
        self.go_to(position, position + forward * self._reach_along(forward, position), fov_y_rad)
        self._next = flight
        return undo

    def stop(self) -> None:
        """Ends a flight where it is."""
        self._flight = self._next = None

    def is_touring(self, flight: Flight) -> bool:
        """True on this flight, or on the way to its start."""
        return flight in (self._flight, self._next)

    @property
    def flown_s(self) -> float | None:
        """Time on the flight that is being flown; None on none, and on the way to the start of a tour."""
        return self._flown_s if self._flight is not None and self._next is None else None

    def follow(self, flight: Flight, start_s: float | None = None) -> None:
        """Flies along a flight from a time on (None: its first key), until its end or until a hand takes over."""
        self._flight, self._next = flight, None
        self._flown_s = flight.start_s if start_s is None else start_s
        self._dolly = 0.0
        self._drift[:] = self._turning[:] = 0

    def home(self) -> Undo:
        """Eases to the first view."""
        return self.go_to(self._home.position, self._home.target, self._home.fov_y_rad)

    @property
    def is_moving(self) -> bool:
        """True while the next update changes the picture."""
        return bool(
            self._flight
            or self._held & DIRECTIONS.keys()
            or abs(self._dolly) > STILL
            or np.abs(self._drift).max() > STILL
            or np.abs(self._turned).max() > 0
            or np.abs(self._turning).max() * ORBIT_RAD_PER_PX > STILL
        )

    def update(self, delta_s: float) -> None:
        """Moves the camera on by `delta_s`."""
        if self._flight is not None:
            self._fly(delta_s)
            return
        self._update_orbit(delta_s)
        self._update_dolly(delta_s)
        self._update_movement(delta_s)

    def eye(self, size_px: tuple[int, int], target: int = 0) -> Eye:
        """The eye of a picture of this size, its planes around everything."""
        position = self.camera.position
        lower, upper = self._lower.min(0), self._upper.max(0)
        near = max(0.2 * self._distance(position, self._height), 0.02 * self._closest)
        far = float(np.linalg.norm(position - (lower + upper) / 2)) + 6 * float(np.max(upper - lower)) + 100 * near
        clip_from_eye = perspective(self.camera.fov_y_rad, size_px[0] / size_px[1], near, far)
        return Eye(self.camera.world_from_eye, clip_from_eye, (0, 0, *size_px), target)

    def direction_at(self, x_px: float, y_px: float, size_px: tuple[int, int]) -> np.ndarray:
        """(3,) unit direction of what is seen at a place of the picture, px from the top left."""
        width, height = size_px
        scale = math.tan(self.camera.fov_y_rad / 2) / (height / 2)
        seen = np.array([(x_px - width / 2) * scale, (height / 2 - y_px) * scale, -1.0])
        return self.camera.world_from_eye[:3, :3] @ (seen / np.linalg.norm(seen))

    def _way_back(self) -> Undo:
        """Eases to where the camera is now."""
        camera = self.camera
        target = camera.position + camera.forward * self._reach_along(camera.forward)

        def go_back() -> None:
            self.go_to(camera.position, target, camera.fov_y_rad)

        return go_back

    def _fly(self, delta_s: float) -> None:
        assert self._flight is not None
        self._flown_s += delta_s
        pose, fov_y_rad = self._flight.camera_at(self._flown_s)
        self.camera = Camera(pose[:3, 3], *angles(-pose[:3, 2]), fov_y_rad)
        if self._flown_s >= self._flight.start_s + self._flight.duration_s:
            following = self._next
            self.stop()
            if following is not None:
                self.follow(following, following.departure_s)

    def _turn(self, yaw_rad: float, pitch_rad: float) -> None:
        pitch_rad = min(max(self.camera.pitch_rad + pitch_rad, -STEEPEST_RAD), STEEPEST_RAD)
        self.camera = replace(self.camera, yaw_rad=self.camera.yaw_rad + yaw_rad, pitch_rad=pitch_rad)

    def _update_orbit(self, delta_s: float) -> None:
        moved = self._turned.copy()
        self._turned[:] = 0
        if self._orbiting:
            self._turning += (moved / delta_s - self._turning) * _share(delta_s, TURN_MEMORY_S)
        else:
            moved += self._turning * RELEASE_S * _share(delta_s, RELEASE_S)
            self._turning *= 1 - _share(delta_s, RELEASE_S)
        if np.abs(self._turning).max() * ORBIT_RAD_PER_PX <= STILL:
            self._turning[:] = 0
        if self._pivot is None or not moved.any():
            return
        seen = self.camera.world_from_eye[:3, :3].T @ (self.camera.position - self._pivot)
        self._turn(moved[0] * ORBIT_RAD_PER_PX, -moved[1] * ORBIT_RAD_PER_PX)
        position = self._pivot + self.camera.world_from_eye[:3, :3] @ seen
        self.camera = replace(self.camera, position=position)

    def _update_dolly(self, delta_s: float) -> None:
        part = self._dolly if abs(self._dolly) < STILL else self._dolly * _share(delta_s, DOLLY_S)
        self._dolly -= part
        if not part:
            return
        direction = self.camera.forward if self._toward is None else self._toward
        reach = self._reach_along(direction)
        step = max(reach - self._closest if part > 0 else reach, 0) * (1 - NEARER_PER_NOTCH**part)
        self.camera = replace(self.camera, position=self.camera.position + direction * step)

    def _update_movement(self, delta_s: float) -> None:
        wanted = np.zeros(3)
        right, _, back = self.camera.world_from_eye[:3, :3].T
        axes = np.array([right, (0, 1, 0), back])
        for name in self._held & DIRECTIONS.keys():
            wanted += np.array(DIRECTIONS[name]) @ axes
        wanted *= (FAST if "fast" in self._held else 1.0) / max(float(np.linalg.norm(wanted)), 1.0)
        behind = (self._drift - wanted) * _share(delta_s, SPEED_UP_S)
        moved = wanted * delta_s + behind * SPEED_UP_S
        self._drift -= behind
        if not wanted.any() and np.abs(self._drift).max() <= STILL:
            self._drift[:] = 0
        if moved.any():
            reach = max(self._distance(self.camera.position), self._closest)
            self.camera = replace(self.camera, position=self.camera.position + moved * self.pace * reach)

    def _distance(self, position: np.ndarray, margin: np.ndarray | float = 0.0) -> float:
        """To the nearest box, grown by a margin; 0 inside one."""
        outside = np.maximum(np.maximum(self._lower - margin - position, position - self._upper - margin), 0)
        return math.sqrt(float(np.einsum("ij,ij->i", outside, outside).min()))

    def _reach_along(self, direction: np.ndarray, position: np.ndarray | None = None) -> float:
        """To the first box ahead in a direction, else as far as the nearest in any; at least `closest`."""
        position = self.camera.position if position is None else position
        slope = 1 / np.where(np.abs(direction) < 1e-12, 1e-12, direction)
        ends = np.stack([(self._lower - position) * slope, (self._upper - position) * slope])
        enter, leave = ends.min(0).max(1), ends.max(0).min(1)
        hit = enter[(enter <= leave) & (enter > 0)]
        reach = float(hit.min()) if len(hit) else self._distance(position)
        return max(reach, self._closest)


def movement_commands(controls: FlyControls, home: Callable[[], Undo] | None = None) -> list[Command]:
    """Commands of flying: held ones take `pressed`, true when the key goes down and false when it comes up.

    `home`: what brings the first view back, where that depends on more than the controls know.
    """
    commands = [
        Command(f"move.{name}", partial(controls.hold, name), key, {"pressed": bool}, held=True)
        for name, key in KEYS.items()
    ]
    return [*commands, Command("view.home", home or controls.home, "Home")]


def _share(delta_s: float, constant_s: float) -> float:
    """How much of the way to its goal an exponential approach makes."""
    return -math.expm1(-delta_s / constant_s)
