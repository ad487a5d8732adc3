#include "common/fabric/xmlrpc_document.h"

#include <expat.h>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/random.h"

namespace weft::fabric::xmlrpc {
namespace {

enum class Element {
  kNone,  // outside the root
  kMethodCall,
  kMethodResponse,
  kMethodName,
  kParams,
  kParam,
  kFault,
  kValue,
  kArray,
  kData,
  kStruct,
  kMember,
  kName,
  kNil,
  kInt,
  kBoolean,
  kDouble,
  kString,
  kUnknown,
};

Element ElementNamed(absl::string_view name) {
  static const auto* const names = new absl::flat_hash_map<absl::string_view, Element>{
      {"methodCall", Element::kMethodCall},
      {"methodResponse", Element::kMethodResponse},
      {"methodName", Element::kMethodName},
      {"params", Element::kParams},
      {"param", Element::kParam},
      {"fault", Element::kFault},
      {"value", Element::kValue},
      {"array", Element::kArray},
      {"data", Element::kData},
      {"struct", Element::kStruct},
      {"member", Element::kMember},
      {"name", Element::kName},
      {"nil", Element::kNil},
      {"int", Element::kInt},
      {"i4", Element::kInt},
      {"i8", Element::kInt},
      {"boolean", Element::kBoolean},
      {"double", Element::kDouble},
      {"string", Element::kString},
      {"dateTime.iso8601", Element::kString},
  };
  const auto found = names->find(name);
  return found == names->end() ? Element::kUnknown : found->second;
}

bool MayHold(Element outer, Element inner) {
  switch (outer) {
    case Element::kNone:
      return inner == Element::kMethodCall || inner == Element::kMethodResponse;
    case Element::kMethodCall:
      return inner == Element::kMethodName || inner == Element::kParams;
    case Element::kMethodResponse:
      return inner == Element::kParams || inner == Element::kFault;
    case Element::kParams:
      return inner == Element::kParam;
    case Element::kParam:
    case Element::kFault:
    case Element::kData:
      return inner == Element::kValue;
    case Element::kValue:
      return inner == Element::kArray || inner == Element::kStruct ||
             (inner >= Element::kNil && inner <= Element::kString);
    case Element::kArray:
      return inner == Element::kData;
    case Element::kStruct:
      return inner == Element::kMember;
    case Element::kMember:
      return inner == Element::kName || inner == Element::kValue;
    default:
      return false;
  }
}

// Of those that may hold one child only, and of the root's, each at most once.
bool OneChild(Element element) {
  return element == Element::kParam || element == Element::kFault || element == Element::kValue ||
         element == Element::kArray || element == Element::kMethodResponse;
}

using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)>;

Parser NewParser() { return Parser(XML_ParserCreate("UTF-8"), &XML_ParserFree); }

// Follows one text, element by element.
class Reader {
 public:
  Reader(XML_Parser parser, const Limits& limits) : parser_(parser), limits_(limits) {
    XML_SetUserData(parser, this);
    XML_SetElementHandler(parser, &Reader::Start, &Reader::End);
    XML_SetCharacterDataHandler(parser, &Reader::Text);
    XML_SetStartDoctypeDeclHandler(parser, &Reader::Doctype);
  }

  absl::StatusOr<Document> Read(absl::string_view text) {
    const auto parsed =
        XML_Parse(parser_, text.data(), static_cast<int>(text.size()), /*isFinal=*/1);
    if (!status_.ok()) return status_;
    if (parsed != XML_STATUS_OK) Fail(XML_ErrorString(XML_GetErrorCode(parser_)));
    if (status_.ok() && document_.kind == Document::Kind::kCall && document_.method.empty()) {
      Fail("a call without <methodName>");
    }
    if (status_.ok() && document_.kind != Document::Kind::kCall && document_.values.size() != 1) {
      Fail("a response without exactly one value");
    }
    if (!status_.ok()) return status_;
    return std::move(document_);
  }

 private:
  struct Frame {
    Element element = Element::kNone;
    int children = 0;
    bool named = false;  // of a member
    Value value;         // what is in a value, an array, a struct or a member
    std::string name;    // of a member
  };

  static void Start(void* self, const XML_Char* name, const XML_Char**) {
    static_cast<Reader*>(self)->OnStart(name);
  }
  static void End(void* self, const XML_Char*) { static_cast<Reader*>(self)->OnEnd(); }
  static void Text(void* self, const XML_Char* text, int length) {
    static_cast<Reader*>(self)->OnText(absl::string_view(text, length));
  }
  static void Doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Reader*>(self)->Fail("a document type is not accepted");
  }

  void Fail(absl::string_view what, absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    if (!status_.ok()) return;
    status_ = absl::Status(code, absl::StrCat(what, ": line ", XML_GetCurrentLineNumber(parser_),
                                              ", column ", XML_GetCurrentColumnNumber(parser_)));
    XML_StopParser(parser_, XML_FALSE);
  }

