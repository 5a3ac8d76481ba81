"""Whose credentials win, in every environment of a table, compared with botocore.

A source that wins here and not there would run the calls as somebody else.
"""

import itertools
import json
import logging
import os
import random
import subprocess
import unittest.mock

import pytest

import botocore.session
import botocore.utils

from credential_places import SECRET, TOKEN, Places
from python_venv import build_folder

PROGRAM = build_folder() / "tests" / "which_credentials"
SEED = 20261120
GENERATED = 200

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA-environment", "AWS_SECRET_ACCESS_KEY": SECRET}


def keys(name):
    return f"aws_access_key_id = AKIA-{name}\naws_secret_access_key = {SECRET}\n"


def role(name, *more):
    return f"role_arn = arn:aws:iam::123456789012:role/{name}\n" + "".join(f"{line}\n" for line in more)


# What may stand in each part of an environment; "" and {} are its absence. FOLDER and URL are
# filled in later.
VARIABLES = {
    "none": {},
    "keys": KEYS,
    "keys with token": KEYS | {"AWS_SESSION_TOKEN": TOKEN},
    "key without secret": {"AWS_ACCESS_KEY_ID": "AKIA-environment"},
    "empty key": KEYS | {"AWS_ACCESS_KEY_ID": ""},
    "secret alone": {"AWS_SECRET_ACCESS_KEY": SECRET},
    "blank key": KEYS | {"AWS_ACCESS_KEY_ID": "  "},
    "blank key alone": {"AWS_ACCESS_KEY_ID": "  "},
    "empty secret": KEYS | {"AWS_SECRET_ACCESS_KEY": ""},
    "blank secret": KEYS | {"AWS_SECRET_ACCESS_KEY": " "},
    "empty key and secret": {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
    "empty token": KEYS | {"AWS_SESSION_TOKEN": ""},
}
PROFILES = {
    "none": {},
    "drift": {"AWS_PROFILE": "drift"},
    "default": {"AWS_PROFILE": "default"},
    "missing": {"AWS_PROFILE": "missing"},
    "older name": {"AWS_DEFAULT_PROFILE": "drift"},
    "quoted": {"AWS_PROFILE": "my profile"},
}
WEB_IDENTITY = {
    "none": {},
    "whole": {"AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/irsa"},
    "without role": {"AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/token"},
    "without file": {"AWS_ROLE_ARN": "arn:aws:iam::1:role/irsa"},
    "missing file": {"AWS_WEB_IDENTITY_TOKEN_FILE": "FOLDER/none", "AWS_ROLE_ARN": "arn:aws:iam::1:role/irsa"},
}
CONTAINER = {
    "none": {},
    "full": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container"},
    "with token": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/container",
                   "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic x"},
    "not found": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "URL/elsewhere"},
    "foreign host": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/container"},
}  # fmt: skip
METADATA = {
    "disabled": {"AWS_EC2_METADATA_DISABLED": "true"},
    **{kind or "there": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"URL/imds{kind}"}
       for kind in ("", "-v1", "-norole", "-denied", "-dead")},
    "version 1 disabled": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "URL/imds-v1",
                           "AWS_EC2_METADATA_V1_DISABLED": "true"},
}  # fmt: skip
# Of one profile, in the config file.
SETTINGS = {
    "none": None,
    "empty": "",
    "keys": keys("config"),
    "role of base": role("first", "source_profile = base"),
    "role of itself": role("first", "source_profile = drift") + keys("self"),
    "role of itself without keys": role("first", "source_profile = drift"),
    "role of a circle": role("first", "source_profile = circle"),
    "role of nobody": role("first"),
    "role of a missing profile": role("first", "source_profile = nowhere"),
    "role of two": role("first", "source_profile = base", "credential_source = Environment"),
    "role of the environment": role("first", "credential_source = Environment"),
    "role of the container": role("first", "credential_source = EcsContainer"),
    "role of the instance": role("first", "credential_source = Ec2InstanceMetadata"),
    "role of a wrong source": role("first", "credential_source = environment"),
    "role with id": role("with-id", "source_profile = base", "external_id = 42"),
    "role without id": role("with-id", "source_profile = base"),
    "forbidden role": role("forbidden", "source_profile = base"),
    "role and duration": role("first", "source_profile = base", "duration_seconds = 1800",
                              "role_session_name = nightly"),
    "web identity": role("web", "web_identity_token_file = FOLDER/token"),
    "web identity without role": "web_identity_token_file = FOLDER/token\n",
    "process": "credential_process = FOLDER/give process\n",
    "process with quotes": "credential_process = 'FOLDER/a b/give' \"in quotes\"\n",
    "failing process": "credential_process = FOLDER/fail\n",
    "process and keys": "credential_process = FOLDER/give process\n" + keys("config"),
    "sso": "sso_start_url = https://x\nsso_region = eu-central-1\nsso_account_id = 1\nsso_role_name = r\n",
    "sso and keys": "sso_account_id = 1\nsso_role_name = r\n" + keys("config"),
}
CREDENTIALS = {
    "none": None,
    "keys": keys("file"),
    "keys with token": keys("file") + f"aws_session_token = {TOKEN}\n",
    "key without secret": "aws_access_key_id = AKIA-file\n",
    "role of base": role("from-file", "source_profile = base"),
    "something else": "region = eu-west-1\n",
}
BASE = {
    "config keys": keys("base"),
    "role of root": role("base-role", "source_profile = root"),
    "process": "credential_process = FOLDER/give base-process\n",
    "role of the container": role("base-role", "credential_source = EcsContainer"),
    "web identity": role("web", "web_identity_token_file = FOLDER/token"),
    "keys beside a role": role("base-role", "source_profile = root") + keys("base"),
    "nothing": "region = eu-west-1\n",
}
PARTS = {
    "variables": VARIABLES, "profile": PROFILES, "web identity": WEB_IDENTITY, "container": CONTAINER,
    "metadata": METADATA, "settings": SETTINGS, "credentials": CREDENTIALS, "base": BASE,
}  # fmt: skip
USUAL = {
    "variables": "none", "profile": "drift", "web identity": "none", "container": "none",
    "metadata": "disabled", "settings": "none", "credentials": "none", "base": "config keys",
}  # fmt: skip


