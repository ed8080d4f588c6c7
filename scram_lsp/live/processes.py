"""Whether a process still lives, asked without disturbing it."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import ctypes

    _QUERY_LIMITED_INFORMATION = 0x1000
    _STILL_ACTIVE = 259

    def is_alive(pid: int) -> bool:
        """Whether a process with this id is running."""
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return bool(known) and code.value == _STILL_ACTIVE

else:

    def is_alive(pid: int) -> bool:
        """Whether a process with this id is running."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OverflowError:  # no process has such an id
            return False
        except PermissionError:  # it lives, and is another user's
            return True
        return True
