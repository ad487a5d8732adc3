#include "common/fabric/xmlrpc.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/fabric/xmlrpc_document.h"

namespace weft::fabric::xmlrpc {
namespace {

constexpr char kProlog[] = "<?xml version='1.0'?>\n";
constexpr char kOpenList[] = "<value><array><data>\n";
constexpr char kCloseList[] = "</data></array></value>\n";
constexpr char kOpenStruct[] = "<value><struct>\n";
constexpr char kCloseStruct[] = "</struct></value>\n";

// The bytes that one character takes, or 0 where there is none in UTF-8 that XML allows.
size_t CharacterLength(absl::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n';
  const size_t length = first >= 0xF5   ? 0
                        : first >= 0xF0 ? 4
                        : first >= 0xE0 ? 3
                        : first >= 0xC2 ? 2
                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF, and the two non-characters that expat refuses.
  if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F)) return 0;
  if ((first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F)) return 0;
  if (first == 0xEF && at(1) == 0xBF && at(2) >= 0xBE) return 0;
  return length;
}

// Where escaping has something to do, from `begin` on.
size_t NextSpecial(absl::string_view text, size_t begin) {
  for (size_t i = begin; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '&' || c == '<' || c == '>' || c < 0x20 || c >= 0x80) return i;
  }
  return text.size();
}

// What no XML can hold becomes a question mark, rather than an answer that no client can read.
void AppendEscaped(std::string* out, absl::string_view text) {
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = NextSpecial(text, begin);
    out->append(text.data() + begin, end - begin);
    if (end == text.size()) return;
    begin = end + 1;
    if (text[end] == '&') {
      out->append("&amp;");
    } else if (text[end] == '<') {
      out->append("&lt;");
    } else if (text[end] == '>') {
      out->append("&gt;");
    } else if (text[end] == '\r') {
      out->append("&#13;");  // The original let readers make a line feed of it.
    } else if (const size_t length = CharacterLength(text.substr(end)); length > 0) {
      out->append(text.data() + end, length);
      begin = end + length;
    } else {
      out->push_back('?');
    }
  }
}

// Python's repr: the shortest digits that read back the same, plain from 1e-4 to below 1e16.
void AppendDouble(std::string* out, double number) {
  if (std::isnan(number)) return out->append("nan"), void();
  if (std::isinf(number)) return out->append(number > 0 ? "inf" : "-inf"), void();
  std::array<char, 32> buffer;
  const auto scientific = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                        std::chars_format::scientific);
  const absl::string_view text(buffer.data(), scientific.ptr - buffer.data());
  int exponent = 0;
  const size_t e = text.find('e');
  const char* const digits = text.data() + e + 1;
  std::from_chars(digits + (*digits == '+'), text.data() + text.size(), exponent);
  if (number != 0 && (exponent < -4 || exponent >= 16)) {
    out->append(text.data(), text.size());
    return;
  }
  const auto fixed =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed);
  const absl::string_view plain(buffer.data(), fixed.ptr - buffer.data());
  out->append(plain.data(), plain.size());
  if (plain.find('.') == absl::string_view::npos) out->append(".0");
}

// Appends texts of XML-RPC; remembers that an integer was too wide.
class Writer {
 public:
  explicit Writer(absl::string_view head) { absl::StrAppend(&out_, kProlog, head); }

  void Raw(absl::string_view text) { out_.append(text.data(), text.size()); }

  void String(absl::string_view text) {
    Raw("<value><string>");
    AppendEscaped(&out_, text);
    Raw("</string></value>\n");
  }

  void Int(int64_t number) {
    fits_ = fits_ && number >= std::numeric_limits<int32_t>::min() &&
            number <= std::numeric_limits<int32_t>::max();
    absl::StrAppend(&out_, "<value><int>", number, "</int></value>\n");
  }