def environments():
    """Each choice of each part beside a whole rest, then parts mixed at random."""
    for part, choices in PARTS.items():
        for choice in choices:
            yield USUAL | {"settings": "role of base"} | {part: choice}
    for choice in SETTINGS:
        yield USUAL | {"settings": choice, "container": "full", "metadata": "there"}
    for web, container, metadata in itertools.product(["none", "whole"], CONTAINER, METADATA):
        yield USUAL | {"profile": "none", "web identity": web, "container": container, "metadata": metadata}
    for base, settings in itertools.product(BASE, ["role of base", "role with id"]):
        yield USUAL | {"settings": settings, "base": base, "container": "full"}
    rng = random.Random(SEED)
    for _ in range(GENERATED):
        yield {part: rng.choice(list(choices)) for part, choices in PARTS.items()}


def built(environment, folder, url):
    """Variables and the texts of both files."""

    def filled(text):
        return text.replace("FOLDER", str(folder)).replace("URL", url)

    variables = {"HOME": str(folder), "PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1",
                 "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL_STS": url}  # fmt: skip
    for part in ("variables", "profile", "web identity", "container", "metadata"):
        variables |= {name: filled(value) for name, value in PARTS[part][environment[part]].items()}
    settings = SETTINGS[environment["settings"]]
    config = "[profile base]\n" + filled(BASE[environment["base"]])
    config += "[profile root]\n" + keys("root")
    config += "[profile circle]\n" + role("circle", "source_profile = drift")
    credentials = ""
    for name in ("drift", "default", "my profile"):
        header = "[default]" if name == "default" else f'[profile "{name}"]'
        if settings is not None:
            config += f"{header}\n{filled(settings)}"
        if CREDENTIALS[environment["credentials"]] is not None:
            credentials += f"[{name}]\n{CREDENTIALS[environment['credentials']]}"
    return variables, config, credentials


