"""A fresh home has no directory yet; that must stop nobody from installing one."""

from services.directory import Directory, install, load_installed


def test_a_home_without_a_directory_has_the_empty_one_in_its_own_zone(tmp_path):
    found = load_installed(tmp_path / "directory", "Europe/London")
    assert found.version == Directory(time_zone="Europe/London").version
    assert not list(found.people())


def test_what_was_installed_is_loaded(tmp_path):
    source = tmp_path / "new"
    source.mkdir()
    (source / "people.csv").write_text("id,name\nt1,Li\n", "utf-8")
    install(source, tmp_path / "directory")
    assert [person.id for person in load_installed(tmp_path / "directory").people()] == ["t1"]
