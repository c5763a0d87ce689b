"""Discovery: what counts as a plugin folder, who wins, and that nothing broken is raised."""

from __future__ import annotations

from pathlib import Path

from host.errors import IncompatibleVersion, ManifestError, NotBuilt
from host.ids import PluginId
from host.packages import discover, search_path
from host.settings import Paths
from tests.unit.host.packages.plugin_folder import make_plugin, named


def test_sorted_by_id_and_to_depth_two(tmp_path: Path) -> None:
    make_plugin(tmp_path / "b", named("x.b", "t"))
    make_plugin(tmp_path / "vendor" / "a", named("x.a", "t"))
    make_plugin(tmp_path / "vendor" / "deep" / "c", named("x.c", "t"))
    make_plugin(tmp_path / ".hidden", named("x.d", "t"))
    found = discover([tmp_path])
    assert list(found.plugins) == ["x.a", "x.b"]
    assert found.problems == ()


def test_a_plugin_folder_itself_may_stand_on_the_path(tmp_path: Path) -> None:
    make_plugin(tmp_path / "one", named("x.one", "t"))
    make_plugin(tmp_path / "one" / "inner", named("x.inner", "t"))
    assert list(discover([tmp_path / "one"]).plugins) == ["x.one"]


def test_the_first_on_the_path_wins_and_the_other_is_told(tmp_path: Path) -> None:
    first = make_plugin(tmp_path / "1" / "gain", named("x.gain", "t"))
    second = make_plugin(tmp_path / "2" / "gain", named("x.gain", "t"))
    found = discover([tmp_path / "1", tmp_path / "2"])
    assert found.plugins[PluginId("x.gain")].folder == first
    (problem,) = found.problems
    assert problem.folder == second
    assert str(first) in problem.error.message and "x.gain" in problem.error.message


def test_the_same_folder_twice_is_no_problem(tmp_path: Path) -> None:
    make_plugin(tmp_path / "gain", named("x.gain", "t"))
    (tmp_path / "link").symlink_to(tmp_path / "gain")
    found = discover([tmp_path, tmp_path])
    assert (len(found.plugins), found.problems) == (1, ())


def test_broken_ones_are_problems_and_the_rest_works(tmp_path: Path) -> None:
    make_plugin(tmp_path / "good", named("x.good", "t"))
    make_plugin(tmp_path / "old", named("x.old", "t").replace("= 6", "= 5"))
    make_plugin(tmp_path / "torn", "id = ")
    (tmp_path / "a file").write_text("no folder")
    found = discover([tmp_path, tmp_path / "absent", tmp_path / "a file"])
    assert list(found.plugins) == ["x.good"]
    assert [type(problem.error) for problem in found.problems] == [IncompatibleVersion, ManifestError]


def test_one_that_is_not_built_is_no_problem_and_hides_nobody(tmp_path: Path) -> None:
    needy = '[build]\npkg_config = ["absent"]\npackages = ["libabsent-dev"]\n'
    for name in ("gain", "echo"):
        (make_plugin(tmp_path / "shipped" / name, named(f"x.{name}", "t") + needy) / "gain.so").unlink()
    mine = make_plugin(tmp_path / "mine" / "gain", named("x.gain", "t"))
    found = discover([tmp_path / "shipped", tmp_path / "mine"])
    assert found.plugins[PluginId("x.gain")].folder == mine
    assert found.problems == ()
    (absent,) = found.unbuilt
    why = absent.not_built()
    assert absent.id == "x.echo" and isinstance(why, NotBuilt)
    assert "x.echo is not built" in why.message and "libabsent-dev" in why.remedy
    assert list(found.known()) == ["x.gain", "x.echo"]


def test_the_search_path_begins_with_what_ships(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "c.toml", tmp_path, tmp_path / "data", tmp_path, tmp_path)
    path = search_path(paths, {"STELLATUNE_PLUGIN_PATH": "/one::/two"})
    assert path[0].name == "native_plugins"
    assert path[-3:] == (tmp_path / "data" / "plugins", Path("/one"), Path("/two"))


def test_every_shipped_manifest_is_sound(root: Path) -> None:
    """Whether or not the libraries are built."""
    found = discover([root / "native_plugins"])
    assert [str(problem.error) for problem in found.problems if "no such file" not in problem.error.message] == []
    assert len(found.plugins) + len(found.problems) + len(found.unbuilt) >= 1
