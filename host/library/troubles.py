"""What earlier scans had trouble with: whom a file killed, and which files nobody could read. Pure.

A file that killed a decoder is not given to it again, and one that nobody could read is not read again, until the file
changes or the plugin does. What a plugin is stands in its *mark*: version, files and configuration.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from host.capabilities import Candidate
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject, dump_json
from host.library.facts import FileStamp, Problem, ProblemKind, mark_of_file
from host.runtime import FileMark

__all__ = ["Troubles", "joint_mark", "mark_text", "with_others"]

_MARK_DIGITS = 16
_OTHERS = "|"


def mark_text(version: str, files: FileMark, config: JsonObject) -> str:
    """Another text for another version, file or configuration of a decoder."""
    told = repr((files, dump_json(config)))
    return f"{version.replace(_OTHERS, ' ')} {hashlib.sha256(told.encode()).hexdigest()[:_MARK_DIGITS]}"


def joint_mark(marks: Iterable[str]) -> str:
    """Of several: another one when any of them is another, or when one comes or goes."""
    return hashlib.sha256("\n".join(marks).encode()).hexdigest()[:_MARK_DIGITS]


def with_others(mark: str, others: str) -> str:
    """The mark of a plugin that a file killed, with that of all who said no to it: nobody is left to be asked."""
    return f"{mark}{_OTHERS}{others}"


class Troubles:
    """The problems at the begin of a scan. ``candidates``: who would be asked for a path; ``mark``: what they are."""

    def __init__(
        self,
        problems: Iterable[Problem],
        candidates: Callable[[bytes], Sequence[Candidate]],
        mark: Callable[[PluginId, TypeId], str],
    ) -> None:
        self._mark = mark
        self._candidates = candidates
        self._by_path: dict[bytes, list[Problem]] = {}
        for problem in problems:
            self._by_path.setdefault(os.fsencode(problem.path), []).append(problem)

    def __contains__(self, path: bytes) -> bool:
        return path in self._by_path

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._by_path)

    def allowed(self, path: bytes, stamp: FileStamp) -> list[Candidate]:
        """Who may be asked for a file: all but those whom this very file has killed."""
        if path not in self._by_path:
            return list(self._candidates(path))
        killed = {
            (problem.plugin_id, problem.type_id)
            for problem in self._by_path.get(path, ())
            if problem.kind is not ProblemKind.UNREADABLE and problem.stamp == stamp and self._as_it_was(problem)
        }
        return [each for each in self._candidates(path) if (each.plugin_id, each.type_id) not in killed]

    def hopeless(self) -> dict[bytes, bytes]:
        """Files that need not be read while they are as they were, with their marks: nobody is left, or all said no."""
        found: dict[bytes, bytes] = {}
        for path, problems in self._by_path.items():
            stamp = problems[0].stamp
            left = self.allowed(path, stamp)
            said_no = any(
                problem.stamp == stamp and _who_said_no(problem) == self.mark_of_all(left) for problem in problems
            )
            if said_no or not left:
                found[path] = mark_of_file(path, stamp.size_bytes, stamp.mtime_ns)
        return found

    def outdated(self) -> frozenset[bytes]:
        """Files that killed a plugin which is another by now: they are read again."""
        return frozenset(
            path
            for path, problems in self._by_path.items()
            if any(each.kind is not ProblemKind.UNREADABLE and not self._as_it_was(each) for each in problems)
        )

    def mark_of_all(self, candidates: Iterable[Candidate]) -> str:
        """What all of these are."""
        return joint_mark(self._mark(each.plugin_id, each.type_id) for each in candidates)

    def _as_it_was(self, problem: Problem) -> bool:
        return self._mark(PluginId(problem.plugin_id), TypeId(problem.type_id)) == problem.mark.partition(_OTHERS)[0]


def _who_said_no(problem: Problem) -> str:
    """The joint mark of all who said no; empty where that is not known."""
    return problem.mark if problem.kind is ProblemKind.UNREADABLE else problem.mark.partition(_OTHERS)[2]
