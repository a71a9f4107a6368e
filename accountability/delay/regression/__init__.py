"""Regression of delays: which cases close sooner, by how much, and how sure that is. The front door is ``delay``."""
