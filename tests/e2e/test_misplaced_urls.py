"""A URL with a password where something else belongs: the answer says so, and does not show it."""

import pytest
from program import run

PASSWORD = "0range-Tiger"
URL = f"postgresql://shop:{PASSWORD}@127.0.0.1:1/shop"
OTHER = f"mysql://shop:{PASSWORD}@127.0.0.1:1/shop"


@pytest.mark.parametrize("words, says", [
    ((URL,), "schema-drift does not know"),
    (("check", URL), "schema-drift check does not know"),
    (("check", "--config", OTHER), "cannot read the configuration mysql://shop:***@127.0.0.1:1/shop"),
    (("check", "--config", f"s3://shop:{PASSWORD}@bucket/x"), 'invalid S3 bucket "shop:***@bucket"'),
    (("check", "--repository", ".", "--database", URL, "--ref", URL),
     "--ref takes a branch, tag or commit, and was given postgresql://shop:***@127.0.0.1:1/shop\n"
     "  hint: --database takes a URL, and --repository does"),
    (("explain", URL), "explain takes revisions, and was given postgresql://shop:***@127.0.0.1:1/shop"),
    (("pending", URL), "pending takes a revision or a range, and was given postgresql://shop:***@127.0.0.1:1/shop"),
    (("schema", URL), "schema needs to know what to do"),
    (("schema", "diff", OTHER, "x"), "cannot read mysql://shop:***@127.0.0.1:1/shop"),
    (("schema", "diff", URL, "x"), "cannot connect to shop on 127.0.0.1:1"),
    (("schema", "diff", "/dev/null", "/dev/null", "--schema-rules", OTHER), ""),
    (("schema", "record", "--expected", OTHER, "--database", URL), "cannot keep schemas at mysql://shop:***@"),
    (("schema", "accept", "x", "--list", "--expected", OTHER), "cannot keep schemas at mysql://shop:***@"),
    (("reports", URL), ""),
    (("reports", "list", "--reports", OTHER), ""),
    (("ack", URL, "--until", "3d", "--reason", "x", "--reports", "/nowhere"), ""),
    (("check", "--alerts", OTHER, "--repository", ".", "--database", URL), "cannot send alerts to mysql://shop:***@"),
    (("query", "--file", OTHER), ""),
    (("check", "--format", OTHER), ""),
    (("check", "--timeout", OTHER), ""),
    (("check", "--target", OTHER, "--config", "/nowhere"), ""),
])  # fmt: skip
def test_a_password_in_the_wrong_place_is_not_shown(words, says, tmp_path):
    done = run(*words, cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr, done.stderr
    assert "Tiger" not in done.stdout + done.stderr