  void Write(const Value& value) {
    if (const auto* text = std::get_if<std::string>(&value.data)) return String(*text);
    if (const auto* number = std::get_if<int64_t>(&value.data)) return Int(*number);
    if (const auto* flag = std::get_if<bool>(&value.data)) {
      return Raw(*flag ? "<value><boolean>1</boolean></value>\n"
                       : "<value><boolean>0</boolean></value>\n");
    }
    if (const auto* number = std::get_if<double>(&value.data)) {
      Raw("<value><double>");
      AppendDouble(&out_, *number);
      return Raw("</double></value>\n");
    }
    if (const auto* list = std::get_if<List>(&value.data)) {
      Raw(kOpenList);
      for (const Value& element : *list) Write(element);
      return Raw(kCloseList);
    }
    if (const auto* members = std::get_if<fabric::Struct>(&value.data)) {
      Raw(kOpenStruct);
      for (const auto& [name, member] : *members) {
        OpenMember(name);
        Write(member);
        Raw("</member>\n");
      }
      return Raw(kCloseStruct);
    }
    Raw("<value><nil/></value>");  // Without the line feed: so the original wrote it.
  }

  void OpenMember(absl::string_view name) {
    Raw("<member>\n<name>");
    AppendEscaped(&out_, name);
    Raw("</name>\n");
  }

  absl::StatusOr<std::string> Finish() {
    if (!fits_) return absl::OutOfRangeError("int exceeds XML-RPC limits");
    return std::move(out_);
  }

 private:
  std::string out_;
  bool fits_ = true;
};

constexpr char kOpenResponse[] = "<methodResponse>\n<params>\n<param>\n";
constexpr char kCloseResponse[] = "</param>\n</params>\n</methodResponse>\n";

void WriteSet(const ResultSet& set, Writer* writer) {
  writer->Raw(kOpenStruct);
  writer->OpenMember("info");
  writer->Raw(kOpenStruct);
  writer->OpenMember("names");
  writer->Raw(kOpenList);
  for (const Column& column : set.columns) writer->String(column.name);
  writer->Raw(kCloseList);
  writer->Raw("</member>\n");
  writer->Raw(kCloseStruct);
  writer->Raw("</member>\n");
  writer->OpenMember("rows");
  writer->Raw(kOpenList);
  for (const List& row : set.rows) {
    writer->Raw(kOpenList);
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i].is_nil() && i < set.columns.size() && set.columns[i].type == Type::kString) {
        writer->String("None");
      } else {
        writer->Write(row[i]);
      }
    }
    writer->Raw(kCloseList);
  }
  writer->Raw(kCloseList);
  writer->Raw("</member>\n");
  writer->Raw(kCloseStruct);
}

const Value* Member(const Value& value, absl::string_view name) {
  const auto* members = std::get_if<Struct>(&value.data);
  if (members == nullptr) return nullptr;
  for (const auto& [key, member] : *members) {
    if (key == name) return &member;
  }
  return nullptr;
}

absl::Status NoEnvelope(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("not an answer of MySQL Fabric, format version 1: ", what));
}

absl::StatusOr<ResultSet> ReadSet(const Value& value) {
  const Value* info = Member(value, "info");
  const Value* names = info == nullptr ? nullptr : Member(*info, "names");
  const Value* rows = Member(value, "rows");
  if (names == nullptr || rows == nullptr || !std::holds_alternative<List>(names->data) ||
      !std::holds_alternative<List>(rows->data)) {
    return NoEnvelope("a result set without names and rows");
  }
  ResultSet set;
  for (const Value& name : std::get<List>(names->data)) {
    const auto* text = std::get_if<std::string>(&name.data);
    if (text == nullptr) return NoEnvelope("the name of a column is no string");
    set.columns.push_back({*text, Type::kString});
  }
  for (const Value& row : std::get<List>(rows->data)) {
    const auto* fields = std::get_if<List>(&row.data);
    if (fields == nullptr || fields->size() != set.columns.size()) {
      return NoEnvelope("a row of other length than its columns");
    }
    set.rows.push_back(*fields);
  }
  return set;
}

