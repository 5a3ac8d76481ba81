"""For all suites: which cases of a long table run under the sanitizers."""

import os
import pathlib
import re
import zlib

LONG, ONE_OF = 20, 3


def pytest_configure(config):
    config.addinivalue_line("markers", "whole_table: needs every case of its table, which the sanitizers do not run")


def is_sanitized():
    folder = os.environ.get("SCHEMA_DRIFT_BUILD")
    cache = pathlib.Path(folder, "CMakeCache.txt") if folder else None
    return bool(cache and cache.exists() and re.search(r"^SCHEMA_DRIFT_SANITIZE:\w+=\S", cache.read_text(), re.MULTILINE))


def pytest_collection_modifyitems(config, items):
    """Of a test with more than LONG cases one of ONE_OF, always the same ones.

    The release runs all of them, and what they differ in are answers. What the sanitizers look for
    is in the code, through which a third of a table goes as well; whole, it would cost CI ten minutes.
    """
    if not is_sanitized():
        return
    cases = {}
    for item in items:
        cases.setdefault((item.path, item.originalname), []).append(item)
    dropped = {item for table in cases.values() if len(table) > LONG
               for item in table[1:] if zlib.crc32(item.name.encode()) % ONE_OF}  # fmt: skip
    dropped |= {item for item in items if item.get_closest_marker("whole_table")}
    items[:] = [item for item in items if item not in dropped]
    config.hook.pytest_deselected(items=sorted(dropped, key=lambda item: item.nodeid))
