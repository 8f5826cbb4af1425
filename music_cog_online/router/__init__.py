"""What the user means: a phrase and its attachments in, the action to take out."""

from .engine import Route, Router

__all__ = ["Route", "Router"]
