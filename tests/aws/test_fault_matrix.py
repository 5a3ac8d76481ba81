"""Every call of a run times every fault, generated: what the program says, and that it never says
`synced` wrongly and never loses a report.

    /usr/bin/python3 -m pytest tests/aws/test_fault_matrix.py                  checks
    /usr/bin/python3 -m pytest tests/aws/test_fault_matrix.py --refresh-table  and writes the table

The table of outcomes stands in docs/reliability.md, and a test compares it with what happened.
"""

import concurrent.futures
import dataclasses
import re

import pytest

import faults
from postgres import Cluster
from program import ROOT
from repository import Repository
from github import GitHub
from nightly import PASSWORD, TOKEN, Nightly
from sql_api import SqlApi
from verifying_server import Aws

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
DOCUMENT = ROOT / "docs/reliability.md"
BEGIN, END = "<!-- fault matrix: begin -->", "<!-- fault matrix: end -->"

# What costs time but nothing else: answered late, or refused for a clock that is then set right.
HARMLESS = {faults.SLOW, faults.SKEWED}
# Gone at the next attempt.
PASSING = {faults.RESET, faults.TRUNCATED, "HTTP 429", "HTTP 500", "HTTP 503", "throttling code"}
# An endpoint leads elsewhere or it does not, and no clock is wrong for one request alone.
NOT_ONCE = {*faults.AT_THE_DOOR, faults.SKEWED}
ALWAYS, ONCE = "every attempt", "the first attempt"


@dataclasses.dataclass
class CallOfARun:
    """One call. `stage`: of the report's failure where the call fails; None for a delivery.
    `door`: the service whose endpoint variable leads elsewhere."""

    name: str
    action: str
    stage: str = None
    door: str = None
    resource: str = None  # a part of it
    database: str = "lambda:sql-api"
    credentials: str = "keys"
    optional: bool = False  # the run does without its answer

    @property
    def is_for_all(self):
        """Without these credentials nothing can be delivered either."""
        return self.credentials != "keys"


CALLS = [
    CallOfARun("GitHub token", "secretsmanager:GetSecretValue", "repository", "SECRETS_MANAGER",
               "github-token"),
    CallOfARun("SQL API", "lambda:InvokeFunction", "production", "LAMBDA"),
    CallOfARun("database secret", "secretsmanager:GetSecretValue", "production", "SECRETS_MANAGER",
               "/database", database="secret"),
    CallOfARun("parameters", "ssm:GetParametersByPath", "production", "SSM", database="parameters"),
    CallOfARun("role for the database", "sts:AssumeRole", "production", "STS", database="role"),
    CallOfARun("web identity", "sts:AssumeRoleWithWebIdentity", "production", "STS",
               credentials="web identity"),
    CallOfARun("container agent", "container:GetCredentials", "production", credentials="container"),
    CallOfARun("instance token", "imds:GetToken", "production", credentials="instance"),
    CallOfARun("instance credentials", "imds:GetCredentials", "production", credentials="instance"),
    CallOfARun("last report", "s3:GetObject", None, None, "/latest/", optional=True),
    CallOfARun("dated report", "s3:PutObject", None, "S3", "/schema-drift/2"),
    CallOfARun("latest report", "s3:PutObject", None, "S3", "/latest/"),
    CallOfARun("alert", "sns:Publish", None, "SNS"),
]  # fmt: skip


def cases():
    for call in CALLS:
        for fault in faults.ALL:
            for when in (ALWAYS, ONCE):
                if when == ONCE and fault in NOT_ONCE:
                    continue
                # Its endpoint is that of the reports, which are cases of their own.
                if call.optional and fault in faults.AT_THE_DOOR:
                    continue
                yield call, fault, when


IDS = [f"{call.name}-{fault}-{when}" for call, fault, when in cases()]


@dataclasses.dataclass
class Outcome:
    code: int
    report: dict
    stderr: str
    stored: dict
    latest: dict
    spooled: list
    alerts: list
    calls: list

    @property
    def cell(self):
        stage = self.report["failure"]["stage"] if self.report["failure"] else ""
        return f"{self.code} {stage}".strip()


