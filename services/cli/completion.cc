#include "services/cli/completion.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/model/group_settings.h"
#include "services/cli/parser.h"

namespace weft::cli {
namespace {

// "name=" of each setting, or "name=value" of the one that is named.
std::vector<Candidate> Settings(const std::string& word) {
  std::vector<Candidate> candidates;
  const size_t equals = word.find('=');
  for (const GroupSetting& setting : AllGroupSettings()) {
    if (equals == std::string::npos) {
      candidates.push_back({absl::StrCat(setting.name, "="), setting.help});
    } else if (word.substr(0, equals) == setting.name) {
      for (const std::string& choice : setting.choices) {
        candidates.push_back({absl::StrCat(setting.name, "=", choice)});
      }
    }
  }
  return candidates;
}

// The words before the cursor, understood as far as they go: a line that is being typed is never
// an error.
class Cursor {
 public:
  Cursor(const Nouns& nouns, const Options& defaults) : nouns_(nouns), options_(defaults) {}

  // False: nothing can follow.
  bool Take(const std::string& word) {
    if (pending_.has_value()) {
      SetOption(*pending_, word);
      pending_.reset();
    } else if (word == "--" && !only_arguments_) {
      only_arguments_ = true;
    } else if (absl::StartsWith(word, "-") && !only_arguments_) {
      TakeOption(word);
    } else if (noun_ == nullptr) {
      noun_ = FindNoun(nouns_, word);
      if (noun_ == nullptr) return false;
      command_ = FindCommand(*noun_, "");
      if (command_ != nullptr) own_ = OptionsOf(*command_);
    } else if (command_ == nullptr) {
      command_ = FindCommand(*noun_, word);
      if (command_ == nullptr) return false;
      own_ = OptionsOf(*command_);
    } else {
      if (position_ >= command_->positionals.size()) return false;
      const Parameter& positional = command_->positionals[position_];
      arguments_.Set(positional.name, word);
      if (!positional.repeated) ++position_;
    }
    return true;
  }

  std::vector<Candidate> Offer(const std::string& word, const NameSource& names) const {
    if (pending_.has_value()) return Values(*pending_, word, "", names);
    if (absl::StartsWith(word, "-") && !only_arguments_) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) return OptionNames(word);
      const std::optional<Parameter> option = Find(word.substr(0, equals));
      if (!option.has_value()) return {};
      return Values(*option, word.substr(equals + 1), word.substr(0, equals + 1), names);
    }
    std::vector<Candidate> candidates;
    if (noun_ == nullptr) {
      for (const Noun& noun : nouns_) candidates.push_back({noun.name, noun.summary});
    } else if (command_ == nullptr) {
      for (const Command& c : noun_->commands) candidates.push_back({c.verb, c.summary});
    } else if (position_ < command_->positionals.size()) {
      return Values(command_->positionals[position_], word, "", names);
    }
    return Filter(std::move(candidates), word);
  }

 private:
  static std::vector<Candidate> Filter(std::vector<Candidate> candidates, absl::string_view word) {
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [word](const Candidate& candidate) {
                                      return !absl::StartsWithIgnoreCase(candidate.word, word);
                                    }),
                     candidates.end());
    return candidates;
  }

  std::optional<Parameter> Find(const std::string& written) const {
    for (const Parameter& own : own_) {
      if (written == "--" + own.name) return own;
    }
    for (const GlobalOption& global : GlobalOptions()) {
      if (written == "--" + global.parameter.name) return global.parameter;
      if (!global.short_name.empty() && written == "-" + global.short_name) {
        return global.parameter;
      }
    }
    return std::nullopt;
  }

  void TakeOption(const std::string& word) {
    const size_t equals = word.find('=');
    const std::optional<Parameter> option = Find(word.substr(0, equals));
    if (!option.has_value()) return;
    if (equals != std::string::npos) {
      SetOption(*option, word.substr(equals + 1));
    } else if (option->placeholder.empty()) {
      SetOption(*option, "");
    } else {
      pending_ = option;
    }
  }

  void SetOption(const Parameter& parameter, const std::string& value) {
    std::string checked = value;
    if (CheckValue(parameter, checked).ok()) ApplyGlobal(parameter.name, checked, options_);
  }

  std::vector<Candidate> OptionNames(const std::string& word) const {
    std::vector<Candidate> candidates;
    for (const Parameter& own : own_) candidates.push_back({"--" + own.name, own.help});
    for (const GlobalOption& global : GlobalOptions()) {
      candidates.push_back({"--" + global.parameter.name, global.parameter.help});
    }
    candidates.push_back({"--help", "this help, of any command"});
    return Filter(std::move(candidates), word);
  }

  // `before` is put before each candidate ("--status=").
  std::vector<Candidate> Values(const Parameter& parameter, const std::string& word,
                                const std::string& before, const NameSource& names) const {
    std::vector<Candidate> candidates;
    for (const std::string& choice : parameter.choices) candidates.push_back({choice});
    switch (parameter.kind) {
      case Kind::kGroup:
      case Kind::kServer:
      case Kind::kOperation:
        candidates = names(parameter.kind, options_, arguments_);
        break;
      case Kind::kGroupSetting:
        candidates = Settings(word);
        break;
      case Kind::kFile:
        return {{kAnyFile}};
      case Kind::kFolder:
        return {{kAnyFolder}};
      default:
        break;
    }
    candidates = Filter(std::move(candidates), word);
    for (Candidate& candidate : candidates) candidate.word = before + candidate.word;
    return candidates;
  }

  const Nouns& nouns_;
  Options options_;
  const Noun* noun_ = nullptr;
  const Command* command_ = nullptr;
  std::vector<Parameter> own_;
  Arguments arguments_;
  size_t position_ = 0;
  bool only_arguments_ = false;
  std::optional<Parameter> pending_;  // An option whose value comes next.
};

}  // namespace

std::vector<Candidate> Complete(const Nouns& nouns, const std::vector<std::string>& words,
                                const Options& defaults, const NameSource& names) {
  Cursor cursor(nouns, defaults);
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (!cursor.Take(words[i])) return {};
  }
  return cursor.Offer(words.empty() ? "" : words.back(), names);
}

std::string BashScript() {
  return R"bash(# Completion of weft for bash. In ~/.bashrc: source <(weft completion bash)
_weft() {
  local line="${COMP_LINE:0:COMP_POINT}" current prefix candidate
  local -a words
  read -ra words <<<"$line"
  case "$line" in *[[:space:]]) words+=("") ;; esac
  current="${words[${#words[@]}-1]}"
  # bash splits words at ":" and "=" and wants only what follows the last of them.
  prefix="${current%"${current##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    case "$candidate" in
      :file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      :folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("${candidate#"$prefix"}") ;;
    esac
  done < <("${words[0]/#\~/$HOME}" __complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _weft weft
)bash";
}

std::string ZshScript() {
  return R"zsh(#compdef weft
# Completion of weft for zsh. In ~/.zshrc, after compinit: source <(weft completion zsh)
_weft() {
  local -a candidates displays
  local line
  for line in "${(@f)$("${words[1]/#\~/$HOME}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      "") ;;
      :file) _files; return ;;
      :folder) _files -/; return ;;
      *) candidates+=("${line%%$'\t'*}"); displays+=("${line/$'\t'/  -- }") ;;
    esac
  done
  compadd -l -d displays -a candidates
}
if [[ "${funcstack[1]}" == _weft ]]; then _weft "$@"; else compdef _weft weft; fi
)zsh";
}

}  // namespace weft::cli
