"""Sensitivity to unknown facts: the values of unknowns at which a finding changes (tipping points)."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
