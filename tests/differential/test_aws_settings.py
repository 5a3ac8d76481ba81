"""The AWS tools' files, variables and host names, read by schema-drift and by botocore.

Whoever has AWS set up for other tools must not be somebody else, or somewhere else, here.
"""

import json
import pathlib
import random
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from python_venv import build_folder, venv_python  # noqa: E402

SEED = 20261120
FILES = 900
COMMANDS = 4000
NAMES = ["default", "base", "drift", "my profile", "naïve", "x", "DEFAULT", "dev"]
SERVICES = ["lambda", "s3", "sns", "secretsmanager", "ssm", "sts"]
SETTING_NAMES = ["lambda", "s3", "sns", "secrets_manager", "ssm", "sts", "secretsmanager"]


@pytest.fixture(scope="module")
def botocore_python():
    return venv_python("botocore", ["botocore"], ["botocore"], what="botocore")


def answers(command, requests):
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(requests):
    return answers([str(build_folder() / "tests" / "read_aws_settings")], requests)


def botocores(python, requests):
    return answers([python, str(HERE / "ask_botocore.py")], requests)


def section_line(rng, in_config, taken):
    """A section's first line; strange ones and repeated ones now and then."""
    name = rng.choice(NAMES)
    quoted = rng.choice([name, f'"{name}"', f"'{name}'"] if " " not in name else [f'"{name}"'])
    strange = ["[profile]", "[profile a b]", '[profile "open]', "[profiles x]", "[servicesx dev]",
               "[plugins]", "[]", "[preview] # note", "[DEFAULT]", "[sso-session x]",
               '[profile ""]', "[profile a\\ b]", "[ default ]"]  # fmt: skip
    if in_config:
        choices = [f"[profile {quoted}]"] * 8 + [f"[services {quoted}]"] * 4 + ["[default]"] * 3
    else:
        choices = [f"[{name}]"] * 12 + [f"[profile {name}]"]
    line = rng.choice(choices if rng.random() < 0.93 else strange)
    if line in taken and line != "[DEFAULT]" and rng.random() < 0.97:
        return None
    taken.add(line)
    return line


def setting_lines(rng, taken):
    key = rng.choice(
        ["region", "ca_bundle", "endpoint_url", "services", "aws_access_key_id", "role_arn",
         "aws_secret_access_key", "source_profile", "output", "Region", "use_fips_endpoint"]
        + SETTING_NAMES)  # fmt: skip
    if key.lower() in taken and rng.random() < 0.98:
        return []
    taken.add(key.lower())
    delimiter = rng.choice([" = ", "=", ": ", " :", "  =\t"])
    blank = rng.choice([""] * 6 + [" ", "\t", "\u00a0", "\u3000", "\x1f"])
    if key in SETTING_NAMES:
        lines = [f"{key}{delimiter}".rstrip(" ") + blank]
        for _ in range(rng.randint(0, 3)):
            lines.append(rng.choice(
                ["  endpoint_url = http://{}.example:80/x".format(key.replace("_", "-"))] * 6
                + ["  Addressing_Style=path", "\tmax = a = b", "  # note", "", "  empty ="]
                + ["  no delimiter"] * (rng.random() < 0.05)))  # fmt: skip
        return lines
    value = {
        "region": rng.choice(["eu-central-1", "us-gov-west-1", "cn-north-1"]),
        "endpoint_url": rng.choice(["http://localhost:9000", "https://gw.example/aws"]),
        "services": rng.choice(NAMES),
        "source_profile": rng.choice(NAMES),
        "use_fips_endpoint": "false",
    }.get(key.lower(), rng.choice(["plain", "a = b", "x:y", "# no comment", "a ; b", "%(here)s",
                                   "\"quoted\"", "naïve", "[x]", "ab/cd+ef==", ""]))  # fmt: skip
    lines = [f"{rng.choice(['', '', '', ' '])}{key}{delimiter}{value}{blank}"]
    if rng.random() < 0.04:
        lines.append(rng.choice(["   continued", "", "\t[not a section]", "  ; note"]))
    return lines


def random_file(rng, in_config):
    lines, sections = [], set()
    for _ in range(rng.randint(0, 5)):
        header = section_line(rng, in_config, sections)
        if header is None:
            continue
        lines.append(header)
        settings = set()
        for _ in range(rng.randint(0, 6)):
            lines += setting_lines(rng, settings)
            if rng.random() < 0.15:
                lines.append(rng.choice(["", "# note = 1", "; note", "   # indented note"]))
    if rng.random() < 0.06:
        lines.insert(rng.randint(0, len(lines)), rng.choice(
            ["no delimiter", "= no name", "[open", "key = before any section", "\ufeff"]))  # fmt: skip
    return rng.choice(["\n", "\n", "\n", "\r\n", "\r"]).join(lines) + rng.choice(["\n", ""])


def requests(folder):
    rng = random.Random(SEED)

    def choose(probability):
        return rng.random() < probability

    for _ in range(FILES):
        variables = {"HOME": folder, "AWS_CONFIG_FILE": rng.choice([f"{folder}/config", "~/config"]),
                     "AWS_SHARED_CREDENTIALS_FILE": rng.choice(
                         [f"{folder}/credentials", "$HOME/credentials", "${HOME}/credentials"])}  # fmt: skip
        if choose(0.4):
            variables["AWS_PROFILE"] = rng.choice(NAMES)
        if choose(0.2):
            variables["AWS_DEFAULT_REGION"] = "ap-south-1"
        if choose(0.1):
            variables["AWS_CA_BUNDLE"] = "/ca.pem"
        if choose(0.2):
            variables["AWS_ENDPOINT_URL"] = "http://127.0.0.1:4566/all"
        if choose(0.2):
            service = rng.choice(SETTING_NAMES[:6]).upper()
            variables[f"AWS_ENDPOINT_URL_{service}"] = "http://127.0.0.1:4566/one"
        if choose(0.1):
            variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = rng.choice(["true", "false", "TRUE"])
        yield {
            "config": random_file(rng, True) if choose(0.93) else None,
            "credentials": random_file(rng, False) if choose(0.6) else None,
            "variables": variables, "names": NAMES, "folder": folder,
        }  # fmt: skip