class Surroundings:
    """What all cases share: a repository, GitHub, and a database at the repository's head."""

    def __init__(self, folder, cluster, github, repository):
        self.folder, self.cluster = folder, cluster
        self.github, self.repository = github, repository
        # Once: cases run at the same time, and one would find the file that another has just emptied.
        (folder / "token").write_text("jwt.jwt.jwt")

    def run(self, number, call, fault, when):
        with Aws() as aws:
            words = ["--timeout", "10"] if fault == faults.NO_ANSWER else ["--timeout", "30"]
            database = {"username": "drift", "password": PASSWORD, "host": "127.0.0.1",
                        "port": self.cluster.port, "dbname": "app"}  # fmt: skip
            nightly = Nightly(
                aws, self.folder / str(number), answer=SqlApi(self.cluster, "app"),
                database=database if call.database == "secret" else None,
                github=self.github if call.resource == "github-token" else None,
                repository=self.repository)  # fmt: skip
            if fault is not None and fault not in faults.AT_THE_DOOR:
                aws.fault(fault, call.action, call.resource, {1} if when == ONCE else None,
                          seconds=0.5 if fault == faults.SLOW else 60.0)  # fmt: skip
            door = fault if fault in faults.AT_THE_DOOR else None
            principal, variables = self._credentials(aws, call, door)
            words += self._database(aws, call, principal, nightly.prefix, database)
            doors = {call.door: door} if door and call.door else None
            done = nightly.run(principal, *words, door=doors, NOTIFY_ON_SUCCESS="true",
                               PGSSLMODE="prefer", **variables)  # fmt: skip
            assert done.report is not None, (done.returncode, done.stderr)
            return Outcome(done.returncode, done.report, done.stderr, nightly.dated(),
                           nightly.latest(), nightly.spooled(), nightly.alerts(), aws.calls)  # fmt: skip

    def _credentials(self, aws, call, door):
        if call.credentials == "keys":
            return aws.user(EVERYTHING), {}
        if call.credentials == "web identity":
            token = self.folder / "token"
            role = aws.role("pod", EVERYTHING, web_identity_token="jwt.jwt.jwt")
            return None, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": role,
                          "AWS_ROLE_SESSION_NAME": "night"}  # fmt: skip

        def session():
            return aws.principals.session("task", [EVERYTHING])

        if call.credentials == "container":
            return None, aws.container(session, "agent-token", door)
        return None, aws.instance(session, door)

    def _database(self, aws, call, principal, prefix, database):
        if call.database == "secret":
            return []  # RDS_SECRET_ARN says it
        if call.database == "parameters":
            aws.parameters(f"/{prefix}/database", **{k: str(v) for k, v in database.items()})
            return ["--database", f"ssm:/{prefix}/database"]
        if call.database == "role":
            role = aws.role(f"other-{prefix}", EVERYTHING, trust=[principal.arn])
            return ["--database", "lambda:sql-api", "--role-arn", role]
        return ["--database", call.database]


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("matrix")
    repository = Repository(folder / "work").chain("a1", "b2", "c3")
    with Cluster(tcp=True) as cluster, GitHub(folder, repository.folder) as github:
        github.git.token = TOKEN
        cluster.psql(f"CREATE ROLE drift LOGIN PASSWORD '{PASSWORD}' IN ROLE with_password")
        cluster.psql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"
                     "INSERT INTO alembic_version VALUES ('c3');"
                     "GRANT SELECT ON alembic_version TO drift", db="app")  # fmt: skip
        yield Surroundings(folder, cluster, github, repository.folder)


@pytest.fixture(scope="module")
def outcomes(surroundings, request):
    """Outcome by id, of the cases that this session selected; several run at once."""
    selected = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    if any("table" in item.name for item in request.session.items):
        selected = set(IDS)
    with concurrent.futures.ThreadPoolExecutor(max_workers=6) as pool:
        running = {name: pool.submit(surroundings.run, number, *case)
                   for number, (name, case) in enumerate(zip(IDS, cases())) if name in selected}  # fmt: skip
        # All of them before the first test: pytest writes to os.environ between tests, and a thread
        # that copies the environment meanwhile (boto3, subprocess) dies of a changed dictionary.
        concurrent.futures.wait(running.values())
    return running


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_without_a_fault_each_call_is_made_and_all_is_well(surroundings, call):
    outcome = surroundings.run(f"plain-{call.name}", call, None, ALWAYS)
    assert (outcome.code, outcome.report["status"]) == (0, "synced"), outcome.stderr
    assert any(c.action == call.action and (call.resource or "") in c.resource for c in outcome.calls)
    assert len(outcome.stored) == len(outcome.alerts) == 1


