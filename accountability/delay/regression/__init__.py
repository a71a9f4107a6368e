"""Regression of delays: which cases close sooner, and by how much. Import from ``delay``."""
