"""cron/cloudformation.yaml, deployed into moto.

moto's CloudFormation does not know every type of resource, and of those that it knows it leaves out
properties. What it leaves out is created through the service's own call, from the same properties,
so that each of them is accepted by somebody: see LEFT_TO_CALLS and test_cloudformation.py.
"""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import urllib.parse

import verifying_server
from operations import ACCOUNT
from program import ROOT
from python_venv import venv_python
from template import Template

FILE = ROOT / "cron/cloudformation.yaml"
FLEET_FILE = ROOT / "cron/fleet.yaml"
# moto's CloudFormation skips these types. The test that deploys holds the list to be exact.
LEFT_TO_CALLS = {
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}

# moto's state machines call moto itself, as an administrator. Here what they ask of Lambda and S3
# goes where a file says, as whom it says: to the layer that checks rights. Nothing else of them is
# replaced.
_SERVER = """
import json, logging, os, sys
logging.getLogger("werkzeug").setLevel(logging.ERROR)
import boto3
from botocore.config import Config
import moto.stepfunctions.parser.asl.utils.boto_client as clients
from moto.core.config import default_user_config
default_user_config["stepfunctions"]["execute_state_machine"] = True
as_moto_does = clients.boto_client_for

def as_the_role(region, service, state_credentials=None):
    told = json.load(open(os.environ["STATES_AS"]))
    if service not in ("lambda", "s3") or not told:
        return boto3.client(service, region_name=region, endpoint_url=f"http://127.0.0.1:{server.get_host_and_port()[1]}",
                            aws_access_key_id="x", aws_secret_access_key="x", config=Config(parameter_validation=False))
    return boto3.client(service, region_name=region, endpoint_url=told["url"], verify=told["ca"],
                        aws_access_key_id=told["key"], aws_secret_access_key=told["secret"],
                        aws_session_token=told["token"], config=Config(
                            parameter_validation=False, retries={"total_max_attempts": 1},
                            read_timeout=120, s3={"addressing_style": "path"}))

clients.boto_client_for = as_the_role
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


def cloudformation_python():
    """An environment of its own: what moto's CloudFormation imports is at odds with Debian's pytest."""
    return venv_python("cloudformation", ["moto[cloudformation,s3,ssm,stepfunctions]", "flask", "flask-cors", "cfn-lint"],
                       ["moto.server", "moto.cloudformation", "cfnlint", "antlr4", "jsonpath_ng"], what="moto[cloudformation]")  # fmt: skip


class MotoProcess:
    """Stands in for the moto that verifying_server.py would start in this process."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="sd-moto-")
        self._states_as = pathlib.Path(self._folder.name) / "states-as"
        self.states_as(None)
        self._process = subprocess.Popen(
            [cloudformation_python(), "-W", "ignore", "-c", _SERVER], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={"PATH": "/usr/bin:/bin", "S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true",
                 "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
                 "STATES_AS": str(self._states_as)})  # fmt: skip
        self._port = int(self._process.stdout.readline())

    def get_host_and_port(self):
        return "127.0.0.1", self._port

    def states_as(self, aws, principal=None):
        """Whose calls those of state machines are, from now on."""
        self._states_as.write_text(json.dumps(aws and {
            "url": aws.url, "ca": str(aws.ca_file) if aws.ca_file else None, "key": principal.key_id,
            "secret": principal.secret, "token": principal.token}))  # fmt: skip

    def stop(self):
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._folder.cleanup()


@contextlib.contextmanager
def moto_with_cloudformation():
    assert verifying_server._moto is None, "another moto runs in this process"
    verifying_server._moto = MotoProcess()
    try:
        yield
    finally:
        verifying_server._moto.stop()
        verifying_server._moto = None