@pytest.mark.parametrize("call, fault, when", cases(), ids=IDS)
def test_fault(outcomes, request, call, fault, when):
    outcome = outcomes[request.node.callspec.id].result()
    report = outcome.report
    all_said = [report, *outcome.stored.values(), *outcome.spooled, *([outcome.latest] if outcome.latest else [])]
    assert outcome.code in (0, 2, 3), outcome.stderr

    # Nothing false is said: production is at the head, so only `synced` and `error` can be true,
    # and `synced` only where both sides were read.
    assert {said["status"] for said in all_said} == {report["status"]}
    assert report["status"] in ("synced", "error")
    if report["status"] == "synced":
        assert report["codebase_heads"] == report["production_versions"] == ["c3"]
        if call.stage is not None and fault in faults.AT_THE_DOOR:
            pytest.fail("synced, though one side could not be reached")
        if call.stage is not None:
            good = [c for c in outcome.calls if c.action == call.action and c.status == 200
                    and (call.resource or "") in c.resource and c.fault in (None, *HARMLESS)]  # fmt: skip
            assert good, "synced, though no call of this kind went through"
    else:
        assert outcome.code == 2
        assert report["drift_detected"] is None
        assert report["failure"]["stage"] == call.stage
        assert report["failure"]["message"] and report["failure"]["hint"], report["failure"]
    for alert in outcome.alerts:
        assert alert["attributes"]["status"] == report["status"]

    # Nothing is lost: each report is in the bucket or in the spool.
    assert outcome.stored or outcome.spooled
    assert {said["run_id"] for said in all_said} == {report["run_id"]}
    delivered = bool(outcome.stored and outcome.alerts and outcome.latest)
    assert delivered or report["undelivered"]
    if outcome.code == 0:
        assert report["undelivered"] == []
    if outcome.code == 3:
        assert report["undelivered"]
        assert report["status"] == "synced"
    if call.stage is not None and not call.is_for_all:
        assert delivered, "a side that fails must not keep report and alert from going out"

    # What is expected of it.
    if fault in HARMLESS or (when == ONCE and fault in PASSING and not call.is_for_all):
        assert outcome.code == 0, (report["failure"], report["undelivered"])
    if call.optional:
        assert outcome.code == 0
        assert outcome.report["alert"]["send"]
    elif when == ALWAYS and fault not in HARMLESS:
        assert outcome.code == (2 if call.stage else 3)
        if call.action == "s3:PutObject":
            (alert,) = outcome.alerts
            assert "NOT STORED" in alert["message"]
            assert outcome.spooled
        # curl itself asks again where a connection that was kept open is gone, of which there may
        # be two, and some sources of credentials are asked again for each call.
        most = 15 if call.is_for_all else 5 if fault == faults.RESET else 3
        assert sum(1 for c in outcome.calls if c.fault == fault) <= most


def test_a_function_that_cannot_start_is_asked_once(surroundings):
    call = CALLS[1]
    outcome = surroundings.run("key-disabled", call, faults.KEY_DISABLED, ALWAYS)
    assert outcome.cell == "2 production"
    assert "KMSDisabledException" in outcome.report["failure"]["message"]
    assert sum(1 for c in outcome.calls if c.action == call.action) == 1


def test_credentials_that_expire_in_the_middle_of_a_run_are_renewed(surroundings):
    """They were good when the agent gave them; the agent gives others when asked again."""
    call = CallOfARun("SQL API", "lambda:InvokeFunction", "production", credentials="container")
    outcome = surroundings.run("renewed", call, "expired token", ONCE)
    assert outcome.code == 0, outcome.report["failure"]
    assert sum(1 for c in outcome.calls if c.action == "container:GetCredentials") == 2


def cell_of(outcomes, call, fault, when):
    name = f"{call.name}-{fault}-{when}"
    if name not in outcomes:
        return ""
    cell = outcomes[name].result().cell
    # The sides and the reading of the last report ask for credentials at the same time. Who of them
    # meets the one fault is chance, and the last report can be done without.
    chance = call.is_for_all and when == ONCE and fault not in HARMLESS
    return "0 or 2" if chance and cell in ("0", "2 production") else cell


def table(outcomes):
    """Both tables as Markdown."""
    lines = []
    for when in (ALWAYS, ONCE):
        shown = [f for f in faults.ALL if when == ALWAYS or f not in NOT_ONCE]
        lines += [f"When {when} meets the fault:", "",
                  "| fault | " + " | ".join(call.name for call in CALLS) + " |",
                  "|---" * (len(CALLS) + 1) + "|"]  # fmt: skip
        for fault in shown:
            cells = [cell_of(outcomes, call, fault, when) for call in CALLS]
            lines.append(f"| {fault} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


@pytest.mark.whole_table
def test_the_table_in_the_documentation_is_current(outcomes, request):
    now = table(outcomes)
    text = DOCUMENT.read_text()
    if request.config.getoption("--refresh-table"):
        before, _, rest = text.partition(BEGIN)
        DOCUMENT.write_text(before + BEGIN + "\n\n" + now + "\n" + END + rest.partition(END)[2])
        return
    written = re.search(re.escape(BEGIN) + r"\n\n(.*?)\n" + re.escape(END), text, re.DOTALL)
    assert written, "docs/reliability.md has no fault matrix"
    assert written[1] == now, "refresh it: pytest tests/aws/test_fault_matrix.py --refresh-table"
