"""Plugin packages as files: what is installed, what it says about itself, which configuration fits it.

Reads manifests only; plugin code is never loaded here.
"""

from host.packages.discover import PATH_VARIABLE, Discovery, Problem, discover, search_path
from host.packages.facts import manifest_facts
from host.packages.manifest import CapabilityManifest, Needs, PluginManifest, Right, read_manifest
from host.packages.names import endings_of, find_capability, find_owner, find_plugin, find_type
from host.packages.saved import SavedProblem, config_in_force, saved_problems
from host.packages.schema import (
    FileMode,
    change_file_strings,
    check_config,
    check_schema,
    file_strings,
    merge_config,
)

__all__ = [
    "PATH_VARIABLE",
    "CapabilityManifest",
    "Discovery",
    "FileMode",
    "Needs",
    "PluginManifest",
    "Problem",
    "Right",
    "SavedProblem",
    "change_file_strings",
    "check_config",
    "check_schema",
    "config_in_force",
    "discover",
    "file_strings",
    "endings_of",
    "find_capability",
    "find_owner",
    "find_plugin",
    "find_type",
    "manifest_facts",
    "merge_config",
    "read_manifest",
    "saved_problems",
    "search_path",
]
