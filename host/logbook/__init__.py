"""The log file of a host: what happened, line by line, in files of bounded size. Nobody ever waits for it."""

from host.logbook.entry import Entry, level_of
from host.logbook.logbook import Logbook
from host.logbook.rotating_file import RotatingFile
from host.logbook.writer import LogWriter

__all__ = ["Entry", "LogWriter", "Logbook", "RotatingFile", "level_of"]
