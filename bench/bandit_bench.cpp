// The bandit's regret, its loss from not knowing the best tool: the Thompson
// policy over 10,000 rounds of Bernoulli arms, beside epsilon-greedy, UCB1 and
// the lower bound of Lai and Robbins, over 100 seeds; and how soon it finds a
// new best arm after a change, with and without discount.
//
//   bandit_bench [SEEDS [FILE.svg]]

#include <hololoom/actors/reflection/learning/posterior.hpp>
#include <hololoom/actors/shuttle/weave/convergence.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace hololoom;

constexpr int horizon = 10'000;
constexpr int points = 100;

using means = std::vector<double>;

/// Chooses arms and learns from their rewards.
class policy {
public:
  virtual ~policy() = default;
  virtual std::size_t choose(random_generator& rng) = 0;
  virtual void learn(std::size_t arm, double reward) = 0;
};

/// The program's own: posteriors as the buffer keeps them, a choice as the
/// shuttle makes it.
class thompson : public policy {
public:
  thompson(std::size_t n, double discount) : discount_(discount) {
    for (std::size_t i = 0; i < n; ++i) {
      names_.push_back("tool-" + std::to_string(i));
      arms_.push_back({names_.back(), 1.0 / static_cast<double>(n), {}, true});
    }
    options_.strategy = bandit_strategy::pure_thompson;
  }

  std::size_t choose(random_generator& rng) override {
    return collapse(arms_, options_, rng).index;
  }

  void learn(std::size_t i, double reward) override {
    if (discount_ < 1)
      for (auto& x : arms_)
        fade(x.posterior, discount_);
    count(arms_[i].posterior, reward, reward >= 0.5);
  }

private:
  double discount_;
  std::vector<std::string> names_;
  std::vector<arm> arms_;
  collapse_options options_;
};

/// The counts and sums that the textbook policies keep.
class averaging : public policy {
public:
  explicit averaging(std::size_t n) : pulls_(n), sums_(n) {}

  void learn(std::size_t i, double reward) override {
    pulls_[i] += 1;
    sums_[i] += reward;
    ++round_;
  }

protected:
  template <class F>
  std::size_t best(F score) const {
    std::size_t result = 0;
    auto most = -1.0;
    for (std::size_t i = 0; i < pulls_.size(); ++i) {
      auto x = pulls_[i] == 0 ? 1e9 : score(i);
      if (x > most) {
        most = x;
        result = i;
      }
    }
    return result;
  }

  std::vector<double> pulls_;
  std::vector<double> sums_;
  double round_ = 0;
};

class epsilon_greedy : public averaging {
public:
  using averaging::averaging;
  std::size_t choose(random_generator& rng) override {
    if (std::uniform_real_distribution<>{}(rng) < 0.1)
      return rng() % pulls_.size();
    return best([this](std::size_t i) { return sums_[i] / pulls_[i]; });
  }
};

class ucb1 : public averaging {
public:
  using averaging::averaging;
  std::size_t choose(random_generator&) override {
    return best([this](std::size_t i) {
      return sums_[i] / pulls_[i] + std::sqrt(2 * std::log(round_) / pulls_[i]);
    });
  }
};

double divergence(double p, double q) {
  return p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q));
}

/// The factor of ln(T) in the bound of Lai and Robbins (1985).
double bound_slope(const means& arms) {
  auto best = *std::max_element(arms.begin(), arms.end());
  auto result = 0.0;
  for (auto x : arms)
    if (x < best)
      result += (best - x) / divergence(x, best);
  return result;
}

struct contestant {
  std::string name;
  std::function<std::unique_ptr<policy>(std::size_t)> make;
};

/// Cumulative regret at `points` even steps, averaged over seeds.
std::vector<double> regret(const contestant& who, const means& before,
                           const means& after, int seeds) {
  std::vector<double> result(points);
  for (auto seed = 1; seed <= seeds; ++seed) {
    random_generator rng{static_cast<unsigned>(seed)};
    auto player = who.make(before.size());
    auto sum = 0.0;
    for (auto t = 0; t < horizon; ++t) {
      const auto& arms = t < horizon / 2 ? before : after;
      auto i = player->choose(rng);
      sum += *std::max_element(arms.begin(), arms.end()) - arms[i];
      player->learn(i, std::uniform_real_distribution<>{}(rng) < arms[i]);
      if ((t + 1) % (horizon / points) == 0)
        result[static_cast<std::size_t>(t / (horizon / points))] += sum / seeds;
    }
  }
  return result;
}

/// Growth with ln(t) over the last nine tenths.
double slope(const std::vector<double>& regret) {
  return (regret[points - 1] - regret[points / 10 - 1]) / std::log(10.0);
}

/// Rounds after the change at half time until a hundred of them lose less than
/// 0.1 each; -1: not before the end.
int recovery(const std::vector<double>& regret) {
  constexpr int step = horizon / points;
  for (auto i = points / 2; i < points; ++i) {
    auto at = static_cast<std::size_t>(i);
    if (regret[at] - regret[at - 1] < 0.1 * step)
      return (i - points / 2) * step;
  }
  return -1;
}