def same_endpoint(mine, theirs):
    # A flag of several lines is refused here on purpose; botocore takes it for false.
    if mine and mine.get("error", "").startswith("use_fips_endpoint of profile"):
        return mine["error"].endswith(" goes on over several lines")
    if theirs is None or mine is None:
        return mine is None and theirs is None
    # Several lines in one value: botocore takes them, and the request fails.
    if isinstance(theirs, dict) or "\n" in theirs:
        return "error" in mine
    return mine.get("url") == theirs.rstrip("/")


@pytest.fixture(scope="module")
def compared(tmp_path_factory, botocore_python):
    asked = list(requests(str(tmp_path_factory.mktemp("aws"))))
    mine, theirs = ours(asked), botocores(botocore_python, asked)
    assert len(asked) == len(mine) == len(theirs)
    return list(zip(asked, mine, theirs))


def differences(mine, theirs):
    if ("error" in mine) != ("error" in theirs):
        return ["refused by one alone"]
    if "error" in theirs:
        return []
    found = [key for key in ("config", "credentials", "services") if mine[key] != theirs[key]]
    if theirs.get("profile_not_found"):
        return found
    for key, unset in (("region", None), ("ca_bundle", "")):
        several_lines = "\n" in (theirs[key] or "")
        same = "error" in mine[key] if several_lines else mine[key] == (theirs[key] or unset)
        found += [] if same else [key]
    return found + [service for service in SERVICES
                    if not same_endpoint(mine["endpoint"][service], theirs["endpoint"][service])]  # fmt: skip


def test_every_file_is_read_as_botocore_reads_it(compared):
    different = [
        json.dumps({"what": what, "asked": asked, "ours": mine, "botocore": theirs}, indent=1)
        for asked, mine, theirs in compared
        if (what := differences(mine, theirs))
    ]
    assert not different, f"{len(different)} differ:\n" + "\n".join(different[:3])


def test_the_files_cover_what_they_should(compared):
    """A generator that makes nothing but refused or empty files would compare nothing."""
    read = [theirs for _, _, theirs in compared if "error" not in theirs]
    assert len(read) >= 500
    assert len(compared) - len(read) >= 90
    assert sum(any(one["config"].values()) for one in read) >= 350
    assert sum(any("." in key for name in one["services"].values() if name for key in name)
               for one in read) >= 120  # fmt: skip
    assert sum(any(isinstance(url, str) for url in one.get("endpoint", {}).values())
               for one in read) >= 140  # fmt: skip


def test_every_refusal_names_file_and_line_and_says_what_to_try(compared):
    for asked, mine, _ in compared:
        if "error" in mine:
            folder = asked["folder"]
            assert mine["error"].startswith((f"{folder}/config:", f"{folder}/credentials:")), mine
            assert mine["hint"]


def random_command(rng):
    pieces = ["a", "b c", " ", "\t", "'", '"', "\\", "''", '""', "'x y'", '"x\\"y"', "\\ ", "#", "$HOME",
              "~", "\n", "é", '"\\n"', "=", "|"]  # fmt: skip
    return "".join(rng.choice(pieces) for _ in range(rng.randint(0, 9)))


def test_commands_are_taken_apart_as_shlex_does(botocore_python):
    rng = random.Random(SEED)
    asked = [{"words": [random_command(rng) for _ in range(COMMANDS)]}]
    (mine,), (theirs,) = ours(asked), botocores(botocore_python, asked)
    assert [(text, a, b) for text, a, b in zip(asked[0]["words"], mine, theirs) if a != b] == []
    refused = sum(answer is None for answer in theirs)
    assert 500 < refused < COMMANDS - 500


@pytest.mark.parametrize("fips", ["true", "false"])
@pytest.mark.parametrize("dualstack", ["true", "false"])
def test_every_host_name_is_botocores(botocore_python, tmp_path, fips, dualstack):
    (known,) = botocores(botocore_python, [{"regions": True}])
    regions = [region for region in known if not region.endswith("-global")]
    assert len(regions) >= 40 and set(known.values()) >= {"aws", "aws-cn", "aws-us-gov", "aws-iso"}
    regions += ["eu-nowhere-9", "cn-nowhere-9", "us-iso-nowhere-9", "eusc-de-nowhere-9"]
    asked = [{
        "variables": {"HOME": str(tmp_path), "AWS_USE_FIPS_ENDPOINT": fips,
                      "AWS_USE_DUALSTACK_ENDPOINT": dualstack},
        "endpoints": [[service, region] for region in regions for service in SERVICES],
    }]  # fmt: skip
    (mine,), (theirs,) = ours(asked), botocores(botocore_python, asked)
    different = [
        (where, a, b)
        for where, a, b in zip(asked[0]["endpoints"], mine, theirs)
        if a.get("url") != b.get("url")
    ]
    assert len(mine) == len(theirs) == len(asked[0]["endpoints"])
    assert different == []
