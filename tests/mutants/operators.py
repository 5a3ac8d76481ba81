"""Small faults for C++ text as clang-format leaves it: what each operator would change, and where.

    for fault in faults(text): text[:fault.begin] + fault.text + text[fault.end:]

It knows no grammar. A fault that does not compile costs a compilation and is counted apart.
"""

import hashlib
import re
from typing import NamedTuple


class Fault(NamedTuple):
    operator: str
    begin: int
    end: int
    text: str


def masked(text):
    """`text` with comments, literals and preprocessor lines blanked, each character in its place."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^#[^\n]*", re.S | re.M)  # fmt: skip
    # A string keeps its quotes, or `return "";` would look as if it gave nothing.
    blank = lambda found: re.sub(r"[^\n]", " ", found) if found[0] in "/#" else '"' + re.sub(r"[^\n]", "_", found[2:]) + '"'  # noqa: E731
    return token.sub(lambda match: blank(match.group()), text)


def _closing(code, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i
    return None


SWAPPED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&",
           "+=": "-=", "-=": "+="}  # fmt: skip


def _swapped(code):
    for found in re.finditer(r"(?<=\s)(?:==|!=|<=|>=|<|>|&&|\|\||[+-]=)(?=\s)", code):
        if not re.search(r"\b(template|operator)$", code[: found.start()].rstrip()):
            yield Fault("swap", *found.span(), SWAPPED[found.group()])


def _conditions(code):
    for found in re.finditer(r"\bif \(", code):
        begin = found.end()
        end = _closing(code, begin - 1)
        if end is None:
            continue
        begin = max(begin, code.rfind(";", begin, end) + 1)
        while code[begin] == " ":
            begin += 1
        if re.match(r"(?:const )?[\w:<>]+[&*]? [&*]?\w+ = ", code[begin:end]):
            continue  # declares what it looks at
        condition = slice(begin, end)
        yield "negate", condition
        yield "never", condition


def _constants(code):
    for found in re.finditer(r"(?<![\w.'\"\[<\\])\d[\d']*(?![\w.'\"\]>])", code):
        value = int(found.group().replace("'", ""))
        yield Fault("constant", *found.span(), str(value + 1))
        if value > 0:
            yield Fault("constant", *found.span(), str(value - 1))
    for found in re.finditer(r"\b(true|false)\b", code):
        yield Fault("constant", *found.span(), "false" if found.group() == "true" else "true")


# A call, an assignment, a step or a throw; what declares something has two words first.
STATEMENT = re.compile(r"(?:throw\b|(?:break|continue|return);|(?:\+\+|--)|[\w:.>\-\[\]()*]+ (?:[+\-|]?=) |[\w:.>\-\[\]]+\()")


def _statements(code):
    for found in re.finditer(r"(?<=[;{}]) *\n\s*(?=[^\s}])", code):
        begin = found.end()
        if not STATEMENT.match(code, begin) or re.match(r"(?:if|for|while|switch|return)\b[^;]", code[begin : begin + 8]):
            continue
        end = begin
        while end < len(code) and code[end] != ";":
            if code[end] in "([{":
                end = _closing(code, end) or len(code)
            end += 1
        statement = code[begin:end]
        # A body without a lambda makes it a function, and a colon a constructor.
        function = re.search(r"\)\s*(?:const\s*)?\{", statement) and "[" not in statement
        if not function and not re.search(r"\)\s*: ", statement):
            yield Fault("drop", begin, end, "")


def _returns(code):
    for found in re.finditer(r"\breturn (?=[^;\s{])", code):
        end = code.find(";", found.end())
        value = code[found.end() : end]
        if "{" not in value and value not in ("nullptr", "std::nullopt", "false", "0", '""'):
            yield Fault("empty return", found.end(), end, "{}")


def faults(text):
    """All faults that the operators make of `text`, in its order."""
    code = masked(text)
    made = [*_swapped(code), *_constants(code), *_statements(code), *_returns(code)]
    for operator, condition in _conditions(code):
        own = text[condition]
        made.append(Fault(operator, condition.start, condition.stop, f"!({own})" if operator == "negate" else f"false && ({own})"))
    # What is reserved shows in no result.
    made = [fault for fault in made if ".reserve(" not in lines_of(text, fault)[0]]
    return sorted(set(made), key=lambda fault: (fault.begin, fault.end, fault.text))


def lines_of(text, fault):
    """The first line that a fault changes, before and after, without the blanks around it."""
    changed = text[: fault.begin] + fault.text + text[fault.end :]
    begin = text.rfind("\n", 0, fault.begin) + 1
    line = lambda of: of[begin : (of.find("\n", fault.begin) + 1 or len(of) + 1) - 1].strip()  # noqa: E731
    return line(text), line(changed)


def chosen(path, text, count):
    """`count` faults, of each operator as many as of the others as far as there are.

    The choice depends on the lines themselves: where one is edited, the others stay chosen.
    """
    kinds, seen = {}, {}
    for fault in faults(text):
        lines = lines_of(text, fault)
        seen[lines] = seen.get(lines, 0) + 1
        rank = hashlib.sha256("\n".join((path, *lines, str(seen[lines]))).encode()).hexdigest()
        kinds.setdefault(fault.operator, []).append((rank, fault))
    for ranked in kinds.values():
        ranked.sort(reverse=True)
    taken = []
    while len(taken) < count and any(kinds.values()):
        taken += [ranked.pop()[1] for _, ranked in sorted(kinds.items()) if ranked]
    return sorted(taken[:count], key=lambda fault: (fault.begin, fault.end, fault.text))
