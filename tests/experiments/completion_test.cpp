// The scripts of `rooftile completion`, run by the shells they are for. zsh and fish are skipped where they are
// missing.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>

#include "cli/command.hpp"
#include "harness.hpp"
#include "scratch.hpp"

namespace rooftile::test {
namespace {

using Words = std::set<std::string>;

/// What a command prints, line by line; its standard error joins ours.
Words printed_by(const std::string& command) {
  Words lines;
  FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
    std::string text = line.data();
    text.erase(text.find_last_not_of("\n ") + 1);
    lines.insert(text);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command;
  return lines;
}

bool installed(const std::string& shell) {
  return WEXITSTATUS(std::system(("command -v " + shell + " >/dev/null 2>&1").c_str())) == 0;
}

/// `line` and a tab, in bash: what COMPREPLY holds. The last word may be empty.
class BashCompletion {
 public:
  BashCompletion() : script_{scratch_.write("rooftile.bash", run_line({"completion", "bash"}).out)} {
    scratch_.write("mine.yaml", "");
  }
  Words complete(const std::vector<std::string>& words) const {
    std::string array;
    for (const std::string& word : words) array += " '" + word + "'";
    return printed_by(
        "cd '" + (scratch_ / "") + "' && bash -c 'source \"$0\"; COMP_WORDS=(\"$@\"); " +
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rooftile 2>/dev/null; printf \"%s\\n\" \"${COMPREPLY[@]}\"' '" +
        script_ + "' '" ROOFTILE_PROGRAM "'" + array);
  }

