"""Flying by hand: a camera with a level horizon that is moved by held keys, mouse, wheel and the sticks of a gamepad.

Whoever paces the frames calls `update(delta_s)`; no clock is read here, and the same inputs give the same flight at any
frame rate. All speeds follow the scale: they are shares of the distance to the nearest thing. What is no finite number
is ignored, and a hand leads neither below the floor nor so far away that the scene is lost.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from .camera import Camera
from .commands import Undo
from .flight import Flight, Key, angles
from .sticks import STILL_STICKS, Sticks
from .surroundings import Surroundings
from .view import Eye, perspective

__all__ = ["PACE", "FlyControls"]

DIRECTIONS = {  # right, up, toward the eye; of the camera, but up and down of the world
    "forward": (0, 0, -1),
    "back": (0, 0, 1),
    "left": (-1, 0, 0),
    "right": (1, 0, 0),
    "up": (0, 1, 0),
    "down": (0, -1, 0),
}
TURNS = {"look_left": (-1, 0), "look_right": (1, 0), "look_up": (0, 1), "look_down": (0, -1)}  # yaw, pitch
NOTCHES = {"nearer": 1.0, "farther": -1.0}
LOOK_RAD_PER_PX = math.radians(0.1)
ORBIT_RAD_PER_PX = math.radians(0.25)
PACE = 1.2  # of the distance to the nearest thing, in a second
SLOWEST, FASTEST = 0.05, 20.0
FAST = 4.0
TURN_RAD_PER_S = math.radians(55)  # by keys
STICK_RAD_PER_S = math.radians(120)
NOTCHES_PER_S = 8.0
PACE_PER_NOTCH = 1.25
NEARER_PER_NOTCH = 0.85  # of the distance that is left
EASE_S = 0.9  # from view to view
SPEED_UP_S = 0.12  # time constants of exponential approach
DOLLY_S = 0.08
TURN_S = 0.08
PAN_S = 0.05
RELEASE_S = 0.25 / 4  # an orbit let go stands still after 250 ms
TURN_MEMORY_S = 0.03
MOST_NOTCHES, MOST_PX, MOST_HEIGHTS = 60.0, 1e5, 100.0  # at once
STILL_PAN = 1e-5  # of the picture's height
STILL = 1e-3  # shares of speed, notches, rad/s that nobody sees


class FlyControls:
    """A camera that starts where its surroundings say, and comes back there by `home`."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.pace = PACE
        self._held: set[str] = set()
        self._sticks = STILL_STICKS
        self.enter(surroundings)

    def enter(self, place: Surroundings) -> None:
        """Begins anew in another scene; what is held stays held."""
        position, target = np.asarray(place.position, float), np.asarray(place.target, float)
        lower, upper = (np.atleast_2d(side).astype(float) for side in (place.lower, place.upper))
        self._place = replace(place, position=position, target=target, lower=lower, upper=upper)
        self._home = Key(EASE_S, position, target, place.fov_y_rad)
        self.camera = Camera.looking(position, target, place.fov_y_rad)
        self._drift = np.zeros(3)  # velocity over `pace * reach`
        self._flight: Flight | None = None
        self._next: Flight | None = None  # begins when `_flight` ends
        self._goal: Camera | None = None  # where `_flight` ends, to the last bit
        self._flown_s = 0.0
        self._dolly = 0.0  # notches still to go
        self._toward: np.ndarray | None = None
        self._turn_rad_s = np.zeros(2)  # yaw, pitch, by keys and sticks
        self._turns_scene = False  # and not the head
        self._pan = np.zeros(2)  # still to go, of the picture's height: right, down
        self._pan_depth = 1.0
        self._pivot: np.ndarray | None = None
        self._turned = np.zeros(2)  # orbit px since the last update
        self._turning = np.zeros(2)  # orbit px per second
        self._orbiting = False

    def hold(self, name: str, pressed: bool) -> None:
        """Acts as long as it is held: one of `movement.KEYS`; with fast one flies faster and turns scene, not head."""
        (self._held.add if pressed else self._held.discard)(name)
        if pressed and name != "fast":
            self._dolly = 0.0
            self.stop()
        if pressed and not self._orbiting and (name in TURNS or name == "fast"):
            self._pivot = None

    def steer(self, sticks: Sticks) -> None:
        """Flies and looks as sticks say, until they say something else."""
        self._sticks = Sticks(*(_number(value, 1.0) for value in vars(sticks).values()))
        if self._is_steered:
            self.stop()

    def look(self, right_px: float, down_px: float) -> None:
        """Turns the head by a mouse movement."""
        self.stop()
        right, down = (_number(moved_px, MOST_PX) * LOOK_RAD_PER_PX for moved_px in (right_px, down_px))
        self.camera = self.camera.turned(right, -down)

    def begin_orbit(self, point: np.ndarray | None = None) -> None:
        """Takes hold of the scene at a point; None: at what is in the middle of the picture."""
        self.stop()
        self._orbiting = True
        self._turned[:] = self._turning[:] = 0
        self._pivot = self.middle if point is None else np.asarray(point, float)

    def orbit(self, right_px: float, down_px: float) -> None:
        """Turns the scene about the point taken hold of; the point stays where it is in the picture."""
        self._turned += _number(right_px, MOST_PX), _number(down_px, MOST_PX)

    def end_orbit(self) -> None:
        """Lets go; the turn dies away."""
        self._orbiting = False

    def wheel(self, notches: float, toward: np.ndarray | None = None) -> None:
        """While moving: faster or slower. Else: nearer to what lies in the direction `toward` (None: the middle)."""
        self.stop()
        if self.is_flying:
            self.change_pace(notches)
            return
        self._dolly = _number(self._dolly + _number(notches, MOST_NOTCHES), MOST_NOTCHES)
        self._toward = toward

    def pan(self, right: float, down: float, point: np.ndarray | None = None) -> None:
        """Moves the scene across the picture, in its heights, so that a point (None: the middle) keeps up with it."""
        self.stop()
        at = self.middle if point is None else np.asarray(point, float)
        depth = max(float((at - self.camera.position) @ self.camera.forward), self._place.closest)
        self._pan_depth = depth
        self._pan = np.array(
            [_number(old + new, MOST_HEIGHTS) for old, new in zip(self._pan, (right, down), strict=True)]
        )

    def set_pace(self, pace: float) -> None:
        """Flies as fast as this from now on: of the distance to the nearest thing, in a second."""
        self.pace = max(_number(pace, FASTEST) or PACE, SLOWEST)

    def change_pace(self, notches: float) -> None:
        """Flies faster, or slower, as the wheel does while flying."""
        self.set_pace(self.pace * PACE_PER_NOTCH ** _number(notches, MOST_NOTCHES))

    def go_to(self, position: np.ndarray, target: np.ndarray, fov_y_rad: float | None = None) -> Undo:
        """Eases to a view in 900 ms; what comes back eases to where the camera was."""
        return self.go_to_camera(Camera.looking(position, target, fov_y_rad or self.camera.fov_y_rad), target)

    def go_to_camera(self, goal: Camera, target: np.ndarray) -> Undo:
        """Eases to a camera in whose middle `target` is, in 900 ms; what comes back eases to where the camera was."""
        camera, undo = self.camera, self._way_back()
        start = Key(0.0, camera.position, self.middle, camera.fov_y_rad)
        self.follow(Flight([start, Key(EASE_S, goal.position, np.asarray(target, float), goal.fov_y_rad)]))
        self._goal = goal
        return undo

    def stand(self, position: np.ndarray, target: np.ndarray, fov_y_rad: float) -> None:
        """Is at a view at once."""
        self.stop()
        self.camera = Camera.looking(position, target, fov_y_rad)

    def is_at(self, position: np.ndarray, target: np.ndarray, fov_y_rad: float) -> bool:
        """Whether the camera is at a view and stays there, to the last bit."""
        cameras = self.camera, Camera.looking(position, target, fov_y_rad)
        here, there = ((*camera.position, camera.yaw_rad, camera.pitch_rad, camera.fov_y_rad) for camera in cameras)
        return here == there and not self.is_moving

    def tour(self, flight: Flight) -> Undo:
        """Eases to the first view of a flight and leaves it at once, until the end or until a hand takes over."""
        undo = self._way_back()
        pose, fov_y_rad = flight.camera_at(flight.start_s)
        if np.allclose(pose, self.camera.world_from_eye, atol=1e-3) and abs(fov_y_rad - self.camera.fov_y_rad) < 1e-6:
            self.follow(flight, flight.departure_s)
            return undo
        position, forward = pose[:3, 3], -pose[:3, 2]
        self.go_to(position, position + forward * self._place.reach(position, forward), fov_y_rad)
        self._next = flight
        return undo

    def stop(self) -> None:
        """Ends a flight where it is."""
        self._flight = self._next = None

    def is_touring(self, flight: Flight) -> bool:
        """True on this flight, or on the way to its start."""
        return flight in (self._flight, self._next)

    @property
    def is_under_way(self) -> bool:
        """True on any flight that goes by itself."""
        return self._flight is not None

    @property
    def flown_s(self) -> float | None:
        """Time on the flight that is being flown; None on none, and on the way to the start of a tour."""
        return self._flown_s if self._flight is not None and self._next is None else None

    def follow(self, flight: Flight, start_s: float | None = None) -> None:
        """Flies along a flight from a time on (None: its first key), until its end or until a hand takes over."""
        self._flight, self._next, self._goal = flight, None, None
        self._flown_s = flight.start_s if start_s is None else start_s
        self._dolly = 0.0
        for motion in (self._drift, self._turned, self._turning, self._turn_rad_s, self._pan):
            motion[:] = 0

    def home(self) -> Undo:
        """Eases to the first view."""
        return self.go_to(self._home.position, self._home.target, self._home.fov_y_rad)

    @property
    def is_moving(self) -> bool:
        """True while the next update changes the picture."""
        return bool(
            self._flight
            or self._held - {"fast"}
            or self._is_steered
            or abs(self._dolly) > STILL
            or np.abs(self._drift).max() > STILL
            or np.abs(self._turned).max() > 0
            or np.abs(self._turn_rad_s).max() > STILL
            or np.abs(self._pan).max() > STILL_PAN
            or np.abs(self._turning).max() * ORBIT_RAD_PER_PX > STILL
        )

    @property
    def _is_steered(self) -> bool:
        return replace(self._sticks, boost=0.0) != STILL_STICKS

    def update(self, delta_s: float) -> None:
        """Moves the camera on by `delta_s`, which is more than 0."""
        if self._flight is not None:
            self._fly(delta_s)
            return
        self._update_orbit(delta_s)
        self._update_turn(delta_s)
        self._update_dolly(delta_s)
        self._update_pan(delta_s)
        self._update_movement(delta_s)

    def eye(self, size_px: tuple[int, int], target: int = 0) -> Eye:
        """The eye of a picture of this size, its planes around everything."""
        planes = self._place.planes(self.camera.position)
        clip_from_eye = perspective(self.camera.fov_y_rad, size_px[0] / size_px[1], *planes)
        return Eye(self.camera.world_from_eye, clip_from_eye, (0, 0, *size_px), target)

    @property
    def middle(self) -> np.ndarray:
        """(3,) float64, world: what is in the middle of the picture."""
        forward = self.camera.forward
        return self.camera.position + forward * self._place.reach(self.camera.position, forward)

    @property
    def is_flying(self) -> bool:
        """True while keys say to fly."""
        return bool(self._held & DIRECTIONS.keys())

    def is_lost(self, size_px: tuple[int, int]) -> bool:
        """Whether nothing that one could fly to is in a picture of this size."""
        return not self._place.is_seen(self.eye(size_px))

    def _way_back(self) -> Undo:
        """Eases to where the camera is now."""
        camera, target = self.camera, self.middle

        def go_back() -> None:
            self.go_to_camera(camera, target)

        return go_back

    def _fly(self, delta_s: float) -> None:
        assert self._flight is not None
        self._flown_s += delta_s
        pose, fov_y_rad = self._flight.camera_at(self._flown_s)
        self.camera = Camera(self._place.within(pose[:3, 3]), *angles(-pose[:3, 2]), fov_y_rad)
        if self._flown_s >= self._flight.start_s + self._flight.duration_s:
            following, goal = self._next, self._goal
            self.stop()
            if goal is not None:
                self.camera = goal
            if following is not None:
                self.follow(following, following.departure_s)

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
        if self._pivot is not None and moved.any():
            self._turn_about(self._pivot, moved[0] * ORBIT_RAD_PER_PX, -moved[1] * ORBIT_RAD_PER_PX)

    def _turn_about(self, pivot: np.ndarray, yaw_rad: float, pitch_rad: float) -> None:
        """Turns so that the pivot stays in its place in the picture; no farther down than to the floor."""
        camera = self.camera
        seen = camera.world_from_eye[:3, :3].T @ (camera.position - pivot)
        for pitch in (pitch_rad, 0.0):
            self.camera = camera.turned(yaw_rad, pitch)
            position = pivot + self.camera.world_from_eye[:3, :3] @ seen
            if position[1] >= min(self._place.lowest_y, camera.position[1]):
                break
        self._move_to(position)

    def _update_turn(self, delta_s: float) -> None:
        """Turns the head by keys and sticks; the scene, about its middle, while one flies fast."""
        keys = [np.array(TURNS[name]) for name in self._held & TURNS.keys()]
        by_keys = np.sum(keys, 0) * TURN_RAD_PER_S if keys else np.zeros(2)
        wanted = by_keys + np.array([self._sticks.turn_right, self._sticks.turn_up]) * STICK_RAD_PER_S
        behind = (self._turn_rad_s - wanted) * _share(delta_s, TURN_S)
        moved = wanted * delta_s + behind * TURN_S
        self._turn_rad_s -= behind
        if not wanted.any() and np.abs(self._turn_rad_s).max() <= STILL:
            self._turn_rad_s[:] = 0
        if not moved.any():
            return
        if wanted.any():
            self._turns_scene = bool(keys) and "fast" in self._held
        if not self._turns_scene:
            self.camera = self.camera.turned(*moved)
            return
        if self._pivot is None:
            self._pivot = self.middle
        self._turn_about(self._pivot, *moved)

    def _update_pan(self, delta_s: float) -> None:
        part = self._pan * _share(delta_s, PAN_S) if np.abs(self._pan).max() > STILL_PAN else self._pan.copy()
        self._pan -= part
        if not part.any():
            return
        height = 2 * self._pan_depth * math.tan(self.camera.fov_y_rad / 2)
        right, up, _ = self.camera.world_from_eye[:3, :3].T
        self._move_to(self.camera.position + (up * part[1] - right * part[0]) * height)

    def _update_dolly(self, delta_s: float) -> None:
        for name in self._held & NOTCHES.keys():
            self._dolly += NOTCHES[name] * NOTCHES_PER_S * delta_s
            self._toward = None
        part = self._dolly if abs(self._dolly) < STILL else self._dolly * _share(delta_s, DOLLY_S)
        self._dolly -= part
        if not part:
            return
        direction = self.camera.forward if self._toward is None else self._toward
        reach = self._place.reach(self.camera.position, direction)
        step = max(reach - self._place.closest if part > 0 else reach, 0) * (1 - NEARER_PER_NOTCH**part)
        self._move_to(self.camera.position + direction * step)

    def _update_movement(self, delta_s: float) -> None:
        wanted = np.zeros(3)
        right, _, back = self.camera.world_from_eye[:3, :3].T
        axes = np.array([right, (0, 1, 0), back])
        for name in self._held & DIRECTIONS.keys():
            wanted += np.array(DIRECTIONS[name]) @ axes
        sticks = self._sticks
        wanted += np.array([sticks.right, sticks.up, sticks.back]) @ axes
        faster = (FAST if "fast" in self._held else 1.0) * FAST**sticks.boost
        wanted *= faster / max(float(np.linalg.norm(wanted)), 1.0)
        behind = (self._drift - wanted) * _share(delta_s, SPEED_UP_S)
        moved = wanted * delta_s + behind * SPEED_UP_S
        self._drift -= behind
        if not wanted.any() and np.abs(self._drift).max() <= STILL:
            self._drift[:] = 0
        if moved.any():
            reach = max(self._place.distance(self.camera.position), self._place.closest)
            self._move_to(self.camera.position + moved * self.pace * reach)

    def _move_to(self, position: np.ndarray) -> None:
        """As near to a position as a hand may come."""
        self.camera = replace(self.camera, position=self._place.within(position))


def _number(value: float, most: float) -> float:
    """The value, at most so far from 0; 0 for what is no finite number."""
    return min(max(float(value), -most), most) if math.isfinite(value) else 0.0


def _share(delta_s: float, constant_s: float) -> float:
    """How much of the way to its goal an exponential approach makes."""
    return -math.expm1(-delta_s / constant_s)
