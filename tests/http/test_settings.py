"""Settings: an invalid value is reported with its variable's name and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyapp.settings import Settings, SettingsError, load

KEY = "0123456789abcdef" * 2


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load({})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8000, Path(".scoville"))
    assert (settings.jwt_issuer, settings.jwt_audience) == ("scoville", "scoville-api")
    assert settings.database_url is None


def test_each_variable_is_read() -> None:
    settings = load(
        {
            "DATABASE_URL": "postgresql://u@h/d",
            "SCOVILLE_READ_URL": "postgresql://u@s/d",
            "SCOVILLE_DATA_DIR": "data",
            "SCOVILLE_HOST": "::",
            "SCOVILLE_PORT": "81",
            "SCOVILLE_JWT_KEY": KEY,
            "SCOVILLE_JWT_ISSUER": "i",
            "SCOVILLE_JWT_AUDIENCE": "a",
            "SCOVILLE_POOL_SIZE": "3",
            "SCOVILLE_LOG_LEVEL": "debug",
            "SCOVILLE_WORKERS": "2",
            "SCOVILLE_METRICS_TOKEN": "t",
            "SCOVILLE_METRICS_PORT": "9100",
            "SCOVILLE_VERIFY_HOURS": "0.5",
        }
    )
    assert settings == Settings(
        database_url="postgresql://u@h/d",
        read_url="postgresql://u@s/d",
        data_dir=Path("data"),
        host="::",
        port=81,
        jwt_key=KEY,
        jwt_issuer="i",
        jwt_audience="a",
        pool_size=3,
        log_level="debug",
        workers=2,
        metrics_token="t",
        metrics_port=9100,
        verify_hours=0.5,
    )


def test_a_secret_is_read_from_a_file_without_its_line_break(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert load({"SCOVILLE_JWT_KEY_FILE": str(tmp_path / "key")}).jwt_key == KEY


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"SCOVILLE_PORT": "http"}, ["SCOVILLE_PORT"]),
        ({"SCOVILLE_PORT": "70000"}, ["SCOVILLE_PORT", "65535"]),
        ({"SCOVILLE_POOL_SIZE": "0"}, ["SCOVILLE_POOL_SIZE"]),
        ({"DATABASE_URL": "mysql://h/d"}, ["DATABASE_URL", "postgresql://"]),
        ({"DATABASE_URL": "postgresql://u:a secret@h/d"}, ["DATABASE_URL", "percent-encode"]),
        ({"SCOVILLE_READ_URL": "postgresql://u:a secret@h/d"}, ["SCOVILLE_READ_URL", "percent-encode"]),
        ({"SCOVILLE_JWT_KEY": "short"}, ["SCOVILLE_JWT_KEY", "openssl"]),
        ({"SCOVILLE_JWT_KEY": "a" * 32}, ["SCOVILLE_JWT_KEY", "openssl"]),
        ({"SCOVILLE_JWT_KEY": "0" * 64}, ["SCOVILLE_JWT_KEY", "openssl"]),
        ({"SCOVILLE_JWT_KEY": "CHANGE-ME-TO-32-BYTES-OR-MORE-OF-RANDOM-HEX"}, ["SCOVILLE_JWT_KEY", "CHANGE-ME"]),
        ({"SCOVILLE_METRICS_TOKEN": "change-me"}, ["SCOVILLE_METRICS_TOKEN", "CHANGE-ME"]),
        ({"DATABASE_URL": "postgresql://u:CHANGE-ME@h/d"}, ["DATABASE_URL", "CHANGE-ME"]),
        ({"SCOVILLE_JWT_KEY_FILE": "/nowhere"}, ["SCOVILLE_JWT_KEY_FILE", "/nowhere"]),
        ({"SCOVILLE_JWT_KEY_FILE": "x", "SCOVILLE_JWT_KEY": KEY}, ["SCOVILLE_JWT_KEY_FILE", "unset"]),
        ({"SCOVILLE_JWKS_URL": "http://issuer.example/keys"}, ["SCOVILLE_JWKS_URL", "https"]),
        ({"SCOVILLE_JWKS_URL": "http://localhost.evil.example/keys"}, ["SCOVILLE_JWKS_URL", "https"]),
        (
            {"SCOVILLE_JWKS_URL": "https://issuer.example/keys", "SCOVILLE_JWT_KEY": KEY},
            ["SCOVILLE_JWKS_URL", "SCOVILLE_JWT_KEY"],
        ),
        ({"SCOVILLE_TRUSTED_PROXIES": "10.0.0.1, proxy"}, ["SCOVILLE_TRUSTED_PROXIES", "10.0.0.0/8"]),
        ({"SCOVILLE_TLS_CERT": "/nowhere"}, ["SCOVILLE_TLS_KEY", "go together"]),
        ({"SCOVILLE_TLS_CERT": "/nowhere", "SCOVILLE_TLS_KEY": "/nowhere"}, ["SCOVILLE_TLS_CERT", "No such file"]),
        ({"SCOVILLE_TLS_CERT": __file__, "SCOVILLE_TLS_KEY": __file__}, ["SCOVILLE_TLS_CERT", "PEM"]),
        ({"SCOVILLE_LOG_LEVEL": "loud"}, ["SCOVILLE_LOG_LEVEL", "debug"]),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(environ: dict[str, str], words: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load(environ)
    assert [word for word in words if word not in str(raised.value)] == []
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_settings_show_no_secret() -> None:
    settings = Settings(database_url="postgresql://u:canary@h/d", jwt_key="canary" * 6)
    assert "canary" not in f"{settings} {settings!r}"
