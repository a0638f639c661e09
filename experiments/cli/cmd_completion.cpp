// rooftile completion: a script for a shell, or the names that such a script asks for while somebody types.
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/completion_scripts.hpp"

namespace rooftile::cli {
namespace {

enum class Wanted : std::uint8_t { bash, zsh, fish, profiles, kernels };

}  // namespace
}  // namespace rooftile::cli

template <>
struct rooftile::EnumNames<rooftile::cli::Wanted> {
  using enum cli::Wanted;
  static constexpr std::string_view kind = "shell";
  static constexpr Named<cli::Wanted> table[] = {
      {bash, "bash"}, {zsh, "zsh"}, {fish, "fish"}, {profiles, "profiles"}, {kernels, "kernels"}};
};

namespace rooftile::cli {
namespace {

std::string lines_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += name + '\n';
  return text;
}

std::string text_of(Wanted wanted, Context& context) {
  switch (wanted) {
    case Wanted::bash: return bash_completion(described_commands(context));
    case Wanted::zsh: return zsh_completion(described_commands(context));
    case Wanted::fish: return fish_completion(described_commands(context));
    case Wanted::profiles: return lines_of(context.catalogues.profiles().names());
    case Wanted::kernels: return lines_of(context.catalogues.specs().names());
  }
  return {};
}

}  // namespace

void add_completion(Command& command, Context& context) {
  auto wanted = std::make_shared<std::string>();
  command.option("SHELL", *wanted, "bash, zsh or fish; profiles or kernels: the names that the scripts ask for")
      .required()
      .values_of<Wanted>();
  command.examples({"source <(rooftile completion bash)", "rooftile completion zsh > ~/.zfunc/_rooftile",
                    "rooftile completion fish > ~/.config/fish/completions/rooftile.fish"});
  command.action([wanted, &context] {
    context.out << text_of(parse_name<Wanted>("SHELL", *wanted), context);
    return exit_ok;
  });
}

}  // namespace rooftile::cli
