"""The nightly run in its whole surroundings: GitHub, PostgreSQL, the SQL API, secrets, bucket, topic.

Everything has the names and variables of the environment that schema-drift drops into.
"""

import itertools
import json
import pathlib
import re

from botocore.exceptions import ClientError

from operations import ACCOUNT
from program import ROOT, run, valid

REVISIONS = ("a1", "b2", "c3")
TOKEN = "ghp_0123456789secret"
PASSWORD = "p@ss/word:?%"

# What is no report below latest/.
MEMORY = re.compile(r"/latest/(seen|told)/shop/[0-9a-f]{16}\.json$")

_numbers = itertools.count(1)


def filled_in(name, **values):
    """A policy of cron/ with its placeholders replaced."""
    text = (ROOT / "cron" / name).read_text()
    for placeholder, value in values.items():
        text = text.replace("${" + placeholder + "}", value)
    assert "${" not in text, text
    return json.loads(text)


def shipped_policy(aws, bucket, topic, token_secret, database_secret, function="sql-api"):
    return filled_in(
        "iam-policy.json", AWS_REGION=aws.region, AWS_ACCOUNT_ID=ACCOUNT, SQL_API_FUNCTION=function,
        GITHUB_TOKEN_SECRET_ARN=token_secret, DATABASE_SECRET_ARN=database_secret,
        REPORTS_BUCKET=bucket, SNS_TOPIC_ARN=topic)  # fmt: skip


class Nightly:
    """Names are new each time, because moto's state outlives one Aws.

    `database`: {"host", "port", "dbname", "username", "password"} of the secret.
    """

    def __init__(self, aws, folder, database=None, answer=None, github=None, repository=None):
        number = next(_numbers)
        self.aws, self.folder = aws, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.github, self.repository = github, repository
        self.bucket = aws.bucket(f"reports-{number}")
        self.topic = aws.topic(f"alerts-{number}")
        self.prefix = f"prod-{number}"
        self.token_secret = aws.secret(f"{self.prefix}/github-token", TOKEN)
        self.database_secret = None
        if database is not None:
            self.database_secret = aws.secret(f"{self.prefix}/database", json.dumps(database))
        if answer is not None:
            self.function = aws.function("sql-api", answer)
        self.policy = shipped_policy(
            aws, self.bucket, self.topic, self.token_secret,
            # Of one that a test makes later, the six random characters at its end are not known yet.
            self.database_secret
            or f"arn:aws:secretsmanager:{aws.region}:{ACCOUNT}:secret:{self.prefix}/database-??????")  # fmt: skip

    @property
    def spool(self):
        return self.folder / "state"

    def without(self, sid):
        kept = [s for s in self.policy["Statement"] if s["Sid"] != sid]
        assert len(kept) == len(self.policy["Statement"]) - 1
        return {**self.policy, "Statement": kept}

    def environment(self, principal=None, door=None):
        variables = self.aws.environment(principal, door)
        variables |= {
            "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_STATE_HOME": str(self.spool), "REPORTS_BUCKET": self.bucket,
            "SNS_TOPIC_ARN": self.topic, "SCHEMA_DRIFT_TARGET": "shop"}  # fmt: skip
        if self.github is not None:
            variables |= self.github.environment
            variables |= {"GITHUB_REPO": "example/shop", "GITHUB_TOKEN_SECRET_ARN": self.token_secret}
        else:
            variables["SCHEMA_DRIFT_REPOSITORY"] = str(self.repository)
        if self.database_secret is not None:
            variables["RDS_SECRET_ARN"] = self.database_secret
        return variables

    def run(self, principal, *words, door=None, **env):
        """The finished process: `.returncode`, `.stdout`, `.stderr`, and `.report` (or None)."""
        environment = {**self.environment(principal, door), **env}
        done = run("check", "--format", "json", *words,
                   env={name: value for name, value in environment.items() if value is not None})  # fmt: skip
        done.report = valid(json.loads(done.stdout)) if done.stdout else None
        return done

    def stored(self):
        """Every report in the bucket, validated, by key, as a person would fetch them."""
        s3 = self.aws.admin("s3")
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]
        return {key: valid(json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()))
                for key in keys if not MEMORY.search(key)}  # fmt: skip

    def told(self):
        """What is recorded of each destination, by its name."""
        s3 = self.aws.admin("s3")
        keys = [o["Key"] for o in s3.list_objects_v2(
            Bucket=self.bucket, Prefix="schema-drift/latest/told/").get("Contents", [])]  # fmt: skip
        records = [json.loads(s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()) for key in keys]
        return {record["destination"]: record for record in records}

    def dated(self):
        return {key: report for key, report in self.stored().items() if "/latest/" not in key}

    def latest(self):
        try:
            got = self.aws.admin("s3").get_object(Bucket=self.bucket, Key="schema-drift/latest/shop.json")
        except ClientError:
            return None
        return valid(json.loads(got["Body"].read()))

    def alerts(self):
        return [message for message in self.aws.published if message["topic"] == self.topic]

    def spooled(self):
        return [valid(json.loads(path.read_text())) for path in sorted(self.spool.rglob("*.json"))]

    def rights_used(self):
        """{(action, resource)} of this run's calls, and which of them were denied."""
        return ({(call.action, call.resource) for call in self.aws.calls},
                {call.action for call in self.aws.calls
                 if call.code and ("AccessDenied" in call.code or "Authorization" in call.code)})  # fmt: skip
