"""cron/terraform, applied to moto by terraform and the AWS provider, makes what the template makes.

What is compared is what the services hold afterwards: the role's rights, the function, the alarms, the
policies of bucket, topic and queue. Where a machine has no terraform or no provider, the module is only
parsed, and the suite says so. No AWS account has seen it.
"""

import contextlib
import json
import re
import shutil
import subprocess
import warnings

import boto3
import pytest

from operations import ACCOUNT
from program import ROOT
from python_venv import venv_python
from stack import FILE, cloudformation_python
from template import Template
from terraform import Terraform, find_provider

MIRROR, WHY_NOT = find_provider()
REGION = "eu-central-1"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SERVICES = ("cloudwatch", "events", "iam", "lambda", "logs", "s3", "sns", "sqs", "sts")
# moto would obey a bucket's policy without its conditions, and refuse every later call.
SERVER = """
import logging, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
import moto.s3.models as s3
s3.FakeBucket.allow_action = lambda *_, **__: None
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def moto_alone():
    process = subprocess.Popen(
        [cloudformation_python(), "-W", "ignore", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
        env={"PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"})  # fmt: skip
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(timeout=20)


def documented():
    """The module's call in docs/operations.md."""
    text = (ROOT / "docs/operations.md").read_text()
    return re.search(r"```hcl\n(.*?)```", text, re.DOTALL)[1]


def module(folder, call, endpoint):
    """A root module that calls ours, and Terraform in it."""
    shutil.copytree(ROOT / "cron", folder / "cron")
    (folder / "schema-drift.zip").write_bytes(b"no zip")
    call = re.sub(r'source( *)= ".*"', r'source\1= "./cron/terraform"', call)
    endpoints = "".join(f'    {name} = "{endpoint}"\n' for name in SERVICES)
    (folder / "main.tf").write_text(
        f'{call}\nprovider "aws" {{\n  region = "{REGION}"\n  access_key = "x"\n  secret_key = "x"\n'
        "  s3_use_path_style = true\n  skip_metadata_api_check = true\n  skip_region_validation = true\n"
        f'  endpoints {{\n{endpoints}  }}\n}}\noutput "made" {{\n  value = module.schema_drift\n}}\n')  # fmt: skip
    tool = Terraform(folder, MIRROR)
    tool.run("init", "-input=false")
    return tool


def test_the_module_is_formatted_and_valid(tmp_path):
    if MIRROR is None:
        warnings.warn(f"the module is parsed and not validated: {WHY_NOT}", stacklevel=1)
        python = venv_python("hcl2", ["python-hcl2"], ["hcl2"], what="python-hcl2")
        for path in sorted((ROOT / "cron/terraform").glob("*.tf")):
            subprocess.run([python, "-c", "import hcl2, sys; hcl2.load(open(sys.argv[1]))", path], check=True)
        return
    tool = module(tmp_path, documented(), "http://127.0.0.1:9")
    tool.run("fmt", "-check", "-diff", "cron/terraform")
    assert tool.json("validate")["diagnostics"] == []


def rights(statements):
    """{Sid: the statement}, lists sorted, one word as a list of one."""
    made = {}
    for statement in statements:
        plain = {name: sorted([value] if isinstance(value, str) else value) if name in ("Action", "Resource") else value
                 for name, value in statement.items()}  # fmt: skip
        assert statement["Sid"] not in made
        made[statement["Sid"]] = plain
    return made


