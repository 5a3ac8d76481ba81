#include "drift/base/likely_secrets.h"

#include <gtest/gtest.h>

#include "drift/base/secret_name.h"

namespace drift {
namespace {

struct Form {
  const char* text;
  const char* shown;
};

// The forms in which programs write secrets into logs and errors. "canary" is the secret.
constexpr Form kHiddenForms[] = {
    {"password=canary next", "password=*** next"},
    {"PASSWORD = canary", "PASSWORD = ***"},
    {"password: canary", "password: ***"},
    {"password:canary,user:drift", "password:***,user:drift"},
    {"DB_PASS: canary", "DB_PASS: ***"},
    {"DB_PASS=canary", "DB_PASS=***"},
    {"export PGPASSWORD=canary", "export PGPASSWORD=***"},
    {"pw=canary", "pw=***"},
    {"pwd: canary", "pwd: ***"},
    {"passwd=canary", "passwd=***"},
    {"passphrase: 'correct horse canary'", "passphrase: ***"},
    {R"({"password":"canary","host":"db"})", R"({"password":***,"host":"db"})"},
    {R"({"password": "can\"ary", "host": "db"})", R"({"password": ***, "host": "db"})"},
    {R"({\"password\":\"canary\",\"host\":\"db\"})", R"({\"password\":***,\"host\":\"db\"})"},
    {R"({\"password\":\"can\\\"ary\",\"host\":\"db\"})", R"({\"password\":***,\"host\":\"db\"})"},
    {R"({\\\"password\\\":\\\"canary\\\"})", R"({\\\"password\\\":***})"},
    {R"({'password': 'can\'ary', 'host': 'db'})", R"({'password': ***, 'host': 'db'})"},
    {R"({'password': b'canary', 'host': 'db'})", R"({'password': ***, 'host': 'db'})"},
    {R"({"SecretString":"canary"})", R"({"SecretString":***})"},
    {R"("SecretAccessKey": "canary")", R"("SecretAccessKey": ***)"},
    {"aws_secret_access_key = canary", "aws_secret_access_key = ***"},
    {"AWS_SESSION_TOKEN=canary//x==", "AWS_SESSION_TOKEN=***"},
    {"connect(host='h', password='canary', user='u')", "connect(host='h', password=***, user='u')"},
    {"environ['DB_PASSWORD'] = 'canary'", "environ['DB_PASSWORD'] = ***"},
    {R"(:password=>"canary", :user=>"u")", R"(:password=>***, :user=>"u")"},
    {"[password] => canary", "[password] => ***"},
    {"secret -> canary", "secret -> ***"},
    {"<password>canary</password>", "<password>***</password>"},
    {"api_key: 'canary'", "api_key: ***"},
    {"apikey=canary", "apikey=***"},
    {"X-Api-Key: canary", "X-Api-Key: ***"},
    {"client_secret=canary&grant_type=x", "client_secret=***&grant_type=x"},
    {"clientSecret: canary", "clientSecret: ***"},
    {"refresh_token=canary", "refresh_token=***"},
    {"AccountKey=canary;EndpointSuffix=x", "AccountKey=***;EndpointSuffix=x"},
    {"-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY----- rest", "*** rest"},
    {"-----BEGIN PRIVATE KEY-----\ncanary", "***"},
    {"private_key=canary", "private_key=***"},
    {"Authorization: Bearer canary", "Authorization: ***"},
    {"Authorization: token canary extra", "Authorization: ***"},
    {R"("Authorization": "Bearer canary", "Host": "h")", R"("Authorization": ***, "Host": "h")"},
    {"Proxy-Authorization: Basic canary", "Proxy-Authorization: ***"},
    {"sent Bearer canary9 to the host", "sent Bearer *** to the host"},
    {"Bearer canary", "Bearer ***"},
    {"Basic dTpjYW5hcnk=", "Basic ***"},
    {"token: Bearer canary", "token: ***"},
    {"Set-Cookie: session=canary; Path=/", "Set-Cookie: ***"},
    {"X-Amz-Security-Token=canary&X-Amz-Signature=canary0123456789abcdef",
     "X-Amz-Security-Token=***&X-Amz-Signature=***"},
    {"Signature=canary0123456789abcdef", "Signature=***"},
    {"psql --password canary -h db", "psql --password *** -h db"},
    {"curl --api-key 'canary' url", "curl --api-key *** url"},
    {"ALTER ROLE drift PASSWORD 'canary' LOGIN", "ALTER ROLE drift PASSWORD *** LOGIN"},
    {"CREATE ROLE a LOGIN ENCRYPTED PASSWORD E'canary'",
     "CREATE ROLE a LOGIN ENCRYPTED PASSWORD E***"},
    {"at postgresql://u:canary@db/app, twice postgres://u:canary@db/app",
     "at postgresql://u:***@db/app, twice postgres://u:***@db/app"},
    {"https://canary@github.com/a/b", "https://***@github.com/a/b"},
    {"GET https://h/x?access_token=canary&y=1", "GET https://h/x?access_token=***&y=1"},
    {"POST https://hooks.slack.com/services/T0/B0/canary failed",
     "POST https://hooks.slack.com/*** failed"},
    {"password%3Dcanary%26user", "password%3D***"},
    {"%22password%22%3A%22canary%22%2C%22host%22", "%22password%22%3A***%2C%22host%22"},
    {"{&quot;password&quot;:&quot;canary&quot;}", "{&quot;password&quot;:***}"},
    {"password=can,ary user=drift", "password=*** user=drift"},
    {"the key ghp_canary0123456789 is old", "the key *** is old"},
    {"github_pat_11ABCDEFG0canary", "***"},
    {"glpat-canary0123456789", "***"},
    {"xoxb-123456789012-canary", "***"},
    {"got eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2ln back", "got *** back"},
    {"secrets: [canary, canary]", "secrets: ***"},
    {"api_keys: [canary, canary]", "api_keys: ***"},
    {"invalid token: canary0123", "invalid token: ***"},
    {"InvalidToken: canary0123", "InvalidToken: ***"},
    {"vault secret_id=canary", "vault secret_id=***"},
    {"password2=canary", "password2=***"},
    {"sslpassword=canary", "sslpassword=***"},
};

// What only speaks of secrets, and what an operator must be able to read.
constexpr const char* kReadableForms[] = {
    "password authentication failed for user \"drift\"",
    "FATAL: password authentication failed for user \"token_reader\" (SQLSTATE 28P01)",
    "fe_sendauth: no password supplied",
    "InvalidPassword: password authentication failed for user \"drift\"",
    "psycopg2.errors.InvalidPassword: connection to server failed",
    "ExpiredToken: The security token included in the request is expired",
    "ExpiredTokenException: The security token included in the request is expired",
    "UnrecognizedClientException: The security token included in the request is invalid",
    "Secrets Manager can't find the specified secret.",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/database-AbCdEf",
    "secret arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf is gone",
    "secret_arn=arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf",
    "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:db-AbCdEf, then",
    "tokens: 12",
    "max_tokens=4096",
    "total_tokens: 100, prompt_tokens: 60",
    "secrets: 3 found",
    "api_keys: 2",
    "pass: 12, fail: 0",
    "token_type=bearer",
    "token_expires_in: 3600",
    "password_encryption=scram-sha-256",
    "password_required=false",
    "PASSWORD_FILE=/run/secrets/database",
    "secret_name: shop/database",
    "access_key_id=AKIAIOSFODNN7EXAMPLE",
    "token_id=9f8e7d",
    "credential_source=Environment",
    "authorization_type=AWS_IAM",
    "authentication: iam",
    "password=None",
    "password: null",
    "password=",
    "password=\"\"",
    "password: ***",
    "token: [REDACTED]",
    "token: expired",
    "password: required",
    "syntax error at or near \"token\"",
    "column \"password\" of relation \"users\" does not exist",
    "null value in column \"password\" violates not-null constraint",
    "relation \"tokens\" does not exist",
    "Key (token)=(12) already exists.",
    "duplicate key value violates unique constraint \"users_pkey\"",
    "SELECT password::text, token FROM users",
    "WHERE password != '' AND token IS NULL",
    "Unexpected token: }",
    "JSON: unexpected token < at position 0",
    "bypass=true",
    "compass: north",
    "passed: 12",
    "passwordless: on",
    "secretary: Jane",
    "tokenizer: standard",
    "monkey=banana",
    "key: alembic_version_pkc",
    "primary key: version_num",
    "partition_key=day",
    "Bearer token required",
    "WWW-Authenticate: Bearer realm=\"registry\"",
    "Basic authentication is not supported",
    "basic types: int, text",
    "see /docs/bearer/overview",
    "function signature: f(integer)",
    "option --token requires an argument",
    "--password is not given",
    "SQLSTATE 42P01: relation \"alembic_version\" does not exist",
    "UndefinedTable: relation \"alembic_version\" does not exist",
    "Task timed out after 3.00 seconds",
    "connection to server at \"db.example.com\" (10.0.0.1), port 5432 failed: timeout expired",
    "https://github.com/example/shop.git",
    "at File \"/var/task/app.py\", line 12, in handler",
    "commit 95cb632f1c4d7f7b2a6f0d5c3b1a99887766554433",
};

TEST(LikelySecrets, EveryUsualFormIsHidden) {
  for (const Form& form : kHiddenForms) {
    EXPECT_EQ(without_likely_secrets(form.text), form.shown) << form.text;
  }
}

TEST(LikelySecrets, NothingOfASecretIsLeft) {
  for (const Form& form : kHiddenForms) {
    const std::string shown = without_likely_secrets(form.text);
    EXPECT_EQ(shown.find("canary"), std::string::npos) << shown;
    EXPECT_EQ(shown.find("Y2FuYXJ5"), std::string::npos) << shown;
  }
}

TEST(LikelySecrets, WhatOnlySpeaksOfThemStays) {
  for (const char* text : kReadableForms) EXPECT_EQ(without_likely_secrets(text), text);
}

TEST(LikelySecrets, EachFormIsHiddenInTheMiddleOfALineToo) {
  for (const Form& form : kHiddenForms) {
    const std::string shown =
        without_likely_secrets(std::string("[ERROR] 2026-11-20 ") + form.text);
    EXPECT_EQ(shown, std::string("[ERROR] 2026-11-20 ") + form.shown);
  }
}

TEST(LikelySecrets, WhatIsHiddenStaysAsItIsWhenItIsReadAgain) {
  for (const Form& form : kHiddenForms) {
    const std::string once = without_likely_secrets(form.text);
    EXPECT_EQ(without_likely_secrets(once), once);
  }
}

TEST(LikelySecrets, AnyTextIsTaken) {
  for (const char* text : {"", "password", "password=", "password=\"", "password=\\", "=",
                           "arn:aws", "<password>", "--password", "-----BEGIN ", "Bearer",
                           "Bearer ", "%22password%22%3A%22", "\\u0022password\\u0022:"}) {
    EXPECT_EQ(without_likely_secrets(text), text);
  }
}

}  // namespace
}  // namespace drift
