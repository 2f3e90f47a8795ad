"""Tensornaut opens any neural-network file and lets you fly through it."""

__version__ = "0.1.0"
