#include <hololoom/actors/shuttle/weave/features/spectral.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hololoom {

namespace {

/// Sum of the squares above the diagonal: 0 when it is diagonal.
double off_diagonal(const square_matrix& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = i + 1; j < m.size(); ++j)
      sum += m(i, j) * m(i, j);
  return sum;
}

double norm(const square_matrix& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = 0; j < m.size(); ++j)
      sum += m(i, j) * m(i, j);
  return sum;
}

/// Rotates rows and columns p and q such that m(p, q) becomes 0.
void rotate(square_matrix& m, std::size_t p, std::size_t q) {
  if (m(p, q) == 0)
    return;
  auto theta = (m(q, q) - m(p, p)) / (2 * m(p, q));
  auto t = (theta >= 0 ? 1.0 : -1.0)
         / (std::abs(theta) + std::sqrt(theta * theta + 1));
  auto c = 1 / std::sqrt(t * t + 1);
  auto s = t * c;
  for (std::size_t k = 0; k < m.size(); ++k) {
    auto kp = m(k, p);
    auto kq = m(k, q);
    m(k, p) = c * kp - s * kq;
    m(k, q) = s * kp + c * kq;
  }
  for (std::size_t k = 0; k < m.size(); ++k) {
    auto pk = m(p, k);
    auto qk = m(q, k);
    m(p, k) = c * pk - s * qk;
    m(q, k) = s * pk + c * qk;
  }
}

/// @returns false if `stop` ended it.
bool sweep(square_matrix& m, const stop_check& stop) {
  for (std::size_t p = 0; p < m.size(); ++p) {
    if (stop && stop())
      return false;
    for (std::size_t q = p + 1; q < m.size(); ++q)
      rotate(m, p, q);
  }
  return true;
}

} // namespace

std::vector<double> symmetric_eigenvalues(square_matrix m,
                                          const stop_check& stop) {
  constexpr int most_sweeps = 64;
  auto small = 1e-22 * norm(m);
  for (int i = 0; i < most_sweeps && off_diagonal(m) > small; ++i)
    if (!sweep(m, stop))
      return {};
  std::vector<double> result(m.size());
  for (std::size_t i = 0; i < m.size(); ++i)
    result[i] = m(i, i);
  std::sort(result.begin(), result.end());
  return result;
}

std::size_t entity_graph::node(const std::string& name) {
  auto i = std::find(names_.begin(), names_.end(), name);
  if (i == names_.end())
    i = names_.insert(i, name);
  return static_cast<std::size_t>(i - names_.begin());
}

void entity_graph::connect(const std::string& a, const std::string& b,
                           double weight) {
  auto x = node(a);
  auto y = node(b);
  if (x != y)
    edges_.push_back({x, y, weight});
}

square_matrix entity_graph::laplacian() const {
  square_matrix m{names_.size()};
  for (const auto& e : edges_) {
    m(e.a, e.a) += e.weight;
    m(e.b, e.b) += e.weight;
    m(e.a, e.b) -= e.weight;
    m(e.b, e.a) -= e.weight;
  }
  return m;
}

std::vector<double>
singular_values(const std::vector<std::vector<float>>& vectors,
                const stop_check& stop) {
  // The eigenvalues of the small Gram matrix are the squared singular values.
  square_matrix gram{vectors.size()};
  for (std::size_t i = 0; i < vectors.size(); ++i)
    for (std::size_t j = i; j < vectors.size(); ++j)
      gram(i, j) = gram(j, i) = std::inner_product(
        vectors[i].begin(), vectors[i].end(), vectors[j].begin(), 0.0);
  auto values = symmetric_eigenvalues(std::move(gram), stop);
  std::reverse(values.begin(), values.end());
  for (auto& x : values)
    x = std::sqrt(std::max(x, 0.0));
  return values;
}

spectral_summary
summarise_spectrum(const entity_graph& graph,
                   const std::vector<std::vector<float>>& texts,
                   const stop_check& stop) {
  constexpr std::size_t shown_eigenvalues = 4;
  constexpr std::size_t shown_topics = 2;
  spectral_summary result;
  if (graph.size() > 1)
    result.eigenvalues = symmetric_eigenvalues(graph.laplacian(), stop);
  result.incomplete = graph.size() > 1 && result.eigenvalues.empty();
  if (result.eigenvalues.size() > 1)
    result.fiedler = std::max(result.eigenvalues[1], 0.0);
  result.eigenvalues.resize(shown_eigenvalues, 0.0);
  auto all = singular_values(texts, stop);
  result.incomplete |= !texts.empty() && all.empty();
  auto sum = std::accumulate(all.begin(), all.end(), 0.0);
  result.topics = all;
  result.topics.resize(shown_topics, 0.0);
  if (sum > 0)
    result.topic_var = (result.topics[0] + result.topics[1]) / (sum + 1e-9);
  result.coherence = (result.fiedler > 1e-6 ? 1.0 : 0.0) + result.topic_var;
  return result;
}

} // namespace hololoom
