"""Each file here is a plugin of one module together with its test; docs/recipes.md shows pieces of it."""

from __future__ import annotations

import pytest


@pytest.fixture
def salesbot_plugins(request):
    """The plugin is the file of the test itself."""
    return [(request.module.PLUGIN, request.module)]
