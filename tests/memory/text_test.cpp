#include "support/catch.hpp"

#include <hololoom/actors/memory/text/text.hpp>

#include <thread>

using namespace hololoom;
using namespace std::string_literals;

namespace {

using strings = std::vector<std::string>;

strings sentences(std::string_view text) {
  strings result;
  for (auto x : split_sentences(text))
    result.emplace_back(x);
  return result;
}

} // namespace

TEST_CASE("the first byte that is not UTF-8 is found", "[memory]") {
  CHECK_FALSE(first_invalid_utf8(""));
  CHECK_FALSE(first_invalid_utf8("plain"));
  CHECK_FALSE(first_invalid_utf8("wärp € 𝄞"));
  CHECK(first_invalid_utf8("ab\xFF") == 2);
  CHECK(first_invalid_utf8("ab\xC3") == 2);
  CHECK(first_invalid_utf8("\x80") == 0);
  CHECK(first_invalid_utf8("x\xC0\xAF") == 1);        // overlong
  CHECK(first_invalid_utf8("x\xE0\x80\xAF") == 1);    // overlong
  CHECK(first_invalid_utf8("\xED\xA0\x80") == 0);     // a surrogate
  CHECK(first_invalid_utf8("\xF4\x90\x80\x80") == 0); // past U+10FFFF
  CHECK(first_invalid_utf8("ok\xE2\x82"s) == 2);      // cut short
}

TEST_CASE("lengths are code points", "[memory]") {
  CHECK(count_code_points("") == 0);
  CHECK(count_code_points("naïve") == 5);
  CHECK(count_code_points("日本語") == 3);
  CHECK(first_code_points("naïve", 3) == "naï");
  CHECK(first_code_points("日本語", 9) == "日本語");
  CHECK(first_code_points("日本語", 0).empty());
}

TEST_CASE("Latin-1 becomes UTF-8", "[memory]") {
  CHECK(latin1_to_utf8("Andr\xE9 \xA9") == "André ©");
}

TEST_CASE("lower case covers more than ASCII", "[memory]") {
  CHECK(to_lower("ÄÖÜ Ÿ ŁÓDŹ ΑΒΓ ПРИВЕТ Ёж") == "äöü ÿ łódź αβγ привет ёж");
  CHECK(to_lower("\xFF is kept") == "\xFF is kept");
}

TEST_CASE("words are letters and digits in lower case", "[memory]") {
  CHECK(tokenise("Hello, World! x86_64 3.14")
        == strings{"hello", "world", "x86", "64", "3", "14"});
  CHECK(tokenise("don't Debian’s 'quoted'")
        == strings{"dont", "debians", "quoted"});
  CHECK(tokenise("Straße—ÉCOLE") == strings{"straße", "école"});
  CHECK(tokenise("東京 test") == strings{"東", "京", "test"});
  CHECK(tokenise("").empty());
  CHECK(tokenise("\xFF\xFE bad \xC3").size() == 1);
}

TEST_CASE("search terms are stems without stop words", "[memory]") {
  CHECK(search_terms("How are the packages licensed?")
        == strings{"packag", "licens"});
  CHECK(search_terms("licensing licenses license")
        == strings{"licens", "licens", "licens"});
}

TEST_CASE("a text of nothing but stop words can still be searched for",
          "[memory]") {
  CHECK(search_terms("To be or not to be").size() == 6);
}

TEST_CASE("many threads can stem at once", "[memory]") {
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (auto& count : wrong)
    threads.emplace_back([&count] {
      for (int i = 0; i < 2000; ++i)
        if (stem("connections") != "connect" || stem("relational") != "relat")
          ++count;
    });
  for (auto& x : threads)
    x.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("prose splits into sentences", "[memory]") {
  CHECK(sentences("One is here. Two is there! Is three? Yes.")
        == strings{"One is here.", "Two is there!", "Is three?", "Yes."});
  CHECK(sentences("It runs on\nover the line. Then ends.")
        == strings{"It runs on\nover the line.", "Then ends."});
  CHECK(sentences("").empty());
  CHECK(sentences(" \n\n ").empty());
  CHECK(sentences("no end") == strings{"no end"});
}

TEST_CASE("abbreviations, numbers and file names do not end a sentence",
          "[memory]") {
  CHECK(sentences("See e.g. Smith et al. 2001 for it.").size() == 1);
  CHECK(sentences("Version 3.14 is in /etc/fstab.d now.").size() == 1);
  CHECK(sentences("By J. R. Tolkien, Inc. It is.").size() == 1);
  CHECK(sentences("He wrote \"Stop.\" Then he left.").size() == 2);
}

TEST_CASE("lists, headings and fields are sentences of their own", "[memory]") {
  CHECK(
    sentences("# Title\nText goes here\n- first item\n- second item\n")
    == strings{"# Title", "Text goes here", "- first item", "- second item"});
  CHECK(sentences("Files: *\nCopyright: 2001 A. Author\nLicense: GPL-2+\n")
        == strings{"Files: *", "Copyright: 2001 A. Author", "License: GPL-2+"});
  CHECK(sentences("Title\n=====\n\nText.") == strings{"Title", "Text."});
}

TEST_CASE("Chinese sentences end without a space", "[memory]") {
  CHECK(sentences("你好。再见。") == strings{"你好。", "再见。"});
}

TEST_CASE("sentences are parts of the text, in order", "[memory]") {
  auto text = "A. B c. \xFF\xC3 odd. 1. x\n2) y (z.) \"w.\" Ende? ja! …"s;
  std::size_t at = 0;
  for (auto x : split_sentences(text)) {
    auto found = text.find(x, at);
    REQUIRE(found != std::string::npos);
    at = found + x.size();
  }
}

TEST_CASE("entities are capitalised words", "[memory]") {
  CHECK(find_entities("The Debian Project ships (GNU) tools; Debian too. Émile")
        == strings{"Debian", "Project", "GNU", "Émile"});
  CHECK(find_entities("I am A B lower").empty());
  CHECK(find_entities("Aa Bb Cc Dd", 2) == strings{"Aa", "Bb"});
}
