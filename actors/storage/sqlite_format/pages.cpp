#include <hololoom/actors/storage/sqlite_format/pages.hpp>
#include <hololoom/actors/storage/sqlite_format/wal_frames.hpp>

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace hololoom {

namespace {

constexpr char table_leaf = 0x0d;
constexpr char index_leaf = 0x0a;
constexpr char index_inner = 0x02;

std::string slurp(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// A big-endian number of `size` bytes; 0 beyond the end.
std::uint64_t number_at(std::string_view bytes, std::size_t at,
                        std::size_t size) {
  std::uint64_t result = 0;
  if (at + size > bytes.size())
    return 0;
  for (std::size_t i = 0; i < size; ++i)
    result = result << 8 | static_cast<unsigned char>(bytes[at + i]);
  return result;
}

bool plausible_page_size(std::size_t x) {
  return x >= 512 && x <= 65536 && std::has_single_bit(x);
}

/// Reads variable-length integers in sequence.
class varints {
public:
  varints(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::optional<std::uint64_t> next() {
    std::uint64_t result = 0;
    for (auto i = 0; i < 9; ++i) {
      if (at_ >= bytes_.size())
        return std::nullopt;
      auto byte = static_cast<unsigned char>(bytes_[at_++]);
      if (i == 8)
        return result << 8 | byte;
      result = result << 7 | (byte & 0x7f);
      if (byte < 0x80)
        return result;
    }
    return result;
  }

  std::size_t at() const { return at_; }

private:
  std::string_view bytes_;
  std::size_t at_;
};

std::int64_t signed_at(std::string_view bytes, std::size_t at,
                       std::size_t size) {
  if (size == 0)
    return 0;
  auto unused = 64 - 8 * size;
  return static_cast<std::int64_t>(number_at(bytes, at, size) << unused)
      >> unused;
}

/// Reads the value of serial type `type` at `at` in a record and moves `at`
/// behind it.
std::optional<sqlite_value> value_at(std::string_view record, std::size_t& at,
                                     std::uint64_t type) {
  constexpr std::size_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
  if (type >= 10 && type < 12)
    return std::nullopt;
  auto size =
    type < 10 ? sizes[type] : static_cast<std::size_t>((type - 12) / 2);
  if (size > record.size() || at > record.size() - size)
    return std::nullopt;
  auto begin = std::exchange(at, at + size);
  if (type == 0)
    return sqlite_value{};
  if (type == 8 || type == 9)
    return sqlite_value{static_cast<std::int64_t>(type - 8)};
  if (type == 7)
    return sqlite_value{std::bit_cast<double>(number_at(record, begin, 8))};
  if (type < 7)
    return sqlite_value{signed_at(record, begin, size)};
  return sqlite_value{std::string{record.substr(begin, size)}};
}

std::optional<std::vector<sqlite_value>> columns_of(std::string_view record) {
  varints header{record, 0};
  auto header_size = header.next();
  if (!header_size || *header_size > record.size())
    return std::nullopt;
  std::vector<sqlite_value> result;
  auto at = static_cast<std::size_t>(*header_size);
  while (header.at() < *header_size) {
    auto type = header.next();
    if (!type)
      return std::nullopt;
    auto value = value_at(record, at, *type);
    if (!value)
      return std::nullopt;
    result.push_back(std::move(*value));
  }
  return result;
}

} // namespace

sqlite_pages::sqlite_pages(const std::filesystem::path& file)
  : database_(slurp(file)) {
  auto log = file;
  log += "-wal";
  log_ = slurp(log);
  auto size = static_cast<std::size_t>(number_at(database_, 16, 2));
  auto log_size = static_cast<std::size_t>(number_at(log_, 8, 4));
  if (size == 1)
    size = 65536;
  if (plausible_page_size(size))
    page_size_ = size;
  else if (plausible_page_size(log_size))
    page_size_ = log_size;
  auto frames = read_wal_frames(log_, page_size_);
  auto add_frames = [&](frame_standing standing) {
    for (const auto& x : frames)
      if (x.standing == standing)
        add({x.content, standing == frame_standing::doubtful}, x.page,
            x.intact && standing != frame_standing::doubtful);
  };
  add_frames(frame_standing::moved);
  add_database();
  add_frames(frame_standing::committed);
  add_frames(frame_standing::doubtful);
}

void sqlite_pages::add(version x, std::uint32_t number, bool sure) {
  versions_.push_back(x);
  if (sure)
    sure_[number] = x.content;
  any_[number] = x.content;
}

void sqlite_pages::add_database() {
  std::string_view all{database_};
  std::uint32_t number = 1;
  for (std::size_t at = 0; at + page_size_ <= all.size(); at += page_size_)
    add({all.substr(at, page_size_)}, number++, true);
}

void sqlite_pages::for_each_row(const std::function<void(loose_row)>& f) const {
  for (const auto& x : versions_)
    if (x.content.front() == table_leaf)
      read_leaf(x, f);
}

void sqlite_pages::read_leaf(const version& from,
                             const std::function<void(loose_row)>& f) const {
  auto page = from.content;
  auto cells = number_at(page, 3, 2);
  for (std::uint64_t i = 0; i < cells; ++i) {
    auto pointer = 8 + 2 * static_cast<std::size_t>(i);
    if (pointer + 2 > page.size())
      return;
    varints cell{page, static_cast<std::size_t>(number_at(page, pointer, 2))};
    auto size = cell.next();
    auto rowid = cell.next();
    if (!size || !rowid || *size > (std::uint64_t{1} << 30))
      continue;
    auto read = [&](const std::optional<std::string>& record) {
      auto columns = record ? columns_of(*record) : std::nullopt;
      if (columns)
        f({static_cast<std::int64_t>(*rowid), std::move(*columns),
           from.doubtful});
    };
    auto record = payload(page, cell.at(), *size, any_);
    read(record);
    auto surely = payload(page, cell.at(), *size, sure_);
    if (surely != record)
      read(surely);
  }
}

void sqlite_pages::for_each_entry(
  std::uint32_t root,
  const std::function<void(std::string, std::int64_t)>& f) const {
  // A damaged page may refer to any other: read none twice.
  std::set<std::uint32_t> seen;
  std::vector<std::uint32_t> next{root};
  auto read = [&](std::string_view page, std::size_t at) {
    varints cell{page, at};
    auto size = cell.next();
    auto most = (static_cast<std::uint64_t>(page_size_) - 12) * 64 / 255 - 23;
    if (!size || *size > most || cell.at() > page.size())
      return;
    auto entry =
      columns_of(page.substr(cell.at(), static_cast<std::size_t>(*size)));
    if (!entry || entry->size() != 2)
      return;
    auto text = std::get_if<std::string>(&entry->front());
    auto number = std::get_if<std::int64_t>(&entry->back());
    if (text && number)
      f(std::move(*text), *number);
  };
  while (!next.empty()) {
    auto number = next.back();
    next.pop_back();
    auto found = sure_.find(number);
    if (found == sure_.end() && (found = any_.find(number)) == any_.end())
      continue;
    if (!seen.insert(number).second)
      continue;
    auto page = found->second;
    auto inner = page.front() == index_inner;
    if (!inner && page.front() != index_leaf)
      continue;
    std::size_t head = inner ? 12 : 8;
    if (inner)
      next.push_back(static_cast<std::uint32_t>(number_at(page, 8, 4)));
    auto cells = std::min<std::uint64_t>(number_at(page, 3, 2), page.size());
    for (std::size_t i = 0; i < cells; ++i) {
      auto at = static_cast<std::size_t>(number_at(page, head + 2 * i, 2));
      if (inner)
        next.push_back(static_cast<std::uint32_t>(number_at(page, at, 4)));
      read(page, inner ? at + 4 : at);
    }
  }
}

std::optional<std::string> sqlite_pages::payload(std::string_view page,
                                                 std::size_t at,
                                                 std::uint64_t size,
                                                 const page_map& pages) const {
  // How much of a payload is on its own page: section 1.6 of the format.
  auto usable = static_cast<std::uint64_t>(page_size_);
  auto local = size;
  if (size > usable - 35) {
    auto least = (usable - 12) * 32 / 255 - 23;
    auto fitting = least + (size - least) % (usable - 4);
    local = fitting <= usable - 35 ? fitting : least;
  }
  if (at > page.size() || local > page.size() - at)
    return std::nullopt;
  std::string result{page.substr(at, static_cast<std::size_t>(local))};
  if (local == size)
    return result;
  auto next = number_at(page, at + static_cast<std::size_t>(local), 4);
  while (result.size() < size) {
    auto more = pages.find(static_cast<std::uint32_t>(next));
    if (next == 0 || more == pages.end())
      return std::nullopt;
    next = number_at(more->second, 0, 4);
    result +=
      more->second.substr(4, static_cast<std::size_t>(size) - result.size());
  }
  return result;
}

} // namespace hololoom