class Stack:
    """Deployed under `name`, with what stands outside of it: the zip's bucket and two secrets."""

    def __init__(self, aws, name, archive=b"no zip", file=FILE, **parameters):
        self.aws, self.name, self.region = aws, name, aws.region
        code = aws.bucket(f"code-{name}")
        aws.admin("s3").put_object(Bucket=code, Key="schema-drift.zip", Body=archive)
        self.parameters = {"CodeBucket": code, **parameters}
        if file == FILE:
            self.parameters.setdefault("GithubRepo", "example/shop")
        self.template = Template(file.read_text(), self.parameters, aws.region, ACCOUNT, name)
        self._cloudformation = aws.admin("cloudformation")
        self._cloudformation.create_stack(
            StackName=name, TemplateBody=file.read_text(), Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in self.parameters.items()])  # fmt: skip
        (told,) = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
        assert told["StackStatus"] == "CREATE_COMPLETE", told
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in told["Outputs"]}
        self.made = {
            r["LogicalResourceId"]: r.get("PhysicalResourceId")
            for r in self._cloudformation.describe_stack_resources(StackName=name)["StackResources"]
            if "LogicalResourceId" in r}  # fmt: skip
        self._know_physical_names()
        self.called = self._make_the_rest()

    def _know_physical_names(self):
        template, made = self.template, self.made
        template.physical = {name: physical for name, physical in made.items() if physical}
        queue = urllib.parse.urlparse(made["Failed"]).path.rsplit("/", 1)[1]
        arn = f"arn:aws:{{}}:{self.region}:{ACCOUNT}:{{}}".format
        template.attributes = {
            "Failed.Arn": arn("sqs", queue), "Failed.QueueName": queue,
            "Nightly.Arn": arn("events", f"rule/{made['Nightly']}"),
            "Check.Arn": arn("lambda", f"function:{made['Check']}"),
            "CheckRole.Arn": f"arn:aws:iam::{ACCOUNT}:role/{made['CheckRole']}"}  # fmt: skip
        if "Reports" in made:
            template.attributes["Reports.Arn"] = f"arn:aws:s3:::{made['Reports']}"
        for group in ("CheckLogs", "SqlApiLogs"):
            if group in made:
                template.attributes[f"{group}.Arn"] = arn("logs", f"log-group:{made[group]}:*")
        if "Weekly" in made:
            template.attributes["Weekly.Arn"] = arn("events", f"rule/{made['Weekly']}")
        for role in ("FleetRole", "NightlyRole"):
            if role in made:
                template.attributes[f"{role}.Arn"] = f"arn:aws:iam::{ACCOUNT}:role/{made[role]}"
        if "SqlApi" in made:
            template.attributes["SqlApi.Arn"] = arn("lambda", f"function:{made['SqlApi']}")
            template.attributes["SqlApiRole.Arn"] = f"arn:aws:iam::{ACCOUNT}:role/{made['SqlApiRole']}"

    def _make_the_rest(self):
        """Types that were made by calls of their services."""
        sqs, called = self.aws.admin("sqs"), set()
        calls = {
            "AWS::CloudWatch::Alarm": lambda p: self.aws.admin("cloudwatch").put_metric_alarm(**p),
            "AWS::Lambda::EventInvokeConfig": lambda p: self.aws.admin("lambda").put_function_event_invoke_config(**p),
            "AWS::S3::BucketPolicy": lambda p: self._obey(p["Bucket"], p["PolicyDocument"]),
            "AWS::SNS::Subscription": lambda p: self.aws.admin("sns").subscribe(**p),
            "AWS::SNS::TopicPolicy": lambda p: [self.aws.admin("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(p["PolicyDocument"]))
                for topic in p["Topics"]],
            "AWS::SQS::QueuePolicy": lambda p: [sqs.set_queue_attributes(
                QueueUrl=url, Attributes={"Policy": json.dumps(p["PolicyDocument"])}) for url in p["Queues"]],
        }  # fmt: skip
        for name, resource in self.template.resources().items():
            if name not in self.made:
                calls[resource["Type"]](self.template.properties(name))
                called.add(resource["Type"])
        return called

    def _obey(self, bucket, document):
        # moto would obey it without its conditions and refuse everything; the layer in front does it.
        s3 = self.aws.admin("s3")
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
        s3.delete_bucket_policy(Bucket=bucket)
        self.aws.obey_bucket_policy(bucket, document)

    def managed_policy(self, name):
        """The document of a managed policy, as IAM holds it."""
        iam, arn = self.aws.admin("iam"), self.made[name]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]

    def policies(self, role):
        """{name: document} of a role's policies, as IAM holds them."""
        iam, name = self.aws.admin("iam"), self.made[role]
        assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []
        return {policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
                for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]}  # fmt: skip

    def variables(self, function):
        told = self.aws.admin("lambda").get_function_configuration(FunctionName=self.made[function])
        return told["Environment"]["Variables"]


def lint(file=FILE):
    """What cfn-lint says of the template, errors, warnings and advice."""
    return subprocess.run(
        [str(pathlib.Path(cloudformation_python()).parent / "cfn-lint"), "--include-checks", "I",
         "--regions", "eu-central-1", "us-east-1", "--", str(file)],
        capture_output=True, text=True)  # fmt: skip


def checkov(*files):
    """{file: {(check, resource): what it says}} of what checkov finds against the templates."""
    # Of one version: it gets a new check every few days.
    program = pathlib.Path(venv_python("checkov", ["checkov==3.3.30"], ["checkov.main"])).parent / "checkov"
    with tempfile.TemporaryDirectory() as home:  # where it notes its newest version
        done = subprocess.run(
            [str(program), "--file", *map(str, files), "--framework", "cloudformation", "--quiet", "--compact",
             "--output", "json"], capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": home, "BC_SKIP_MAPPING": "TRUE"})  # fmt: skip
    told = json.loads(done.stdout)
    assert told["summary"]["parsing_errors"] == 0 and told["summary"]["passed"] > 100 * len(files), done
    return {file: {(one["check_id"], one["resource"].rpartition(".")[2]): one["check_name"]
                   for one in told["results"]["failed_checks"] if one["file_path"].endswith(f"/{file.name}")}
            for file in files}  # fmt: skip
