"""What `alembic upgrade RANGE --sql` would run: a JSON list of ranges on standard input, and for
each the revisions or the error on standard output. Run with a Python that has alembic, in the
repository's folder."""

import io
import json
import re
import sys

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

answers = []
for text in json.load(sys.stdin):
    out = io.StringIO()
    config = Config("alembic.ini", output_buffer=out)
    try:
        command.upgrade(config, text, sql=True)
        answers.append(re.findall(r"^-- Running upgrade .*-> (\S+)$", out.getvalue(), re.MULTILINE))
    except (CommandError, KeyError, AssertionError) as error:  # the last of steps past the head
        answers.append(str(error))
json.dump(answers, sys.stdout)
