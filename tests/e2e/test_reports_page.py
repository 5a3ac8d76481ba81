"""`schema-drift reports summary --format html`: the page in a real browser, and on paper."""

import datetime
import json
import re
import subprocess

import pytest
from browser import Browser
from program import run, valid
from test_reports import DAY, FAILURE, NOW, Folder, folder, rfc3339  # noqa: F401

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LONG = "customer-relationship-management-production-eu-central-1-primary.reporting_replica_0001"
HOSTILE = "evil\"><img src=x onerror=alert(1)>\u202e&amp; </style><script>alert(2)</script>" + "x" * 200


def repository(url, commit=COMMIT):
    return {"url": url, "ref": "main", "commit": commit, "committed_at": rfc3339(NOW),
            "script_location": "migrations"}  # fmt: skip


def acknowledge(folder, target, **more):
    given = {"schema_version": 1, "target": target, "until": rfc3339(NOW + 9 * DAY), "at": rfc3339(NOW - DAY),
             "by": "ann@bastion", "reason": "deploy on <b>Monday</b>", "sequence": None, "withdrawn": None,
             "findings": [{"kind": "pending_revisions", "fingerprint": "0123456789abcdef",
                           "subjects": ["b2", "c3"]}], **more}  # fmt: skip
    path = folder.path / "acks" / f"{target}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(given))


TABLE = "app.\"><script>alert(3)</script>" + "wide_" * 11


def operation(severity="high", opaque=False, **more):
    rule = {"rule": "create-index", "severity": severity, "suppressed": None, "safe": "x"}
    return {"operation": None if opaque else "create_index", "table": None if opaque else TABLE, "columns": ["n"],
            "index": "ix_" + "i" * 60, "constraint": None, "to": None, "locks": {} if opaque else {TABLE: "SHARE"},
            "rewrites": False, "scans": True, "severity": severity, "line": 14, "conditional": False, "opaque": opaque,
            **({"reason": "a loop over <what>"} if opaque else {}), "notes": [], "rules": [rule],
            "seconds": {"from": 60, "to": 600}, "wait": "SHARE: writers wait 1 to 10 min", **more}  # fmt: skip


def operate(folder, target, operations):
    """Puts operations into the pending revisions of the last report."""
    path = folder.path / f"latest/{target}.json"
    report = json.loads(path.read_text())
    for revision in report["pending"]:
        revision.update(operations=operations, tables={TABLE: "SHARE"})
    holder = {"mode": "ROW EXCLUSIVE", "count": 1, "pid": 77, "seconds": 90, "state": "active", "program": "<b>psql"}
    table = {"name": TABLE, "kind": "p", "parts": 3, "bytes": 12 * 10**9, "heap_bytes": 10**10, "rows": 41 * 10**6,
             "owner": "ann", "lock_timeout_ms": 5000, "lock_holders": [holder]}  # fmt: skip
    report["operations"] = {"read": True, "because": None, "left_out": 0, "production": {
        "read": True, "because": None, "server_version": 15, "left_out": 0, "tables": {TABLE: table}}}  # fmt: skip
    path.write_text(json.dumps(valid(report)))


