"""Front door: releases of one agency as a time axis: what changed, how late closings are recorded, what came true."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
