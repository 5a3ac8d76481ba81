"""Operations beside production's tables through the SQL API's function: as over a connection."""

import pytest

from join_cases import join_of, prepare
from lambda_emulator import LambdaEmulator
from postgres import Cluster
from sql_api import SqlApi

INVOKE = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}]}  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        prepare(server)
        yield server


def test_our_own_function_says_what_a_connection_says(cluster, tmp_path):
    url = cluster.url(user="reader", db="app")
    with cluster.session(db="app") as session, LambdaEmulator(["sql-api"], {"SCHEMA_DRIFT_DATABASE": url}) as function:
        session.ask("BEGIN; SELECT count(*) FROM big")
        through = join_of(tmp_path / "through", "lambda:function", function.environment())
        direct = join_of(tmp_path / "direct", url)
    assert through[0] == direct[0]
    assert through[0]["revisions"][0]["applied"] is True
    assert through[0]["production"]["tables"]["big"]["lock_holders"][0]["mode"] == "ACCESS SHARE"
    for one, other in zip(through[1:], direct[1:]):
        assert one["pending"] == other["pending"]
        assert one["operations"] == other["operations"]
        assert one["operations"]["production"]["read"] is True


def test_what_another_sql_api_refuses_is_unknown(aws, cluster, tmp_path):
    api = SqlApi(cluster, "app")

    def answer(payload):
        refused = "pg_locks" in payload.get("query", "") or "relpages" in payload.get("query", "")
        return {"error": "not allowed here"} if refused else api(payload)

    aws.function("sql-api", answer)
    explained, pending, report = join_of(tmp_path, "lambda:sql-api", aws.environment(aws.user(INVOKE)))
    for one in (pending, report):
        production = one["operations"]["production"]
        assert (production["read"], production["tables"]) == (False, {})
        assert "not allowed here" in production["because"]
        assert {operation["severity"] for operation in one["pending"][0]["operations"]} == {"high", "low"}
    # The rows are another question.
    assert [one["applied"] for one in explained["revisions"]] == [True, False]
    assert report["status"] == "behind"
