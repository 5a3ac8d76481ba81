"""A real shell on a pseudo-terminal, into which words and a tab are typed."""

import os
import pty
import re
import select
import signal
import subprocess
import time

from program import BINARY, environment

READY = "ready> "
STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETUP = {
    # One tab lists, without a bell, a pager or a question.
    "bash": "bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'; bind 'set page-completions off';"
    "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source \"$COMPLETION\"; PS1='rea''dy> '\n",
    "zsh": "autoload -Uz compinit; compinit -u -D; unsetopt beep; LISTMAX=0; setopt nolistambiguous no_auto_menu; unsetopt"
    " prompt_sp; source \"$COMPLETION\"; PS1='rea''dy> '\n",
}
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\r\x07]")


class Shell:
    """bash or zsh with the program's completion; `typed` gives what the terminal shows after a tab."""

    def __init__(self, name, folder):
        script = folder / f"completion.{name}"
        script.write_text(subprocess.run([BINARY, "completion", name], capture_output=True, text=True, check=True).stdout)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(STARTS[name][0], STARTS[name], environment(
                COMPLETION=str(script), TERM="xterm", HOME=str(folder), COLUMNS="200", LINES="100",
                PATH=os.environ["PATH"] + ":" + os.path.dirname(BINARY)))  # fmt: skip
        self.type(SETUP[name])
        self.read_until(lambda text: text.endswith(READY))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, seen, patience=20.0):
        text, end = "", time.monotonic() + patience
        while not seen(text):
            if not select.select([self.fd], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"the terminal shows only {text!r}")
            text += ESCAPES.sub("", os.read(self.fd, 65536).decode(errors="replace"))
        return text

    def typed(self, line, awaited):
        """What is shown once `awaited`, no part of `line`, is; then the line is taken back."""
        assert awaited not in line
        self.type(line + "\t")
        shown = self.read_until(lambda text: awaited in text)
        self.type("\x15\n")  # not an interrupt, at which the terminal forgets what was typed
        # A list may come in several pieces.
        return shown + self.read_until(lambda text: text.endswith(READY))


def fish_offers(folder, line):
    """What fish offers for the last word of `line`."""
    script = folder / "completion.fish"
    script.write_text(subprocess.run([BINARY, "completion", "fish"], capture_output=True, text=True, check=True).stdout)
    done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                          text=True, check=True, cwd=folder, env=environment(HOME=str(folder)))  # fmt: skip
    assert done.stderr == ""
    return {offer.split("\t")[0] for offer in done.stdout.splitlines()}
