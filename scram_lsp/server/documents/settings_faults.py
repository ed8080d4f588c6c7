"""What is wrong with the settings, for a client that has a better place for it than the log.

A client says that it has with `{"experimental": {"scramSettingsFaults": true}}` in its capabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types

from scram_lsp.server.experimental import declared

SETTINGS_FAULTS = "scram/settingsFaults"


class SettingsFaults:
    """Tells the client the lines of `faults()` whenever they are others, and none when all are mended."""

    def __init__(self, notify: Callable[[str, Any], None], faults: Callable[[], tuple[str, ...]]) -> None:
        self._notify = notify
        self._faults = faults
        self._is_wanted = False
        self._told: tuple[str, ...] = ()

    def begin(self, capabilities: types.ClientCapabilities) -> None:
        """Learn whether the client wants to hear of them."""
        self._is_wanted = declared(capabilities, "scramSettingsFaults") is True

    def tell(self) -> None:
        """Tell what is new."""
        faults = self._faults()
        if self._is_wanted and faults != self._told:
            self._told = faults
            self._notify(SETTINGS_FAULTS, {"faults": list(faults)})
