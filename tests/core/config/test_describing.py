"""What `config show` and `config check` tell."""

from __future__ import annotations

from cxtop.core.config.describing import check, describe

from .support import Place

PROFILE = """\
theme = "light"
[keys]
quit = "ctrl+q"
[profiles.p]
region = "us-east-1"
client_id = "id"
secret_command = ["pass", "my secret"]
runs = ["a", "b"]
slack_webhook_url = "https://hooks.example.com/hush-1"
[profiles.p.poll]
interval_s = 2
[profiles.p.endpoints]
run_status = "/x"
"""


def shown(place: Place, **env: str) -> dict[str, tuple[str, str]]:
    return {line.setting: (line.value, line.origin) for line in describe(place.load(None, **env))}


def test_every_setting_has_its_value_and_origin(place: Place):
    file = place.config(PROFILE)
    lines = shown(place, CXTOP_CLIENT_ID="mine")
    assert lines["theme"] == ("light", f"{file} line 1")
    assert lines["keys.quit"] == ("ctrl+q", f"{file} [keys]")
    assert lines["profile"] == ("p", "the first profile in the file")
    assert lines["region"] == ("us-east-1", f"{file} line 5")
    assert lines["base_url"] == ("https://api.mypurecloud.com", f"{file} line 5")
    assert lines["login_url"][0] == "https://login.mypurecloud.com"
    assert lines["client_id"] == ("mine", "environment variable CXTOP_CLIENT_ID")
    assert lines["secret_command"] == ("pass 'my secret'", f"{file} line 7")
    assert lines["runs"] == ("a, b", f"{file} line 8")
    assert lines["poll.interval_s"] == ("2", f"{file} line 11")
    assert lines["endpoints.run_status"] == ("/x", f"{file} line 13")
    assert lines["timeouts.connect_s"] == ("5", "default")
    assert lines["allow_http"] == ("false", "default")
    assert lines["access_token"] == ("-", "default")
    assert lines["config_file"][0] == str(file)


def test_no_secret_is_shown(place: Place):
    place.config(PROFILE)
    place.dotenv("CXTOP_ACCESS_TOKEN=hush-2\n")
    settings = place.load(CXTOP_CLIENT_SECRET="hush-3")
    text = repr(describe(settings)) + repr(settings)
    assert "hush" not in text
    assert {line.setting: line.value for line in describe(settings)}["client_secret"] == (
        "(set, not shown)"
    )


def test_without_a_profile_there_are_still_paths(place: Place):
    assert shown(place)["profiles"] == ("-", "")
    assert shown(place)["theme"] == ("-", "default")


def test_a_theme_by_flag(place: Place):
    lines = {line.setting: line.origin for line in describe(place.load({"theme": "dark"}))}
    assert lines["theme"] == "--theme"


def test_all_is_well(place: Place):
    place.config(PROFILE)
    assert check(place.load()) == []
    assert check(place.load(GENESYSCLOUD_ACCESS_TOKEN="t")) == []


def test_every_profile_is_looked_at(place: Place):
    file = place.config(
        '[profiles.good]\nregion = "us-east-1"\nclient_id = "a"\nkeyring = true\n'
        '[profiles.bad]\nregion = "moon"\n[profiles.worse]\nnonsense = 1\n'
        "[profiles.hostless]\nkeyring = true\n"
    )
    problems = [problem.what for problem in check(place.load())]
    assert problems == [
        f'{file} line 6: region = "moon" does not fit.',
        f"{file} line 8: there is no setting nonsense.",
    ]


def test_missing_parts(place: Place):
    assert len(check(place.load())) == 3
    place.config('[profiles.p]\nregion = "us-east-1"\n')
    problems = [problem.what for problem in check(place.load())]
    assert problems == [
        'The profile "p" has no client id.',
        'The profile "p" has no client secret.',
    ]


def test_open_files(place: Place):
    file = place.config('[profiles.p]\nregion = "us-east-1"\nclient_id = "a"\n', 0o644)
    dotenv = place.dotenv("CXTOP_CLIENT_SECRET=hush\n", 0o640)
    problems = check(place.load())
    assert [problem.what for problem in problems] == [
        f"{file} can be read by other users of this machine (mode 0644).",
        f"{dotenv} can be read by other users of this machine (mode 0640).",
    ]
    place.dotenv("DATA_ACTION_ID=r\nCXTOP_CLIENT_ID=a\n", 0o640)
    place.config_file.chmod(0o600)
    assert [problem.what for problem in check(place.load())] == [
        'The profile "p" has no client secret.'
    ]


def test_files_that_broke_since(place: Place):
    place.config(PROFILE)
    dotenv = place.dotenv("CXTOP_CLIENT_ID=a\n")
    settings = place.load()
    dotenv.write_text('A="')
    assert [problem.what for problem in check(settings)] == [
        f"{dotenv} line 1: the value of A begins with a quote that never ends."
    ]
    place.config("broken")
    assert "is not valid TOML" in check(settings)[0].what
