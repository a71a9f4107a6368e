"""Compare releases of one agency: changed records, late recording of closings, and predictions that came true."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