absl::StatusOr<Envelope> ReadEnvelope(const Value& value) {
  const auto* fields = std::get_if<List>(&value.data);
  if (fields == nullptr || fields->size() != 5) return NoEnvelope("not five values");
  const auto* version = std::get_if<int64_t>(&(*fields)[0].data);
  if (version == nullptr || *version != kFormatVersion) return NoEnvelope("another version");
  const auto* uuid = std::get_if<std::string>(&(*fields)[1].data);
  const auto* ttl = std::get_if<int64_t>(&(*fields)[2].data);
  const auto* error = std::get_if<std::string>(&(*fields)[3].data);
  const auto* sets = std::get_if<List>(&(*fields)[4].data);
  if (uuid == nullptr || ttl == nullptr || sets == nullptr ||
      (error == nullptr && !(*fields)[3].is_nil())) {
    return NoEnvelope("a value of another type");
  }
  Envelope envelope{*uuid, *ttl, {error == nullptr ? "" : *error, {}}};
  for (const Value& set : *sets) {
    WEFT_ASSIGN_OR_RETURN(envelope.answer.sets.emplace_back(), ReadSet(set));
  }
  return envelope;
}

Fault ReadFault(const Value& value) {
  Fault fault{1, "the server answered with a fault that has no text"};
  if (const Value* code = Member(value, "faultCode")) {
    if (const auto* number = std::get_if<int64_t>(&code->data)) fault.code = *number;
  }
  if (const Value* text = Member(value, "faultString")) {
    if (const auto* words = std::get_if<std::string>(&text->data)) fault.text = *words;
  }
  return fault;
}

}  // namespace

absl::StatusOr<Call> ParseRequest(absl::string_view text, const Limits& limits) {
  WEFT_ASSIGN_OR_RETURN(Document document, ReadDocument(text, limits));
  if (document.kind != Document::Kind::kCall) {
    return absl::InvalidArgumentError("a response where a call was expected");
  }
  return Call{std::move(document.method), std::move(document.values), {}};
}

absl::StatusOr<std::string> WriteAnswer(const Answer& answer, int ttl) {
  Writer writer(kOpenResponse);
  writer.Raw(kOpenList);
  writer.Int(kFormatVersion);
  writer.String(kFabricUuid);
  writer.Int(ttl);
  writer.String(answer.error);
  writer.Raw(kOpenList);
  for (const ResultSet& set : answer.sets) WriteSet(set, &writer);
  writer.Raw(kCloseList);
  writer.Raw(kCloseList);
  writer.Raw(kCloseResponse);
  return writer.Finish();
}

absl::StatusOr<std::string> WriteValue(const Value& value) {
  Writer writer(kOpenResponse);
  writer.Write(value);
  writer.Raw(kCloseResponse);
  return writer.Finish();
}

std::string WriteFault(const Fault& fault) {
  const bool fits = fault.code == static_cast<int32_t>(fault.code);
  Writer writer("<methodResponse>\n<fault>\n");
  writer.Raw(kOpenStruct);
  writer.OpenMember("faultCode");
  writer.Int(fits ? fault.code : 1);
  writer.Raw("</member>\n");
  writer.OpenMember("faultString");
  writer.String(fault.text);
  writer.Raw("</member>\n");
  writer.Raw(kCloseStruct);
  writer.Raw("</fault>\n</methodResponse>\n");
  return *writer.Finish();
}

absl::StatusOr<std::string> WriteRequest(const Call& call) {
  Writer writer("<methodCall>\n<methodName>");
  std::string name;
  AppendEscaped(&name, call.method);
  writer.Raw(name);
  writer.Raw("</methodName>\n<params>\n");
  for (const Value& argument : call.arguments) {
    writer.Raw("<param>\n");
    writer.Write(argument);
    writer.Raw("</param>\n");
  }
  writer.Raw("</params>\n</methodCall>\n");
  return writer.Finish();
}

absl::StatusOr<std::variant<Value, Fault>> ParseValue(absl::string_view text,
                                                      const Limits& limits) {
  WEFT_ASSIGN_OR_RETURN(Document document, ReadDocument(text, limits));
  if (document.kind == Document::Kind::kCall) {
    return absl::InvalidArgumentError("a call where a response was expected");
  }
  if (document.kind == Document::Kind::kFault) return ReadFault(document.values[0]);
  return std::move(document.values[0]);
}

absl::StatusOr<std::variant<Envelope, Fault>> ParseAnswer(absl::string_view text,
                                                          const Limits& limits) {
  WEFT_ASSIGN_OR_RETURN(const auto response, ParseValue(text, limits));
  if (const auto* fault = std::get_if<Fault>(&response)) return *fault;
  return ReadEnvelope(std::get<Value>(response));
}

}  // namespace weft::fabric::xmlrpc
