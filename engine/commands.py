"""Commands: everything that a person can do, once. Keys, panels, headset buttons, tests and Python use this table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Command", "CommandTable"]

Undo = Callable[[], None]


@dataclass(frozen=True)
class Command:
    """One action. `run(**arguments)` does it and returns what takes it back, or None where nothing can be."""

    name: str  # "view.home"; its title is the string "command.view.home"
    run: Callable[..., Undo | None]
    key: str = ""  # "F12", "Ctrl+Z", "?"; empty: no key
    arguments: dict[str, type] = field(default_factory=dict)  # name -> type of what `run` takes
    held: bool = False  # True: the key acts as long as it is down (moving)


class CommandTable:
    """The commands of a session, with their history.

    Adding a name or a key twice raises ValueError; running an unknown name raises KeyError, wrong arguments TypeError.
    """

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._done: list[tuple[Command, dict[str, Any], Undo]] = []
        self._undone: list[tuple[Command, dict[str, Any]]] = []

    def __iter__(self):
        return iter(self._commands.values())

    def __contains__(self, name: str) -> bool:
        return name in self._commands

    def __getitem__(self, name: str) -> Command:
        return self._commands[name]

    def add(self, command: Command) -> None:
        """Makes the command known."""
        if command.name in self._commands:
            raise ValueError(f"command {command.name} is there already")
        if taken := self.by_key(command.key):
            raise ValueError(f"key {command.key} is taken by {taken.name}")
        self._commands[command.name] = command

    def by_key(self, key: str) -> Command | None:
        """The command that this key runs."""
        return next((command for command in self._commands.values() if key and command.key == key), None)

    def run(self, name: str, **arguments: Any) -> None:
        """Does it, and remembers how to take it back."""
        command = self._commands[name]
        if unknown := arguments.keys() - command.arguments.keys():
            raise TypeError(f"{name} takes {sorted(command.arguments)}, not {sorted(unknown)}")
        arguments = {key: command.arguments[key](value) for key, value in arguments.items()}
        undo = command.run(**arguments)
        if undo is not None:
            self._done.append((command, arguments, undo))
            self._undone.clear()

    def undo(self) -> bool:
        """Takes the last change back. False: nothing to take back."""
        if not self._done:
            return False
        command, arguments, take_back = self._done.pop()
        take_back()
        self._undone.append((command, arguments))
        return True

    def forget(self) -> None:
        """From now on there is nothing to take back: what was done was done to something that is gone."""
        self._done.clear()
        self._undone.clear()

    def redo(self) -> bool:
        """Does the last change that was taken back again. False: there is none."""
        if not self._undone:
            return False
        command, arguments = self._undone.pop()
        undo = command.run(**arguments)
        if undo is not None:
            self._done.append((command, arguments, undo))
        return True