@pytest.fixture(scope="module")
def places():
    places = Places()
    yield places
    places.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("credentials")
    (folder / "token").write_text("web-tokn.rest")
    (folder / "a b").mkdir()
    for name in ("give", "a b/give"):
        script = folder / name
        script.write_text(
            "#!/bin/sh\nname=$(echo \"$1\" | tr ' ' -)\necho noise >&2\n"
            'printf \'{"Version": 1, "AccessKeyId": "AKIA-%s", "SecretAccessKey": "' + SECRET + '"}\' "$name"\n')
        script.chmod(0o755)
    script = folder / "fail"
    script.write_text(f"#!/bin/sh\necho {SECRET} >&2\nexit 3\n")
    script.chmod(0o755)
    return folder


# Its tracebacks would bury ours.
logging.getLogger("botocore").setLevel(logging.CRITICAL)


def botocores(variables):
    """The access key id, None where there is none, or the error."""
    with unittest.mock.patch.dict(os.environ, variables, clear=True):
        try:
            credentials = botocore.session.Session().get_credentials()
            return credentials and credentials.get_frozen_credentials().access_key
        except Exception as error:  # of whatever kind: botocore has no common one
            return error


@pytest.fixture(scope="module")
def compared(places, folder):
    with unittest.mock.patch.object(botocore.utils.ContainerMetadataFetcher, "SLEEP_TIME", 0):
        asked, theirs = list(environments()), []
        variables = []
        for number, environment in enumerate(asked):
            own, config, credentials = built(environment, folder, places.url)
            own["AWS_CONFIG_FILE"] = str(folder / f"config-{number}")
            own["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / f"credentials-{number}")
            (folder / f"config-{number}").write_text(config)
            (folder / f"credentials-{number}").write_text(credentials)
            variables.append(own)
            theirs.append(botocores(own))
    lines = "".join(json.dumps(one) + "\n" for one in variables)
    done = subprocess.run([PROGRAM], input=lines, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr and TOKEN not in done.stdout + done.stderr
    ours = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ours) == len(asked)
    return list(zip(asked, ours, theirs))


def agree(environment, ours, theirs):
    if environment["variables"].startswith("blank") and theirs in ("  ", "AKIA-environment"):
        # The same source, but what botocore would sign with is refused at once.
        return "from environment" in ours.get("error", "")
    if theirs is None:
        return ours.get("fault") == "no_credentials"
    if isinstance(theirs, Exception):
        return "error" in ours
    return ours.get("access_key_id") == theirs


def test_the_same_source_wins_as_with_botocore(compared):
    different = [
        f"{environment}\n  ours: {ours}\n  botocore: {theirs!r}"
        for environment, ours, theirs in compared
        if not agree(environment, ours, theirs)
    ]
    assert not different, f"{len(different)} differ:\n" + "\n".join(different[:8])


def test_the_table_covers_what_it_should(compared):
    winners = {theirs for _, _, theirs in compared if isinstance(theirs, str)}
    assert len(compared) >= 300
    assert winners >= {
        "AKIA-environment", "AKIA-config", "AKIA-file", "AKIA-process", "AKIA-in-quotes",
        "ASIA-container", "ASIA-imds", "ASIA-imds-v1", "ASIA-first-by-AKIA-base",
        "ASIA-first-by-AKIA-self", "ASIA-first-by-ASIA-base-role-by-AKIA-root",
        "ASIA-first-by-ASIA-container", "ASIA-first-by-ASIA-imds",
        "ASIA-with-id-by-AKIA-base", "ASIA-irsa-by-web-tokn", "ASIA-web-by-web-tokn",
        "ASIA-first-by-ASIA-web-by-web-tokn", "ASIA-first-by-AKIA-base-process",
        "ASIA-from-file-by-AKIA-base",
    }  # fmt: skip
    assert sum(theirs is None for _, _, theirs in compared) >= 5
    assert sum(isinstance(theirs, Exception) for _, _, theirs in compared) >= 40


def test_every_failure_says_what_to_try(compared):
    failures = [ours for _, ours, _ in compared if "error" in ours]
    assert failures and all(ours["hint"] for ours in failures)
    assert {ours["fault"] for ours in failures} <= {"no_credentials", "configuration", "access_denied"}
