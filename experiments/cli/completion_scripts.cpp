// What the scripts share is data: which words may follow in which command, and what an option's value may be. bash and
// zsh read it from two functions that are the same text in both; fish has a line for each option.
//
// Lists are completed behind their last comma. Names of profiles and kernels are asked of the program while typing
// (`rooftile completion profiles`), so that new files are found without a new script.
#include "cli/completion_scripts.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace rooftile::cli {
namespace {

using Kind = Completion::Kind;

/// A word of bash and zsh.
std::string quoted_word(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return quoted + "'";
}

/// A word of fish, where a backslash counts within quotes.
std::string fish_word(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

/// The commands directly below this one.
std::vector<const DescribedCommand*> below(const std::vector<DescribedCommand>& commands, const std::string& path) {
  std::vector<const DescribedCommand*> found;
  for (const DescribedCommand& command : commands) {
    const std::size_t space = command.path.rfind(' ');
    const std::string parent = space == std::string::npos ? "" : command.path.substr(0, space);
    if (!command.path.empty() && parent == path) found.push_back(&command);
  }
  return found;
}

std::string last_word(const std::string& path) { return path.substr(path.rfind(' ') + 1); }

/// "words fp16 bf16", "files", "profiles": what the functions of the script understand.
std::string kind_text(const Completion& completion) {
  switch (completion.kind) {
    case Kind::anything: return "anything";
    case Kind::files: return "files";
    case Kind::profiles: return "profiles";
    case Kind::kernels: return "kernels";
    case Kind::words: break;
  }
  std::string text = "words";
  for (const std::string& word : completion.words) text += ' ' + word;
  return text;
}

/// Prints sub-commands and options of a command; fails for a path that is none.
std::string words_function(const std::vector<DescribedCommand>& commands) {
  std::string text = "_rooftile_words() {\n  case \"$1\" in\n";
  for (const DescribedCommand& command : commands) {
    text += "    " + quoted_word(command.path) + ") printf '%s\\n'";
    for (const DescribedCommand* sub : below(commands, command.path)) text += ' ' + last_word(sub->path);
    for (const DescribedOption& option : command.options) {
      for (const std::string& name : option.names) text += ' ' + name;
    }
    text += " ;;\n";
  }
  return text + "    *) return 1 ;;\n  esac\n}\n";
}

/// Prints what may stand behind an option of a command ("" : its positional arguments); fails where nothing is
/// expected.
std::string values_function(const std::vector<DescribedCommand>& commands) {
  std::map<std::string, std::string> patterns;  // what is expected -> where
  for (const DescribedCommand& command : commands) {
    for (const DescribedOption& option : command.options) {
      if (!option.takes_value) continue;
      std::vector<std::string> names = option.names;
      if (names.empty()) names.emplace_back("");
      std::string& pattern = patterns[kind_text(option.completion)];
      for (const std::string& name : names)
        pattern += (pattern.empty() ? "" : "|") + quoted_word(command.path + ':' + name);
    }
  }
  std::string text = "_rooftile_values() {\n  case \"$1:$2\" in\n";
  for (const auto& [kind, pattern] : patterns)
    text += "    " + pattern + ")\n      echo " + quoted_word(kind) + " ;;\n";
  return text + "    *) return 1 ;;\n  esac\n}\n";
}

constexpr std::string_view bash_function = R"sh(
_rooftile() {
  local program=${COMP_WORDS[0]/#\~/$HOME} current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  local command= candidate kind before= i
  # bash takes --option=value apart.
  if [[ $current == "=" ]]; then
    current=
  elif [[ $option == "=" ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    candidate="${command:+$command }${COMP_WORDS[i]}"
    _rooftile_words "$candidate" >/dev/null && command=$candidate
  done
  COMPREPLY=()
  if ! kind=$(_rooftile_values "$command" "$option") || [[ $option != -* ]]; then
    kind=
    [[ $current == -* ]] || kind=$(_rooftile_values "$command" "")
    while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done \
      < <(compgen -W "$(_rooftile_words "$command")" -- "$current")
  fi
  case $kind in
    words\ * | profiles | kernels)
      [[ $current == *,* ]] && before=${current%,*},
      local words=${kind#words }
      [[ $kind == words\ * ]] || words=$("$program" completion "$kind" 2>/dev/null)
      while IFS= read -r candidate; do COMPREPLY+=("$before$candidate"); done \
        < <(compgen -W "$words" -- "${current##*,}")
      [[ $words == *= ]] && compopt -o nospace 2>/dev/null ;;
  esac
  case $kind in
    files | profiles | kernels)
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$current") ;;
  esac
}
complete -F _rooftile rooftile
)sh";

constexpr std::string_view zsh_function = R"sh(
_rooftile() {
  local command= candidate kind option=${words[CURRENT - 1]}
  local -a found
  integer i
  for ((i = 2; i < CURRENT; ++i)); do
    candidate="${command:+$command }${words[i]}"
    _rooftile_words "$candidate" >/dev/null && command=$candidate
  done
  if [[ $PREFIX == --*=* ]]; then
    option=${PREFIX%%=*}
    compset -P 1 '*='
  fi
  if [[ $option != -* ]] || ! kind=$(_rooftile_values "$command" "$option"); then
    kind=
    found=(${(f)"$(_rooftile_words "$command")"})
    compadd -a found
    [[ $PREFIX == -* ]] || kind=$(_rooftile_values "$command" "")
  fi
  case $kind in
    words\ * | profiles | kernels)
      compset -P '*,'
      if [[ $kind == words\ * ]]; then
        found=(${(s: :)${kind#words }})
      else
        found=(${(f)"$("${(Q)words[1]}" completion "$kind" 2>/dev/null)"})
      fi
      if [[ ${found[1]} == *= ]]; then compadd -S '' -a found; else compadd -a found; fi ;;
  esac
  case $kind in
    files | profiles | kernels) _files ;;
  esac
}
# Sourced, it registers itself; in a folder of $fpath it is called.
if [[ ${funcstack[1]} == _rooftile ]]; then _rooftile "$@"; else compdef _rooftile rooftile; fi
)sh";

constexpr std::string_view fish_functions = R"sh(
# True while the words so far name this command.
function __rooftile_at
    set -l command
    for word in (commandline -opc)[2..-1]
        set -l candidate (string join -- ' ' $command $word)
        contains -- $candidate $__rooftile_commands; and set command $candidate
    end
    test "$command" = "$argv[1]"
end
function __rooftile_names
    set -l program (commandline -opc)[1]
    __fish_complete_list , "$program completion $argv[1] 2>/dev/null"
    __fish_complete_path
end
)sh";

std::string fish_line(const DescribedCommand& command, const DescribedOption& option) {
  std::string line = "complete -c rooftile -n " + fish_word("__rooftile_at " + fish_word(command.path));
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (option.takes_value && !option.names.empty()) line += " -r";
  switch (option.completion.kind) {
    case Kind::anything: break;
    case Kind::files: line += " -F"; break;
    case Kind::profiles: line += " -f -a '(__rooftile_names profiles)'"; break;
    case Kind::kernels: line += " -f -a '(__rooftile_names kernels)'"; break;
    case Kind::words: {
      std::string words;
      for (const std::string& word : option.completion.words) words += (words.empty() ? "" : " ") + word;
      line += " -f -a " + fish_word("(__fish_complete_list , 'string split \" \" \"" + words + "\"')");
      break;
    }
  }
  return line + " -d " + fish_word(option.help) + '\n';
}

}  // namespace

std::string bash_completion(const std::vector<DescribedCommand>& commands) {
  return "# rooftile completion bash: source it, or put it into ~/.local/share/bash-completion/completions/rooftile\n" +
         words_function(commands) + values_function(commands) + std::string{bash_function.substr(1)};
}

std::string zsh_completion(const std::vector<DescribedCommand>& commands) {
  return "#compdef rooftile\n# rooftile completion zsh: source it behind compinit, or put it as _rooftile into a "
         "folder "
         "of $fpath\n" +
         words_function(commands) + values_function(commands) + std::string{zsh_function.substr(1)};
}

std::string fish_completion(const std::vector<DescribedCommand>& commands) {
  std::string text = "# rooftile completion fish: put it into ~/.config/fish/completions/rooftile.fish\n";
  text += "set -g __rooftile_commands";
  for (const DescribedCommand& command : commands) {
    if (!command.path.empty()) text += ' ' + fish_word(command.path);
  }
  text += '\n' + std::string{fish_functions.substr(1)} + "complete -c rooftile -f\n";
  for (const DescribedCommand& command : commands) {
    for (const DescribedCommand* sub : below(commands, command.path)) {
      text += "complete -c rooftile -n " + fish_word("__rooftile_at " + fish_word(command.path)) + " -a " +
              last_word(sub->path) + " -d " + fish_word(sub->summary) + '\n';
    }
    for (const DescribedOption& option : command.options) {
      if (!option.names.empty() || option.completion.kind != Kind::anything) text += fish_line(command, option);
    }
  }
  return text;
}

}  // namespace rooftile::cli
