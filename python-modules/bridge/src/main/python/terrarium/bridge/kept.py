"""Whether bridges keep what their frameworks make anew at each call although it comes out the same."""

from __future__ import annotations

import os


def allowed() -> bool:
    """Tell whether they do: unless ``TERRARIUM_KEEP`` is ``off`` in the environment, to compare with."""
    return os.environ.get("TERRARIUM_KEEP") != "off"