@pytest.fixture
def season(tmp_path):
    """Ninety days of six targets, with all that a page may have to show."""
    folder = Folder(tmp_path / "season")
    for ago in range(90, -1, -1):
        time = NOW - ago * DAY - datetime.timedelta(minutes=5)
        behind = ["behind", [f"{number:012x}" for number in range(70)]] if ago < 4 else []
        folder.add("orders", time, *behind, repository=repository("https://github.com/example/orders"))
        folder.add(LONG, time, *(["behind", ["b2", "c3"]] if ago < 2 else []))
        if ago not in (20, 21, 50):
            folder.add("holes", time, production={"database": HOSTILE, "version_table": None})
        if ago > 6:
            folder.add("silent", time)
        folder.add("billing", time, **({"status": "error", "failure": FAILURE} if ago in (0, 40) else {}))
        folder.add("calm", time, repository=repository("ssh://git@git.example.com/calm"))
    acknowledge(folder, LONG)
    operate(folder, LONG, [operation(), operation("medium"), operation("low"), operation(opaque=True)])
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture
def page(season, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(season.reports("summary", "--since", "90d", "--format", "html"))
    return page


def text_of(browser, selector):
    return browser.value(f"document.querySelector({json.dumps(selector)}).innerText")


def card(browser, target):
    return text_of(browser, f"[id='{target}']")


def test_the_page_needs_nothing_else_and_runs_nothing(page, browser):
    html = page.read_text()
    assert not re.search(r"<(script|link|img|iframe|object|base|form)\b", html)
    assert not re.search(r"\bsrc\s*=|url\(|@import|\son\w+=", re.sub(r"<dd>evil.*?</dd>", "", html))
    assert "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'" in html
    assert "&lt;script&gt;alert(&#39;000000000001&#39;)&lt;/script&gt; &amp; \\x1b[31m" in html
    links = browser.show(page).value("[...document.links].map(a => a.getAttribute('href'))")
    assert {link for link in links if not link.startswith("#")} == {
        f"https://github.com/example/orders/commit/{COMMIT}"}  # fmt: skip
    missing = "[...document.links].filter(a => a.getAttribute('href')[0] == '#')" \
              ".filter(a => !document.getElementById(a.getAttribute('href').slice(1))).length"  # fmt: skip
    assert browser.value(missing) == 0, "a link leads nowhere"
    for kind in ("script", "img", "b.missed + script"):
        assert browser.value(f"document.querySelectorAll({json.dumps(kind)}).length") == 0
    assert HOSTILE.replace("\u202e", "\\u202e") in card(browser, "holes")


def test_what_is_to_be_looked_at_comes_first(page, browser):
    browser.show(page)
    assert browser.value("[...document.querySelectorAll('.card')].map(c => c.id)") == [
        "billing", "silent", "orders", LONG, "calm", "holes"]  # fmt: skip
    assert text_of(browser, ".tiles").split("\n") == ["1without a run", "2behind", "1error", "2synced"]
    assert f"To be looked at: billing, silent, orders, {LONG}" in text_of(browser, "body")


def test_a_target_on_which_nothing_runs_wears_no_calm_badge(page, browser):
    lines = card(browser.show(page), "silent").split("\n")
    assert lines[:3] == ["silent", "no run for 7 days", "last: synced"]
    assert re.match(r"nothing has run since \S+ \S+ UTC · what to do$", "".join(lines[3:5]).strip())
    assert browser.value("document.querySelector('#silent .badge').className") == "badge gap"


def test_missed_nights_are_a_number(page, browser):
    browser.show(page)
    assert re.search(r"runs\n90: 90 synced · no night missed\n", card(browser, "calm"))
    assert re.search(r"runs\n87: 87 synced · 3 nights missed\n", card(browser, "holes"))
    assert re.search(r"runs\n83: 83 synced · 6 nights missed\n", card(browser, "silent"))


def test_the_card_says_who_acknowledged_and_until_when(season, page, browser):
    text = card(browser.show(page), LONG)
    until = (NOW + 9 * DAY).strftime("%Y-%m-%d")
    assert f"{LONG}\nbehind\nacknowledged until {until}\n" in text
    assert (f"in force until {rfc3339(NOW + 9 * DAY)}\nby ann@bastion on {(NOW - DAY).strftime('%Y-%m-%d')}: "
            "deploy on <b>Monday</b>\ncovers pending_revisions (b2, c3) and further pending revisions") in text
    for more, told in [
        ({"until": rfc3339(NOW - 2 * DAY)}, f"ended on its day, {rfc3339(NOW - 2 * DAY)}"),
        ({"withdrawn": {"at": rfc3339(NOW), "by": "bob@host", "reason": "off"}},
         f"withdrawn at {rfc3339(NOW)} by bob@host: off"),
        ({"at": rfc3339(NOW - 30 * DAY)}, "ended: recovered"),
    ]:  # fmt: skip
        acknowledge(season, LONG, **more)
        page.write_text(season.reports("summary", "--since", "90d", "--format", "html"))
        text = card(browser.show(page), LONG)
        assert f"acknowledged\n{told}\nby ann@bastion" in text
        assert "acknowledged until" not in text


def test_what_pending_revisions_do_stands_below_them(season, page, browser):
    text = card(browser.show(page), LONG)
    text = text.replace("\n\n", "\n")
    assert "what they do: 8 operations, 4 high, 2 not read\nsizes of " in text
    assert (f"\nb2\nhigh {TABLE} (12 GB, ~41 M rows in 3 partitions) · create_index (n) ix_{'i' * 60} · "
            "SHARE: writers wait 1 to 10 min\n→ postgresql_concurrently=True in autocommit_block()\n"
            "migrations/versions/b2.py:14\nmedium " in text)  # fmt: skip
    assert "\nhigh cannot read a loop over <what>" in text
    assert (f"queue: {TABLE}: session 77 (active, <b>psql) holds ROW EXCLUSIVE, in a transaction of 90 s; "
            "the SHARE of this waits for it" in text)  # fmt: skip
    assert "lock_timeout: role ann gives up after 5000 ms" in text
    colours = "[...document.querySelectorAll('.card details .finding')].map(e => getComputedStyle(e).borderLeftColor)"
    assert len(set(browser.value(colours))) == 3
    assert browser.value("document.querySelectorAll('script').length") == 0
    # A page that is opened on a telephone holds no more than a hundred of a target.
    operate(season, LONG, [operation("low")] * 60)
    page.write_text(season.reports("summary", "--since", "90d", "--format", "html"))
    assert page.read_text().count('<div class="finding slight">') == 100
    assert "and 20 more, all in the report" in page.read_text()
    assert "<details><summary>what they do: 120 operations, 0 high</summary>" in page.read_text()


def test_each_verdict_leads_to_what_to_do(page, browser):
    browser.show(page)
    assert browser.value("[...document.querySelectorAll('.entry')].map(e => e.id)") == [
        "do:silent", "do:error", "do:behind"]  # fmt: skip
    assert "Follow the hint below the failure." in text_of(browser, "[id='do:error']")
    assert browser.value("document.querySelector('#orders .lead a').getAttribute('href')") == "#do:behind"


def test_ages_are_those_that_can_be(tmp_path, browser):
    folder = Folder(tmp_path / "reports")
    folder.add("orders", NOW + DAY, "behind", ["b2"])
    latest = folder.path / "latest/orders.json"
    report = json.loads(latest.read_text())
    report["pending"][0]["committed_at"] = rfc3339(NOW + 40 * DAY)
    latest.write_text(json.dumps(report))
    page = tmp_path / "page.html"
    page.write_text(folder.reports("summary", "--format", "html"))
    text = card(browser.show(page), "orders")
    assert f"first seen {rfc3339(NOW - 2 * DAY)[:16].replace('T', ' ')} UTC (2 days ago)" in text
    assert f"last run\n{rfc3339(NOW + DAY)[:16].replace('T', ' ')} UTC, run " in text
    assert (NOW + 40 * DAY).strftime("%Y-%m-%d") + "\texample" in text
    assert re.findall(r"\((.*?) ago\)", text) == ["2 days"]


# Words that stand on two lines, and texts that stand on one another.
BROKEN_WORDS = """
(() => { const broken = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walk.nextNode();) {
    if (!node.parentElement.closest('h1,h2,h3,dt,th,summary,.lead,.badge,.tiles,.key,.days')) continue;
    for (const word of node.data.matchAll(/[^\\s-]+/g)) {
      if (word[0].length > 20) continue;
      const range = document.createRange();
      range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
      if (tops.size > 1) broken.push(word[0]);
    } }
  return broken; })()
"""
DAY_LABELS = """
[...document.querySelectorAll('.days')].map(days => [...days.children].map(s => s.getBoundingClientRect())
  .filter(r => r.width > 0).map(r => [r.left, r.right, r.height]).sort((a, b) => a[0] - b[0]))
"""


@pytest.mark.parametrize("width, labels", [(320, 3), (375, 3), (768, 5), (1280, 5)])
def test_the_page_fits_the_screen(page, browser, width, labels):
    browser.show(page, width=width)
    assert browser.value("document.documentElement.scrollWidth") == width
    beyond = f"[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > {width})" \
             ".map(e => e.outerHTML.slice(0, 80))"  # fmt: skip
    assert browser.value(beyond) == []
    assert browser.value(BROKEN_WORDS) == []
    for days in browser.value(DAY_LABELS):
        assert len(days) == labels
        assert all(height >= 14 for _, _, height in days), "the days can be read"
        assert all(one[1] + 4 <= other[0] for one, other in zip(days, days[1:])), "and none covers another"


def test_the_key_explains_every_colour_of_the_timelines(page, browser):
    browser.show(page)
    assert text_of(browser, ".key").split("\n") == [
        "synced", "behind", "any other drift", "could not tell", "no run"]  # fmt: skip
    looks = "[...new Set([...document.querySelectorAll('%s rect')]" \
            ".map(r => r.className.baseVal + ' ' + r.getAttribute('height')))]"  # fmt: skip
    key, shown = browser.value(looks % ".key"), browser.value(looks % ".timeline")
    assert set(shown) <= set(key)
    assert set(shown) == {"synced 12", "drift 20", "error 28", "gap 28"}
    widths = "[...document.querySelectorAll('.timeline rect')].map(r => r.getBoundingClientRect().width)"
    assert min(browser.show(page, width=375).value(widths)) >= 1.5, "one night of ninety is seen on a telephone"


# The contrast of WCAG 2.1: of each text with what lies behind it, of each bar with its card.
CONTRASTS = """
(() => { const part = c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const texts = [...document.querySelectorAll('body *')].filter(e => !e.closest('svg') &&
    [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()));
  const bars = [...document.querySelectorAll('rect')].map(e => [e, getComputedStyle(e)]);
  return {texts: texts.map(e => [ratio(rgb(getComputedStyle(e).color), ground(e)), e.className, e.textContent.slice(0, 40)])
            .filter(([r]) => r < 4.5),
          bars: bars.map(([e, s]) => [ratio(rgb(e.className.baseVal == 'gap' ? s.stroke : s.fill), ground(e)),
            e.className.baseVal]).filter(([r]) => r < 3), count: texts.length}; })()
"""


@pytest.mark.parametrize("scheme, ground", [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 22, 26)")])
def test_everything_can_be_read_in_both_schemes(page, browser, scheme, ground):
    browser.show(page, scheme=scheme)
    assert browser.value("getComputedStyle(document.body).backgroundColor") == ground
    found = browser.value(CONTRASTS)
    assert (found["texts"], found["bars"]) == ([], [])
    assert found["count"] > 300


def test_paper_is_light_and_filled_from_the_first_page_on(page, browser, tmp_path):
    browser.show(page, scheme="dark")
    browser.ask("Emulation.setEmulatedMedia", media="print",
                features=[{"name": "prefers-color-scheme", "value": "dark"}])  # fmt: skip
    assert browser.value("getComputedStyle(document.body).color") == "rgb(27, 29, 33)"
    browser.ask("Emulation.setEmulatedMedia", media="")
    pdf = tmp_path / "page.pdf"
    browser.print_to(pdf)

    printed = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, stdout=subprocess.PIPE, text=True)
    sheets = printed.stdout.split("\f")
    assert "cannot connect to billing on db.example.com:5432" in sheets[0]
    assert "any other drift" in sheets[0]
    # The card with fifty pending revisions is longer than what is left of a sheet, and is divided.
    of_orders = [i for i, sheet in enumerate(sheets) if re.search(r"^\s*0000000000[0-9a-f]{2}\b", sheet, re.M)]
    assert len(of_orders) >= 2
    assert re.search(r"^\s*orders\s+behind$", sheets[of_orders[0]], re.M), "it begins where there was room"
    assert all(len(sheet.split()) > 100 for sheet in sheets[: of_orders[-1]])


def test_nothing_stored_makes_a_page_that_says_so(tmp_path, browser):
    (tmp_path / "none").mkdir()
    done = run("reports", "summary", "--format", "html", "--reports", tmp_path / "none")
    page = tmp_path / "page.html"
    page.write_text(done.stdout)
    assert "There is no report here." in text_of(browser.show(page), "body")


def test_where_not_all_was_read_the_page_says_so(folder, browser, tmp_path):  # noqa: F811
    page = tmp_path / "page.html"
    page.write_text(folder.reports("summary", "--limit", "3", "--format", "html"))
    assert "only the newest 3 reports were read (--limit 3)" in text_of(browser.show(page), "body")
