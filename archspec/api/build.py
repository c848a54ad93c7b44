"""Import generated source into this process."""

from __future__ import annotations

import hashlib
import sys
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import CodeType, ModuleType


class _Loader(InspectLoader):
    """Holds the source in memory, for tracebacks and `inspect`."""

    def __init__(self, source: str, file: str):
        self.source, self.file = source, file

    def get_source(self, fullname: str) -> str:
        return self.source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.source, self.file)


def module_of(source: str, name: str) -> ModuleType:
    """Import source code as a module; the same text is imported once.

    The module is registered in `sys.modules` so that its objects can be pickled.
    """
    name = f"archspec_{name}_{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    loader = _Loader(source, f"{name}.py")
    spec = ModuleSpec(name, loader, origin=loader.file)
    spec.has_location = True
    module = sys.modules[name] = module_from_spec(spec)
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
