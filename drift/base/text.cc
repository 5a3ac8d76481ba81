#include "drift/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "drift/base/printable.h"

namespace drift {

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

std::string ascii_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator, std::size_t most) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos || pieces.size() + 1 >= most) {
      pieces.push_back(text);
      return pieces;
    }
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
  return fmt::format("{}", fmt::join(texts, between));
}

std::string counted(std::uint64_t count, std::string_view what, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", what);
  return many.empty() ? fmt::format("{} {}s", count, what) : fmt::format("{} {}", count, many);
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", shortened(text)); }

std::string quoted(const std::vector<std::string>& texts, std::size_t at_most) {
  const std::size_t shown = std::min(texts.size(), at_most);
  std::string list;
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) list += i + 1 == texts.size() ? " and " : ", ";
    list += quoted(texts[i]);
  }
  if (shown < texts.size()) list += fmt::format(" and {} more", texts.size() - shown);
  return list;
}

namespace {

constexpr std::size_t kLongest = 128;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t gap = a.size() > b.size() ? a.size() - b.size() : b.size() - a.size();
  if (gap > limit || a.size() > kLongest || b.size() > kLongest) return limit + 1;
  // Three rows of the table, and in each only the cells that can stay within the limit.
  std::array<std::array<std::size_t, kLongest + 1>, 3> rows;
  auto *before = &rows[0], *last = &rows[1], *now = &rows[2];
  for (std::size_t j = 0; j <= std::min(limit, b.size()); ++j) (*last)[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const std::size_t first = i > limit ? i - limit : 1;
    const std::size_t end = std::min(b.size(), i + limit);
    const char changed = ascii_lower(a[i - 1]);
    // Cells outside the band count as over the limit.
    (*now)[first - 1] = first == 1 && i <= limit ? i : limit + 1;
    if (end == i + limit) (*last)[end] = limit + 1;
    std::size_t best = (*now)[first - 1];
    for (std::size_t j = first; j <= end; ++j) {
      const std::size_t change = changed == ascii_lower(b[j - 1]) ? 0 : 1;
      (*now)[j] = std::min({(*last)[j] + 1, (*now)[j - 1] + 1, (*last)[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && changed == ascii_lower(b[j - 2]) &&
                           ascii_lower(a[i - 2]) == ascii_lower(b[j - 1]);
      if (swapped) (*now)[j] = std::min((*now)[j], (*before)[j - 2] + 1);
      best = std::min(best, (*now)[j]);
    }
    if (best > limit) return limit + 1;
    std::swap(before, last);
    std::swap(last, now);
  }
  return std::min((*last)[b.size()], limit + 1);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongest) return {};
  std::size_t limit = std::clamp<std::size_t>(word.size() / 3, 1, 4);
  std::string found;
  // Whoever wrote the beginning of one name alone means that: --repo is nearer to --ref, and is no
  // part of it.
  constexpr std::size_t kShortestBeginning = 4;  // "--re"
  if (word.size() >= kShortestBeginning) {
    std::size_t beginnings = 0;
    for (const std::string& candidate : candidates) {
      if (candidate.size() > kLongest) continue;
      if (candidate.starts_with(word) && ++beginnings == 1) found = candidate;
    }
    if (beginnings == 1) return found;
    found.clear();
  }
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const std::size_t edits = edit_distance(word, candidate, limit);
    if (edits > limit) continue;
    found = candidate;
    // Only a strictly nearer one can take its place.
    if (edits == 0) break;
    limit = edits - 1;
  }
  return found;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace drift
