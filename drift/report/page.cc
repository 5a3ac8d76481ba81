#include "drift/report/page.h"

#include <fmt/format.h>

#include "drift/base/printable.h"

namespace drift::report {
namespace {

// Texts have 4.5:1 against their ground in both schemes, and words and heights say the same as the
// colours. Paper is light whatever the reader's screen is.
constexpr std::string_view kStyle = R"(
:root{color-scheme:light;--ground:#fff;--card:#f6f7f9;--ink:#1b1d21;--faint:#565c66;--line:#d8dbe0;
--link:#0b4fb3;--synced:#1e7b34;--drift:#9a5b00;--broken:#b3261e;--error:#6a3fa0;--gap:#dfe2e7;--on:#fff}
@media screen and (prefers-color-scheme:dark){:root{color-scheme:dark;--ground:#14161a;--card:#1d2026;
--ink:#e8eaee;--faint:#a2a9b4;--line:#343943;--link:#8ab4f8;--synced:#6fce85;--drift:#f0b04e;
--broken:#ff8a80;--error:#c9a5ff;--gap:#3d434d;--on:#14161a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1.5rem 1rem 3rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
h1{font-size:1.35rem;margin:0}
h2{font-size:1.1rem;margin:0 0 .2rem;display:flex;gap:.2rem .5rem;align-items:baseline;flex-wrap:wrap}
h3{font-size:.85rem;margin:.9rem 0 .2rem;color:var(--faint);font-weight:600}
p{margin:.2rem 0}.faint{color:var(--faint)}.lead{font-weight:500}
.tiles,.key{display:flex;flex-wrap:wrap;margin:.8rem 0;padding:0;list-style:none}
.tiles{gap:.6rem}.key{gap:.3rem 1.1rem;font-size:.85rem;color:var(--faint)}
.tiles li{background:var(--card);border-left:4px solid var(--line);padding:.3rem .8rem;border-radius:4px}
.tiles b{font-size:1.25rem;margin-right:.35rem}
.key li{display:flex;gap:.4rem;align-items:center}.key svg{width:14px;height:20px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;margin:1rem 0}
.badge{font-size:.8rem;font-weight:600;padding:0 .55rem;border-radius:1rem;color:var(--on);
border:1px solid transparent}
.badge.synced{background:var(--synced)}.badge.drift{background:var(--drift)}
.badge.broken{background:var(--broken)}.badge.error{background:var(--error)}
.badge.gap{background:var(--gap);color:var(--ink)}.badge.past{color:var(--faint);border-color:var(--faint)}
li.synced{border-color:var(--synced)}li.drift{border-color:var(--drift)}
li.broken{border-color:var(--broken)}li.error{border-color:var(--error)}li.gap{border-color:var(--faint)}
svg{display:block}
.timeline,.durations{width:100%;height:28px;margin-top:.5rem}
rect.synced{fill:var(--synced)}rect.drift{fill:var(--drift)}rect.broken{fill:var(--broken)}
rect.error{fill:var(--error)}
rect.gap{fill:var(--gap);stroke:var(--faint);stroke-dasharray:3 3;vector-effect:non-scaling-stroke}
path{stroke:var(--faint);stroke-width:1.5;vector-effect:non-scaling-stroke;fill:none}
.days{position:relative;display:flex;justify-content:space-between;font-size:.78rem;color:var(--faint)}
.mid,.more{position:absolute;transform:translateX(-50%)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.05rem .8rem;margin:.6rem 0 0;font-size:.88rem}
dt{color:var(--faint)}dd{margin:0}.missed{color:var(--broken)}
table{border-collapse:collapse;width:100%;font-size:.88rem;overflow-wrap:normal}
th{text-align:left;color:var(--faint);font-weight:600}
th,td{padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
time,.reports td:not(.wide){white-space:nowrap}td.wide,td.mono{overflow-wrap:anywhere}td.wide{width:40%}td.mono{min-width:13ch}
.mono,code{font-family:ui-monospace,monospace;font-size:.92em}
details{margin-top:.7rem}summary{cursor:pointer;color:var(--faint)}
.finding{border-left:3px solid var(--drift);padding:.1rem .7rem;margin:.5rem 0;white-space:pre-line}
.finding.critical{border-color:var(--broken)}.finding.slight{border-color:var(--line)}
.finding.failure{border-color:var(--error)}
.runbook h3{font-size:.95rem;color:var(--ink)}.runbook ol{margin:.2rem 0;padding-left:1.4rem}
@media(max-width:40rem){.more{display:none}thead{display:none}
table,tbody,tr,td.wide,.pending td.mono{display:block}td{display:inline;border:0;padding:0;margin-right:.7rem;
overflow-wrap:anywhere}tr{border-bottom:1px solid var(--line);padding:.35rem 0}td.wide{width:auto}}
@media print{@page{margin:14mm}body{max-width:none;padding:0;font-size:10pt}
.card{box-decoration-break:clone;-webkit-box-decoration-break:clone}
.head,.finding,.tiles,.key,tr,.entry{break-inside:avoid}.head,h2,h3{break-after:avoid}
summary{list-style:none}a{color:inherit;text-decoration:none}
rect,.badge,.tiles li{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

}  // namespace

std::string html_escaped(std::string_view text) {
  // U+FFFE and U+FFFF are characters of UTF-8 and none of XML
  // (https://www.w3.org/TR/xml/#charsets).
  constexpr std::string_view kNoCharacter = "\xef\xbf";
  const std::string shown = printable(text);
  std::string escaped;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    if (std::string_view(shown).substr(i).starts_with(kNoCharacter) && i + 2 < shown.size() &&
        static_cast<unsigned char>(shown[i + 2]) >= 0xbe) {
      escaped += shown[i + 2] == '\xbe' ? "\\ufffe" : "\\uffff";
      i += 2;
      continue;
    }
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string page_begin(std::string_view title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing may be fetched or run, whatever a text in a report tries.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n",
      html_escaped(title), kStyle);
}

}  // namespace drift::report
