"""pgTAP suites: find the files, run each with psql, read what it says."""

from prospectr_db.pgtap.files import find_tests
from prospectr_db.pgtap.runner import FileFinished, FileStarted, TapReport, run
from prospectr_db.pgtap.tap import TapFile, TapTest, read_tap

__all__ = [
    "FileFinished",
    "FileStarted",
    "TapFile",
    "TapReport",
    "TapTest",
    "find_tests",
    "read_tap",
    "run",
]
