"""The nightly check as a team would write it with boto3 and Alembic; what schema-drift is measured
against, see bench/nightly. Written to do the same job plainly, and not slowed down anywhere:

    peer.py     everything comes from the environment, as in the Lambda: GITHUB_REPO,
                GITHUB_TOKEN_SECRET_ARN, SQL_API_FUNCTION or RDS_SECRET_ARN, REPORTS_BUCKET,
                SNS_TOPIC_ARN

Exit code 0 where production has what the repository has, 1 where it has not.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import boto3
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

VERSIONS = "SELECT version_num FROM alembic_version"


def secret(arn):
    return boto3.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]


def clone(folder):
    token = secret(os.environ["GITHUB_TOKEN_SECRET_ARN"])
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", "--single-branch",
         f"https://x-access-token:{token}@github.com/{os.environ['GITHUB_REPO']}.git", folder],
        check=True,
    )
    return subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True,
                          capture_output=True, text=True).stdout.strip()


def scripts_of(folder):
    config = Config(f"{folder}/alembic.ini")
    config.set_main_option("script_location", f"{folder}/migrations")
    return ScriptDirectory.from_config(config)


def versions_by_sql_api(function):
    answer = boto3.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps({"query": VERSIONS}).encode())
    body = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(body)
    return [row[0] for row in body["rows"]]


def versions_by_postgres(arn):
    import psycopg2

    where = json.loads(secret(arn))
    connection = psycopg2.connect(
        host=where["host"], port=where["port"], dbname=where["dbname"],
        user=where["username"], password=where["password"])
    with connection, connection.cursor() as cursor:
        cursor.execute(VERSIONS)
        return [row[0] for row in cursor.fetchall()]


def compare(scripts, versions):
    heads = scripts.get_heads()
    report = {"codebase_heads": heads, "production_versions": versions, "pending": []}
    if set(heads) == set(versions):
        return report | {"status": "synced"}
    try:
        pending = list(scripts.iterate_revisions(heads, versions))
    except CommandError as error:
        return report | {"status": "unknown", "reason": str(error)}
    report["pending"] = [{"revision": one.revision, "title": one.doc} for one in reversed(pending)]
    return report | {"status": "behind"}


def store(report, now):
    s3, bucket = boto3.client("s3"), os.environ["REPORTS_BUCKET"]
    body = json.dumps(report, indent=2).encode()
    key = f"schema-drift/{now:%Y/%m/%d/%H%M%S}-shop.json"
    for name in (key, "schema-drift/latest/shop.json"):
        s3.put_object(Bucket=bucket, Key=name, Body=body, ContentType="application/json",
                      ServerSideEncryption="AES256")
    return f"s3://{bucket}/{key}"


def alert(report, where):
    boto3.client("sns").publish(
        TopicArn=os.environ["SNS_TOPIC_ARN"],
        Subject=f"shop: {report['status']}, {len(report['pending'])} pending",
        Message=f"heads {report['codebase_heads']}, production {report['production_versions']}\n{where}",
        MessageAttributes={"status": {"DataType": "String", "StringValue": report["status"]}})


def main():
    now = datetime.datetime.now(datetime.timezone.utc)
    with tempfile.TemporaryDirectory() as scratch:
        folder = str(pathlib.Path(scratch) / "code")
        commit = clone(folder)
        if "RDS_SECRET_ARN" in os.environ:
            versions = versions_by_postgres(os.environ["RDS_SECRET_ARN"])
        else:
            versions = versions_by_sql_api(os.environ["SQL_API_FUNCTION"])
        report = compare(scripts_of(folder), versions)
    report |= {"commit": commit, "checked_at": now.isoformat()}
    where = store(report, now)
    print(json.dumps(report))
    if report["status"] == "synced":
        return 0
    alert(report, where)
    return 1


if __name__ == "__main__":
    sys.exit(main())
