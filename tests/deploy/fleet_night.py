"""cron/fleet.yaml deployed, and its state machine executed by moto, which interprets the definition as
it is shipped, distributed map and all. Each Lambda task runs the program's runtime loop in an
environment of its own (tests/aws/lambda_emulator.py), as the role that the stack made; the state
machine asks Lambda and S3 as its own role. Both are checked, call by call.

Not AWS's: moto does not start child executions as calls to itself, so states:StartExecution and those
that follow them are read from the policy alone, and so is sqs:SendMessage, which the checking layer
does not know. Waits between retries are shortened.
"""

import contextlib
import json
import pathlib
import re
import threading
import time

import jsonschema

import verifying_server
from lambda_emulator import LambdaEmulator
from nightly import TOKEN
from program import ROOT
from service_rules import FunctionError
from stack import FLEET_FILE, Stack

SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/fleet.schema.json").read_text()))


class Environments:
    """Lambda scales: an invocation that finds every environment busy gets a new one."""

    def __init__(self, variables, folder, timeout):
        self._variables, self._folder, self._timeout = variables, pathlib.Path(folder), timeout
        self._free, self._lock, self._all = [], threading.Lock(), contextlib.ExitStack()
        self.started = self.busy = self.most_busy = 0
        self.events, self.log_files = [], []
        self.before = None  # called with each event, and may raise FunctionError

    def __call__(self, payload):
        event = json.loads(payload) if isinstance(payload, (bytes, str)) else payload
        with self._lock:
            self.events.append(event)
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
            one = self._free.pop() if self._free else self._new()
        try:
            if self.before:
                self.before(event, one)
            answered = one.invoke(event)
            if answered.function_error:
                raise FunctionError(answered.json)
            return answered.payload
        finally:
            with self._lock:
                self.busy -= 1
                self._free.append(one)

    def _new(self):
        self.started += 1
        home = self._folder / f"environment-{self.started}"
        variables = {**self._variables, "_HANDLER": "check", "HOME": str(home),
                     "XDG_CACHE_HOME": f"{home}/cache", "XDG_STATE_HOME": f"{home}/state"}  # fmt: skip
        one = self._all.enter_context(LambdaEmulator([], variables, timeout=self._timeout))
        self.log_files.append(one.log_file)
        return one

    def close(self):
        self._all.close()

    def log(self):
        return "".join(file.read_text() for file in self.log_files)


class FleetNight:
    def __init__(self, aws, name, folder, github, targets, timeout=60, **parameters):
        self.aws, self.name = aws, name
        self.targets_bucket = aws.bucket(f"targets-{name}")
        self.configure(targets)
        self.stack = Stack(
            aws, name, file=FLEET_FILE, TargetsBucket=self.targets_bucket,
            GithubTokenSecretArn=aws.secret(f"{name}/github-token", TOKEN),
            **{"BatchSize": "3", "BatchesAtOnce": "3", **parameters})  # fmt: skip
        self.policies = self.stack.policies("CheckRole")
        role = aws.principals.session(self.stack.made["CheckRole"], list(self.policies.values()))
        self.function = Environments(
            {**self.stack.variables("Check"), **aws.environment(role), **github.environment}, folder, timeout)  # fmt: skip
        aws.function(self.stack.made["Check"], self.function)
        self.states = aws.admin("stepfunctions")
        self.machine = self.stack.made["Fleet"]
        self._create_again()
        self.be()

    def configure(self, targets, **run):
        document = {**run, "defaults": {"repository": "github:example/shop"}, "targets": targets}
        self.aws.admin("s3").put_object(
            Bucket=self.targets_bucket, Key="targets.json", Body=json.dumps(document).encode())  # fmt: skip

    def _create_again(self):
        """moto's CloudFormation makes the machine where nothing executes it: the same once more, where
        it is executed, with shorter waits."""
        properties = self.stack.template.properties("Fleet")
        shortened = re.sub(r'"(IntervalSeconds|BackoffRate)": \d+', r'"\1": 1', properties["DefinitionString"])
        # The grammar of moto wants a point in this number.
        shortened = shortened.replace('"ToleratedFailurePercentage": 100,', '"ToleratedFailurePercentage": 100.0,')
        made = self.states.create_state_machine(
            name=properties["StateMachineName"], definition=shortened, roleArn=properties["RoleArn"])  # fmt: skip
        assert made["stateMachineArn"] == self.machine

    def be(self, without=None):
        """The state machine's calls are those of its role, less one statement."""
        documents = [{**d, "Statement": [s for s in d["Statement"] if s["Sid"] != without]}
                     for d in self.stack.policies("FleetRole").values()]  # fmt: skip
        verifying_server._moto.states_as(
            self.aws, self.aws.principals.session(self.stack.made["FleetRole"], documents))  # fmt: skip

    def run(self, name, timeout=90):
        """One execution, to its end."""
        arn = self.states.start_execution(
            stateMachineArn=self.machine, name=name, input=json.dumps({"any": "event"}))["executionArn"]  # fmt: skip
        end = time.monotonic() + timeout
        while True:
            told = self.states.describe_execution(executionArn=arn)
            if told["status"] != "RUNNING":
                return told
            assert time.monotonic() < end, told
            time.sleep(0.1)

    def history(self, execution):
        return self.states.get_execution_history(executionArn=execution["executionArn"])["events"]

    def objects(self, prefix=""):
        s3, bucket = self.aws.admin("s3"), self.stack.outputs["ReportsBucket"]
        keys = [o["Key"].removeprefix("schema-drift/") for o in s3.list_objects_v2(
            Bucket=bucket, Prefix=f"schema-drift/{prefix}").get("Contents", [])]  # fmt: skip
        return sorted(keys)

    def read(self, key):
        s3, bucket = self.aws.admin("s3"), self.stack.outputs["ReportsBucket"]
        return s3.get_object(Bucket=bucket, Key=f"schema-drift/{key}")["Body"].read().decode()

    def fleet(self):
        """The fleet's report, once it is as its schema says."""
        (key,) = [k for k in self.objects("fleet/") if re.fullmatch(r"fleet/\d{4}-\d\d-\d\d\.json", k)]
        report = json.loads(self.read(key))
        SCHEMA.validate(report)
        return report

    def statuses(self):
        return {row["target"]: row["status"] for row in self.fleet()["targets"]}

    def denied(self):
        return {call.action for call in self.aws.calls
                if call.code and ("AccessDenied" in call.code or "Authorization" in call.code)}  # fmt: skip

    def metrics(self):
        lines = [line[line.index('{"_aws"'):] for line in self.function.log().splitlines() if '{"_aws"' in line]
        return [json.loads(line) for line in lines]

    def queued(self):
        sqs = self.aws.admin("sqs")
        told = sqs.receive_message(QueueUrl=self.stack.made["Failed"], MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in told.get("Messages", [])]
