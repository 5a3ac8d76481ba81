"""docs/operations.md, "Replace the Python function in place": its commands, carried out in moto.

What AWS alone can show (that the new runtime starts the zip) is tests/deploy/test_lambda_zip.py's.
"""

import io
import json
import re
import shlex
import zipfile

import pytest

from lambda_emulator import LambdaEmulator
from nightly import TOKEN, filled_in
from operations import ACCOUNT
from postgres import Cluster
from program import ROOT, valid
from sql_api import SqlApi

DOCUMENT = (ROOT / "docs/operations.md").read_text()
(SECTION,) = re.findall(r"### Replace the Python function in place\n(.*?)\n### ", DOCUMENT, re.DOTALL)
NO_METHOD = {"wait"}  # of the command line alone


def commands(text):
    """[(service, operation, {option: value})] of the `aws` commands in the fenced blocks."""
    found = []
    for block in re.findall(r"```\n(.*?)```", text, re.DOTALL):
        for line in re.split(r"\n\s*(?=aws |curl )", re.sub(r"\\\n", " ", block)):
            words = shlex.split(line)
            # What a shell would do with the answer.
            ends = [n for n, word in enumerate(words) if word.startswith(">") or word in ("&&", "answer.json")]
            words = words[:min(ends)] if ends else words
            if words[:1] == ["aws"] and words[2] not in NO_METHOD:
                found.append((words[1], words[2], dict(zip(words[3::2], words[4::2]))))
    return found


@pytest.fixture(scope="module")
def cluster():
    with Cluster(tcp=True) as server:
        server.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                    "INSERT INTO alembic_version VALUES ('b2')", db="app")  # fmt: skip
        yield server


class Today:
    """The function as it runs: Python, its six variables, and a role that may not read reports."""

    def __init__(self, aws, cluster):
        self.aws = aws
        self.bucket, self.topic = aws.bucket("reports-of-today"), aws.topic("drift-of-today")
        token = aws.secret("prod/shop/github-token", TOKEN)
        # The host is out of reach, as in a VPC.
        database = aws.secret("prod/shop/database", json.dumps({
            "username": "owner", "password": "x", "host": "127.0.0.1", "port": 1, "dbname": "app"}))  # fmt: skip
        aws.function("sql-api", SqlApi(cluster, "app", tcp=True))
        shipped = filled_in(
            "iam-policy.json", AWS_REGION=aws.region, AWS_ACCOUNT_ID=ACCOUNT, SQL_API_FUNCTION="sql-api",
            GITHUB_TOKEN_SECRET_ARN=token, DATABASE_SECRET_ARN=database, REPORTS_BUCKET=self.bucket,
            SNS_TOPIC_ARN=self.topic)  # fmt: skip
        own = {**shipped, "Statement": [s for s in shipped["Statement"] if s["Sid"] in (
            "AskSqlApi", "ReadGithubToken", "ReadDatabaseSecret", "StoreReports", "SendAlerts")]}  # fmt: skip
        iam = aws.admin("iam")
        role = iam.create_role(RoleName="drift-of-today", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                    "Principal": {"Service": "lambda.amazonaws.com"}}]}))  # fmt: skip
        iam.put_role_policy(RoleName="drift-of-today", PolicyName="own", PolicyDocument=json.dumps(own))
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("lambda_function.py", "def lambda_handler(event, context): ...\n")
        self.code = code.getvalue()
        self.client = aws.admin("lambda")
        self.client.create_function(
            FunctionName="drift-of-today", Runtime="python3.11", Handler="lambda_function.lambda_handler",
            Role=role["Role"]["Arn"], MemorySize=512, Timeout=300, Code={"ZipFile": self.code},
            Environment={"Variables": {
                "SNS_TOPIC_ARN": self.topic, "RDS_SECRET_ARN": database, "GITHUB_TOKEN_SECRET_ARN": token,
                "GITHUB_REPO": "example/shop", "REPORTS_BUCKET": self.bucket, "NOTIFY_ON_SUCCESS": "false"}})  # fmt: skip
        self.before = self.configuration()

    def configuration(self):
        return self.client.get_function_configuration(FunctionName="drift-of-today")

    def carry_out(self, files):
        """A command of the document, by the same call of boto3. Gives its answer."""
        def value(text):
            for old, new in (("FUNCTION", "drift-of-today"), ("ROLE", "drift-of-today"), ("BUCKET", self.bucket),
                             ("$(jq -r .Runtime before.json)", self.before["Runtime"]),
                             ("$(jq -r .Handler before.json)", self.before["Handler"])):  # fmt: skip
                text = text.replace(old, new)
            return files[text.removeprefix("fileb://")] if text.startswith("fileb://") else text

        def call(service, operation, options):
            named = {"".join(part.capitalize() for part in name.strip("-").split("-")): value(text)
                     for name, text in options.items() if name not in ("--query", "--output")}  # fmt: skip
            return getattr(self.aws.admin(service), operation.replace("-", "_"))(**named)

        return call

    def night(self, github):
        policies = [self.aws.admin("iam").get_role_policy(RoleName="drift-of-today", PolicyName=name)["PolicyDocument"]
                    for name in self.aws.admin("iam").list_role_policies(RoleName="drift-of-today")["PolicyNames"]]  # fmt: skip
        told = self.configuration()
        env = {**told["Environment"]["Variables"], **github.environment, "_HANDLER": told["Handler"],
               **self.aws.environment(self.aws.principals.session("drift-of-today", policies))}  # fmt: skip
        with LambdaEmulator([], env) as function:
            answered = function.invoke({})
            assert answered.function_error == "", answered.payload
            return valid(answered.json["body"])


def test_the_commands_put_the_program_in_and_the_old_function_back(aws, cluster, github):
    today = Today(aws, cluster)
    forwards, back = SECTION.split("To go back,")
    carry_out = today.carry_out({"build/lambda/schema-drift.zip": b"PK new", "before.zip": today.code})
    done = [(operation, carry_out(service, operation, options)) for service, operation, options in commands(forwards)
            if operation != "invoke"]  # fmt: skip
    assert [operation for operation, _ in done] == [
        "publish-version", "get-function-configuration", "put-role-policy", "update-function-code",
        "update-function-configuration"]  # fmt: skip
    now = today.configuration()
    assert (now["Runtime"], now["Handler"]) == ("provided.al2023", "check")
    for kept in ("Role", "MemorySize", "Timeout", "Environment", "Architectures"):
        assert now[kept] == today.before[kept]

    report = today.night(github)
    assert (report["status"], report["production_version"], report["target"]) == ("behind", "b2", "prod-shop-database")
    assert len(aws.published) == 1
    # The two rights: the second night knows what the first told.
    assert today.night(github)["alert"]["kind"] == "drift_unchanged"
    assert len(aws.published) == 1
    assert not [call for call in aws.calls if call.code and "Denied" in call.code]

    for service, operation, options in commands(back):
        carry_out(service, operation, options)
    again = today.configuration()
    for same in ("Runtime", "Handler", "CodeSha256", "Environment", "Role"):
        assert again[same] == today.before[same], same