 private:
  Scratch scratch_;
  std::string script_;
};

bool has(const Words& words, const char* word) { return words.count(word) == 1; }

TEST(Completion, BashOffersCommands) {
  const BashCompletion bash;
  const Words all = bash.complete({""});
  for (const cli::CommandEntry& entry : cli::commands())
    EXPECT_TRUE(has(all, std::string{entry.name}.c_str())) << entry.name;
  EXPECT_EQ(bash.complete({"pre"}), Words{"predict"});
  EXPECT_EQ(bash.complete({"profile", "sh"}), Words{"show"});
  EXPECT_EQ(bash.complete({"db", "imp"}), Words{"import"});
  EXPECT_TRUE(has(bash.complete({"completion", ""}), "zsh"));
}

TEST(Completion, BashOffersOptionsOfTheCommandAlone) {
  const BashCompletion bash;
  EXPECT_EQ(bash.complete({"predict", "--head"}), (Words{"--head-dim", "--heads"}));
  EXPECT_EQ(bash.complete({"compare", "--fail"}), Words{"--fail-over"});
  EXPECT_EQ(bash.complete({"predict", "--fail"}), Words{""});
  EXPECT_TRUE(has(bash.complete({"db", "merge", "-"}), "--db"));
  EXPECT_TRUE(has(bash.complete({"--h"}), "--help"));
}

TEST(Completion, BashOffersValues) {
  const BashCompletion bash;
  EXPECT_EQ(bash.complete({"predict", "--mask", "c"}), Words{"causal"});
  EXPECT_EQ(bash.complete({"predict", "--format", ""}), (Words{"table", "json", "csv", "md"}));
  EXPECT_EQ(bash.complete({"predict", "--format", "=", "j"}), Words{"json"});
  EXPECT_EQ(bash.complete({"predict", "--mask", "none,ca"}), Words{"none,causal"});
  EXPECT_EQ(bash.complete({"query", "--canned", "wor"}), Words{"worst"});
  EXPECT_EQ(bash.complete({"whatif", "--set", "memory.dram.b"}), (Words{"memory.dram.bandwidth=", "memory.dram.bus="}));
  // Nothing is known of a number.
  EXPECT_EQ(bash.complete({"predict", "--seq", ""}), Words{""});
}

TEST(Completion, BashAsksTheProgramForProfilesAndKernels) {
  const BashCompletion bash;
  EXPECT_EQ(bash.complete({"predict", "-p", "a100_sxm4_8"}), Words{"a100_sxm4_80gb"});
  EXPECT_EQ(bash.complete({"predict", "--profile", "l40s,a100_sxm4_8"}), Words{"l40s,a100_sxm4_80gb"});
  EXPECT_EQ(bash.complete({"predict", "-p", "min"}), Words{"mine.yaml"});
  EXPECT_TRUE(has(bash.complete({"predict", "-k", "rt_"}), "rt_flash2"));
  EXPECT_EQ(bash.complete({"run", "mi"}), Words{"mine.yaml"});
  EXPECT_EQ(bash.complete({"profile", "show", "a100_sxm4_8"}), Words{"a100_sxm4_80gb"});
  EXPECT_EQ(bash.complete({"profile", "validate", "l40s", "rtx_30"}), Words{"rtx_3090"});
  EXPECT_EQ(bash.complete({"profile", "known", "rtx_30"}), Words{"rtx_3090"});
  EXPECT_EQ(bash.complete({"profile", "diff", "l40s", "rtx_30"}), Words{"rtx_3090"});
  EXPECT_EQ(bash.complete({"profile", "from-measurements", "--base", "a100_sxm4_8"}), Words{"a100_sxm4_80gb"});
  EXPECT_EQ(bash.complete({"profile", "from-device", "-o", "mi"}), Words{"mine.yaml"});
}

/// Every option of every command stands in every script: they come from one table.
TEST(Completion, NamesEveryOption) {
  const std::string bash = run_line({"completion", "bash"}).out;
  const std::string zsh = run_line({"completion", "zsh"}).out;
  const std::string fish = run_line({"completion", "fish"}).out;
  for (const char* option : {"--sensitivity", "--canned", "--head-dim", "--fail-over", "--cells", "--index"}) {
    EXPECT_NE(bash.find(std::string{" "} + option + " "), std::string::npos) << option;
    EXPECT_NE(zsh.find(std::string{" "} + option + " "), std::string::npos) << option;
    EXPECT_NE(fish.find(std::string{" -l "} + (option + 2) + " "), std::string::npos) << option;
  }
}

TEST(Completion, NamesAreThoseOfTheCatalogues) {
  EXPECT_NE(run_line({"completion", "profiles"}).out.find("\nl40s\n"), std::string::npos);
  EXPECT_NE(run_line({"completion", "kernels"}).out.find("\nrt_flash2\n"), std::string::npos);
}

/// zsh shows completions in its editor only: one in a pseudo-terminal, with a tab.
TEST(Completion, ZshReadsItsScript) {
  if (!installed("zsh")) GTEST_SKIP() << "zsh is not installed";
  const Scratch scratch;
  const std::string script = scratch.write("_rooftile", run_line({"completion", "zsh"}).out);
  EXPECT_EQ(printed_by("zsh -n '" + script + "' && echo read"), Words{"read"});
  // compadd stands in for the editor: it prints what begins with the word that is completed.
  const auto complete = [&](const std::string& words) {
    return printed_by(
        "zsh -f -c 'compdef() { : }; source \"$1\"; compset() { if [[ $1 == -P && $2 == \"*,\" ]]; then "
        "PREFIX=${PREFIX##*,}; fi }; _files() { : }; "
        "compadd() { while [[ $1 == -* && $1 != -a ]]; do shift 2; done; shift; local w; for w in \"${(@P)1}\"; do "
        "[[ $w == ${PREFIX}* ]] && print -r -- $w; done; true }; "
        "shift; words=(\"$@\"); CURRENT=$#words; PREFIX=${words[CURRENT]}; _rooftile' zsh '" +
        script + "' '" ROOFTILE_PROGRAM "' " + words);
  };
  EXPECT_EQ(complete("pre"), Words{"predict"});
  EXPECT_EQ(complete("predict --head"), (Words{"--head-dim", "--heads"}));
  EXPECT_EQ(complete("predict --mask none,ca"), Words{"causal"});
  EXPECT_EQ(complete("predict -p a100_sxm4_8"), Words{"a100_sxm4_80gb"});
}

TEST(Completion, FishReadsItsScript) {
  if (!installed("fish")) GTEST_SKIP() << "fish is not installed";
  const Scratch scratch;
  const std::string script = scratch.write("rooftile.fish", run_line({"completion", "fish"}).out);
  const std::string path = std::filesystem::path{ROOFTILE_PROGRAM}.parent_path().string();
  const auto complete = [&](const std::string& line) {
    Words words;
    for (const std::string& found :
         printed_by("HOME='" + (scratch / "") + "' PATH=\"" + path + ":$PATH\" fish -N -c 'source " + script +
                    "; complete -C \"rooftile " + line + "\"'")) {
      words.insert(found.substr(0, found.find('\t')));
    }
    return words;
  };
  EXPECT_EQ(complete("pre"), Words{"predict"});
  EXPECT_EQ(complete("profile sh"), Words{"show"});
  EXPECT_EQ(complete("predict --head"), (Words{"--head-dim", "--heads"}));
  EXPECT_TRUE(has(complete("predict --mask c"), "causal"));
  EXPECT_TRUE(has(complete("predict -p a100_sxm4_8"), "a100_sxm4_80gb"));
}

TEST(Completion, RefusesAnotherShell) {
  const Outcome outcome = run_line({"completion", "zhs"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "rooftile: SHELL: unknown shell 'zhs'; allowed: bash, zsh, fish, profiles, kernels; did you mean 'zsh'?\n");
  EXPECT_EQ(outcome.out, "");
}

}  // namespace
}  // namespace rooftile::test
