"""What if what is not known differs: how the unknown would have to be for a finding to turn."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