  void OnStart(absl::string_view name) {
    if (!status_.ok()) return;
    const Element element = ElementNamed(name);
    const Element outer = frames_.empty() ? Element::kNone : frames_.back().element;
    if (element == Element::kUnknown && outer == Element::kValue) {
      return Fail(absl::StrCat("values of the type <", absl::CHexEscape(name.substr(0, 20)),
                               "> are not supported"));
    }
    if (!MayHold(outer, element)) return Fail("an element where XML-RPC has none such");
    if (!frames_.empty() && frames_.back().children++ > 0 && OneChild(outer)) {
      return Fail("two elements where XML-RPC has one");
    }
    if (static_cast<int>(frames_.size()) >= limits_.depth) {
      return Fail("nested too deeply", absl::StatusCode::kResourceExhausted);
    }
    if (++elements_ > limits_.elements) {
      return Fail("too many elements", absl::StatusCode::kResourceExhausted);
    }
    if (element == Element::kMethodResponse) document_.kind = Document::Kind::kResponse;
    if (element == Element::kFault) document_.kind = Document::Kind::kFault;
    text_.clear();
    Frame& frame = frames_.emplace_back();
    frame.element = element;
    if (element == Element::kArray) frame.value.data = List();
    if (element == Element::kStruct) frame.value.data = Struct();
  }

  void OnText(absl::string_view text) {
    if (!status_.ok() || frames_.empty()) return;
    const Frame& frame = frames_.back();
    if (frame.element == Element::kMethodName || frame.element >= Element::kName ||
        (frame.element == Element::kValue && frame.children == 0)) {
      text_.append(text.data(), text.size());
    }
  }

  void OnEnd() {
    if (!status_.ok()) return;
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    switch (frame.element) {
      case Element::kMethodName:
        return EndMethodName();
      case Element::kName:
        return EndName();
      case Element::kMember:
        return EndMember(std::move(frame));
      case Element::kArray:
      case Element::kStruct:
        frames_.back().value = std::move(frame.value);
        return;
      case Element::kValue:
        if (frame.children == 0) frame.value.data = std::move(text_);
        text_.clear();
        return Give(std::move(frame.value));
      case Element::kParam:
      case Element::kFault:
        if (frame.children == 0) Fail("an element without its value");
        return;
      default:
        if (frame.element >= Element::kNil) EndScalar(frame.element);
    }
  }

  void EndMethodName() {
    if (!document_.method.empty()) return Fail("two method names");
    document_.method = std::move(text_);
    text_.clear();
  }

  void EndName() {
    Frame& member = frames_.back();
    if (member.named) return Fail("two names of one member");
    member.named = true;
    member.name = std::move(text_);
    text_.clear();
  }

  void EndMember(Frame member) {
    if (!member.named || member.children != 2) {
      return Fail("a member without exactly one name and one value");
    }
    std::get<Struct>(frames_.back().value.data)
        .emplace_back(std::move(member.name), std::move(member.value));
  }

  void EndScalar(Element element) {
    Value& value = frames_.back().value;
    if (element == Element::kString) {
      value.data = std::move(text_);
    } else if (element == Element::kInt) {
      int64_t number = 0;
      if (!absl::SimpleAtoi(text_, &number)) return Fail("an <int> that is no number");
      value.data = number;
    } else if (element == Element::kDouble) {
      double number = 0;
      if (!absl::SimpleAtod(text_, &number)) return Fail("a <double> that is no number");
      value.data = number;
    } else if (element == Element::kBoolean) {
      const absl::string_view digit = absl::StripAsciiWhitespace(text_);
      if (digit != "0" && digit != "1") return Fail("a <boolean> that is neither 0 nor 1");
      value.data = digit == "1";
    } else {
      value.data = Nil();
    }
    text_.clear();
  }

  // A whole value, to what it stands in.
  void Give(Value value) {
    Frame& outer = frames_.back();
    if (outer.element == Element::kData) {
      std::get<List>(frames_[frames_.size() - 2].value.data).push_back(std::move(value));
    } else if (outer.element == Element::kMember) {
      outer.value = std::move(value);
    } else {
      document_.values.push_back(std::move(value));
    }
  }

  const XML_Parser parser_;
  const Limits& limits_;
  absl::Status status_;
  Document document_;
  std::vector<Frame> frames_;
  std::string text_;
  int elements_ = 0;
};

}  // namespace

absl::StatusOr<Document> ReadDocument(absl::string_view text, const Limits& limits) {
  // A parser keeps what it needed for its largest text, so that only small ones share.
  constexpr size_t kSmall = 64 << 10;
  constexpr size_t kExpatsLargest = 1 << 30;
  if (text.size() > limits.bytes || text.size() > kExpatsLargest) {
    return absl::ResourceExhaustedError(
        absl::StrCat("too long: ", text.size(), " bytes, at most ", limits.bytes, " are read"));
  }
  if (text.size() > kSmall) {
    const Parser parser = NewParser();
    return Reader(parser.get(), limits).Read(text);
  }
  thread_local const Parser parser = NewParser();
  // Unpredictable once a process: expat would ask the system for each text anew.
  static const auto salt = static_cast<unsigned long>(RandomUint64() | 1);
  XML_ParserReset(parser.get(), "UTF-8");
  XML_SetHashSalt(parser.get(), salt);
  return Reader(parser.get(), limits).Read(text);
}

}  // namespace weft::fabric::xmlrpc
