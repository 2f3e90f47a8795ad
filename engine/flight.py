"""Camera flights: smooth ways through views at given times, functions of time alone.

Between two views the camera takes the way on which the picture moves and grows most evenly (it backs away to cross long
distances), eased so that velocity is continuous at every key and zero where a view is held. The horizon stays level.
Source: van Wijk and Nuij, "Smooth and efficient zooming and panning", 2003.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

__all__ = ["Climb", "Flight", "Key", "angles", "level_pose", "way_length"]

RHO = 1.0  # how much zooming is preferred to panning: a far crossing backs away until half its length is visible
NEAR_PAN = 1e-6  # of the visible height: a shift too small to see
SAMPLES = 33  # of a segment, where overshoot is looked for
HALVINGS = 12


@dataclass(frozen=True)
class Key:
    """A view at a time: where the eye is, what is in the middle of the picture, vertical field of view."""

    time_s: float
    position: np.ndarray  # (3,) float64
    target: np.ndarray  # (3,) float64, not the position
    fov_y_rad: float


@dataclass(frozen=True)
class Climb:
    """How much higher than its way an eye is, in distances to what it looks at: a uniform cubic B-spline of time.

    So velocity and acceleration are continuous, and nowhere is it lower than the lowest of the four knots around.
    """

    start_s: float  # time of the first knot
    step_s: float
    shares: np.ndarray  # (n,) float64, one a knot

    def at(self, time_s: float) -> float:
        """Height at a time, in distances; beyond the knots that of the last of them."""
        place = (time_s - self.start_s) / self.step_s
        before = math.floor(place)
        t = place - before
        weights = (1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3
        around = self.shares[np.clip(np.arange(before - 1, before + 3), 0, len(self.shares) - 1)]
        return float(np.dot(weights, around)) / 6


class Flight:
    """The way through keys with strictly increasing times. Raises ValueError for others, or for none."""

    _climb: Climb | None = None

    def __init__(self, keys: Sequence[Key]) -> None:
        self._times_s = np.array([key.time_s for key in keys], float)
        if not len(keys) or np.any(np.diff(self._times_s) <= 0):
            raise ValueError("a flight needs keys at increasing times")
        states = np.array([_state(key) for key in keys])
        states[:, 4] = np.unwrap(states[:, 4])
        self._states = states
        self._ways = [_Way(start, end) for start, end in zip(states[:-1], states[1:], strict=True)]
        self._velocities = self._limited(self._wanted_velocities())

    @property
    def start_s(self) -> float:
        """Time of the first key."""
        return float(self._times_s[0])

    @property
    def departure_s(self) -> float:
        """Time at which the first view is left; that of the first key where it never is."""
        others = np.flatnonzero((self._states != self._states[0]).any(1))
        return float(self._times_s[others[0] - 1]) if len(others) else self.start_s

    @property
    def duration_s(self) -> float:
        """Seconds from the first key to the last."""
        return float(self._times_s[-1] - self._times_s[0])

    def climbing(self, climb: Climb) -> Flight:
        """The same flight, higher by so much; what it looks at stays in the middle of the picture."""
        flight = copy(self)
        flight._climb = climb
        return flight

    def target_at(self, time_s: float) -> np.ndarray:
        """(3,) float64: what is in the middle of the picture, world."""
        return self._state_at(time_s)[:3].copy()

    def distance_at(self, time_s: float) -> float:
        """From the eye to what is in the middle of the picture, before a climb, world units."""
        state = self._state_at(time_s)
        return float(math.exp(state[3]) / (2 * math.tan(state[6] / 2)))

    def camera_at(self, time_s: float) -> tuple[np.ndarray, float]:
        """(world_from_eye (4, 4) float64, fov_y_rad); before the first and after the last key those views."""
        state = self._state_at(time_s)
        target, height, yaw, pitch, fov_y_rad = state[:3], math.exp(state[3]), state[4], state[5], float(state[6])
        distance = height / (2 * math.tan(fov_y_rad / 2))
        if self._climb is None or (climbed := self._climb.at(time_s)) == 0:
            pose = level_pose(target, yaw, pitch)
            pose[:3, 3] += pose[:3, 2] * distance
            return pose, fov_y_rad
        across, above = math.cos(pitch), climbed - math.sin(pitch)  # from the target to the eye, in distances
        pose = level_pose(target, yaw, -math.atan2(above, across))
        pose[:3, 3] += pose[:3, 2] * (distance * math.hypot(across, above))
        return pose, fov_y_rad

    def _state_at(self, time_s: float) -> np.ndarray:
        if len(self._states) == 1:
            return self._states[0]
        time_s = min(max(time_s, self._times_s[0]), self._times_s[-1])
        index = min(int(np.searchsorted(self._times_s, time_s, "right")) - 1, len(self._ways) - 1)
        length_s = self._times_s[index + 1] - self._times_s[index]
        return self._blend(index, (time_s - self._times_s[index]) / length_s, self._velocities)

    def _blend(self, index: int, share: float, velocities: np.ndarray) -> np.ndarray:
        """State at `share` of a segment: along its way, plus what gives the velocities at its ends (cubic Hermite)."""
        length_s = self._times_s[index + 1] - self._times_s[index]
        rest = 1 - share
        ends = share * rest**2 * velocities[index] - share**2 * rest * velocities[index + 1]
        return self._ways[index].at(share * share * (3 - 2 * share)) + length_s * ends

    def _wanted_velocities(self) -> np.ndarray:
        """(keys, 7) per second: harmonic means of the ways before and after; zero at ends, turns and holds."""
        velocities = np.zeros_like(self._states)
        lengths_s = np.diff(self._times_s)
        for index in range(1, len(self._ways)):
            before = self._ways[index - 1].slope_at_end / lengths_s[index - 1]
            after = self._ways[index].slope_at_start / lengths_s[index]
            onward = before * after > 0
            total = np.where(onward, before + after, 1.0)
            velocities[index] = np.where(onward, 2 * before * after / total, 0.0)
        return velocities

    def _limited(self, velocities: np.ndarray) -> np.ndarray:
        """The velocities, made smaller wherever a quantity would leave the range that its way has."""
        shares = np.linspace(0, 1, SAMPLES)
        plain = [np.array([way.at(share) for share in shares]) for way in self._ways]
        lower = [states.min(0) - 1e-9 * (1 + np.abs(states).max(0)) for states in plain]
        upper = [states.max(0) + 1e-9 * (1 + np.abs(states).max(0)) for states in plain]
        for halving in range(HALVINGS):
            over = np.zeros_like(velocities, bool)
            for index in range(len(self._ways)):
                flown = np.array([self._blend(index, share, velocities) for share in shares])
                over[index : index + 2] |= np.any((flown < lower[index]) | (flown > upper[index]), axis=0)
            if not over.any():
                break
            velocities = np.where(over, velocities / 2 if halving < HALVINGS - 1 else 0.0, velocities)
        return velocities


def way_length(start: Key, end: Key) -> float:
    """Apparent length of the way between two views: visible heights that pass, e-folds of growth, half radians."""
    first, last = _state(start), _state(end)
    turn = math.hypot(math.remainder(last[4] - first[4], math.tau), last[5] - first[5])
    return math.hypot(_Way(first, last).length, 2 * turn)


class _Way:
    """The even way between two states, by share of its apparent length."""

    def __init__(self, start: np.ndarray, end: np.ndarray) -> None:
        self._start = start
        self._step = end - start
        self._pan = float(np.linalg.norm(self._step[:3]))
        self._height, end_height = math.exp(start[3]), math.exp(end[3])
        self._is_pan = self._pan > NEAR_PAN * min(self._height, end_height)
        if self._is_pan:
            growth, reach = end_height**2 - self._height**2, RHO**4 * self._pan**2
            self._from = -math.asinh((growth + reach) / (2 * self._height * RHO**2 * self._pan))
            self._span = -math.asinh((growth - reach) / (2 * end_height * RHO**2 * self._pan)) - self._from
        nudge = 1e-4
        self.slope_at_start = (self.at(nudge) - self.at(0)) / nudge
        self.slope_at_end = (self.at(1) - self.at(1 - nudge)) / nudge

    @property
    def length(self) -> float:
        """Apparent length, without turns."""
        return abs(float(self._span / RHO)) if self._is_pan else abs(float(self._step[3]))

    def at(self, share: float) -> np.ndarray:
        """(7,) state."""
        state = self._start + share * self._step
        if not self._is_pan:
            return state
        angle = self._from + share * self._span
        state[3] = self._start[3] + _log_cosh(self._from) - _log_cosh(angle)
        moved = self._height * math.sinh(share * self._span) / (RHO**2 * self._pan * math.cosh(angle))
        state[:3] = self._start[:3] + moved * self._step[:3]
        return state


def _log_cosh(value: float) -> float:
    return abs(value) + math.log1p(math.exp(-2 * abs(value))) - math.log(2)


def _state(key: Key) -> np.ndarray:
    """(7,) target, log of the visible height at the target, yaw, pitch, fov_y_rad."""
    forward = np.asarray(key.target, float) - np.asarray(key.position, float)
    distance = float(np.linalg.norm(forward))
    if distance == 0:
        raise ValueError("a key's target must be away from its position")
    yaw, pitch = angles(forward)
    height = 2 * distance * math.tan(key.fov_y_rad / 2)
    return np.array([*key.target, math.log(height), yaw, pitch, key.fov_y_rad])


def angles(forward: np.ndarray) -> tuple[float, float]:
    """(yaw_rad, pitch_rad) of a direction: yaw turns from -z to +x, pitch up is positive; straight up has yaw 0."""
    x, y, z = (float(part) for part in forward)
    across = math.hypot(x, z)
    yaw = math.atan2(x, -z) if across > 1e-9 * abs(y) else 0.0
    return yaw, math.atan2(y, across)


def level_pose(position: np.ndarray, yaw_rad: float, pitch_rad: float) -> np.ndarray:
    """world_from_eye, (4, 4) float64, at `position` looking along yaw and pitch with a level horizon."""
    pose = np.eye(4)
    pose[:3, 0] = math.cos(yaw_rad), 0.0, math.sin(yaw_rad)
    pose[:3, 2] = -_direction(yaw_rad, pitch_rad)
    pose[:3, 1] = -math.sin(pitch_rad) * math.sin(yaw_rad), math.cos(pitch_rad), math.sin(pitch_rad) * math.cos(yaw_rad)
    pose[:3, 3] = position
    return pose


def _direction(yaw_rad: float, pitch_rad: float) -> np.ndarray:
    across = math.cos(pitch_rad)
    return np.array([across * math.sin(yaw_rad), math.sin(pitch_rad), -across * math.cos(yaw_rad)])
