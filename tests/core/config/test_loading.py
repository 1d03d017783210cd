"""Which source of a setting counts, and how mistakes are told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cxtop.core.config import ADHOC_NAME, Source, login_base, token_url
from cxtop.core.errors import ConfigError, SecretError

from .support import Place

TWO = """\
[profiles.first]
region = "us-west-2"
client_id = "one"

[profiles.second]
platform = "cxone"
base_url = "https://api.nicecxone.com/"
client_id = "two"
"""


def test_nothing_at_all_gives_no_profile_and_says_what_is_missing(place: Place):
    settings = place.load()
    assert settings.profile is None
    assert settings.profiles == ()
    assert [text.split(".")[0] for text in settings.missing] == [
        "Nothing says where the platform is",
        "There is no client id",
        "There is no client secret",
    ]


def test_the_environment_alone_describes_a_platform(place: Place):
    settings = place.load(
        CXTOP_REGION="eu_west_2", CXTOP_CLIENT_ID=" id ", CXTOP_CLIENT_SECRET="hush"
    )
    assert settings.profile is not None
    assert settings.profile.name == ADHOC_NAME
    assert settings.profile.base_url == "https://api.euw2.pure.cloud"
    assert settings.profile.region == "eu-west-2"
    assert settings.profile.client_id == "id"
    assert login_base(settings.profile) == "https://login.euw2.pure.cloud"
    assert "hush" not in repr(settings)


def test_an_access_token_needs_no_client(place: Place):
    settings = place.load(GENESYSCLOUD_REGION="us-east-1", GENESYSCLOUD_ACCESS_TOKEN="tok")
    assert settings.profile is not None
    assert settings.profile.access_token is not None
    assert settings.profile.access_token.get_secret_value() == "tok"


def test_the_order_is_flags_environment_dotenv_profile_default(place: Place):
    place.config('[profiles.p]\nregion = "us-east-1"\nclient_id = "profile"\n')

    def client_id(flags: dict[str, str] | None = None, **env: str) -> tuple[str | None, Source]:
        settings = place.load(flags, **env)
        assert settings.profile is not None
        return settings.profile.client_id, settings.sources["client_id"].source

    assert client_id() == ("profile", Source.PROFILE)
    place.dotenv("GENESYS_CLIENT_ID=foreign-dotenv\n")
    assert client_id() == ("foreign-dotenv", Source.DOTENV)
    place.dotenv("GENESYS_CLIENT_ID=foreign-dotenv\nCXTOP_CLIENT_ID=own-dotenv\n")
    assert client_id() == ("own-dotenv", Source.DOTENV)
    later = {"GENESYSCLOUD_OAUTHCLIENT_ID": "gc"}
    assert client_id(**later) == ("gc", Source.ENVIRONMENT)
    later["GENESYS_CLIENT_ID"] = "genesys"
    assert client_id(**later) == ("genesys", Source.ENVIRONMENT)
    later["CXTOP_CLIENT_ID"] = "own"
    assert client_id(**later) == ("own", Source.ENVIRONMENT)
    assert client_id({"client_id": "flag"}, **later) == ("flag", Source.FLAG)


def test_an_empty_variable_counts_as_not_set(place: Place):
    place.config('[profiles.p]\nregion = "us-east-1"\nclient_id = "profile"\n')
    settings = place.load(CXTOP_CLIENT_ID="  ", GENESYS_CLIENT_ID="")
    assert settings.profile is not None
    assert settings.profile.client_id == "profile"


def test_who_says_where_the_platform_is_says_it_whole(place: Place):
    place.config(
        '[profiles.p]\nbase_url = "https://gw.example.com/x"\n'
        'login_url = "https://sso.example.com"\ntoken_path = "/t"\n'
    )
    kept = place.load().profile
    assert kept is not None
    assert token_url(kept) == "https://sso.example.com/t"
    moved = place.load(CXTOP_REGION="us-east-1").profile
    assert moved is not None
    assert moved.base_url == "https://api.mypurecloud.com"
    assert token_url(moved) == "https://login.mypurecloud.com/oauth/token"


def test_who_gives_a_secret_hides_every_lower_one(place: Place):
    place.config('[profiles.p]\nregion = "us-east-1"\naccess_token = "old"\n')
    profile = place.load(CXTOP_CLIENT_SECRET="new").profile
    assert profile is not None
    assert profile.access_token is None
    assert profile.client_secret is not None


def test_a_url_beats_a_region_of_the_same_source(place: Place):
    profile = place.load(
        GENESYS_ENVIRONMENT="mypurecloud.de",
        GENESYS_BASE_URL="http://127.0.0.1:9/",
        GENESYS_CLIENT_ID="a",
        GENESYS_CLIENT_SECRET="b",
    ).profile
    assert profile is not None
    assert profile.base_url == "http://127.0.0.1:9"
    assert profile.region is None
    assert token_url(profile) == "http://127.0.0.1:9/oauth/token"
    flagged = place.load(
        {"region": "us-east-1", "base_url": "https://h.example.com", "access_token": "t"}
    ).profile
    assert flagged is not None
    assert flagged.region is None


@pytest.mark.parametrize(
    ("env", "platform"),
    [
        ({"CXONE_BASE_URL": "https://api.nicecxone.com"}, "cxone"),
        ({"GENESYS_BASE_URL": "https://g.example.com"}, "genesys"),
        ({"CXTOP_BASE_URL": "https://eu.api.mynicecxone.com"}, "cxone"),
        ({"CXTOP_BASE_URL": "https://x.example.com"}, "genesys"),
        ({"CXTOP_BASE_URL": "https://x.example.com", "CXTOP_PLATFORM": "cxone"}, "cxone"),
        ({"CXTOP_REGION": "us-east-1", "CXONE_CLIENT_ID": "other"}, "genesys"),
    ],
)
def test_the_platform_is_what_is_said_or_what_the_rest_implies(
    place: Place, env: dict[str, str], platform: str
):
    profile = place.load(**env, CXTOP_CLIENT_ID="a", CXTOP_CLIENT_SECRET="b").profile
    assert profile is not None
    assert profile.platform == platform


def test_variables_of_the_other_platform_do_not_matter(place: Place):
    place.config(TWO)
    env = {"GENESYS_CLIENT_ID": "wrong", "CXONE_ENV": "not used, so not looked at"}
    profile = place.load({"profile": "second"}, **env, CXONE_BASE_URL="https://a.nicecxone.com")
    assert profile.profile is not None
    assert profile.profile.client_id == "two"
    assert profile.profile.base_url == "https://a.nicecxone.com"


def test_dotenv_implies_the_platform_too(place: Place):
    place.dotenv(
        "CXONE_CLIENT_ID=a\nCXONE_CLIENT_SECRET=b\nCXONE_ENV=mynicecxone\n"
        "DATA_ACTION_ID=run-1\nSLACK_WEBHOOK_URL=https://hooks.example.com/x\n"
    )
    settings = place.load()
    assert settings.profile is not None
    assert settings.profile.platform == "cxone"
    assert settings.profile.base_url == "https://api.mynicecxone.com"
    assert settings.profile.runs == ("run-1",)
    assert settings.profile.slack_webhook_url is not None
    assert settings.sources["client_id"].text.endswith(".env line 1 (CXONE_CLIENT_ID)")


class TestChoice:
    def test_the_first_of_the_file_is_the_default(self, place: Place):
        place.config(TWO)
        settings = place.load()
        assert settings.profiles == ("first", "second")
        assert settings.profile is not None
        assert settings.profile.name == "first"

    def test_default_profile_then_dotenv_then_environment_then_flag(self, place: Place):
        three = TWO + '[profiles.third]\nregion = "us-east-1"\n'
        place.config('default_profile = "second"\n' + three)

        def chosen(flags: dict[str, str] | None = None, **env: str) -> tuple[str, str]:
            settings = place.load(flags, **env)
            assert settings.profile is not None
            return settings.profile.name, settings.sources["profile"].text

        assert chosen() == ("second", f"{place.config_file} line 1")
        place.dotenv("\nCXTOP_PROFILE=first")
        assert chosen() == ("first", f"{place.cwd / '.env'} line 2 (CXTOP_PROFILE)")
        env = {"CXTOP_PROFILE": "third"}
        assert chosen(**env) == ("third", "environment variable CXTOP_PROFILE")
        assert chosen({"profile": "second"}, **env) == ("second", "--profile")

    def test_a_name_that_does_not_exist(self, place: Place):
        place.config(TWO)
        with pytest.raises(ConfigError, match=r"--profile.*\"secnd\".*Did you mean second\?"):
            place.load({"profile": "secnd"})
        with pytest.raises(ConfigError, match=r"CXTOP_PROFILE.*Profiles: first, second"):
            place.load(CXTOP_PROFILE="zzz")

    def test_config_names_another_file(self, place: Place):
        other = place.cwd / "other.toml"
        other.write_text(TWO)
        settings = place.load({"config": "other.toml"})
        assert settings.paths.config_file == other
        assert settings.paths.state_dir == place.home / "state"
        with pytest.raises(ConfigError, match=r"There is no file .*absent\.toml"):
            place.load({"config": "absent.toml"})


class TestMistakes:
    @pytest.mark.parametrize(
        ("setting", "told"),
        [
            ('platform = "genesis"', ['platform = "genesis"', "Allowed: genesys, cxone."]),
            ("platform = 3", ["platform = 3", "genesys, cxone"]),
            ("allow_http = 7", ["allow_http = 7", "true, false"]),
            ("max_body = true", ["max_body = true", "10 MiB"]),
            ('max_body = "ten"', ['max_body = "ten"', "10 MiB"]),
            ('token_path = "oauth"', ["token_path", "begins with one /"]),
            ('runs = ["a", 1]', ["runs = ", "a list of texts"]),
            ('secret_command = ""', ["secret_command", "The command is empty."]),
            ('secret_command = "pass \'x"', ["secret_command", "No closing quotation."]),
            ('client_id = "a\\u0007b"', ["client_id", "control character"]),
            ("poll.interval_s = 0.5", ["poll.interval_s = 0.5", "below 1 s", "from 1 to 86400"]),
            ("poll.interval_s = nan", ["poll.interval_s = nan", "86400"]),
            (
                "poll.min_interval_s = 60",
                ["poll.min_interval_s", "interval_s must not be below min_interval_s."],
            ),
            ("retry.attempts = 0", ["retry.attempts = 0", "from 1 to 100"]),
            ("timeouts.connect_s = true", ["timeouts.connect_s = true", "above 0"]),
            ('endpoints.run_status = "//x"', ["endpoints.run_status", "begins with /"]),
            ("timeouts = 5", ["timeouts is a table", "[profiles.NAME.timeouts]"]),
            ("regoin = 1", ["there is no setting regoin", "Did you mean region?"]),
            ("retry.attemps = 1", ["no setting retry.attemps", "Did you mean retry.attempts?"]),
            ("read_s = 1", ["there is no setting read_s", "Did you mean timeouts.read_s?"]),
            ("xyzzy = 1", ["there is no setting xyzzy", "There are: platform, region"]),
        ],
    )
    def test_a_wrong_value_names_file_line_and_what_is_allowed(
        self, place: Place, setting: str, told: list[str]
    ):
        place.config(f'# a comment\n[profiles.p]\nregion = "us-east-1"\n{setting}\n')
        with pytest.raises(ConfigError) as caught:
            place.load()
        assert str(caught.value).startswith(f"{place.config_file} line 4: ")
        for part in told:
            assert part in str(caught.value)

    def test_a_wrong_region_in_a_variable(self, place: Place):
        with pytest.raises(ConfigError) as caught:
            place.load(CXTOP_REGION="moon", CXTOP_CLIENT_ID="a", CXTOP_CLIENT_SECRET="b")
        assert str(caught.value) == (
            'environment variable CXTOP_REGION: region = "moon" does not fit. Not a region of '
            "Genesys Cloud. Allowed: a region such as us-east-1, eu-central-1, ap-southeast-2, "
            "or a domain such as mypurecloud.com."
        )

    def test_a_wrong_flag(self, place: Place):
        place.config(TWO)
        with pytest.raises(ConfigError, match=r"^--interval-s: poll\.interval_s = -3 "):
            place.load({"poll": {"interval_s": -3, "page_size": None}})
        with pytest.raises(ConfigError, match=r"^--bse-url: .*Did you mean base_url"):
            place.load({"bse_url": "x"})

    def test_plain_http_goes_to_this_machine_only(self, place: Place):
        for key, url in (("base_url", "http://h.example.com"), ("region", "http://h.example.com")):
            with pytest.raises(ConfigError) as caught:
                place.load({key: url, "access_token": "t"})
            assert f"--{key.replace('_', '-')}" in str(caught.value)
            assert "in the clear" in str(caught.value)
            allowed = place.load({key: url, "access_token": "t", "allow_http": True}).profile
            assert allowed is not None
            assert allowed.base_url == url

    def test_a_password_in_a_url_is_not_shown(self, place: Place):
        with pytest.raises(ConfigError) as caught:
            place.load({"base_url": "https://me:hush@h.example.com", "access_token": "t"})
        assert "hush" not in str(caught.value)
        assert "no user name or password" in str(caught.value)

    def test_a_secret_of_a_wrong_kind_is_not_shown(self, place: Place):
        place.config('[profiles.p]\nregion = "us-east-1"\nclient_secret = 918273645\n')
        with pytest.raises(ConfigError) as caught:
            place.load()
        assert "918273645" not in str(caught.value)
        assert "line 3: client_secret = (hidden)" in str(caught.value)
        assert caught.value.__suppress_context__

    def test_a_profile_without_a_host(self, place: Place):
        place.config('[profiles.p]\nclient_id = "a"\n')
        with pytest.raises(ConfigError, match=r'The profile "p" is not complete\..*CXTOP_REGION'):
            place.load()

    def test_a_region_with_cxone(self, place: Place):
        place.config('[profiles.p]\nplatform = "cxone"\nregion = "us-east-1"\n')
        with pytest.raises(ConfigError, match=r"line 3: region .*cxone needs base_url"):
            place.load()

    def test_a_long_value_is_cut(self, place: Place):
        with pytest.raises(ConfigError) as caught:
            place.load({"region": "x" * 500, "access_token": "t"})
        assert len(str(caught.value)) < 400

    def test_a_url_that_cannot_be_split(self, place: Place):
        with pytest.raises(ConfigError, match="--base-url"):
            place.load({"base_url": "https://[::1", "access_token": "t"})


class TestSecrets:
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622])
    @pytest.mark.parametrize("key", ["client_secret", "access_token", "slack_webhook_url"])
    def test_a_secret_in_clear_needs_a_private_file(self, place: Place, key: str, mode: int):
        text = f'[profiles.p]\nregion = "us-east-1"\n{key} = "https://hush.example.com"\n'
        place.config(text, mode)
        with pytest.raises(SecretError) as caught:
            place.load()
        assert f"line 3: {key} stands in clear" in str(caught.value)
        assert "chmod 600" in str(caught.value)
        assert "hush" not in str(caught.value)
        place.config(text, 0o600)
        assert place.load().profile is not None
        place.config(text, 0o400)
        assert place.load().profile is not None

    def test_a_file_without_secrets_may_be_open(self, place: Place):
        place.config(TWO, 0o644)
        assert place.load().profile is not None

    def test_two_sources_of_the_secret_clash(self, place: Place):
        place.config('[profiles.p]\nregion = "us-east-1"\nsecret_command = "x"\nkeyring = true\n')
        with pytest.raises(ConfigError, match=r"line 4: secret_command and keyring both"):
            place.load()
        place.config('[profiles.p]\nregion = "us-east-1"\nsecret_command = "x"\nkeyring = false\n')
        assert place.load().profile is not None

    def test_dotenv_may_not_choose_an_unknown_host_for_a_secret_kept_elsewhere(self, place: Place):
        place.config('[profiles.p]\nregion = "us-east-1"\nclient_secret = "hush"\n')
        for line in (
            "CXTOP_BASE_URL=https://steal.example.com",
            "CXTOP_LOGIN_URL=https://steal.example.com",
            "CXTOP_REGION=steal.example.com",
        ):
            place.dotenv(line + "\n")
            with pytest.raises(ConfigError, match=r"\.env line 1 .*steal\.example\.com"):
                place.load()

    def test_dotenv_may_choose_a_known_host_or_bring_its_own_secret(self, place: Place):
        place.config('[profiles.p]\nregion = "us-east-1"\nclient_secret = "hush"\n')
        for line in (
            "CXTOP_REGION=eu-west-1",
            "CXTOP_BASE_URL=http://localhost:80",
            "CXTOP_BASE_URL=https://own.example.com\nCXTOP_CLIENT_SECRET=own",
        ):
            place.dotenv(line + "\n")
            assert place.load().profile is not None


def test_keymap_theme_and_redaction_are_read(place: Place):
    place.config(
        'theme = "light"\n[keys]\nrefresh = "ctrl+r"\n'
        '[redact]\nnames = ["pin"]\npatterns = ["A[0-9]+"]\nhint = true\n'
    )
    settings = place.load()
    assert settings.theme == "light"
    assert settings.keymap == {"refresh": "ctrl+r"}
    assert settings.redact.names == ("pin",)
    assert settings.redact.patterns == ("A[0-9]+",)
    assert settings.redact.hint is True
    assert place.load({"theme": "dark"}).theme == "dark"


def test_importing_the_configuration_is_cheap():
    program = (
        "import sys, cxtop.core.config\n"
        "heavy = {'httpx', 'keyring', 'textual', 'rich', 'fastapi', 'tenacity', 'msgspec',\n"
        "         'pydantic_settings', 'platformdirs', 'sqlite3'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_captures_lie_in_the_data_folder_unless_said_otherwise(place: Place):
    assert place.load().captures == (str(place.home / "data" / "captures"),)
    place.config('[profiles.p]\nregion = "us-east-1"\ncaptures = []\n')
    assert place.load().captures == (str(place.home / "data" / "captures"),)


def test_captures_count_from_where_they_are_written(place: Place):
    place.config('[profiles.p]\nregion = "us-east-1"\ncaptures = ["a/*.jsonl", "/srv/b", "~/c"]\n')
    settings = place.load()
    home = Path("~").expanduser()
    assert settings.captures == (f"{place.home}/a/*.jsonl", "/srv/b", f"{home}/c")
    settings = place.load(CXTOP_CAPTURES=f"x.jsonl{os.pathsep}/y{os.pathsep}")
    assert settings.captures == (f"{place.cwd}/x.jsonl", "/y")
    assert settings.profile is not None
    assert settings.profile.captures == ("x.jsonl", "/y")
    settings = place.load({"captures": ("z",)}, CXTOP_CAPTURES="x.jsonl")
    assert settings.captures == (f"{place.cwd}/z",)


def test_captures_need_no_profile(place: Place):
    settings = place.load(CXTOP_CAPTURES="logs")
    assert settings.profile is None
    assert settings.captures == (f"{place.cwd}/logs",)


def test_captures_that_are_no_list_of_texts_are_refused(place: Place):
    for wrong in ('"x.jsonl"', "[1]", '[""]'):
        file = place.config(f'[profiles.p]\nregion = "us-east-1"\ncaptures = {wrong}\n')
        with pytest.raises(ConfigError, match=f"{file} line 3: captures") as caught:
            place.load()
        assert caught.value.fix == "Allowed: a list of texts."