class Made:
    """What stands in moto after an apply, and the template with the same names."""

    def __init__(self, endpoint, outputs, **parameters):
        self.client = lambda service: boto3.client(
            service, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="x", aws_secret_access_key="x")  # fmt: skip
        self.outputs = outputs
        parameters = {"CodeBucket": "code", "GithubRepo": "example/shop", "SqlApiFunction": "sql-api", **parameters}
        self.template = Template(FILE.read_text(), parameters, REGION, ACCOUNT, "schema-drift")
        queue = outputs["failed_queue"].rsplit("/", 1)[1]
        arn = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}".format
        self.template.physical = {
            "CheckRole": outputs["check_role"], "Reports": outputs["reports_bucket"], "Alerts": outputs["alerts_topic"],
            "Failed": outputs["failed_queue"], "Check": outputs["check_function"],
            "CheckLogs": "/aws/lambda/schema-drift-check"}  # fmt: skip
        self.template.attributes = {
            "Reports.Arn": f"arn:aws:s3:::{outputs['reports_bucket']}", "Failed.Arn": arn("sqs", queue),
            "Failed.QueueName": queue, "Nightly.Arn": arn("events", "rule/schema-drift-nightly"),
            "Weekly.Arn": arn("events", "rule/schema-drift-weekly"), "Check.Arn": arn("lambda", "function:schema-drift-check"),
            # As CloudFormation gives it, with the star behind it.
            "CheckLogs.Arn": arn("logs", "log-group:/aws/lambda/schema-drift-check:*"),
            "CheckRole.Arn": f"arn:aws:iam::{ACCOUNT}:role/{outputs['check_role']}"}  # fmt: skip

    def role_has(self):
        iam, role = self.client("iam"), self.outputs["check_role"]
        assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
        return rights(statement for name in iam.list_role_policies(RoleName=role)["PolicyNames"] for statement in
                      iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"])  # fmt: skip

    def template_gives(self):
        role = self.outputs["check_role"]
        return rights(statement for name in self.template.resources("AWS::IAM::Policy")
                      if role in self.template.properties(name)["Roles"]
                      for statement in self.template.properties(name)["PolicyDocument"]["Statement"])  # fmt: skip

    def document(self, name):
        """Of a resource of the template."""
        return rights(self.template.properties(name)["PolicyDocument"]["Statement"])


def same_role(made):
    assert made.role_has() == made.template_gives()
    assert not [right for right in made.role_has().values() if "*" in right["Resource"]]
    trust = made.client("iam").get_role(RoleName=made.outputs["check_role"])["Role"]["AssumeRolePolicyDocument"]
    assert trust == made.template.properties("CheckRole")["AssumeRolePolicyDocument"]


def same_function(made):
    told = made.client("lambda").get_function_configuration(FunctionName=made.outputs["check_function"])
    wanted = made.template.properties("Check")
    for name in ("FunctionName", "Runtime", "Architectures", "Handler", "MemorySize", "Timeout", "Role"):
        assert told[name] == wanted[name], name
    variables = wanted["Environment"]["Variables"]
    # SNS_TOPIC_ARN alone says the same.
    assert variables.pop("SCHEMA_DRIFT_ALERTS", made.outputs["alerts_topic"]) == made.outputs["alerts_topic"]
    assert told["Environment"]["Variables"] == variables


def same_alarms(made):
    told = {alarm["AlarmName"]: alarm for alarm in made.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    wanted = [made.template.properties(name) for name in made.template.resources("AWS::CloudWatch::Alarm")]
    assert set(told) == {alarm["AlarmName"] for alarm in wanted}
    for alarm in wanted:
        for name, value in alarm.items():
            assert told[alarm["AlarmName"]].get(name) == value, (alarm["AlarmName"], name)


def same_places(made):
    s3, bucket = made.client("s3"), made.outputs["reports_bucket"]
    assert rights(json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]) == made.document("ReportsPolicy")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    wanted = {rule["Id"]: rule for rule in made.template.properties("Reports")["LifecycleConfiguration"]["Rules"]}
    assert {name: rule.get("Filter", {}).get("Prefix", "") for name, rule in rules.items()} == {
        name: rule.get("Prefix", "") for name, rule in wanted.items()}  # fmt: skip
    assert [rules[name]["Expiration"].get("Days") for name in ("expire", "tidy")] == [90, None]
    topic = made.client("sns").get_topic_attributes(TopicArn=made.outputs["alerts_topic"])["Attributes"]["Policy"]
    assert rights(json.loads(topic)["Statement"]) == made.document("AlertsPolicy")
    queue = made.client("sqs").get_queue_attributes(QueueUrl=made.outputs["failed_queue"], AttributeNames=["All"])["Attributes"]
    assert rights(json.loads(queue["Policy"])["Statement"]) == made.document("FailedPolicy")
    assert queue["MessageRetentionPeriod"] == "1209600"


def same_schedule(made):
    events = made.client("events")
    for key, name in (("Nightly", "schema-drift-nightly"), ("Weekly", "schema-drift-weekly")):
        wanted = made.template.properties(key)
        assert events.describe_rule(Name=name)["ScheduleExpression"] == wanted["ScheduleExpression"]
        (target,) = events.list_targets_by_rule(Rule=name)["Targets"]
        (described,) = wanted["Targets"]
        assert {part: target.get(part) for part in ("Arn", "Input", "RetryPolicy", "DeadLetterConfig")} == {
            part: described.get(part) for part in ("Arn", "Input", "RetryPolicy", "DeadLetterConfig")}  # fmt: skip


if MIRROR is not None:

    def test_what_is_applied_is_what_the_template_makes(tmp_path):
        """With keys of one's own: then there is no right of the template's that is left out."""
        given = {"GithubTokenSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:github-AbCdEf",
                 "TargetName": "shop", "AlertEmail": "dba@example.com", "ReportsKeyArn": KEY, "SecretsKeyArn": KEY}  # fmt: skip
        call = documented().replace("\n}", f'\n  reports_key_arn = "{KEY}"\n  secrets_key_arn = "{KEY}"\n}}')
        with moto_alone() as endpoint:
            tool = module(tmp_path, call, endpoint)
            tool.run("apply", "-input=false", "-auto-approve", "-no-color")
            made = Made(endpoint, tool.json("output")["made"]["value"], **given)
            assert {"UseReportsKey", "UseSecretsKey", "ReadGithubToken", "StoreReports"} < set(made.role_has())
            for same in (same_role, same_function, same_alarms, same_places, same_schedule):
                same(made)
            # Applied once more it has nothing to do.
            assert "No changes." in tool.run("plan", "-input=false", "-no-color", "-detailed-exitcode")


@pytest.mark.parametrize("name, value, told", [
    ("github_repo", "shop", "The repository is written owner/name."),
    ("sql_api_function", "", "The SQL API is a function's NAME or NAME:QUALIFIER."),
    ("object_lock_mode", "SOMETIMES", "The mode is NONE, GOVERNANCE or COMPLIANCE."),
])  # fmt: skip
def test_what_cannot_be_meant_is_refused(name, value, told):
    """The conditions themselves, without a provider: of terraform's own console."""
    text = (ROOT / "cron/terraform/variables.tf").read_text()
    block = re.search(rf'variable "{name}" {{.*?\n}}\n', text, re.DOTALL)[0]
    assert f'error_message = "{told}"' in block
    if MIRROR is None:
        return
    condition = re.search(r"condition +=(.*)", block)[1].replace(f"var.{name}", json.dumps(value))
    done = subprocess.run(["terraform", "console"], input=condition, capture_output=True, text=True, cwd="/",
                          env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "CHECKPOINT_DISABLE": "1"})  # fmt: skip
    assert done.stdout.strip() == "false", done.stderr
