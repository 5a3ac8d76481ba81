"""`schema-drift sql-api` on loopback, asked by AWS's own client."""

import base64
import contextlib
import json
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from postgres import Cluster
from program import start


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as server:
        yield server


@contextlib.contextmanager
def served(*words):
    """boto3's client for a server that runs with these words."""
    process = start("sql-api", *words)
    try:
        url = re.fullmatch(r"listening on (\S+)\n", process.stdout.readline())[1]
        yield boto3.client(
            "lambda", region_name="eu-central-1", endpoint_url=url, aws_access_key_id="any",
            aws_secret_access_key="any", aws_session_token="token" * 300,
            config=Config(retries={"total_max_attempts": 1}))  # fmt: skip
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def client(cluster):
    with served("--database", cluster.url()) as client:
        yield client


def test_an_invocation_is_what_it_would_be_in_lambda(client):
    answer = client.invoke(FunctionName="sql-api", Qualifier="live", LogType="Tail",
                           ClientContext=base64.b64encode(b'{"custom": {}}').decode(),
                           Payload=json.dumps({"query": "SELECT 1 AS one"}))  # fmt: skip
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "live"
    assert "FunctionError" not in answer
    request_id = answer["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert re.fullmatch(
        rf"START RequestId: {request_id} Version: live\n"
        rf"END RequestId: {request_id}\n"
        rf"REPORT RequestId: {request_id}\tDuration: [0-9.]+ ms\n", log)  # fmt: skip
    assert json.loads(answer["Payload"].read())["rows"] == [[1]]


@pytest.mark.parametrize("name", [
    "sql-api", "sql-api:7", "123456789012:function:sql-api",
    "arn:aws:lambda:eu-central-1:123456789012:function:sql-api",
    "arn:aws:lambda:eu-central-1:123456789012:function:sql-api:live",
])  # fmt: skip
def test_every_way_to_name_a_function_is_understood(client, name):
    answer = client.invoke(FunctionName=name, Payload=b'{"action": "version"}')
    assert "version" in json.loads(answer["Payload"].read())


def test_the_other_types_of_invocation_are_understood(client):
    assert client.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    assert client.invoke(FunctionName="f", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202


def test_what_is_refused_is_one_of_lambdas_errors(client):
    with pytest.raises(ClientError) as refused:
        client.invoke(FunctionName="f", Payload=b"{")
    assert refused.value.response["Error"] == {
        "Code": "InvalidRequestContentException", "Message": "the payload is not JSON"}  # fmt: skip
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName="f", Payload=b'"' + b"x" * 7_000_000 + b'"')
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="f")


def test_a_result_of_five_megabytes_arrives_whole(client):
    answer = client.invoke(FunctionName="f", Payload=json.dumps(
        {"query": "SELECT g, repeat('x', 100) FROM generate_series(1, 48000) AS g"}))  # fmt: skip
    payload = answer["Payload"].read()
    assert len(payload) > 5_000_000
    assert json.loads(payload)["row_count"] == 48000