/// Curves as an SVG picture.
class plot {
public:
  explicit plot(const std::string& file) : out_(file) {
    out_ << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 )"
         << 3 * height << R"(" font-family="sans-serif" font-size="12">)"
         << "\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  }
  ~plot() { out_ << "</svg>\n"; }

  void begin(const std::string& title, double most) {
    top_ = panels_++ * height;
    most_ = most;
    lines_ = 0;
    out_ << R"(<text x="60" y=")" << top_ + 20 << "\">" << title
         << ": regret over rounds, up to " << std::lround(most)
         << "</text>\n<rect x=\"60\" y=\"" << top_ + 30
         << "\" width=\"500\" height=\"200\" fill=\"none\" stroke=\"#999\"/>\n";
  }

  void line(const std::string& name, const std::vector<double>& ys) {
    constexpr std::array colours{"#0072b2", "#56b4e9", "#d55e00", "#009e73",
                                 "#999999"};
    auto colour = colours[lines_ % colours.size()];
    out_ << R"(<polyline fill="none" stroke=")" << colour << "\" points=\"";
    for (std::size_t i = 0; i < ys.size(); ++i)
      out_ << 60 + 5.0 * static_cast<double>(i + 1) << ','
           << top_ + 230 - 200 * std::min(1.0, ys[i] / most_) << ' ';
    out_ << "\"/>\n<text x=\"570\" fill=\"" << colour << "\" y=\""
         << top_ + 45 + 18 * static_cast<int>(lines_++) << "\">" << name
         << "</text>\n";
  }

private:
  static constexpr int height = 250;
  std::ofstream out_;
  int panels_ = 0;
  int top_ = 0;
  double most_ = 1;
  std::size_t lines_ = 0;
};

void race(const std::string& title, const means& before, const means& after,
          const std::vector<contestant>& field, int seeds, plot* picture) {
  auto steady = before == after;
  auto bound = bound_slope(before);
  std::printf("\n%s\n%-18s %10s %12s %14s\n", title.c_str(), "", "regret",
              steady ? "slope" : "last 1,000",
              steady ? "of the bound's" : "recovered after");
  std::vector<std::vector<double>> curves;
  for (const auto& who : field) {
    curves.push_back(regret(who, before, after, seeds));
    const auto& x = curves.back();
    auto last = x[points - 1] - x[points - 11];
    std::printf("%-18s %10.1f ", who.name.c_str(), x[points - 1]);
    if (steady)
      std::printf("%12.2f %14.2f\n", slope(x), slope(x) / bound);
    else
      std::printf("%12.1f %14d\n", last, recovery(x));
    std::fflush(stdout);
  }
  std::vector<double> ideal;
  if (steady) {
    for (auto i = 1; i <= points; ++i)
      ideal.push_back(bound * std::log(i * double(horizon) / points));
    std::printf("%-18s %10s %12.2f %14.2f\n", "Lai-Robbins", "", bound, 1.0);
  }
  if (!picture)
    return;
  auto most = 1.0;
  for (const auto& x : curves)
    most = std::max(most, x.back());
  picture->begin(title, most);
  for (std::size_t i = 0; i < field.size(); ++i)
    picture->line(field[i].name, curves[i]);
  if (!ideal.empty())
    picture->line("Lai-Robbins bound", ideal);
}

} // namespace

int main(int argc, char** argv) {
  auto seeds = argc > 1 ? std::atoi(argv[1]) : 100;
  std::unique_ptr<plot> picture;
  if (argc > 2)
    picture = std::make_unique<plot>(argv[2]);
  contestant plain{"Thompson", [](std::size_t n) {
                     return std::make_unique<thompson>(n, 1.0);
                   }};
  contestant fading{"Thompson, 0.995", [](std::size_t n) {
                      return std::make_unique<thompson>(n, 0.995);
                    }};
  contestant greedy{"epsilon-greedy", [](std::size_t n) {
                      return std::make_unique<epsilon_greedy>(n);
                    }};
  contestant ucb{"UCB1", [](std::size_t n) {
                   return std::make_unique<ucb1>(n);
                 }};
  std::printf("%d rounds, %d seeds; slope: growth with ln(rounds) from 1,000 "
              "on; recovered: rounds after the\nchange until 100 rounds lose "
              "less than 0.1 each\n",
              horizon, seeds);
  means nine{.1, .2, .3, .4, .5, .6, .7, .8, .9};
  means close{.5, .55};
  race("means .1 to .9", nine, nine, {plain, greedy, ucb}, seeds,
       picture.get());
  race("means .5 and .55", close, close, {plain, greedy, ucb}, seeds,
       picture.get());
  means turned(nine.rbegin(), nine.rend());
  race("means .1 to .9, turned round at half time", nine, turned,
       {plain, fading, greedy, ucb}, seeds, picture.get());
}
