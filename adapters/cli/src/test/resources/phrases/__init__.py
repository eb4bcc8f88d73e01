# guide: package_init
from .commands import Phrases

__all__ = ["Phrases"]
# end
